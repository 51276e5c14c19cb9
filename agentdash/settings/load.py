"""Loads settings: command line, environment, ./agentdash.toml, the user's config.toml, defaults.

The first of these that sets a key wins. An unknown key is an error that names the place, the dotted key and
the nearest existing key. Nothing heavy is imported, since this runs before the first paint.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from agentdash.core.paths import current_folder
from agentdash.core.settings.keys import (
    PATHS,
    POWERS,
    Key,
    Power,
    WrongValue,
    checked,
    keys,
    nearest,
    sections,
)
from agentdash.core.settings.model import ServiceSettings, Settings
from agentdash.settings.files import FileTable, SettingsFile, candidates, read_tables
from agentdash.settings.trust import FolderFile, State, divide

# Variables of agentdash that are no settings: the settings file itself, and those of a run's command.
_NO_SETTINGS = ("AGENTDASH_CONFIG", "AGENTDASH_RUN_", "AGENTDASH_TURN")
_WELL_KNOWN = {"REDIS_URL": "redis.url", "PROJECTS": "projects"}
MAX_MISTAKES = 20
_MAX_MISTAKE_LENGTH = 500
RELATIVE_DEFAULTS = ("findings.inbox",)
"""Settings whose default is relative to the current folder, which may belong to someone else."""
_MAY_READ = frozenset({*(key for key, power in POWERS.items() if power is Power.READ), "services"})
_FLAGS = dict.fromkeys(("1", "true", "yes", "on"), True) | dict.fromkeys(("0", "false", "no", "off"), False)


class SettingsError(Exception):
    """Invalid settings; the text has one line per mistake."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings in force.

    Attributes:
        origins: Origin of each dotted key: ``default``, a file, ``$VARIABLE``, an option.
        files: The files that are read if they exist, highest precedence last.
        guarded: Files with settings that need trust, and the decisions about them.
        ignored: Values of files that are not trusted: key to (value, file).
    """

    settings: Settings
    origins: dict[str, str]
    files: tuple[SettingsFile, ...]
    guarded: tuple[FolderFile, ...] = ()
    ignored: Mapping[str, tuple[object, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Layer:
    """Values of one origin by dotted key; `services` only where it has any.

    Attributes:
        within: The folder that confines their paths, absolute; None where they are not confined.
    """

    where: str
    values: dict[str, object]
    within: str | None = None


_LONG_NAME = 14
"""Characters of a name below which it holds no secret."""


def load(
    given: Mapping[str, tuple[str, object]] | None = None,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    config: str | None = None,
) -> Loaded:
    """Load and merge the settings.

    Args:
        given: From the command line: dotted key to (option, value), e.g. ``{"redis.url": ("--redis", "redis://h")}``.
        env: The environment; by default that of this process.
        cwd: The folder whose ``agentdash.toml`` is read; by default the current one.
        config: A file that is read instead of the two default ones; it must exist.

    Raises:
        SettingsError: for a file that cannot be read, an unknown key, or an invalid value.
    """
    env = os.environ if env is None else env
    wrong: list[str] = []
    files = candidates(config or env.get("AGENTDASH_CONFIG") or None, env, cwd or current_folder())
    guarded: list[FolderFile] = []
    ignored: dict[str, tuple[object, str]] = {}
    layers = [_layer(found, env, wrong, guarded, ignored) for found in read_tables(files, wrong)]
    layers += _from_env(env, wrong)
    for name, (option, value) in (given or {}).items():
        layers.append(Layer(option, _checked(keys()[name], value, option, wrong)))
    if wrong:
        raise SettingsError("\n".join(_lines(wrong)))
    values: dict[str, object] = {}
    confined = dict.fromkeys(RELATIVE_DEFAULTS, str(cwd or current_folder()))
    origins = dict.fromkeys((name for name in keys() if not name.startswith("services.")), "default")
    origins["services"] = "default"
    for layer in layers:
        values |= layer.values
        origins |= dict.fromkeys(layer.values, layer.where)
        for key in layer.values:
            confined.pop(key, None)
        if layer.within is not None:
            confined |= dict.fromkeys(layer.values.keys() & _MAY_READ, layer.within)
    values |= {"confined": confined, "services_from": origins["services"] if values.get("services") else ""}
    return Loaded(_built(values), origins, files, tuple(guarded), ignored)


def _lines(wrong: list[str]) -> Iterator[str]:
    """The first mistakes, printable and of bounded length, and the number of others."""
    from agentdash.core.secrets.safe_text import safe_message  # only where something is wrong

    for line in wrong[:MAX_MISTAKES]:
        text = safe_message(line[:_MAX_MISTAKE_LENGTH])
        yield text if len(line) <= _MAX_MISTAKE_LENGTH else f"{text}…"
    if len(wrong) > MAX_MISTAKES:
        yield f"There are {len(wrong) - MAX_MISTAKES:,} more mistakes like these."


def _layer(
    found: FileTable,
    env: Mapping[str, str],
    wrong: list[str],
    guarded: list[FolderFile],
    ignored: dict[str, tuple[object, str]],
) -> Layer:
    """The values of a file that apply; others are added to *ignored*, one that needs trust to *guarded*."""
    file = found.file
    values = _from_table(found.table, file.shown, wrong)
    if not found.needs_trust:
        return Layer(file.shown, values)
    folder = file.path.parent
    kept, grants = divide(values, folder)
    if not grants:
        return Layer(file.shown, values, str(folder))
    from agentdash.settings.decisions import decided  # json is only loaded where something needs trust

    state: State = "unsafe"
    reason, sha256 = found.unsafe, found.sha256
    if not reason:
        state, reason = decided(file.path, sha256, env)
    guarded.append(FolderFile(file.path, file.shown, sha256, state, reason, grants))
    if state == "trusted":
        return Layer(file.shown, values)
    ignored |= {key: (value, file.shown) for key, value in values.items() if kept.get(key) != value}
    return Layer(file.shown, kept, str(folder))


def _from_table(table: Mapping[str, object], where: str, wrong: list[str]) -> dict[str, object]:
    """The values of a parsed file by dotted key; mistakes are added to *wrong*."""
    values: dict[str, object] = {}
    for name, value in table.items():
        if name == "services":
            services = _services(value, where, wrong)
            if services is not None:
                values[name] = services
        elif name in sections():
            if isinstance(value, dict):
                values |= _section(name, value, where, wrong)
            else:
                wrong.append(f"{name} in {where} must be a table: write it as [{name}].")
        else:
            values |= _section("", {name: value}, where, wrong)
    return values


def _section(section: str, table: Mapping[str, object], where: str, wrong: list[str]) -> dict[str, object]:
    values: dict[str, object] = {}
    for part, value in table.items():
        name = f"{section}.{part}" if section else part
        key = keys().get(name)
        if key is None:
            wrong.append(_unknown(name, where, guess_at=len(wrong) < MAX_MISTAKES))
        else:
            values |= _checked(key, value, where, wrong)
    return values


def _services(value: object, where: str, wrong: list[str]) -> tuple[ServiceSettings, ...] | None:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        wrong.append(f"services in {where} must be a list of tables: write each as [[services]].")
        return None
    before, services = len(wrong), []
    for number, table in enumerate(value, 1):
        place = f"{where} (service {number})"
        values = _section("services", table, place, wrong)
        if "services.name" not in values and "name" not in table:
            wrong.append(f"services.name is missing in {place}: every service has a name.")
        services.append({name.removeprefix("services."): item for name, item in values.items()})
    if len(wrong) > before:
        return None
    return tuple(ServiceSettings(**service) for service in services)  # type: ignore[arg-type]


def _checked(key: Key, value: object, where: str, wrong: list[str]) -> dict[str, object]:
    """The value of one key by its name; nothing where it is invalid."""
    try:
        return {key.name: _expanded(key, checked(key, value))}
    except WrongValue as exc:
        wrong.append(f"{key.name} in {where} must be {exc}.")
        return {}


def _expanded(key: Key, value: object) -> object:
    """Paths with ``~`` expanded."""
    if key.name not in PATHS:
        return value
    if isinstance(value, tuple):
        return tuple(os.path.expanduser(item) for item in value)  # noqa: PTH111 - may be globs, and may have no home
    return os.path.expanduser(str(value))  # noqa: PTH111


def _unknown(name: str, where: str, *, guess_at: bool = True) -> str:
    if not guess_at:
        return f"{name} in {where} is not a setting."
    known = [*keys(), *sections()]
    section, _, part = name.rpartition(".")
    guess = nearest(name, known)
    if guess is None:  # the right key in the wrong table
        guess = next((other for other in known if other.rpartition(".")[2] == part), None)
    hint = f"did you mean {guess}?" if guess else "`agentdash config show` lists the settings."
    return f"{name} in {where} is not a setting{f' of [{section}]' if section else ''}: {hint}"


def _from_env(env: Mapping[str, str], wrong: list[str]) -> Iterator[Layer]:
    """The layers of the environment; AGENTDASH_ variables take precedence over REDIS_URL and PROJECTS."""
    ours = {key.variable: key for key in keys().values() if not key.name.startswith("services.")}
    known = {name: keys()[dotted] for name, dotted in _WELL_KNOWN.items()} | ours
    for variable in sorted(env):
        if (
            variable.startswith("AGENTDASH_")
            and not variable.startswith(_NO_SETTINGS)
            and variable not in ours
        ):
            guess = nearest(variable, ours)
            hint = f"did you mean {guess}?" if guess else "`agentdash config show` lists the settings."
            wrong.append(f"The environment variable {variable} is not a setting: {hint}")
    for variable, key in known.items():
        text = env.get(variable, "")
        if text:  # by convention an empty variable is unset
            yield Layer(f"${variable}", _checked(key, _parsed(key, text), f"${variable}", wrong))


def _parsed(key: Key, text: str) -> object:
    """The value that a file would have; where it cannot be parsed, the text, which `checked` rejects."""
    try:
        match key.kind:
            case "number":
                return float(text)
            case "whole":
                return int(text)
            case "flag":
                return _FLAGS.get(text.strip().lower(), text)
            case "texts":
                separator = os.pathsep if key.name in PATHS else ","
                return [item.strip() for item in text.split(separator) if item.strip()]
            case _:
                return text
    except ValueError:
        return text


def _named(service: ServiceSettings) -> ServiceSettings:
    """A service by the name that is shown and sought everywhere: one that holds a secret is masked."""
    if len(service.name) < _LONG_NAME:
        return service
    from agentdash.core.secrets.safe_text import safe_text  # only where a name is long enough for one

    return replace(service, name=safe_text(service.name))


def _built(values: Mapping[str, object]) -> Settings:
    """`Settings` from merged values."""
    settings = Settings()
    parts: dict[str, dict[str, object]] = {}
    for name, value in values.items():
        section, _, part = name.rpartition(".")
        parts.setdefault(section, {})[part] = value
    changed = dict(parts.pop("", {}))
    if isinstance(services := changed.get("services"), tuple):
        changed["services"] = tuple(map(_named, services))
    for section, fields in parts.items():
        changed[section] = replace(getattr(settings, section), **fields)
    return replace(settings, **changed)  # type: ignore[arg-type]  # the keys and types were checked one by one

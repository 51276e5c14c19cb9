"""The settings by dotted key (``streams.poll``), their kinds and limits.

The kind of a setting is derived from the type of its field in `core.settings.model`, so that files, the
environment and the command line accept a new field at once. Only limits are listed here.
"""

from __future__ import annotations

import difflib
import math
import shlex
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from functools import cache

from agentdash.core.settings.model import ServiceSettings, Settings


class Power(StrEnum):
    """What a setting can do beyond the screen."""

    NONE = "changes what is shown, or how often"
    PROGRAM = "starts a program"
    SERVER = "sends requests to a server"
    WRITE = "chooses where is written"
    GUARD = "removes a protection"
    KEYS = "changes what keys do"
    READ = "reads files outside of the folder"


RULES: Mapping[str, tuple[Power] | tuple[Power, float, float]] = {
    "projects": (Power.READ,),
    "state_dir": (Power.WRITE,),
    "read_only": (Power.GUARD,),
    "color": (Power.NONE,),
    "redis.url": (Power.SERVER,),
    "redis.timeout": (Power.NONE, 0.1, 60),
    "redis.connect_timeout": (Power.NONE, 0.1, 60),
    "redis.embedded": (Power.GUARD,),
    "runs.prefix": (Power.WRITE,),
    "runs.poll": (Power.NONE, 0.05, 3600),
    "runs.events_maxlen": (Power.GUARD, 100, 10_000_000),
    "runs.lease": (Power.GUARD, 1, 3600),
    "runs.shown": (Power.NONE, 1, 100_000),
    "runs.mask": (Power.GUARD,),
    "streams.poll": (Power.NONE, 0.05, 3600),
    "streams.include": (Power.NONE,),
    "streams.exclude": (Power.NONE,),
    "streams.known": (Power.NONE,),
    "streams.max_streams": (Power.NONE, 1, 1_000_000),
    "streams.window": (Power.NONE, 1, 86_400),
    "streams.lag_limit": (Power.NONE, 0, 1_000_000_000),
    "streams.stuck_after": (Power.NONE, 0.1, 604_800),
    "streams.delivery_limit": (Power.NONE, 1, 1_000_000),
    "streams.grow_after": (Power.NONE, 1, 86_400),
    "streams.growing_above": (Power.NONE, 0, 1_000_000_000),
    "streams.dead_after": (Power.NONE, 0.1, 604_800),
    "streams.open_after": (Power.NONE, 0, 3600),
    "repos.poll": (Power.NONE, 0.05, 3600),
    "repos.depth": (Power.NONE, 0, 64),
    "repos.prune": (Power.NONE,),
    "repos.timeout": (Power.NONE, 0.1, 600),
    "repos.stage_limit_mb": (Power.GUARD, 0.001, 1_000_000),
    "services.name": (Power.NONE,),
    "services.pid_file": (Power.READ,),
    "services.port": (Power.NONE, 1, 65_535),
    "services.match": (Power.NONE,),
    "services.cwd": (Power.READ,),
    "services.log": (Power.READ,),
    "services.probe": (Power.SERVER,),
    "services.command": (Power.PROGRAM,),
    "logs.files": (Power.READ,),
    "logs.journal": (Power.PROGRAM,),
    "logs.started": (Power.NONE,),
    "logs.limit": (Power.GUARD, 100, 1_000_000),
    "logs.poll": (Power.NONE, 0.05, 3600),
    "logs.finding_for": (Power.NONE, 1, 604_800),
    "findings.inbox": (Power.READ,),
    "findings.poll": (Power.NONE, 0.05, 3600),
    "ui.theme": (Power.NONE,),
    "ui.keys": (Power.KEYS,),
    "ui.bell": (Power.NONE,),
    "ui.notify": (Power.PROGRAM,),
}
"""What each setting can do, and the minimum and maximum of numbers. Polling more than 20 times a second
shows nothing more."""
POWERS: Mapping[str, Power] = {name: rule[0] for name, rule in RULES.items()}
LIMITS: Mapping[str, tuple[float, float]] = {name: rule[1:] for name, rule in RULES.items() if len(rule) == 3}
# Paths: ~ is expanded, and in the environment they are separated as in PATH.
PATHS = frozenset(
    {
        "projects",
        "state_dir",
        "logs.files",
        "findings.inbox",
        "services.pid_file",
        "services.cwd",
        "services.log",
    }
)
COMMANDS = frozenset({"ui.notify", "services.command"})
URL_SCHEMES = (
    *("redis://", "rediss://", "unix://", "redis+sentinel://", "rediss+sentinel://"),
    *("redis+cluster://", "rediss+cluster://"),
)


_LONGEST_NAME = 100
_NO_SETTINGS = frozenset({"confined", "services_from"})
"""Fields of `Settings` that cannot be set."""


class WrongValue(ValueError):  # noqa: N818 - it says what it should be
    """An invalid value; the text completes “KEY in FILE must be …”."""


@dataclass(frozen=True, slots=True)
class Key:
    """One setting.

    Attributes:
        name: Dotted, e.g. ``streams.poll``.
        kind: ``text``, ``number``, ``whole``, ``flag``, ``texts``, ``table`` or ``choice``.
        choices: Of a ``choice``.
        optional: Whether it may be None.
    """

    name: str
    kind: str
    choices: tuple[str, ...] = ()
    optional: bool = False

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return "AGENTDASH_" + self.name.replace(".", "_").upper()

    @property
    def wanted(self) -> str:
        """Its kind, completing “must be …”."""
        return {
            "text": "a text",
            "number": "a number of seconds",
            "whole": "a whole number",
            "flag": "true or false",
            "texts": "a list of texts",
            "table": "a table of texts",
            "choice": "one of " + ", ".join(self.choices),
        }[self.kind]


_KINDS: Mapping[object, str] = {
    str: "text",
    float: "number",
    int: "whole",
    bool: "flag",
    tuple[str, ...]: "texts",
    dict[str, str]: "table",
}


def _key(name: str, hint: object) -> Key:
    arms = typing.get_args(hint)
    optional = type(None) in arms
    if optional:
        hint = next(arm for arm in arms if arm is not type(None))
    if typing.get_origin(hint) is typing.Literal:
        return Key(name, "choice", typing.get_args(hint), optional)
    return Key(name, _KINDS[hint], (), optional)


@cache
def sections() -> Mapping[str, type]:
    """Name of each table of settings, and its record; ``services`` is a list of tables."""
    hints = typing.get_type_hints(Settings)
    found = {field.name: hints[field.name] for field in fields(Settings) if is_dataclass(hints[field.name])}
    return {**found, "services": ServiceSettings}


@cache
def keys() -> Mapping[str, Key]:
    """All settings by dotted key, in the order of `Settings`; those of a service as ``services.port``."""
    known: dict[str, Key] = {}
    for name, hint in typing.get_type_hints(Settings).items():
        if name in _NO_SETTINGS:
            continue
        record = sections().get(name)
        if record is None:
            known[name] = _key(name, hint)
            continue
        for part, part_hint in typing.get_type_hints(record).items():
            known[f"{name}.{part}"] = _key(f"{name}.{part}", part_hint)
    return known


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most similar to *word*, or None."""
    found = difflib.get_close_matches(word[:_LONGEST_NAME], list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def checked(key: Key, value: object) -> object:
    """*value* as the type that `core.settings` declares for *key*.

    Raises:
        WrongValue: with the expected kind, and the value unless it may contain a secret.
    """
    right = _typed(key, value)
    if any("\0" in text for text in _texts(right)):  # no path, argument or URL can hold it
        raise WrongValue(f"{key.wanted} without NUL")
    if isinstance(right, int | float) and not isinstance(right, bool):
        low, high = LIMITS.get(key.name, (-math.inf, math.inf))
        if not (math.isfinite(right) and low <= right <= high):
            raise WrongValue(f"{key.wanted} from {low:,.12g} to {high:,.12g}, got {right!r}")
    if key.name == "redis.url" and not str(right).startswith(URL_SCHEMES):
        raise WrongValue(f"a URL that begins with {', '.join(URL_SCHEMES[:-1])} or {URL_SCHEMES[-1]}")
    if key.name in COMMANDS:
        try:
            words = shlex.split(str(right))
        except ValueError as problem:
            raise WrongValue(f"a command that a shell could split ({problem}), got {_shown(right)}") from None
        if right and not "".join(words[:1]):
            raise WrongValue(f"a command, or empty, got {_shown(right)}")
    return right


def _typed(key: Key, value: object) -> object:
    match key.kind, value:
        case "flag", bool():
            return value
        case (("text" | "number" | "whole" | "choice"), bool()):
            pass
        case (("number" | "whole"), int()) if (
            value.bit_length() > 63
        ):  # no float and no text holds all of them
            raise WrongValue(f"{key.wanted}, got one that is out of range")
        case "number", int() | float():
            return float(value)
        case "whole", int():
            return value
        case "text", str():
            return value
        case "choice", str() if value in key.choices:
            return value
        case "texts", list() | tuple() if all(isinstance(item, str) for item in value):
            return tuple(value)
        case "table", dict() if all(isinstance(item, str) for item in value.values()):
            return dict(value)
        case _:
            pass
    # A URL may hold a password, even one that is not where it belongs.
    raise WrongValue(key.wanted if key.name == "redis.url" else f"{key.wanted}, got {_shown(value)}")


def _texts(value: object) -> Iterable[str]:
    match value:
        case str():
            return (value,)
        case tuple():
            return value
        case dict():
            return (*value, *value.values())
    return ()


def _shown(value: object) -> str:
    try:
        text = {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, lists in lists
        return "what cannot be shown"
    return text if len(text) <= 60 else text[:59] + "…"

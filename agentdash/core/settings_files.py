"""The settings files: which are looked for, and what they hold."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from agentdash.core import settings_syntax

FILE_NAME = "agentdash.toml"


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A file that may hold settings.

    Attributes:
        shown: How messages name it.
        needed: Whether it is wrong when it is not there.
    """

    path: Path
    shown: str
    needed: bool = False


def candidates(config: str | None, env: Mapping[str, str], cwd: Path) -> tuple[SettingsFile, ...]:
    """The files to read, the one that wins last: *config* alone where given, else the two usual ones."""
    if config is not None:
        return (SettingsFile(Path(os.path.expanduser(config)), config, needed=True),)  # noqa: PTH111
    local = SettingsFile(cwd / FILE_NAME, f"./{FILE_NAME}")
    folder = user_folder(env)
    if folder is None:
        return (local,)
    path = folder / "config.toml"
    return (SettingsFile(path, _short(path, env)), local)


def user_folder(env: Mapping[str, str]) -> Path | None:
    """The user's folder for settings, as the XDG specification has it; None where there is no home."""
    base = env.get("XDG_CONFIG_HOME", "")
    if os.path.isabs(base):  # noqa: PTH117 - the specification ignores relative ones; a text is what there is
        return Path(base) / "agentdash"
    home = env.get("HOME") or os.path.expanduser("~")  # noqa: PTH111 - Path.home() raises where there is none
    return Path(home) / ".config" / "agentdash" if os.path.isabs(home) else None  # noqa: PTH117


def read_tables(files: Iterable[SettingsFile], wrong: list[str]) -> Iterator[tuple[str, dict[str, object]]]:
    """How messages name each file that is there, and what it holds; what is wrong is added to *wrong*."""
    for file in files:
        raw = b""
        try:
            raw = file.path.read_bytes()
            table, mistakes = settings_syntax.read(raw.decode())
            wrong += [f"The settings file {file.shown} is not valid TOML: {words}." for words in mistakes]
            yield file.shown, table
        except FileNotFoundError:
            if file.needed:
                wrong.append(f"The settings file {file.shown} is not there: name another with --config.")
        except OSError as exc:
            why = (exc.strerror or str(exc)).lower()
            wrong.append(f"The settings file {file.shown} cannot be read: {why}.")
        except UnicodeDecodeError as exc:
            line = raw[: exc.start].count(b"\n") + 1
            wrong.append(f"The settings file {file.shown} is not UTF-8 text: see line {line}.")


def _short(path: Path, env: Mapping[str, str]) -> str:
    home = env.get("HOME")
    return f"~/{path.relative_to(home)}" if home and path.is_relative_to(home) else str(path)

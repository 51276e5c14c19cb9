"""Settings files: where they are, and their content."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from agentdash.files.small import open_regular, read_descriptor
from agentdash.settings import syntax

FILE_NAME = "agentdash.toml"
MAX_FILE_BYTES = 256 * 1024
"""Bytes of a settings file."""


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A file that may hold settings.

    Attributes:
        shown: Its name in messages.
        needed: Whether it must exist: a person has named it, and so trusts it.
        own: Whether it is in the user's own settings folder.
    """

    path: Path
    shown: str
    needed: bool = False
    own: bool = True


@dataclass(frozen=True, slots=True)
class FileTable:
    """The content of a settings file when it was read.

    Attributes:
        table: As TOML has it.
        raw: Its bytes.
        unsafe: Why others may have written it, so that it cannot be trusted; else empty.
    """

    file: SettingsFile
    table: dict[str, object]
    raw: bytes
    unsafe: str = ""

    @property
    def sha256(self) -> str:
        """The digest of its bytes, hexadecimal."""
        import hashlib  # 10 ms before the first paint, and few files need it

        return hashlib.sha256(self.raw).hexdigest()

    @property
    def needs_trust(self) -> bool:
        """Whether a person has to trust it first."""
        return bool(self.unsafe) or not (self.file.own or self.file.needed)


def candidates(config: str | None, env: Mapping[str, str], cwd: Path) -> tuple[SettingsFile, ...]:
    """The files to read, highest precedence last: *config* alone where given, else the two default ones."""
    if config is not None:
        return (SettingsFile(Path(os.path.expanduser(config)), config, needed=True),)  # noqa: PTH111
    local = SettingsFile(cwd / FILE_NAME, f"./{FILE_NAME}", own=False)
    folder = user_folder(env)
    if folder is None:
        return (local,)
    path = folder / "config.toml"
    return (SettingsFile(path, _short(path, env)), local)


def user_folder(env: Mapping[str, str]) -> Path | None:
    """The user's settings folder (XDG Base Directory Specification); None where there is no home."""
    base = env.get("XDG_CONFIG_HOME", "")
    if os.path.isabs(base):  # noqa: PTH117 - the specification ignores relative ones; a text is what there is
        return Path(base) / "agentdash"
    home = env.get("HOME") or os.path.expanduser("~")  # noqa: PTH111 - Path.home() raises where there is none
    return Path(home) / ".config" / "agentdash" if os.path.isabs(home) else None  # noqa: PTH117


def read_tables(files: Iterable[SettingsFile], wrong: list[str]) -> Iterator[FileTable]:
    """The content of each file that exists; mistakes are added to *wrong*."""
    for file in files:
        try:
            yield _read(file, wrong)
        except FileNotFoundError:
            if file.needed:
                wrong.append(f"The settings file {file.shown} does not exist: name another with --config.")
        except OSError as exc:
            why = exc.strerror or str(exc)
            why = why[:1].lower() + why[1:]
            wrong.append(f"The settings file {file.shown} cannot be read: {why}.")


def _read(file: SettingsFile, wrong: list[str]) -> FileTable:
    """Read *file* once: the same bytes are checked, hashed and used.

    Raises:
        OSError: where it is missing, no regular file, too large, or cannot be read.
    """
    descriptor = open_regular(file.path)
    try:
        raw = read_descriptor(descriptor, file.path, MAX_FILE_BYTES)
        unsafe = _unsafe(file, os.fstat(descriptor))
    finally:
        os.close(descriptor)
    table: dict[str, object] = {}
    try:
        table, mistakes = syntax.read(raw.decode())
        wrong += [f"The settings file {file.shown} is not valid TOML: {words}." for words in mistakes]
    except UnicodeDecodeError as exc:
        line = raw[: exc.start].count(b"\n") + 1
        wrong.append(f"The settings file {file.shown} is not UTF-8 text: see line {line}.")
    return FileTable(file, table, raw, unsafe)


def _unsafe(file: SettingsFile, status: os.stat_result) -> str:
    """Why *file* cannot be trusted; empty where it can."""
    if file.needed:
        return ""
    if not file.own and file.path.is_symlink():
        return "it is a symbolic link"
    if status.st_uid not in {os.geteuid(), 0}:
        return f"it belongs to another user (uid {status.st_uid})"
    return "it is writable by everyone" if status.st_mode & stat.S_IWOTH else ""


def _short(path: Path, env: Mapping[str, str]) -> str:
    home = env.get("HOME")
    return f"~/{path.relative_to(home)}" if home and path.is_relative_to(home) else str(path)

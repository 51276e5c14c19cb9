"""Services that a project declares: in a Procfile, a compose file, or as scripts of a package.json."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agentdash.core.settings import ServiceSettings

EVERY = 10.0
"""Seconds between two looks at the files; they are read again only where they changed."""
MOST = 100
"""Services that are taken from files at most."""

_MOST_FOLDERS = 300
_MOST_BYTES = 256 * 1024
_SCRIPTS = ("start", "dev", "serve")
_LINE = re.compile(r"^([A-Za-z0-9_-]+):\s*(\S.*)$", re.MULTILINE)
_ASSIGNED = re.compile(r"(?:[A-Za-z_]\w*=\S*\s+)+|(?:exec|env|npx|cross-env)\s+")
_PLAIN = re.compile(r"[^$`|&;<>()\"'*?{}\\]+")
_PORT = re.compile(r"(?:[\d.]+:)?(\d{1,5})(?::\d{1,5})(?:/tcp)?$")


@dataclass(frozen=True, slots=True)
class Declared:
    """A service as a file describes it.

    Attributes:
        settings: What is known of it.
        origin: The name of the file.
    """

    settings: ServiceSettings
    origin: str


class DeclaredServices:
    """Looks through the roots and the folders right below them.

    Args:
        roots: Project folders.
    """

    def __init__(self, roots: tuple[Path, ...]) -> None:
        self._roots = roots
        self._looked_at: float | None = None
        self._files: dict[Path, tuple[int, list[Declared]]] = {}

    def look(self, now: float) -> list[Declared]:
        """All of them; *now*: seconds that never go back."""
        if self._looked_at is None or now - self._looked_at >= EVERY:
            self._looked_at = now
            before, self._files = self._files, {}
            for path, reader in self._candidates():
                with suppress(OSError):
                    changed = path.stat().st_mtime_ns
                    seen = before.get(path)
                    fresh = seen is not None and seen[0] == changed
                    self._files[path] = seen if fresh and seen else (changed, _read(path, reader))
        by_name: dict[str, Declared] = {}
        for _, found in self._files.values():
            for declared in found:
                by_name.setdefault(declared.settings.name, declared)
        return list(by_name.values())[:MOST]

    def _candidates(self) -> Iterator[tuple[Path, Reader]]:
        left = _MOST_FOLDERS
        for root in self._roots:
            folders = [root]
            with suppress(OSError, ValueError):
                folders += sorted(
                    child for child in root.iterdir() if child.is_dir() and child.name[0] != "."
                )
            for folder in folders[:left]:
                left -= 1
                for name, reader in _READERS.items():
                    if os.path.isfile(folder / name):  # noqa: PTH113 - never raises
                        yield folder / name, reader


Reader = Callable[[str, Path], Iterator[ServiceSettings]]


def _read(path: Path, reader: Reader) -> list[Declared]:
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES).decode("utf-8", "replace")
        return [Declared(service, path.name) for service in reader(text, path.parent)]
    except (OSError, ValueError, RecursionError):
        return []  # half-written, or not what its name says: it declares nothing


def _procfile(text: str, folder: Path) -> Iterator[ServiceSettings]:
    for name, command in _LINE.findall(text):
        if (sign := _sign(command)) is not None:
            yield _service(folder, name, sign, shlex.join(("sh", "-c", command)))


def _package(text: str, folder: Path) -> Iterator[ServiceSettings]:
    record = json.loads(text)
    found = record.get("scripts") if isinstance(record, dict) else None
    scripts = found if isinstance(found, dict) else {}
    for name in _SCRIPTS:
        script = scripts.get(name)
        if isinstance(script, str) and (sign := _sign(script)) is not None:
            yield _service(folder, name, sign, shlex.join(("npm", "run", name)))


def _compose(text: str, folder: Path) -> Iterator[ServiceSettings]:
    """Only those that publish a port: that is all that can be seen of a container from here."""
    import yaml

    try:
        record = yaml.safe_load(text)
    except yaml.YAMLError as problem:
        raise ValueError("not YAML") from problem
    services = record.get("services") if isinstance(record, dict) else None
    for name, service in (services if isinstance(services, dict) else {}).items():
        published = service.get("ports") if isinstance(service, dict) else None
        ports = (
            [port for entry in published if (port := _published(entry))]
            if isinstance(published, list)
            else []
        )
        if ports:
            command = shlex.join(("docker", "compose", "up", "-d", str(name)))
            yield ServiceSettings(
                name=f"{folder.name}/{name}", port=ports[0], cwd=str(folder), command=command
            )


def _published(entry: object) -> int | None:
    """The port of this machine: ``8080:80``, ``127.0.0.1:8080:80/tcp`` or ``{published: 8080}``."""
    if isinstance(entry, dict):
        value = str(entry.get("published"))
        return int(value) if value.isdecimal() and 0 < int(value) < 65_536 else None
    match = _PORT.match(entry) if isinstance(entry, str) else None
    return int(match[1]) if match and 0 < int(match[1]) < 65_536 else None


def _service(folder: Path, name: str, sign: str, command: str) -> ServiceSettings:
    return ServiceSettings(name=f"{folder.name}/{name}", match=sign, cwd=str(folder), command=command)


def _sign(command: str) -> str | None:
    """What the process's own command line will hold: the beginning, as far as no shell changes it."""
    command = command.strip()
    while (before := _ASSIGNED.match(command)) is not None:
        command = command[before.end() :]
    plain = _PLAIN.match(command)
    sign = plain[0].strip() if plain else ""
    if plain and plain.end() < len(command) and command[plain.end()] not in "|&;<>":
        sign = sign.rpartition(" ")[0] if not plain[0].endswith(" ") else sign  # the last word goes on
    return sign if len(sign) >= 4 else None


_READERS: dict[str, Reader] = {
    "Procfile": _procfile,
    "Procfile.dev": _procfile,
    "compose.yaml": _compose,
    "compose.yml": _compose,
    "docker-compose.yaml": _compose,
    "docker-compose.yml": _compose,
    "package.json": _package,
}

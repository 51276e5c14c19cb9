"""Services that a project declares: in a Procfile, a compose file, or as scripts of a package.json."""

from __future__ import annotations

import os
import re
import shlex
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path

from agentdash.core.bounded_json import read_json
from agentdash.core.secrets.safe_text import safe_text
from agentdash.core.settings.model import ServiceSettings
from agentdash.core.text import printable
from agentdash.core.units import plural
from agentdash.files.small import read_file

EVERY = 10.0
"""Seconds between two looks at the files; they are read again only where they changed."""
MOST = 100
"""Services that are taken from files at most."""
MOST_OF_FOLDER = 20
"""Services that are taken from the files of one folder at most, so that none pushes out those of others."""

_MOST_FOLDERS = 300
_MOST_TOLD = 10
_MOST_BYTES = 256 * 1024
_MOST_PORTS = 100
_LONGEST_NAME = 200
_LONGEST_COMMAND = 4096
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
        script: What its command runs by a name of that file, with what npm runs before and after it.
    """

    settings: ServiceSettings
    origin: str
    script: str | None = None


class DeclaredServices:
    """Looks through the roots and the folders right below them.

    Args:
        roots: Project folders.

    Attributes:
        left_out: What is not taken of what is declared, in words.
    """

    def __init__(self, roots: tuple[Path, ...]) -> None:
        self._roots = roots
        self._looked_at: float | None = None
        self._files: dict[Path, tuple[int, list[Declared], int]] = {}
        self.left_out: tuple[str, ...] = ()
        self._folders_left_out = 0

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
                    self._files[path] = seen if fresh and seen else (changed, *_read(path, reader))
        by_folder: dict[Path, list[Declared]] = {}
        more: Counter[Path] = Counter()
        for path, (_, found, cut) in self._files.items():
            by_folder.setdefault(path.parent, []).extend(found)
            more[path.parent] += cut
        taken = _shared_out(by_folder, more)
        self.left_out = tuple(self._words(more))
        return taken

    def _words(self, more: Counter[Path]) -> Iterator[str]:
        """What is not listed: `_MOST_TOLD` folders one by one."""
        lacking = [(folder, count) for folder, count in more.items() if count]
        for folder, count in lacking[:_MOST_TOLD]:
            yield f"{plural(count, 'service')} declared in {printable(str(folder))} not listed: too many"
        if len(lacking) > _MOST_TOLD:
            yield f"nor all services of {plural(len(lacking) - _MOST_TOLD, 'more folder')}"
        if self._folders_left_out:
            yield f"{plural(self._folders_left_out, 'folder')} not searched for declared services: too many"

    def _candidates(self) -> Iterator[tuple[Path, Reader]]:
        left, self._folders_left_out = _MOST_FOLDERS, 0
        for root in self._roots:
            folders = [root]
            with suppress(OSError, ValueError):
                folders += sorted(
                    child for child in root.iterdir() if child.is_dir() and child.name[0] != "."
                )
            self._folders_left_out += max(0, len(folders) - left)
            for folder in folders[:left]:
                left -= 1
                for name, reader in _READERS.items():
                    if os.path.isfile(folder / name):  # noqa: PTH113 - never raises
                        yield folder / name, reader


def _shared_out(by_folder: dict[Path, list[Declared]], more: Counter[Path]) -> list[Declared]:
    """`MOST` of them, by turns from each folder, no name twice; what is left out is added to *more*."""
    taken: dict[str, Declared] = {}
    chosen: dict[Path, list[Declared]] = {folder: [] for folder in by_folder}
    for turn in zip_longest(*by_folder.values()):
        for folder, declared in zip(by_folder, turn, strict=True):
            if declared is None or declared.settings.name in taken:
                continue
            if len(taken) < MOST and len(chosen[folder]) < MOST_OF_FOLDER:
                taken[declared.settings.name] = declared
                chosen[folder].append(declared)
            else:
                more[folder] += 1
    return [declared for found in chosen.values() for declared in found]


Reader = Callable[[str, Path], Iterator[ServiceSettings | tuple[ServiceSettings, str]]]
"""From a file's text and folder to services, or to (service, what its command runs by a name)."""


def _read(path: Path, reader: Reader) -> tuple[list[Declared], int]:
    """The first services of a file, and how many more it has."""
    try:
        text = read_file(path, _MOST_BYTES).decode("utf-8", "replace")
        found = (one if isinstance(one, tuple) else (one, None) for one in reader(text, path.parent))
        taken = [Declared(service, path.name, script) for service, script in islice(found, MOST_OF_FOLDER)]
        return taken, sum(1 for _ in found)
    except (OSError, ValueError):
        return [], 0  # half-written, or not what its name says: it declares nothing


def _procfile(text: str, folder: Path) -> Iterator[ServiceSettings]:
    for line in _LINE.finditer(text):
        name, command = line[1][:_LONGEST_NAME], line[2]
        if (sign := _sign(command)) is not None:
            yield _service(folder, name, sign, shlex.join(("sh", "-c", command)))


def _package(text: str, folder: Path) -> Iterator[tuple[ServiceSettings, str]]:
    record = read_json(text)
    found = record.get("scripts") if isinstance(record, dict) else None
    scripts = found if isinstance(found, dict) else {}
    for name in _SCRIPTS:
        script = scripts.get(name)
        if isinstance(script, str) and (sign := _sign(script)) is not None:
            around = [(part, scripts.get(part)) for part in (f"pre{name}", name, f"post{name}")]
            words = "; ".join(f"{part}: {told}" for part, told in around if isinstance(told, str))
            yield _service(folder, name, sign, shlex.join(("npm", "run", name))), words


def _compose(text: str, folder: Path) -> Iterator[ServiceSettings]:
    """Only those that publish a port: that is all that can be seen of a container from here."""
    from collectors.services import yaml_nodes as of  # PyYAML takes 20 ms to load, and few projects need it

    seen: set[str] = set()
    for name, service in of.items(of.item(of.read_yaml(text), "services")):
        published = islice(of.entries(of.item(service, "ports")), _MOST_PORTS)
        pairs = ((of.text_of(entry), of.text_of(of.item(entry, "published"))) for entry in published)
        port = next((port for short, long in pairs if (port := _published(short, long))), None)
        if port and name not in seen:
            seen.add(name)
            command = shlex.join(("docker", "compose", "up", "-d", "--", name))
            yield ServiceSettings(
                name=safe_text(f"{folder.name}/{name[:_LONGEST_NAME]}"),
                port=port,
                cwd=str(folder),
                command=command,
            )


def _published(short: str | None, long: str | None) -> int | None:
    """The port of this machine: of ``8080:80`` or ``127.0.0.1:8080:80/tcp``, or of ``published: 8080``."""
    match = _PORT.match(short) if short else re.fullmatch(r"(\d{1,5})", long or "")
    return int(match[1]) if match and 0 < int(match[1]) < 65_536 else None


def _service(folder: Path, name: str, sign: str, command: str) -> ServiceSettings:
    return ServiceSettings(
        name=safe_text(f"{folder.name}/{name}"), match=sign, cwd=str(folder), command=command
    )


def _sign(command: str) -> str | None:
    """What the process's own command line will hold: the beginning, as far as no shell changes it."""
    command = command[:_LONGEST_COMMAND].strip()
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

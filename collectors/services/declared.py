"""Services declared by projects: in a Procfile, a compose file, or as scripts of a package.json."""

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
"""Poll interval of the files; they are read again only when modified."""
MOST = 100
"""Declared services at most."""
MOST_OF_FOLDER = 20
"""Declared services of one folder at most."""

_MOST_FOLDERS = 300
_MOST_NAMED = 10
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
    """A service as declared in a file.

    Attributes:
        settings: Its settings.
        origin: The name of the file.
        script: The script that its command runs by name, with those that npm runs before and after it.
    """

    settings: ServiceSettings
    origin: str
    script: str | None = None


class DeclaredServices:
    """Reads the files in the roots and in the folders directly below them.

    Attributes:
        left_out: Messages about declared services that are not listed.
    """

    def __init__(self, roots: tuple[Path, ...]) -> None:
        self._roots = roots
        self._read_at: float | None = None
        self._files: dict[Path, tuple[int, list[Declared], int]] = {}
        self.left_out: tuple[str, ...] = ()
        self._folders_left_out = 0

    def read(self, now: float) -> list[Declared]:
        """All declared services; *now*: monotonic seconds."""
        if self._read_at is None or now - self._read_at >= EVERY:
            self._read_at = now
            before, self._files = self._files, {}
            for path, reader in self._candidates():
                with suppress(OSError):
                    modified = path.stat().st_mtime_ns
                    known = before.get(path)
                    if known is None or known[0] != modified:
                        known = (modified, *_read(path, reader))
                    self._files[path] = known
        by_folder: dict[Path, list[Declared]] = {}
        more: Counter[Path] = Counter()
        for path, (_, found, cut) in self._files.items():
            by_folder.setdefault(path.parent, []).extend(found)
            more[path.parent] += cut
        chosen = _limited(by_folder, more)
        self.left_out = tuple(self._messages(more))
        return chosen

    def _messages(self, more: Counter[Path]) -> Iterator[str]:
        """What is not listed; `_MOST_NAMED` folders by name."""
        lacking = [(folder, count) for folder, count in more.items() if count]
        for folder, count in lacking[:_MOST_NAMED]:
            yield f"{plural(count, 'service')} declared in {printable(str(folder))} not listed: too many"
        if len(lacking) > _MOST_NAMED:
            yield f"services of {plural(len(lacking) - _MOST_NAMED, 'more folder')} not listed: too many"
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


def _limited(by_folder: dict[Path, list[Declared]], more: Counter[Path]) -> list[Declared]:
    """`MOST` services, one from each folder in turn, names unique; the others are counted in *more*."""
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
"""From a file's text and folder to services, or to (service, script that its command runs by name)."""


def _read(path: Path, reader: Reader) -> tuple[list[Declared], int]:
    """The first services of a file, and the number of further ones."""
    try:
        text = read_file(path, _MOST_BYTES).decode("utf-8", "replace")
        found = (one if isinstance(one, tuple) else (one, None) for one in reader(text, path.parent))
        taken = [Declared(service, path.name, script) for service, script in islice(found, MOST_OF_FOLDER)]
        return taken, sum(1 for _ in found)
    except (OSError, ValueError):
        return [], 0  # incomplete or invalid: declares nothing


def _procfile(text: str, folder: Path) -> Iterator[ServiceSettings]:
    for line in _LINE.finditer(text):
        name, command = line[1][:_LONGEST_NAME], line[2]
        if (pattern := _match_text(command)) is not None:
            yield _service(folder, name, pattern, shlex.join(("sh", "-c", command)))


def _package(text: str, folder: Path) -> Iterator[tuple[ServiceSettings, str]]:
    record = read_json(text)
    found = record.get("scripts") if isinstance(record, dict) else None
    scripts = found if isinstance(found, dict) else {}
    for name in _SCRIPTS:
        script = scripts.get(name)
        if isinstance(script, str) and (pattern := _match_text(script)) is not None:
            run_by_npm = [(part, scripts.get(part)) for part in (f"pre{name}", name, f"post{name}")]
            shown = "; ".join(f"{part}: {text}" for part, text in run_by_npm if isinstance(text, str))
            yield _service(folder, name, pattern, shlex.join(("npm", "run", name))), shown


def _compose(text: str, folder: Path) -> Iterator[ServiceSettings]:
    """Only those that publish a port: nothing else of a container is visible."""
    from collectors.services import yaml_nodes as of  # PyYAML loads in 20 ms, and few projects need it

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
    """The host port in ``8080:80``, ``127.0.0.1:8080:80/tcp`` or ``published: 8080``."""
    match = _PORT.match(short) if short else re.fullmatch(r"(\d{1,5})", long or "")
    return int(match[1]) if match and 0 < int(match[1]) < 65_536 else None


def _service(folder: Path, name: str, match: str, command: str) -> ServiceSettings:
    return ServiceSettings(
        name=safe_text(f"{folder.name}/{name}"), match=match, cwd=str(folder), command=command
    )


def _match_text(command: str) -> str | None:
    """Text to find in the process's command line: the beginning of *command* that a shell does not change."""
    command = command[:_LONGEST_COMMAND].strip()
    while (before := _ASSIGNED.match(command)) is not None:
        command = command[before.end() :]
    plain = _PLAIN.match(command)
    text = plain[0].strip() if plain else ""
    if plain and plain.end() < len(command) and command[plain.end()] not in "|&;<>":
        text = text.rpartition(" ")[0] if not plain[0].endswith(" ") else text  # the last word is cut
    return text if len(text) >= 4 else None


_READERS: dict[str, Reader] = {
    "Procfile": _procfile,
    "Procfile.dev": _procfile,
    "compose.yaml": _compose,
    "compose.yml": _compose,
    "docker-compose.yaml": _compose,
    "docker-compose.yml": _compose,
    "package.json": _package,
}

"""The files that the configured names and globs match now."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from agentdash.core.file_names import name_of
from agentdash.core.secrets.safe_text import safe_text
from collectors.globs import matches, matches_within
from collectors.logs.rotation import rotated_from

MAX_FILES = 256
"""Files that are followed at most."""

_INTERVAL = 1.0
_WILDCARDS = frozenset("*?[")


class LogSources:
    """Names of files; globs are expanded at most once a second.

    Args:
        sources: Pairs of a name and a path or glob, which may begin with ``~``.
        started: Folder with the output of services that agentdash started, ``NAME.log`` each, NAME as
            `agentdash.core.file_names.file_name` writes it. It may be missing.
        confined: Those of the paths and globs that may not lead out of a folder, and that folder.

    Attributes:
        over: Files that are not followed because there are too many.
        within: Folders that files may not lead out of, by file.
        left_out: Folders outside of those that globs match and that are not listed.
    """

    def __init__(
        self,
        sources: tuple[tuple[str, str], ...],
        started: Path | None = None,
        confined: Mapping[str, Path] | None = None,
    ) -> None:
        self.over = 0
        self.within: dict[Path, Path] = {}
        self.left_out: set[str] = set()
        self._confined = confined or {}
        self._started = started
        self._sources = sources
        self._found: dict[Path, str] = {}
        self._expanded_at: float | None = None

    def files(self, now: float) -> dict[Path, str]:
        """The files and their names, in the order of the settings."""
        if self._expanded_at is None or now - self._expanded_at >= _INTERVAL:
            self._expanded_at = now
            self._found = self._expand()
        return self._found

    def _expand(self) -> dict[Path, str]:
        wanted: dict[Path, str] = {}
        self.over = 0
        self.within, self.left_out = {}, set()
        for found in (*self._configured(), self._of_services()):
            for file, title in found:
                if len(wanted) < MAX_FILES:
                    wanted.setdefault(file, title)
                elif file not in wanted:
                    self.over += 1
        return _distinct(wanted)

    def _configured(self) -> Iterator[Iterator[tuple[Path, str]]]:
        for name, pattern in self._sources:
            path = Path(pattern).expanduser()
            folder = self._confined.get(pattern)
            if _WILDCARDS.isdisjoint(pattern):
                if folder is not None:
                    self.within[path] = folder
                yield iter(((path, safe_text(name or path.stem)),))
            elif folder is None:
                found = sorted(islice(matches(str(path)), 4 * MAX_FILES))
                yield ((match, safe_text(match.stem)) for match in _unrotated(found) if match.is_file())
            else:
                confined = matches_within(str(path), folder, self.left_out)
                inner = [m for m in _unrotated(sorted(set(islice(confined, 4 * MAX_FILES)))) if m.is_file()]
                self.within |= dict.fromkeys(inner, folder)
                yield ((match, safe_text(match.stem)) for match in inner)

    def _of_services(self) -> Iterator[tuple[Path, str]]:
        """Logs of services that agentdash started, beside those that the settings name."""
        if self._started is None or not self._started.is_dir():
            return
        pattern = Path(glob.escape(str(self._started)), "**", "*.log")
        for file in map(Path, sorted(islice(matches(str(pattern)), 4 * MAX_FILES))):
            yield file, safe_text(name_of(file.relative_to(self._started).as_posix().removesuffix(".log")))


def _unrotated(names: list[str]) -> Iterator[Path]:
    """Without rotated files whose log matches too: their lines were read while they were the log."""
    paths = set(map(Path, names))
    for path in map(Path, names):
        log = rotated_from(path.name)
        if log is None or path.with_name(log) not in paths:
            yield path


def _distinct(files: dict[Path, str]) -> dict[Path, str]:
    """Files of the same name get the name of their folder in front."""
    titles = list(files.values())
    return {
        file: title if titles.count(title) == 1 else f"{file.parent.name}/{title}"
        for file, title in files.items()
    }

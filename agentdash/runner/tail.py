"""Watched log files: what was appended to them since the last look."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agentdash.core.files import open_regular

SHOWN = 2048
"""Bytes of what was appended that an event carries, at most: the newest."""


@dataclass(frozen=True, slots=True)
class Appended:
    """What was appended to one file.

    Attributes:
        path: The file.
        size: Bytes that are new.
        text: The newest of them.
    """

    path: str
    size: int
    text: str


@dataclass(slots=True)
class _Place:
    path: str
    inode: int = -1
    offset: int = 0


class LogTails:
    """Remembers how far each file has been read. Begins at their ends. Blocks: call it in a thread."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._places = [_Place(path) for path in paths]
        for place in self._places:
            try:
                found = Path(place.path).stat()
            except OSError:
                continue
            place.inode, place.offset = found.st_ino, found.st_size

    def look(self) -> list[Appended]:
        """What is new, by file; a file that was replaced or cut is read from its beginning."""
        return [appended for place in self._places if (appended := _look(place)) is not None]


def _look(place: _Place) -> Appended | None:
    try:
        with os.fdopen(open_regular(place.path), "rb", buffering=0) as file:
            found = os.fstat(file.fileno())
            if found.st_ino != place.inode or found.st_size < place.offset:
                place.inode, place.offset = found.st_ino, 0
            size = found.st_size - place.offset
            if size <= 0:
                return None
            data = os.pread(file.fileno(), min(size, SHOWN), found.st_size - min(size, SHOWN))
            place.offset = found.st_size
    except OSError:
        return None
    return Appended(place.path, size, data.decode("utf-8", "ignore"))

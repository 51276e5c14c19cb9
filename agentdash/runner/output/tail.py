"""Watched log files: what was appended to them since they were read last."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agentdash.files.small import open_regular
from agentdash.runner.output.held_lines import WORDS_LOST

SHOWN = 2048
"""Bytes of what was appended that an event carries, at most: the newest."""
UNFINISHED = 8 * 1024
"""Bytes of a last line that waits for its end; a longer one is not waited for."""
_BEFORE = 8 * 1024


@dataclass(frozen=True, slots=True)
class Appended:
    """What was appended to one file.

    Attributes:
        path: The file.
        size: Bytes that are new.
        text: The newest of them: whole lines, so that secrets in them are recognised.
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

    def look(self, *, last: bool = False) -> list[Appended]:
        """What is new, by file; a file that was replaced or cut is read from its beginning.

        Args:
            last: Whether nothing follows: then a last line without its end counts as well.
        """
        found = (_look(place, last=last) for place in self._places)
        return [appended for appended in found if appended is not None]


def _look(place: _Place, *, last: bool) -> Appended | None:
    try:
        with os.fdopen(open_regular(place.path), "rb", buffering=0) as file:
            found = os.fstat(file.fileno())
            if found.st_ino != place.inode or found.st_size < place.offset:
                place.inode, place.offset = found.st_ino, 0
            size = found.st_size - place.offset
            if size <= 0:
                return None
            begin = max(place.offset, found.st_size - _BEFORE - UNFINISHED)
            data = os.pread(file.fileno(), found.st_size - begin, begin)
    except OSError:
        return None
    ends = data.rfind(b"\n") + 1
    waits = len(data) - ends
    if last or waits > UNFINISHED:
        ends, waits = len(data), 0
    if not ends:
        return None
    amid = begin > place.offset
    place.offset += size - waits
    return Appended(place.path, size - waits, _newest(data[:ends], amid=amid))


def _newest(data: bytes, *, amid: bool) -> str:
    """The newest whole lines of *data* that fit; *amid*: whether it begins amid a line."""
    if amid:
        data = data[data.find(b"\n") + 1 :]
    start = data.find(b"\n", len(data) - SHOWN - 1) + 1 if len(data) > SHOWN else 0
    if start >= len(data):  # one line that is longer: the words after a cut may have lost their name
        start = len(data) - SHOWN
        for _ in range(WORDS_LOST):
            start = data.find(b" ", start) + 1 or len(data)
    return data[start:].decode("utf-8", "ignore")

"""Watched log files: polls what was appended to them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agentdash.files.small import open_regular
from agentdash.runner.output.line_masker import WORDS_LOST

SHOWN = 2048
"""Bytes of appended text in one event at most: the newest."""
INCOMPLETE_LIMIT = 8 * 1024
"""Bytes of an incomplete last line that is kept for the next poll; a longer one is reported at once."""
_READ_BEFORE = 8 * 1024


@dataclass(frozen=True, slots=True)
class Appended:
    """What was appended to one file.

    Attributes:
        path: The file.
        size: Number of new bytes.
        text: The newest of them in whole lines, so that secrets are recognised.
    """

    path: str
    size: int
    text: str


@dataclass(slots=True)
class _FilePosition:
    path: str
    inode: int = -1
    offset: int = 0


class LogTails:
    """The read positions in some files, initially at their ends. Blocks: call it in a thread."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._places = [_FilePosition(path) for path in paths]
        for place in self._places:
            try:
                found = Path(place.path).stat()
            except OSError:
                continue
            place.inode, place.offset = found.st_ino, found.st_size

    def poll(self, *, last: bool = False) -> list[Appended]:
        """What was appended to each file; a replaced or truncated file is read from its beginning.

        Args:
            last: Whether this is the last poll: an incomplete last line is included then.
        """
        found = (_poll(place, last=last) for place in self._places)
        return [appended for appended in found if appended is not None]


def _poll(place: _FilePosition, *, last: bool) -> Appended | None:
    try:
        with os.fdopen(open_regular(place.path), "rb", buffering=0) as file:
            found = os.fstat(file.fileno())
            if found.st_ino != place.inode or found.st_size < place.offset:
                place.inode, place.offset = found.st_ino, 0
            size = found.st_size - place.offset
            if size <= 0:
                return None
            begin = max(place.offset, found.st_size - _READ_BEFORE - INCOMPLETE_LIMIT)
            data = os.pread(file.fileno(), found.st_size - begin, begin)
    except OSError:
        return None
    ends = data.rfind(b"\n") + 1
    waits = len(data) - ends
    if last or waits > INCOMPLETE_LIMIT:
        ends, waits = len(data), 0
    if not ends:
        return None
    inside_line = begin > place.offset
    place.offset += size - waits
    return Appended(place.path, size - waits, _newest(data[:ends], inside_line=inside_line))


def _newest(data: bytes, *, inside_line: bool) -> str:
    """The newest whole lines of *data* that fit; *inside_line*: whether it begins inside a line."""
    if inside_line:
        data = data[data.find(b"\n") + 1 :]
    start = data.find(b"\n", len(data) - SHOWN - 1) + 1 if len(data) > SHOWN else 0
    if start >= len(data):  # one longer line: the words after a cut may be a secret without its name
        start = len(data) - SHOWN
        for _ in range(WORDS_LOST):
            start = data.find(b" ", start) + 1 or len(data)
    return data[start:].decode("utf-8", "ignore")

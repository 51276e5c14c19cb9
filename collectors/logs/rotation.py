"""Where the lines of a rotated log went: files beside it that bear its name and a number or a date."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from collectors.logs.file import MARK_SIZE, OpenLog

_NUMBER = re.compile(r"\.(\d{1,6})$")
_DATE = re.compile(r"[.-]\d{4}[\d_.:T-]*$")
_MOST = 256
_TRIES = 16
_SEARCH = 8 * 1024 * 1024
_SHORTEST_MARK = 24


@dataclass(frozen=True, slots=True)
class Rotated:
    """A rotated file; they sort from the oldest to the newest."""

    order: tuple[int, str]
    path: Path
    identity: tuple[int, int]
    size: int
    modified: int


def between(path: Path, before: OpenLog, after: OpenLog, within: Path | None = None) -> list[OpenLog]:
    """The files that were the log at *path* for a moment, after *before* and before *after*, oldest first.

    A log that is rotated more than once between two looks leaves such files.
    """
    for last_try in (*[False] * _TRIES, True):
        rotated = _steady(path)
        order = {entry.identity: entry.order for entry in rotated}
        since, until = order.get(before.identity), order.get(after.identity)
        if since is None and not before.unlinked() and not last_try:
            continue  # a rotation is under way: the file is there, and was not seen
        modified = os.fstat(before.fd).st_mtime_ns
        wanted = [
            entry
            for entry in rotated
            if entry.identity not in {before.identity, after.identity}
            and (entry.order > since if since is not None else entry.modified >= modified)
            and (until is None or entry.order < until)
        ]
        found = [log for entry in wanted if (log := _opened(entry, within)) is not None]
        if len(found) == len(wanted) or last_try:
            return found
        for log in found:  # names went on to other files meanwhile
            log.close()
    return []


def _opened(entry: Rotated, within: Path | None) -> OpenLog | None:
    with suppress(OSError):
        log = OpenLog.open(entry.path, within=within)
        if log.identity == entry.identity:
            return log
        log.close()
    return None


def copies_of(path: Path, log: OpenLog, within: Path | None = None) -> list[OpenLog]:
    """The copies that were made of *log* before it was truncated, oldest first.

    The first is open where reading *log* ended; later ones, of later truncations, at their beginning. Empty
    where no copy holds what was read last. A file that is older than the first is none, whatever its number:
    some count rotated files upwards.
    """
    found: list[OpenLog] = []
    since = 0
    for entry in sorted(_rotated(path), key=lambda entry: entry.order):
        if (
            entry.identity == log.identity
            or entry.modified < since
            or (not found and entry.size < log.offset)
        ):
            continue
        with suppress(OSError):
            copy = OpenLog.open(entry.path, within=within)
            if found:
                found.append(copy)
            elif log.follows_here(copy.fd):
                copy.take_over(log, log.offset)
                found.append(copy)
                since = entry.modified
            else:
                copy.close()
    return found


def copies_since(
    path: Path, modified: int, held: frozenset[tuple[int, int]], within: Path | None = None
) -> list[OpenLog]:
    """The copies that were made after *modified*, Unix ns, of a log of which nothing was read, oldest first.

    A copy is older than the truncation that follows it, and that is the last change of the empty log.

    Args:
        path: The log.
        modified: When it was last written to or truncated, as far as was seen.
        held: Device and inode of files that are being read.
        within: The folder that none of them may lead out of.
    """
    found: list[OpenLog] = []
    for entry in sorted(_rotated(path), key=lambda entry: entry.order):
        if entry.modified > modified and entry.size and entry.identity not in held:
            with suppress(OSError):
                found.append(OpenLog.open(entry.path, within=within))
    return found


def resume_in(log: OpenLog, mark: bytes) -> int | None:
    """Where *log* goes on after *mark*: the place in a file that was written anew without its oldest lines.

    Returns:
        An offset, or None where the mark is not in it.
    """
    if len(mark) < _SHORTEST_MARK:
        return None
    found = os.pread(log.fd, _SEARCH, 0).find(mark)
    return None if found < 0 else found + len(mark)


def last_mark(log: OpenLog) -> bytes:
    """The last bytes of *log*."""
    size = log.size()
    begin = max(0, size - MARK_SIZE)
    return os.pread(log.fd, size - begin, begin)


def _steady(path: Path) -> list[Rotated]:
    """The rotated files, as two looks in a row saw them: in mid-rotation, names and files disagree."""
    seen = sorted(_rotated(path), key=lambda entry: entry.order)
    for _ in range(_TRIES):
        again = sorted(_rotated(path), key=lambda entry: entry.order)
        if [(entry.path, entry.identity) for entry in again] == [
            (entry.path, entry.identity) for entry in seen
        ]:
            break
        seen = again
    return seen


def _rotated(path: Path) -> Iterator[Rotated]:
    name = path.name
    count = 0
    with suppress(OSError), os.scandir(path.parent) as entries:
        for entry in entries:
            if not entry.name.startswith(name) or (order := _order(entry.name[len(name) :])) is None:
                continue
            with suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                identity = (status.st_dev, status.st_ino)
                yield Rotated(order, path.parent / entry.name, identity, status.st_size, status.st_mtime_ns)
            count += 1
            if count >= _MOST:
                return


def rotated_from(name: str) -> str | None:
    """The name of the log whose rotated file *name* may be; None where it bears no number or date."""
    match = _NUMBER.search(name) or _DATE.search(name)
    return name[: match.start()] if match else None


def _order(suffix: str) -> tuple[int, str] | None:
    """Sorts ``.3`` before ``.2`` before ``.1``, and dates as they go."""
    if (number := _NUMBER.fullmatch(suffix)) is not None:
        return -int(number[1]), ""
    return (0, suffix) if _DATE.fullmatch(suffix) else None

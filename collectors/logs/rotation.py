"""The rotated files of a log: those beside it with its name and a number or a date."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from collectors.logs.open_log import FINGERPRINT_SIZE, Identity, OpenLog

_NUMBER = re.compile(r"\.(\d{1,6})$")
_DATE = re.compile(r"[.-]\d{4}[\d_.:T-]*$")
_MAX_FILES = 256
_TRIES = 16
_SEARCH = 8 * 1024 * 1024
_SHORTEST_FINGERPRINT = 24


@dataclass(frozen=True, slots=True)
class Rotated:
    """A rotated file; they sort from the oldest to the newest."""

    order: tuple[int, str]
    path: Path
    identity: Identity
    size: int
    modified: int


def between(path: Path, before: OpenLog, after: OpenLog, within: Path | None = None) -> list[OpenLog]:
    """The files that were the log at *path* after *before* and before *after*, oldest first.

    A log that is rotated more than once between two polls leaves such files.
    """
    for last_try in (*[False] * _TRIES, True):
        rotated = _steady(path)
        order = {entry.identity: entry.order for entry in rotated}
        since, until = order.get(before.identity), order.get(after.identity)
        if since is None and not before.unlinked() and not last_try:
            continue  # a rotation is under way: the file exists, and was not listed
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
        for log in found:  # files were renamed meanwhile
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

    The first is open where reading *log* ended; those of later truncations at their beginning. Empty where no
    copy has what was read last. A file that is older than the first is not a copy, whatever its number: some
    programs count rotated files upwards.
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
            elif log.matches(copy.fd):
                copy.take_over(log, log.offset)
                found.append(copy)
                since = entry.modified
            else:
                copy.close()
    return found


def copies_since(
    path: Path, modified: int, reading: frozenset[Identity], within: Path | None = None
) -> list[OpenLog]:
    """The copies that were made after *modified*, Unix ns, of an unread log, oldest first.

    A copy is older than the truncation that follows it, and that is the last change of the empty log.

    Args:
        path: The log.
        modified: Its last known modification.
        reading: Files that are being read.
        within: The folder that none of them may lead out of.
    """
    found: list[OpenLog] = []
    for entry in sorted(_rotated(path), key=lambda entry: entry.order):
        if entry.modified > modified and entry.size and entry.identity not in reading:
            with suppress(OSError):
                found.append(OpenLog.open(entry.path, within=within))
    return found


def resume_in(log: OpenLog, fingerprint: bytes) -> int | None:
    """Where *log* continues after *fingerprint*, in a file that was rewritten without its oldest lines.

    Returns:
        An offset, or None where the fingerprint is not in it.
    """
    if len(fingerprint) < _SHORTEST_FINGERPRINT:
        return None
    found = os.pread(log.fd, _SEARCH, 0).find(fingerprint)
    return None if found < 0 else found + len(fingerprint)


def last_fingerprint(log: OpenLog) -> bytes:
    """The last bytes of *log*."""
    size = log.size()
    begin = max(0, size - FINGERPRINT_SIZE)
    return os.pread(log.fd, size - begin, begin)


def _steady(path: Path) -> list[Rotated]:
    """The rotated files, listed until two lists are equal: in mid-rotation names and files disagree."""
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
            if count >= _MAX_FILES:
                return


def rotated_from(name: str) -> str | None:
    """The log whose rotated file *name* may be; None for a name without a number or a date."""
    match = _NUMBER.search(name) or _DATE.search(name)
    return name[: match.start()] if match else None


def _order(suffix: str) -> tuple[int, str] | None:
    """Sorts ``.3`` before ``.2`` before ``.1``, and dates ascending."""
    if (number := _NUMBER.fullmatch(suffix)) is not None:
        return -int(number[1]), ""
    return (0, suffix) if _DATE.fullmatch(suffix) else None

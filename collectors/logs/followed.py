"""A followed log: each of its lines is read once and in order, however it is rotated."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from agentdash.files.small import OUTSIDE, OutsideError
from collectors.logs.open_log import READ_SIZE, Identity, NotRegularError, OnSkip, OpenLog, Piece
from collectors.logs.rotation import between, copies_of, copies_since, last_fingerprint, resume_in

FIRST_READ = 64 * 1024
"""Bytes at the end of a file that are read when it is first seen."""
SKIP_ABOVE = 8 * 1024 * 1024
"""Unread bytes above which older ones are skipped."""
SKIP_LEAVES = 256 * 1024
"""Bytes that are then left to read."""

_SKIP_STEP = 64 * 1024 * 1024
_IDLE = 5.0
_MAX_OPEN = 64
_MAX_KNOWN = 256

_REASONS = {
    errno.ENOENT: "no such file yet; it is followed as soon as it appears",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ENOTDIR: "a part of the path is not a folder",
    errno.ELOOP: "its symbolic links form a loop",
    errno.EMFILE: "too many open files",
    errno.ENAMETOOLONG: "file name too long",
}


Place = tuple[int, bytes]
"""An offset, and the bytes before it."""


class FollowedLog:
    """Follows the file at *path*, and those that were there before until they are read to their end.

    Args:
        path: The file; it may be missing.
        fresh: Whether to read all of it; else only its end at first.
        first: Bytes of that end.
        on_skip: Called with what is skipped to keep up, see `OpenLog.skip_to`.
        within: The folder that the path, and those of its rotated files, may not lead out of.

    Attributes:
        error: Why it cannot be read; None while it can.
        size: Its bytes at the last poll.
    """

    def __init__(
        self,
        path: Path,
        *,
        fresh: bool = False,
        first: int = FIRST_READ,
        on_skip: OnSkip | None = None,
        within: Path | None = None,
    ) -> None:
        self.path = path
        self._within = within
        self._on_skip = on_skip
        self._first = first
        self.error: str | None = None
        self.size = 0
        self._fresh = fresh
        self._open: list[OpenLog] = []
        self._skipped = 0
        self._place: Place | None = None
        self._released: dict[Identity, Place] = {}
        self._final: list[Piece] = []
        self._truncations: list[int] = []
        self._known: dict[Identity, Place] = {}

    @property
    def missing(self) -> bool:
        """Whether it cannot be read only because it does not exist yet."""
        return self.error == _REASONS[errno.ENOENT]

    def poll(self, now: float) -> list[Piece]:
        """The bytes since the last poll, oldest first, about `READ_SIZE` at most.

        Args:
            now: Seconds of a monotonic clock.
        """
        try:
            self._check_path(now)
            return self._read(now)
        except OSError as error:
            self.error = _reason(error)
            return []

    def pop_skipped(self) -> int:
        """Lines skipped since the last call."""
        skipped = self._skipped + sum(log.skipped for log in self._open)
        for log in self._open:
            log.skipped = 0
        self._skipped = 0
        return skipped

    def pop_truncations(self) -> list[int]:
        """For each truncation without a copy since the last call: bytes that were seen and not read.

        Bytes that came between the last poll and the truncation are in none of these numbers.
        """
        truncations, self._truncations = self._truncations, []
        return truncations

    def finish(self) -> list[Piece]:
        """Close, and return the line that was never ended."""
        for log in tuple(self._open):
            self._release(log)
        pieces, self._final = self._final, []
        return pieces

    def drained(self) -> bool:
        """Whether all of its bytes were read."""
        return all(log.offset >= log.size() for log in self._open)

    def identities(self) -> set[Identity]:
        """The files that are open."""
        return {log.identity for log in self._open}

    def pop_released(self) -> dict[Identity, Place]:
        """How far the files were read that were closed since the last call."""
        released, self._released = self._released, {}
        return released

    def start_at(self, place: Place) -> None:
        """Before the first poll: begin at *place*, as what is before it was read under another name."""
        self._place = place

    def close(self) -> None:
        """Close all descriptors."""
        while self._open:
            self._open.pop().close()

    def _check_path(self, now: float) -> None:
        """Detect rotation and truncation: is it still the same file, with the same bytes?"""
        current = self._open[-1] if self._open else None
        try:
            status = self.path.stat()
            if current is not None and current.identity == (status.st_dev, status.st_ino):
                before = current.modified
                if current.replaced(status):
                    self._truncated(current)
                elif not current.fingerprint and status.st_mtime_ns != before:
                    self._first_write(current, before)
                self.error = None
                return
            whole = current is not None or (self._fresh and status.st_size <= SKIP_ABOVE)
            opened = OpenLog.open(self.path, last=None if whole else self._first, within=self._within)
        except OSError as error:
            self.error = _reason(error)
            self._fresh = True
            self._release_deleted(now)
            return
        self.error = None
        opened.grown_at = now
        if self._place is not None:
            opened.start_at(*self._place)
            self._place = None
        if current is not None:
            current.grown_at = now
            self._rotated(current, opened)
        self._open.append(opened)
        while len(self._open) > _MAX_OPEN:
            self._open[0].skip_to(self._open[0].size(), self._on_skip)
            self._final += self._open[0].read(self._open[0].size(), now)
            self._release(self._open[0])

    def _rotated(self, before: OpenLog, after: OpenLog) -> None:
        """Another file is at the path: the log was renamed, or rewritten without its oldest lines."""
        if before.unlinked():
            place = resume_in(after, before.fingerprint)
            if place is not None:
                after.take_over(before, place)
                self._release(before)
                return
            place = resume_in(after, last_fingerprint(before))
            if place is not None:
                after.offset = place
                return
        self._open += between(self.path, before, after, self._within)

    def _first_write(self, log: OpenLog, modified: int) -> None:
        """An empty log was written to: it may have been copied and truncated since, unread."""
        copies = copies_since(self.path, modified, frozenset(self.identities()), self._within)
        for copy in copies:
            copy.grown_at = log.grown_at
            if (place := self._known.get(copy.identity)) is not None:
                copy.start_at(*place)  # it was the log once
        self._open[-1:-1] = copies

    def _truncated(self, log: OpenLog) -> None:
        """The same file without the bytes that were read: it was truncated, with or without a copy."""
        again = OpenLog(os.dup(log.fd))
        again.grown_at = log.grown_at
        copies = copies_of(self.path, log, self._within)
        for copy in copies[1:]:
            if (known := self._known.get(copy.identity)) is not None:
                copy.start_at(*known)  # it was the log once
        place = None if copies else resume_in(again, log.fingerprint)
        self._open[-1:-1] = copies
        if place is not None:
            again.take_over(log, place)
        elif not copies:
            self._truncations.append(max(0, log.seen - log.offset))
        self._release(log)
        self._open.append(again)

    def _read(self, now: float) -> list[Piece]:
        """Read the older files to their end, then the current one to where it ended before that."""
        pieces, self._final = self._final, []
        if not self._open:
            return pieces
        current = self._open[-1]
        self.size = end = current.size()
        budget = READ_SIZE
        for log in tuple(self._open):
            log.seen = stop = end if log is current else log.size()
            if stop - log.offset > SKIP_ABOVE:
                log.skip_to(min(stop - SKIP_LEAVES, log.offset + _SKIP_STEP), self._on_skip)
            before = log.offset
            pieces += log.read(stop, now)
            budget -= log.offset - before
            if log.offset < stop or budget <= 0:
                break
            idle = now - log.grown_at > _IDLE
            if log is current:
                pieces += log.flush() if idle else []
            elif idle or log is not self._open[-2]:
                self._release(log)
            elif end > 0:
                # Its writer may still have it open: its last line is returned now, more may follow.
                pieces += log.flush()
            pieces += self._final
            self._final = []
        return pieces

    def _release_deleted(self, now: float) -> None:
        """Close a deleted file that is no longer written to, so that its space is freed."""
        if self._open and self._open[-1].unlinked() and now - self._open[-1].grown_at > _IDLE:
            for log in tuple(self._open):
                self._release(log)

    def _release(self, log: OpenLog) -> None:
        self._final += log.flush(final=True)
        self._skipped += log.skipped
        self._released[log.identity] = self._known[log.identity] = (log.offset, log.fingerprint)
        while len(self._known) > _MAX_KNOWN:
            del self._known[next(iter(self._known))]
        self._open.remove(log)
        log.close()


def _reason(error: OSError) -> str:
    if isinstance(error, NotRegularError):
        return "not a regular file"
    if isinstance(error, OutsideError):
        return OUTSIDE
    return _REASONS.get(error.errno or 0, error.strerror or "cannot be read")

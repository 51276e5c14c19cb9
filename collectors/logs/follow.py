"""One followed log: whatever its rotation, each of its lines comes once and in order."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from agentdash.files.small import OUTSIDE, OutsideError
from collectors.logs.file import READ_SIZE, Look, NotALog, OpenLog, Piece
from collectors.logs.rotation import between, copies_of, copies_since, last_mark, resume_in

FIRST_SIGHT = 64 * 1024
"""Bytes at the end of a file that are read when it is first seen."""
SKIP_ABOVE = 8 * 1024 * 1024
"""Bytes waiting to be read above which older ones are passed over."""
SKIP_LEAVES = 256 * 1024
"""Bytes that are left to read then."""

_SKIP_STEP = 64 * 1024 * 1024
_QUIET = 5.0
_MOST_OPEN = 64
_MOST_KNOWN = 256

_WORDS = {
    errno.ENOENT: "it is not there yet; it is followed as soon as it appears",
    errno.EACCES: "you may not read it",
    errno.EPERM: "you may not read it",
    errno.ENOTDIR: "a part of the path is no folder",
    errno.ELOOP: "its links go in a circle",
    errno.EMFILE: "too many files are open",
    errno.ENAMETOOLONG: "its name is too long",
}


Place = tuple[int, bytes]
"""An offset, and the bytes that stand before it."""


class FollowedFile:
    """Follows the file that *path* leads to, and those it was called before until they are read to their end.

    Args:
        path: The file; it need not be there.
        fresh: Whether all of it is new; else only its end is read at first.
        first: How many bytes that end has.
        passed: Is given what is passed over to keep up, see `OpenLog.skip_to`.
        within: The folder that the path, and those of its rotated files, may not lead out of.

    Attributes:
        error: Why it cannot be read, in words; None while it can.
        size: Bytes in it, when last looked.
    """

    def __init__(
        self,
        path: Path,
        *,
        fresh: bool = False,
        first: int = FIRST_SIGHT,
        passed: Look | None = None,
        within: Path | None = None,
    ) -> None:
        self.path = path
        self._within = within
        self._passed = passed
        self._first = first
        self.error: str | None = None
        self.size = 0
        self._fresh = fresh
        self._open: list[OpenLog] = []
        self._skipped = 0
        self._place: Place | None = None
        self._left: dict[tuple[int, int], Place] = {}
        self._ended: list[Piece] = []
        self._truncations: list[int] = []
        self._known: dict[tuple[int, int], Place] = {}

    @property
    def awaited(self) -> bool:
        """Whether it cannot be read only because it is not there yet."""
        return self.error == _WORDS[errno.ENOENT]

    def poll(self, now: float) -> list[Piece]:
        """What came since the last look, oldest first, about `READ_SIZE` bytes at most.

        Args:
            now: Seconds on a clock that never goes back.
        """
        try:
            self._look(now)
            return self._read(now)
        except OSError as error:
            self.error = _in_words(error)
            return []

    def take_skipped(self) -> int:
        """Lines passed over since this was last asked."""
        skipped = self._skipped + sum(log.skipped for log in self._open)
        for log in self._open:
            log.skipped = 0
        self._skipped = 0
        return skipped

    def take_truncations(self) -> list[int]:
        """For each truncation since this was last asked of which no copy was found: bytes seen and not read.

        What came between the last look and the truncation is in none of these numbers.
        """
        truncations, self._truncations = self._truncations, []
        return truncations

    def finish(self) -> list[Piece]:
        """Close, and hand out the line that was begun and never ended."""
        for log in tuple(self._open):
            self._leave(log)
        pieces, self._ended = self._ended, []
        return pieces

    def drained(self) -> bool:
        """Whether all of its bytes were read."""
        return all(log.offset >= log.size() for log in self._open)

    def held(self) -> set[tuple[int, int]]:
        """Device and inode of each file that it holds."""
        return {log.identity for log in self._open}

    def take_left(self) -> dict[tuple[int, int], Place]:
        """How far those files were read that it let go since this was last asked, by device and inode."""
        left, self._left = self._left, {}
        return left

    def start_at(self, place: Place) -> None:
        """Before the first look: begin there, because what stands before was read under another name."""
        self._place = place

    def close(self) -> None:
        """Give back all descriptors."""
        while self._open:
            self._open.pop().close()

    def _look(self, now: float) -> None:
        """See whether the path still leads to the same file, with the same bytes."""
        current = self._open[-1] if self._open else None
        try:
            status = self.path.stat()
            if current is not None and current.identity == (status.st_dev, status.st_ino):
                before = current.modified
                if current.replaced(status):
                    self._truncated(current)
                elif not current.mark and status.st_mtime_ns != before:
                    self._began(current, before)
                self.error = None
                return
            whole = current is not None or (self._fresh and status.st_size <= SKIP_ABOVE)
            opened = OpenLog.open(self.path, last=None if whole else self._first, within=self._within)
        except OSError as error:
            self.error = _in_words(error)
            self._fresh = True
            self._let_go(now)
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
        while len(self._open) > _MOST_OPEN:
            self._open[0].skip_to(self._open[0].size(), self._passed)
            self._ended += self._open[0].read(self._open[0].size(), now)
            self._leave(self._open[0])

    def _rotated(self, before: OpenLog, after: OpenLog) -> None:
        """Another file is at the path: the log was renamed, or written anew without its oldest lines."""
        if before.unlinked():
            place = resume_in(after, before.mark)
            if place is not None:
                after.take_over(before, place)
                self._leave(before)
                return
            place = resume_in(after, last_mark(before))
            if place is not None:
                after.offset = place
                return
        self._open += between(self.path, before, after, self._within)

    def _began(self, log: OpenLog, modified: int) -> None:
        """The log was empty and was written to: it may have been copied and truncated since, unread."""
        copies = copies_since(self.path, modified, frozenset(self.held()), self._within)
        for copy in copies:
            copy.grown_at = log.grown_at
            if (place := self._known.get(copy.identity)) is not None:
                copy.start_at(*place)  # it was the log itself once
        self._open[-1:-1] = copies

    def _truncated(self, log: OpenLog) -> None:
        """The same file, but not the bytes that were read: it was cut to nothing, with or without a copy."""
        again = OpenLog(os.dup(log.fd))
        again.grown_at = log.grown_at
        copies = copies_of(self.path, log, self._within)
        for copy in copies[1:]:
            if (known := self._known.get(copy.identity)) is not None:
                copy.start_at(*known)  # it was the log itself once
        place = None if copies else resume_in(again, log.mark)
        self._open[-1:-1] = copies
        if place is not None:
            again.take_over(log, place)
        elif not copies:
            self._truncations.append(max(0, log.seen - log.offset))
        self._leave(log)
        self._open.append(again)

    def _read(self, now: float) -> list[Piece]:
        """Read the older files to their end, then the current one as far as it went before they were."""
        pieces, self._ended = self._ended, []
        if not self._open:
            return pieces
        current = self._open[-1]
        self.size = end = current.size()
        budget = READ_SIZE
        for log in tuple(self._open):
            log.seen = stop = end if log is current else log.size()
            if stop - log.offset > SKIP_ABOVE:
                log.skip_to(min(stop - SKIP_LEAVES, log.offset + _SKIP_STEP), self._passed)
            before = log.offset
            pieces += log.read(stop, now)
            budget -= log.offset - before
            if log.offset < stop or budget <= 0:
                break
            quiet = now - log.grown_at > _QUIET
            if log is current:
                pieces += log.flush() if quiet else []
            elif quiet or log is not self._open[-2]:
                self._leave(log)
            elif end > 0:
                # Its writer has moved on, or still holds it: what it ends with comes now, more may follow.
                pieces += log.flush()
            pieces += self._ended
            self._ended = []
        return pieces

    def _let_go(self, now: float) -> None:
        """The file is gone: after a while nobody writes to it any more, and its space is given back."""
        if self._open and self._open[-1].unlinked() and now - self._open[-1].grown_at > _QUIET:
            for log in tuple(self._open):
                self._leave(log)

    def _leave(self, log: OpenLog) -> None:
        self._ended += log.flush(final=True)
        self._skipped += log.skipped
        self._left[log.identity] = self._known[log.identity] = (log.offset, log.mark)
        while len(self._known) > _MOST_KNOWN:
            del self._known[next(iter(self._known))]
        self._open.remove(log)
        log.close()


def _in_words(error: OSError) -> str:
    if isinstance(error, NotALog):
        return "it is not a regular file"
    if isinstance(error, OutsideError):
        return OUTSIDE
    return _WORDS.get(error.errno or 0, error.strerror or "it cannot be read")

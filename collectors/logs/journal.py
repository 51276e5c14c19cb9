"""The systemd journal as a source: ``journalctl`` as a child, never waited for, begun again when it ends."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
from contextlib import suppress

from agentdash.core.logs.parse.journal import apart
from agentdash.core.text import printable
from collectors.logs.file import LINE_LIMIT, Piece

COMMAND = ("journalctl", "--follow", "--output=json", "--no-pager", "--quiet", "--all")
"""With ``--all``, else a message of more than 4 KiB, as a long stack trace is, comes as null."""
FIELDS = "MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,_COMM,_SYSTEMD_UNIT,_PID"
FIRST_LINES = 200
"""Entries of the past that are asked for at first."""
READ_SIZE = 1024 * 1024
"""Bytes that one look takes at most; the rest waits in the pipe, and then in the journal."""
LONGEST_WAIT = 60.0
"""Seconds between two tries at most."""

_CURSOR = re.compile(rb'"__CURSOR"\s?:\s?"([^"\\]{1,512})"')
_PIPE = 1024 * 1024
_SAID = 2048
_EMPTY = b"No such boot ID"  # what it says of a journal without an entry
_END_WAIT = 2.0


class JournalFeed:
    """What the journal says of some units.

    Args:
        units: Their names, as ``journalctl --unit`` takes them; ``*`` is all of the journal.

    Attributes:
        error: Why nothing comes from it, in words; None while it runs.
        size: Bytes that came.
    """

    name = "journal"

    def __init__(self, units: tuple[str, ...]) -> None:
        self.error: str | None = None
        self.size = 0
        self.skipped = 0
        self._units = () if "*" in units else units
        self._child: subprocess.Popen[bytes] | None = None
        self._again_at: float | None = None
        self._wait = 1.0
        self._rest = b""
        self._cut = 0
        self._place = 0
        self._cursor: str | None = None
        self._said = b""

    def poll(self, now: float) -> list[Piece]:
        """What came since the last look, as whole lines: an entry for each line of a message.

        Args:
            now: Seconds on a clock that never goes back.
        """
        if self._child is None:
            if self._again_at is not None and now < self._again_at:
                return []
            if not self._start(now):
                return []
        pieces = self._read()
        if self._child is not None and self._child.poll() is not None:
            pieces += self._read()
            self._ended(now)
        return pieces

    def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is None:
            return
        child.terminate()
        try:
            child.wait(_END_WAIT)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        _give_back(child)

    def _start(self, now: float) -> bool:
        units = [f"--unit={unit}" for unit in self._units]
        place = (
            [f"--after-cursor={self._cursor}", "--no-tail"] if self._cursor else [f"--lines={FIRST_LINES}"]
        )
        try:
            self._child = subprocess.Popen(
                [*COMMAND, f"--output-fields={FIELDS}", *place, *units],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
        except FileNotFoundError:
            self.error = "journalctl is not there: the journal cannot be followed on this machine"
            self._wait = LONGEST_WAIT
            self._later(now)
            return False
        except OSError as problem:
            self.error = f"journalctl cannot be started: {problem.strerror}"
            self._later(now)
            return False
        for pipe in (self._child.stdout, self._child.stderr):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                with suppress(OSError, AttributeError):  # more than this may not be allowed, or not be known
                    fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE)
        self._rest, self._cut, self._said = b"", 0, b""
        self.error = None
        return True

    def _read(self) -> list[Piece]:
        if self._child is None or self._child.stdout is None or self._child.stderr is None:
            return []
        if said := _taken(self._child.stderr.fileno(), _SAID):
            self._said = (self._said + said)[-_SAID:]
        data = _taken(self._child.stdout.fileno(), READ_SIZE)
        if not data:
            return []
        self.size += len(data)
        whole = self._rest + data
        end = whole.rfind(b"\n") + 1
        if not end:
            self._rest, self._cut = whole[:LINE_LIMIT], self._cut + max(0, len(whole) - LINE_LIMIT)
            return []
        self._rest, first = whole[end:], 0
        pieces: list[Piece] = []
        if self._cut:
            first = whole.find(b"\n") + 1
            pieces.append(Piece(self._place, whole[:first], self._cut))
            self._place, self._cut = self._place + first + self._cut, 0
        if first < end:
            told = b"".join(
                part + b"\n" for line in whole[first : end - 1].split(b"\n") for part in apart(line)
            )
            pieces.append(Piece(self._place, told))
            self._place += len(told)
        if cursors := _CURSOR.findall(whole, max(0, whole.rfind(b"\n", 0, end - 1)), end):
            self._cursor = cursors[-1].decode("ascii", "replace")
        self._wait = 1.0
        return pieces

    def _ended(self, now: float) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        _give_back(child)
        words = self._said.decode("utf-8", "backslashreplace").strip().splitlines()
        how = printable(words[-1]) if words else f"exit code {child.returncode}"
        if _EMPTY in self._said:
            self.error = f"the journal holds nothing that you may read; looked at again in {self._wait:.0f} s"
        else:
            self.error = f"journalctl ended: {how}; begun again in {self._wait:.0f} s"
        self._later(now)

    def _later(self, now: float) -> None:
        self._again_at = now + self._wait
        self._wait = min(LONGEST_WAIT, 2 * self._wait)


def _taken(fd: int, most: int) -> bytes:
    """What can be read without waiting."""
    parts: list[bytes] = []
    while most > 0:
        try:
            part = os.read(fd, most)
        except BlockingIOError:
            break
        if not part:
            break
        parts.append(part)
        most -= len(part)
    return b"".join(parts)


def _give_back(child: subprocess.Popen[bytes]) -> None:
    for pipe in (child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()

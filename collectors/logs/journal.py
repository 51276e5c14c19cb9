"""The systemd journal as a source: ``journalctl`` as a child, read without blocking and restarted."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
from contextlib import suppress

from agentdash.core.logs.parse.journal import split_entry
from agentdash.core.text import printable
from collectors.logs.open_log import LINE_LIMIT, Piece

COMMAND = ("journalctl", "--follow", "--output=json", "--no-pager", "--quiet", "--all")
"""With ``--all``, else a message of more than 4 KiB, as a long stack trace is, comes as null."""
FIELDS = "MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,_COMM,_SYSTEMD_UNIT,_PID"
FIRST_LINES = 200
"""Past entries that are requested at first."""
READ_SIZE = 1024 * 1024
"""Bytes of one poll at most; the rest waits in the pipe, and then in the journal."""
LONGEST_WAIT = 60.0
"""Seconds between two attempts at most."""

_CURSOR = re.compile(rb'"__CURSOR"\s?:\s?"([^"\\]{1,512})"')
_PIPE = 1024 * 1024
_MAX_STDERR = 2048
_EMPTY = b"No such boot ID"  # its message for a journal without an entry
_END_WAIT = 2.0


class JournalFeed:
    """The journal of some units.

    Args:
        units: Their names, as ``journalctl --unit`` takes them; ``*`` is all of the journal.

    Attributes:
        error: Why nothing comes from it; None while it runs.
        size: Bytes that were read.
    """

    name = "journal"

    def __init__(self, units: tuple[str, ...]) -> None:
        self.error: str | None = None
        self.size = 0
        self.skipped = 0
        self._units = () if "*" in units else units
        self._child: subprocess.Popen[bytes] | None = None
        self._retry_at: float | None = None
        self._wait = 1.0
        self._rest = b""
        self._cut = 0
        self._offset = 0
        self._cursor: str | None = None
        self._stderr = b""

    def poll(self, now: float) -> list[Piece]:
        """The entries since the last poll as whole lines: one for each line of a message.

        Args:
            now: Seconds of a monotonic clock.
        """
        if self._child is None:
            if self._retry_at is not None and now < self._retry_at:
                return []
            if not self._start(now):
                return []
        pieces = self._read()
        if self._child is not None and self._child.poll() is not None:
            pieces += self._read()
            self._exited(now)
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
        _close_pipes(child)

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
            self.error = "journalctl not found: the journal cannot be followed on this machine"
            self._wait = LONGEST_WAIT
            self._retry_later(now)
            return False
        except OSError as problem:
            self.error = f"journalctl cannot be started: {problem.strerror}"
            self._retry_later(now)
            return False
        for pipe in (self._child.stdout, self._child.stderr):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                with suppress(OSError, AttributeError):  # not permitted, or not supported
                    fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE)
        self._rest, self._cut, self._stderr = b"", 0, b""
        self.error = None
        return True

    def _read(self) -> list[Piece]:
        if self._child is None or self._child.stdout is None or self._child.stderr is None:
            return []
        if added := _read_available(self._child.stderr.fileno(), _MAX_STDERR):
            self._stderr = (self._stderr + added)[-_MAX_STDERR:]
        data = _read_available(self._child.stdout.fileno(), READ_SIZE)
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
            pieces.append(Piece(self._offset, whole[:first], self._cut))
            self._offset, self._cut = self._offset + first + self._cut, 0
        if first < end:
            lines = b"".join(
                part + b"\n" for line in whole[first : end - 1].split(b"\n") for part in split_entry(line)
            )
            pieces.append(Piece(self._offset, lines))
            self._offset += len(lines)
        if cursors := _CURSOR.findall(whole, max(0, whole.rfind(b"\n", 0, end - 1)), end):
            self._cursor = cursors[-1].decode("ascii", "replace")
        self._wait = 1.0
        return pieces

    def _exited(self, now: float) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        _close_pipes(child)
        messages = self._stderr.decode("utf-8", "backslashreplace").strip().splitlines()
        how = printable(messages[-1]) if messages else f"exit code {child.returncode}"
        if _EMPTY in self._stderr:
            self.error = f"the journal has no entries that you may read; next attempt in {self._wait:.0f} s"
        else:
            self.error = f"journalctl exited: {how}; restart in {self._wait:.0f} s"
        self._retry_later(now)

    def _retry_later(self, now: float) -> None:
        self._retry_at = now + self._wait
        self._wait = min(LONGEST_WAIT, 2 * self._wait)


def _read_available(fd: int, most: int) -> bytes:
    """What can be read without blocking, *most* bytes."""
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


def _close_pipes(child: subprocess.Popen[bytes]) -> None:
    for pipe in (child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()

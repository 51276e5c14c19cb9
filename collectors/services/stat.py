"""Parent and start of every process, from ``/proc``: a tenth of what a library asks for it."""

from __future__ import annotations

import os
from pathlib import Path

PROC = Path("/proc")


class ProcessList:
    """All processes; of those that were there before only their existence is asked.

    The inode of ``/proc/PID`` belongs to one process: where it is the same, so is the process, and its start.
    Its parent is another one only when the former has ended.

    Args:
        proc: Where that file system is.
    """

    def __init__(self, proc: Path = PROC) -> None:
        self.read = 0
        """Files that were read since the start."""
        self._base = f"{proc}/"
        self._known: dict[int, tuple[int, int, int]] = {}

    def look(self) -> dict[int, tuple[int, int]] | None:
        """Parent and start of all processes by their id; the start in clock ticks since the machine's.

        Returns:
            None where there is no such file system.
        """
        try:
            pids = {int(name) for name in os.listdir(self._base) if name.isdecimal()}  # noqa: PTH208
        except OSError:
            return None
        before, self._known = self._known, {}
        for pid in pids:
            try:
                inode = os.stat(f"{self._base}{pid}").st_ino  # noqa: PTH116 - hundreds, every few seconds
            except OSError:
                continue  # it has ended
            seen = before.get(pid)
            if seen is not None and seen[0] == inode and (seen[1] in pids or not seen[1]):
                self._known[pid] = seen
            elif (stat := self._read(pid)) is not None:
                self._known[pid] = (inode, *stat)
        return {pid: seen[1:] for pid, seen in self._known.items()} or None

    def _read(self, pid: int) -> tuple[int, int] | None:
        """Parent and start, the fields 4 and 22 of proc_pid_stat(5).

        The name stands in brackets and may hold anything, so that counting begins after the last bracket.
        """
        self.read += 1
        try:
            fd = os.open(f"{self._base}{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fields = os.read(fd, 1024).rpartition(b")")[2].split(None, 20)
        except OSError:
            return None
        finally:
            os.close(fd)
        return (int(fields[1]), int(fields[19])) if len(fields) > 19 else None

"""Locks between processes that the kernel releases when their holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from agentdash.files.state import open_state

_PAUSE = 0.01


class FileLock:
    """An ``flock`` on its own file, released by closing it or by the end of its last holder.

    The file is never removed: a lock on a removed file excludes no other process.

    Args:
        path: Created with mode 0600 if missing.
    """

    __slots__ = ("fd", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fd = open_state(path, os.O_RDWR | os.O_CREAT)

    def take(self, *, shared: bool = False, timeout: float = 0.0) -> bool:
        """Acquire it, or change between shared and exclusive.

        A failed change may lose the lock: the kernel releases, then acquires.

        Args:
            shared: Shared; else exclusive.
            timeout: Seconds to keep trying.

        Returns:
            Whether it was acquired.
        """
        wanted = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB
        deadline = time.monotonic() + timeout
        while True:
            try:
                fcntl.flock(self.fd, wanted)
            except OSError:
                if time.monotonic() >= deadline:
                    return False
                time.sleep(_PAUSE)
            else:
                return True

    def on_path(self) -> bool:
        """Whether the file at the path is still the one that is locked."""
        try:
            there = self.path.lstat()
        except OSError:
            return False
        return os.path.samestat(there, os.fstat(self.fd))

    def close(self) -> None:
        """Close the file. A child process that inherited the descriptor keeps the lock."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

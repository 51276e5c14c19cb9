"""The last line of a service's log."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from agentdash.core.logs.parse.line import LogParser
from agentdash.files.small import open_to_read

_TAIL = 16 * 1024


class LastLine:
    """The newest complete line of a file; *within*: the folder that its path may not lead out of.

    Attributes:
        text: Its message, secrets masked; None where there is none.
        at: When the file was last modified, Unix ms; None where there is no file.
    """

    def __init__(self, path: Path, within: Path | None = None) -> None:
        self.path = path
        self._within = within
        self.text: str | None = None
        self.at: int | None = None
        self._parser = LogParser(path.stem)
        self._seen: tuple[int, int, int] | None = None

    def poll(self) -> None:
        """Read the end of the file, if it was modified or replaced."""
        try:
            status = self.path.stat()
            state = (status.st_ino, status.st_size, status.st_mtime_ns)
            if state == self._seen or not stat.S_ISREG(status.st_mode):
                return
            with os.fdopen(open_to_read(self.path, self._within), "rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL))
                lines = file.read(_TAIL).rsplit(b"\n", 8)
        except OSError:
            self._seen = self.at = None
            return
        self._seen = state
        self.at = status.st_mtime_ns // 1_000_000
        whole = [line for line in lines[:-1] if line.strip()] or [line for line in lines if line.strip()]
        if whole:
            self._parser.reset()
            for line in whole[-9:]:  # those before it may name what the last one holds
                last = line.rpartition(b"\n")[2]
                self.text = self._parser.line(last, 0, self.at).message.strip()

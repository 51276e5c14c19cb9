"""Writing the activity log from anywhere in the program without ever waiting for it."""

from __future__ import annotations

import threading
from collections import deque
from pathlib import Path

from agentdash.activity.file import LineFile
from agentdash.activity.line import RAW_LIMIT, Step, write_line
from agentdash.core.clock import Clock, SystemClock

_QUEUE = 4096
_BATCH = 256


class Activity:
    """The activity log. Its file is held to its newest lines; several processes may write the same one.

    Args:
        path: The file. It and its folder are created when the first line is written.
        limit: Lines held.
        clock: Where the times come from.

    Attributes:
        error: Why the last write failed; None while all is well.
    """

    def __init__(self, path: Path, limit: int = 5000, clock: Clock | None = None) -> None:
        self.path = path
        self.error: str | None = None
        self._clock = clock or SystemClock()
        self._file = LineFile(path, limit)
        self._steps: deque[Step] = deque()
        self._wrote: deque[bytes] = deque(maxlen=_QUEUE)
        self._missing = 0
        self._busy = False
        self._closing = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def write(
        self,
        actor: str,
        step: str,
        *,
        ok: bool | None = True,
        duration_ms: float | None = None,
        routine: bool = False,
    ) -> None:
        """Note one step. It never blocks and never fails; what is too much is counted, and the count written.

        Args:
            actor: Who did it: a collector, a command.
            step: What, in a few words. Passwords in URLs are masked.
            ok: Whether it worked; None where that is not known.
            duration_ms: How long it took.
            routine: Of interest only to who looks for a fault.
        """
        noted = Step(self._clock.now_ms(), actor, step[:RAW_LIMIT], ok, duration_ms, routine)
        with self._changed:
            if self._closing or len(self._steps) >= _QUEUE:
                self._missing += 1
                return
            self._steps.append(noted)
            if self._thread is None:
                self._begin()
            self._changed.notify_all()

    def _begin(self) -> None:
        thread = threading.Thread(target=self._run, name="activity", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # there is no memory for it, or no more are allowed: it is tried again
            self.error = str(error)
        else:
            self._thread = thread

    def wrote(self, line: bytes) -> bool:
        """Whether this process wrote *line*, without its end; asked of each line once and soon."""
        with self._changed:
            if line not in self._wrote:
                return False
            self._wrote.remove(line)
            return True

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until all that was noted is written.

        Returns:
            Whether it is.
        """
        with self._changed:
            return self._changed.wait_for(lambda: not self._steps and not self._busy, timeout)

    def close(self, timeout: float = 5.0) -> None:
        """Write what is left and let go of the file. What comes later is not written."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(timeout)

    def _run(self) -> None:
        while (batch := self._next()) is not None:
            self._put(batch)
            with self._changed:
                self._busy = False
                self._changed.notify_all()
        try:
            self._file.close()
        except OSError as error:
            self.error = str(error)

    def _next(self) -> list[Step] | None:
        """The oldest steps that wait; None when it is closed and nothing waits."""
        with self._changed:
            self._changed.wait_for(lambda: self._steps or self._closing)
            if not self._steps:
                return None
            self._busy = True
            batch = [self._steps.popleft() for _ in range(min(_BATCH, len(self._steps)))]
            if self._missing:
                text = f"steps missing here, which came too fast or could not be written: {self._missing}"
                batch.append(Step(self._clock.now_ms(), "activity", text, ok=False))
                self._missing = 0
            return batch

    def _put(self, batch: list[Step]) -> None:
        lines = [write_line(step) for step in batch]
        with self._changed:
            self._wrote += (line.rstrip(b"\n") for line in lines)
        try:
            self._file.append(lines)
        except OSError as error:
            self.error = f"{self.path}: {error.strerror or error}"
            with self._changed:
                self._missing += len(batch)
        else:
            self.error = None

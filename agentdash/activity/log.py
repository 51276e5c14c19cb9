"""The activity log, written by a thread so that no caller waits."""

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
    """The activity log. Its file keeps the newest lines; several processes may write to it.

    Args:
        path: The file. It and its folder are created when the first line is written.
        limit: Lines kept.
        clock: The time.

    Attributes:
        error: Why the last write failed; None after a success.
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
        """Record a step. Never blocks or fails; steps that do not fit into the queue are counted instead.

        Args:
            actor: A collector or a command.
            step: A short description; secrets are masked.
            ok: Whether it succeeded; None where that is unknown.
            duration_ms: Its duration.
            routine: Only useful for debugging.
        """
        recorded = Step(self._clock.now_ms(), actor, step[:RAW_LIMIT], ok, duration_ms, routine)
        with self._changed:
            if self._closing or len(self._steps) >= _QUEUE:
                self._missing += 1
                return
            self._steps.append(recorded)
            if self._thread is None:
                self._start()
            self._changed.notify_all()

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name="activity", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # no memory, or too many threads: the next write tries again
            self.error = str(error)
        else:
            self._thread = thread

    def wrote(self, line: bytes) -> bool:
        """Whether this process wrote *line*, without its end; true once per written line."""
        with self._changed:
            if line not in self._wrote:
                return False
            self._wrote.remove(line)
            return True

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until all recorded steps are written.

        Returns:
            Whether they are.
        """
        with self._changed:
            return self._changed.wait_for(lambda: not self._steps and not self._busy, timeout)

    def close(self, timeout: float = 5.0) -> None:
        """Write what is left and close the file. Later steps are not written."""
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
        """The oldest queued steps; None when closed and the queue is empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._steps or self._closing)
            if not self._steps:
                return None
            self._busy = True
            batch = [self._steps.popleft() for _ in range(min(_BATCH, len(self._steps)))]
            if self._missing:
                text = f"steps missing here (queue full, or writing failed): {self._missing}"
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

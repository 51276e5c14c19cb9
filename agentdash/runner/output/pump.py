"""Reads what the child prints, in a thread: to the terminal whole and at once, to the store throttled.

A terminal (or pipe) that does not take it makes the thread wait, and so the child, as without a worker; the
worker itself never waits for it. Memory is bounded whatever the child prints.
"""

from __future__ import annotations

import os
import re
import select
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from agentdash.core.runs import event as ev
from agentdash.core.secrets.mask import cut
from agentdash.runner.agents.decoder import OutputDecoder
from agentdash.runner.agents.reported import Failure, Told
from agentdash.runner.agents.usage import Usage
from agentdash.runner.output.lines import Block, LineBlocks
from agentdash.runner.output.throttle import Output, OutputThrottle

READ = 64 * 1024
TOLD_LIMIT = 100
"""Told events that wait to be taken, at most; tokens in those beyond are still added up."""
LINE_SHOWN = 500
"""Characters kept of the line that completed a run."""


@dataclass(slots=True)
class Gathered:
    """What came since the last time.

    Attributes:
        told: Events of the child.
        output: Output that may be sent now.
        usage: Tokens that were used.
        uncounted: Whether more were used, and it is not known how many.
        retries: How often the program asked a model again.
        completion: The line that says that the work is done.
        done: The last words of an agent that has done what it was asked to; empty where it said nothing.
        failure: That it could not, by its own account; what came last of the two counts.
    """

    told: list[Told] = field(default_factory=list)
    output: list[Output] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    uncounted: bool = False
    retries: int = 0
    completion: str | None = None
    done: str | None = None
    failure: Failure | None = None


class OutputPump:
    """The output of one child, read by a thread and taken by the event loop.

    Args:
        sources: File descriptors of ``stdout`` and ``stderr``.
        sinks: Where each is passed on to, as file descriptors; may be empty.
        throttle: What goes to the store.
        until: What completes the run.
        decoder: Understands what the child tells.
        notify: Called from the thread when there is something to take, once until it is taken.

    Attributes:
        untold: Events that the child told faster than they could be taken.
        bytes: What was read.
        unpassed: Why output is no longer passed on, by stream: its reader is gone, or the disk is full.
    """

    def __init__(
        self,
        sources: Mapping[str, int],
        sinks: Mapping[str, int],
        throttle: OutputThrottle,
        until: re.Pattern[str] | None,
        decoder: OutputDecoder,
        notify: Callable[[], None],
    ) -> None:
        self._sources = {fd: name for name, fd in sources.items()}
        self._sinks = dict(sinks)
        self._throttle = throttle
        self._until = until
        self._notify = notify
        self._notified = False
        self._stopping = False
        self._lock = threading.Lock()
        self._gathered = Gathered()
        self._decoder = decoder
        self._lines = {name: LineBlocks() for name in sources}
        self._stop_read, self._stop_write = os.pipe()
        self._thread = threading.Thread(target=self._pump, name="output", daemon=True)
        self.untold = 0
        self.bytes = 0
        self.unpassed: dict[str, OSError] = {}

    @property
    def overlong(self) -> int:
        """Lines that were too long to look at in one piece."""
        return sum(lines.overlong for lines in self._lines.values())

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def finish(self, timeout: float) -> bool:
        """Read what is there and stop, even where a process that was left behind holds the pipes. Blocks.

        Returns:
            False when the thread still hangs in a terminal that takes nothing.
        """
        if not self._stopping:
            self._stopping = True
            os.write(self._stop_write, b".")
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def take(self) -> Gathered:
        """What came since the last time; output as far as the throttle lets it go."""
        with self._lock:
            gathered, self._gathered = self._gathered, Gathered()
            gathered.output = self._throttle.take()
            self._notified = False
        return gathered

    def recorded(self, gathered: Gathered) -> None:
        """What was taken is on record now."""
        with self._lock:
            self._throttle.recorded(len(gathered.output))

    def wait(self) -> float | None:
        """Seconds until held output may be sent; None when none is held."""
        with self._lock:
            return self._throttle.wait()

    def give_up(self) -> int:
        """Forget the output that is held; returns the bytes that were dropped and not yet told of."""
        with self._lock:
            return self._throttle.give_up()

    def _pump(self) -> None:
        poll = select.poll()
        poll.register(self._stop_read, select.POLLIN)
        for source in self._sources:
            poll.register(source, select.POLLIN)
        live, stopping = set(self._sources), False
        while live:
            ready = {fd for fd, _ in poll.poll(0 if stopping else None)}
            stopping = stopping or self._stop_read in ready
            if stopping and not ready & live:
                break
            for source in ready & live:
                data = _read(source)
                if data:
                    self._take_in(self._sources[source], data)
                else:
                    poll.unregister(source)
                    live.discard(source)
        self._end()

    def close(self) -> None:
        """Give back what is held, after `finish` has worked."""
        os.close(self._stop_read)
        os.close(self._stop_write)

    def _take_in(self, name: str, data: bytes) -> None:
        self._pass_on(name, data)
        self.bytes += len(data)
        told, completion = self._look(name, self._lines[name].feed(data))
        with self._lock:
            self._throttle.push(name, data)
            self._gather(told, completion)

    def _end(self) -> None:
        for name, lines in self._lines.items():
            told, completion = self._look(name, lines.end())
            with self._lock:
                self._gather(told, completion)
        with self._lock:
            self._throttle.end()
        self._notify()

    def _look(self, name: str, blocks: list[Block]) -> tuple[list[Told], str | None]:
        """What is told, and the line that completes the run: of what an agent says, else of all there is."""
        told: list[Told] = []
        completion = None
        for block in blocks:
            found = self._decoder.decode(name, block.data) if block.whole else []
            told += found
            if self._until is not None and completion is None:
                said = [one.words for one in found if one.words]
                texts = [*said, block.data.decode("utf-8", "replace")]
                lines = (_line_of(self._until, text) for text in texts)
                completion = next((line for line in lines if line is not None), None)
        return told, completion

    def _gather(self, told: list[Told], completion: str | None) -> None:
        gathered = self._gathered
        for one in told:
            self._note(gathered, one)
        room = max(0, TOLD_LIMIT - len(gathered.told))
        gathered.told += told[:room]
        self.untold += len(told[room:])
        if completion is not None and gathered.completion is None:
            gathered.completion = completion
            gathered.told.append(Told(ev.COMPLETION, {"line": completion}, completes=True))
        if not self._notified:
            self._notified = True
            self._notify()

    def _note(self, gathered: Gathered, one: Told) -> None:
        """What counts even where the event itself finds no room."""
        if one.usage is not None:
            gathered.usage += one.usage
        gathered.uncounted = gathered.uncounted or one.uncounted
        gathered.retries += one.type == ev.AGENT_RETRY
        if one.completes and gathered.completion is None:
            gathered.completion = cut(str(one.data.get("line") or one.data.get("message") or ""), LINE_SHOWN)
        if one.done is not None:
            gathered.done, gathered.failure = one.done, None
        elif one.failure is not None:
            gathered.done, gathered.failure = None, one.failure

    def _pass_on(self, name: str, data: bytes) -> None:
        sink = self._sinks.get(name)
        if sink is None:
            return
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(sink, view) :]
            except BlockingIOError:
                select.select([], [sink], [])
            except OSError as error:
                self._sinks.pop(name)  # the run goes on
                self.unpassed[name] = error
                return


def _read(source: int) -> bytes:
    try:
        return os.read(source, READ)
    except OSError:
        return b""


def _line_of(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    if match is None:
        return None
    start = text.rfind("\n", 0, match.start()) + 1
    end = text.find("\n", match.end())
    return cut(text[start : end if end >= 0 else None].strip(), LINE_SHOWN)

"""Reads the command's output in a thread: passes all of it on at once, and throttles it for the store.

A blocked terminal (or pipe) blocks the thread, and so the command, as without a worker; the worker itself is
never blocked by it. Memory is bounded whatever is printed.
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
from agentdash.runner.agents.event import AgentEvent, TurnFailure
from agentdash.runner.agents.usage import TokenUsage
from agentdash.runner.output.blocks import Block, LineBlocks
from agentdash.runner.output.throttle import Output, OutputThrottle

READ = 64 * 1024
EVENT_LIMIT = 100
"""Events in one batch at most; tokens of further ones are still added up."""
LINE_SHOWN = 500
"""Characters kept of the line that completed a run."""


@dataclass(slots=True)
class PumpBatch:
    """What was read since the last `OutputPump.take`.

    Attributes:
        events: Events that the command reported.
        output: Output that may be sent now.
        usage: Tokens that were used.
        uncounted: Whether an unknown number of tokens was used as well.
        retries: Number of model requests that the program repeated.
        completion: The line that completes the run.
        final_message: See `AgentEvent.final_message`.
        failure: See `AgentEvent.failure`; the later of the two counts.
    """

    events: list[AgentEvent] = field(default_factory=list)
    output: list[Output] = field(default_factory=list)
    usage: TokenUsage = field(default_factory=TokenUsage)
    uncounted: bool = False
    retries: int = 0
    completion: str | None = None
    final_message: str | None = None
    failure: TurnFailure | None = None


class OutputPump:
    """The output of one execution, read by a thread and taken by the event loop.

    Args:
        sources: File descriptors of ``stdout`` and ``stderr``.
        sinks: File descriptors that each is passed on to; may be empty.
        throttle: For the store.
        until: A pattern that completes the run.
        decoder: Decodes events.
        notify: Called from the thread when there is something to take, once until it is taken.

    Attributes:
        unreported: Number of events dropped, as they came faster than they were taken.
        bytes: Number of bytes read.
        undelivered: Why output is no longer passed on, by stream: its reader is gone, or the disk is full.
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
        self._batch = PumpBatch()
        self._decoder = decoder
        self._lines = {name: LineBlocks() for name in sources}
        self._stop_read, self._stop_write = os.pipe()
        self._thread = threading.Thread(target=self._pump, name="output", daemon=True)
        self.unreported = 0
        self.bytes = 0
        self.undelivered: dict[str, OSError] = {}

    @property
    def overlong(self) -> int:
        """Number of lines that were split because of their length."""
        return sum(lines.overlong for lines in self._lines.values())

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def finish(self, timeout: float) -> bool:
        """Read what is left and stop, even where a leftover process keeps the pipes open. Blocks.

        Returns:
            False when the thread is still blocked by a terminal that does not read.
        """
        if not self._stopping:
            self._stopping = True
            os.write(self._stop_write, b".")
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def take(self) -> PumpBatch:
        """What was read since the last call; output as far as the throttle allows."""
        with self._lock:
            batch, self._batch = self._batch, PumpBatch()
            batch.output = self._throttle.take()
            self._notified = False
        return batch

    def recorded(self, batch: PumpBatch) -> None:
        """*batch* has been written: start its rate limit now."""
        with self._lock:
            self._throttle.recorded(len(batch.output))

    def wait(self) -> float | None:
        """Seconds until buffered output may be sent; None when there is none."""
        with self._lock:
            return self._throttle.wait()

    def discard(self) -> int:
        """Drop buffered output; returns the number of dropped bytes not yet reported."""
        with self._lock:
            return self._throttle.discard()

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
                    self._handle(self._sources[source], data)
                else:
                    poll.unregister(source)
                    live.discard(source)
        self._end()

    def close(self) -> None:
        """Close its pipe, after `finish` has returned True."""
        os.close(self._stop_read)
        os.close(self._stop_write)

    def _handle(self, name: str, data: bytes) -> None:
        self._pass_on(name, data)
        self.bytes += len(data)
        events, completion = self._decode(name, self._lines[name].feed(data))
        with self._lock:
            self._throttle.push(name, data)
            self._gather(events, completion)

    def _end(self) -> None:
        for name, lines in self._lines.items():
            events, completion = self._decode(name, lines.end())
            with self._lock:
                self._gather(events, completion)
        with self._lock:
            self._throttle.end()
        self._notify()

    def _decode(self, name: str, blocks: list[Block]) -> tuple[list[AgentEvent], str | None]:
        """The events, and the line that completes the run: from an agent's messages, else from all output."""
        events: list[AgentEvent] = []
        completion = None
        for block in blocks:
            found = self._decoder.decode(name, block.data) if block.whole else []
            events += found
            if self._until is not None and completion is None:
                messages = [one.message for one in found if one.message]
                texts = [*messages, block.data.decode("utf-8", "replace")]
                lines = (_line_of(self._until, text) for text in texts)
                completion = next((line for line in lines if line is not None), None)
        return events, completion

    def _gather(self, events: list[AgentEvent], completion: str | None) -> None:
        batch = self._batch
        for one in events:
            self._note(batch, one)
        room = max(0, EVENT_LIMIT - len(batch.events))
        batch.events += events[:room]
        self.unreported += len(events[room:])
        if completion is not None and batch.completion is None:
            batch.completion = completion
            batch.events.append(AgentEvent(ev.COMPLETION, {"line": completion}, completes=True))
        if not self._notified:
            self._notified = True
            self._notify()

    def _note(self, batch: PumpBatch, one: AgentEvent) -> None:
        """Count what is kept even where the event itself is dropped."""
        if one.usage is not None:
            batch.usage += one.usage
        batch.uncounted = batch.uncounted or one.uncounted
        batch.retries += one.type == ev.AGENT_RETRY
        if one.completes and batch.completion is None:
            batch.completion = cut(str(one.data.get("line") or one.data.get("message") or ""), LINE_SHOWN)
        if one.final_message is not None:
            batch.final_message, batch.failure = one.final_message, None
        elif one.failure is not None:
            batch.final_message, batch.failure = None, one.failure

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
                self._sinks.pop(name)  # the run continues
                self.undelivered[name] = error
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

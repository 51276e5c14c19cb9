"""One turn: executes the command once and records its output and events."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agentdash.core.runs import event as ev
from agentdash.runner.agents.decoder import OutputDecoder
from agentdash.runner.agents.event import AgentEvent, line_of
from agentdash.runner.agents.rollout import Rollouts, codex_home
from agentdash.runner.agents.usage import TokenUsage
from agentdash.runner.child_process import CannotStart, ChildProcess
from agentdash.runner.lifecycle import RunLifecycle
from agentdash.runner.output.log_tail import LogTails
from agentdash.runner.output.pump import OutputPump
from agentdash.runner.output.throttle import OutputThrottle
from agentdash.runner.spec import RunSpec
from agentdash.runner.store.journal import Journal
from agentdash.runner.turn_result import RunTotals, TurnResult

_SETTLE_S = 0.02
"""Time to wait after the first output, so that a line written in pieces becomes one event."""
_MERGE_S = 0.1
"""Output within this time is recorded together."""
_POLL_LOGS_S = 0.3
_LEASE_GRACE_S = 2.0
"""The longest grace period after the loss of the lease: another worker may start at any moment."""


@dataclass(slots=True)
class TurnRunner:
    """Executes one turn.

    Attributes:
        number: From 1.
        spec: What to execute and how.
        lifecycle: Requests to stop.
        journal: Receives events and record fields.
        throttle: Shared by the turns of a run: it is a rate limit.
        tails: Watched logs, also shared.
        sinks: File descriptors that ``stdout`` and ``stderr`` are passed on to.
        totals: Updated.
        started: Called when the command has started.
        child: The command's process while it runs.
    """

    number: int
    spec: RunSpec
    lifecycle: RunLifecycle
    journal: Journal
    throttle: OutputThrottle
    tails: LogTails
    sinks: Mapping[str, int]
    totals: RunTotals
    started: Callable[[], None]
    child: ChildProcess | None = None
    _used: TokenUsage = field(default_factory=TokenUsage)
    _used_known: bool = False
    _uncounted: bool = False
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _end: TurnResult = field(default_factory=TurnResult)
    _decoder: OutputDecoder = field(init=False)

    def __post_init__(self) -> None:
        self._decoder = OutputDecoder(self.totals.threads, Rollouts(codex_home(), self.totals.began))

    async def run(self) -> TurnResult:
        """Execute the command until it exits, or terminate it when a stop is requested."""
        self.lifecycle.turn = self.number
        began = time.monotonic()
        self.journal.set_fields({"currentTurn": self.number, "turnStartedAt": self.journal.now()})
        self._append(ev.TURN_STARTED, {"command": list(self.spec.command)})
        try:
            child = await ChildProcess.start(
                self.spec.command,
                cwd=self.spec.cwd,
                env={"AGENTDASH_RUN_ID": self.spec.run_id or "", "AGENTDASH_TURN": str(self.number)},
                prompt_file=self.spec.prompt_file,
                pipe_stdin=self.spec.pipe_stdin,
            )
        except CannotStart as error:
            self._append(ev.TURN_COMPLETED, {"exitCode": None, "error": str(error), "durationMs": 0})
            return TurnResult(error=str(error))
        self.child = child
        self.journal.set_fields({"pid": child.pid, "pidCreatedAt": child.created_at})
        pump = self._open_pump(child)
        pump.start()
        self.started()
        helpers = [asyncio.create_task(self._gather(pump)), asyncio.create_task(self._watch_logs())]
        try:
            code = await self._until_exit(child)
            read = await self._last_output(pump)
        except BaseException:
            child.kill()  # an internal error, or this task was cancelled: leave nothing running
            raise
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            self.child = None
        dropped = await self._flush(pump)
        await self._poll_logs(last=True)
        if read:
            pump.close()
            child.close()
        self._close(code, began, pump, dropped)
        self._end.exit_code, self._end.undelivered = code, pump.undelivered
        return self._end

    def _open_pump(self, child: ChildProcess) -> OutputPump:
        loop = asyncio.get_running_loop()

        def notify() -> None:
            try:
                loop.call_soon_threadsafe(self._news.set)
            except RuntimeError:
                return  # the loop is closed

        until = re.compile(self.spec.until, re.MULTILINE) if self.spec.until else None
        sources = {"stdout": child.stdout, "stderr": child.stderr}
        return OutputPump(sources, self.sinks, self.throttle, until, self._decoder, notify)

    async def _until_exit(self, child: ChildProcess) -> int:
        stopped = asyncio.ensure_future(self.lifecycle.stopped.wait())
        waits: set[asyncio.Future[Any]] = {child.exited, stopped}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
        if self.lifecycle.stop is None:
            return await child.wait()
        lease = self.lifecycle.stop.cause == "lease"
        grace = min(self.spec.grace, _LEASE_GRACE_S) if lease else self.spec.grace
        name = ev.RUN_CANCELLING if self.lifecycle.stop.cause == "cancel" else ev.SIGNAL

        def escalated(signal: str) -> None:
            self._append(name, {"signal": signal, "pid": child.pid, "grace": grace})

        return await child.end(grace, escalated, self.lifecycle.no_wait)

    async def _last_output(self, pump: OutputPump) -> bool:
        """Read what is left in the pipes; False when stopped while the terminal is blocked."""
        while not await asyncio.to_thread(pump.finish, 0.5):
            if self.lifecycle.stop is not None:
                return False
        return True

    async def _gather(self, pump: OutputPump) -> None:
        while True:
            try:
                async with asyncio.timeout(pump.wait()):
                    await self._news.wait()
            except TimeoutError:
                pass
            await asyncio.sleep(_SETTLE_S)
            self._news.clear()
            self._record(pump)
            await asyncio.sleep(_MERGE_S)

    async def _flush(self, pump: OutputPump) -> int:
        """Record buffered output at the rate of the throttle; returns the number of bytes dropped."""
        deadline = time.monotonic() + (8.0 if self.lifecycle.stop is None else 1.0)
        while True:
            self._record(pump)
            wait = pump.wait()
            if wait is None or self.lifecycle.no_wait.is_set() or time.monotonic() + wait > deadline:
                return pump.discard()
            await asyncio.sleep(wait)

    def _record(self, pump: OutputPump) -> None:
        batch = pump.take()
        for output in batch.output:
            dropped = {"dropped": output.dropped} if output.dropped else {}
            self._append(ev.OUTPUT, {"stream": output.stream, "text": output.text, **dropped})
        pump.recorded(batch)
        for event in batch.events:
            self._record_agent_event(event)
        if batch.usage != TokenUsage() or batch.uncounted:
            self._count(batch.usage, batch.uncounted)
        if batch.retries:
            self.totals.retries = (self.totals.retries or 0) + batch.retries
            self.journal.set_fields({"stats.retries": self.totals.retries})
        if batch.completion is not None and self._end.completion is None:
            self._end.completion = batch.completion
            self.journal.set_fields({"completion.detected": True, "completion.line": batch.completion})
        if batch.final_message is not None or batch.failure is not None:
            self._end.final_message, self._end.failure = batch.final_message, batch.failure

    def _count(self, usage: TokenUsage, uncounted: bool) -> None:
        """Add *usage*; *uncounted*: and an unknown number of tokens."""
        self._used, self._used_known = self._used + usage, True
        self._uncounted = self._uncounted or uncounted
        totals = self.totals
        totals.counted = True
        totals.usage += usage
        totals.uncounted = totals.uncounted or uncounted
        known = totals.usage.as_meta()
        shown = dict.fromkeys(known) if totals.uncounted else known
        self.journal.set_fields({**shown, "stats.threads": totals.threads.dump()})

    def _record_agent_event(self, event: AgentEvent) -> None:
        if event.final_message is not None:
            return  # ends a turn, perhaps not the run
        self._append(event.type, event.data)
        if event.type == ev.PLAN:
            self.journal.set_fields(
                {"stats.plan.done": event.data.get("done"), "stats.plan.total": event.data.get("total")}
            )
        elif event.type == ev.AGENT_SESSION and self.totals.retries is None:
            self.totals.retries = 0
            self.journal.set_fields({"stats.retries": 0})

    async def _watch_logs(self) -> None:
        while self.spec.logs:
            await asyncio.sleep(_POLL_LOGS_S)
            await self._poll_logs()

    async def _poll_logs(self, *, last: bool = False) -> None:
        if self.spec.logs:
            for appended in await asyncio.to_thread(self.tails.poll, last=last):
                self._append(
                    ev.LOG_UPDATED, {"path": appended.path, "bytes": appended.size, "text": appended.text}
                )

    def _close(self, code: int, began: float, pump: OutputPump, dropped: int) -> None:
        if pump.overlong and self._decoder.recognised and not self._used_known:
            self._count(TokenUsage(), uncounted=True)  # the row with the counts was too long to decode
        self.totals.turns += 1
        self.journal.set_fields(
            {"pid": None, "pidCreatedAt": None, "stats.turns": self.totals.turns, "exitCode": code}
        )
        final = {} if self._end.final_message is None else {"said": line_of(self._end.final_message)}
        odd = {
            "outputDropped": dropped,
            "malformed": self._decoder.malformed,
            "unknownRows": self._decoder.unknown,
            "overlongLines": pump.overlong,
            "untold": pump.unreported,
        }
        self._append(
            ev.TURN_COMPLETED,
            {
                "exitCode": code,
                "durationMs": round((time.monotonic() - began) * 1000),
                "tokens": self._used.as_data() if self._used_known and not self._uncounted else None,
                "outputBytes": pump.bytes,
                **final,
                **{name: number for name, number in odd.items() if number},
            },
        )

    def _append(self, name: str, data: Mapping[str, object]) -> None:
        self.journal.event(name, data, turn=self.number)

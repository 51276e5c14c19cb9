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
from agentdash.runner.agents.event import AgentEvent, TurnFailure, line_of
from agentdash.runner.agents.rollout import Rollouts, codex_home
from agentdash.runner.agents.usage import TokenUsage, UsageCounters
from agentdash.runner.child_process import CannotStart, ChildProcess
from agentdash.runner.lifecycle import RunLifecycle
from agentdash.runner.output.log_tail import LogTails
from agentdash.runner.output.pump import OutputPump
from agentdash.runner.output.throttle import OutputThrottle
from agentdash.runner.spec import RunSpec
from agentdash.runner.store.journal import Journal

_SETTLE_S = 0.02
"""Time to wait after the first output, so that a line written in pieces becomes one event."""
_MERGE_S = 0.1
"""Output within this time is recorded together."""
_POLL_LOGS_S = 0.3
_LEASE_GRACE_S = 2.0
"""The longest grace period after the loss of the lease: another worker may start at any moment."""


@dataclass(slots=True)
class TurnResult:
    """The result of a turn.

    Attributes:
        exit_code: Negative: the signal; None when the command could not be executed.
        error: Why it could not.
        completion: The line that completes the run.
        final_message: See `AgentEvent.final_message`.
        failure: See `AgentEvent.failure`.
        undelivered: Why output was no longer passed on, by stream.
    """

    exit_code: int | None = None
    error: str | None = None
    completion: str | None = None
    final_message: str | None = None
    failure: TurnFailure | None = None
    undelivered: Mapping[str, OSError] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        """Whether the command exited with 0 and the agent reported no failure."""
        return self.exit_code == 0 and self.failure is None


@dataclass(slots=True)
class RunTotals:
    """Totals of a run over all turns.

    Attributes:
        began: When the run began, Unix ms.
        counted: Whether the command has reported any tokens.
        uncounted: Whether an unknown number of tokens was used beside `usage`.
        threads: Last reported tokens of agent threads: a thread may continue over several turns.
        retries: None until an agent program is recognised that reports them.
    """

    usage: TokenUsage = field(default_factory=TokenUsage)
    began: int = 0
    counted: bool = False
    uncounted: bool = False
    turns: int = 0
    threads: UsageCounters = field(default_factory=UsageCounters)
    retries: int | None = None

    @property
    def known_tokens(self) -> dict[str, object] | None:
        """All tokens, for an event; None where unknown."""
        return self.usage.as_data() if self.counted and not self.uncounted else None


class TurnRunner:
    """Executes one turn.

    Args:
        number: From 1.
        spec: What to execute and how.
        lifecycle: Requests to stop.
        journal: Receives events and record fields.
        throttle: Shared by the turns of a run: it is a rate limit.
        tails: Watched logs, also shared.
        sinks: File descriptors that ``stdout`` and ``stderr`` are passed on to.
        totals: Updated.
        started: Called when the command has started.

    Attributes:
        child: The command's process while it runs.
    """

    def __init__(
        self,
        number: int,
        spec: RunSpec,
        *,
        lifecycle: RunLifecycle,
        journal: Journal,
        throttle: OutputThrottle,
        tails: LogTails,
        sinks: Mapping[str, int],
        totals: RunTotals,
        started: Callable[[], None],
    ) -> None:
        self._number = number
        self._spec = spec
        self._lifecycle = lifecycle
        self._journal = journal
        self._throttle = throttle
        self._tails = tails
        self._sinks = sinks
        self._totals = totals
        self._started = started
        self._used = TokenUsage()
        self._used_told = self._uncounted = False
        self._news = asyncio.Event()
        self._end = TurnResult()
        self._decoder = OutputDecoder(totals.threads, Rollouts(codex_home(), totals.began))
        self.child: ChildProcess | None = None

    async def run(self) -> TurnResult:
        """Execute the command until it exits, or terminate it when a stop is requested."""
        self._lifecycle.turn = self._number
        began = time.monotonic()
        self._journal.set_fields({"currentTurn": self._number, "turnStartedAt": self._journal.now()})
        self._append(ev.TURN_STARTED, {"command": list(self._spec.command)})
        try:
            child = await ChildProcess.start(
                self._spec.command,
                cwd=self._spec.cwd,
                env={"AGENTDASH_RUN_ID": self._spec.run_id or "", "AGENTDASH_TURN": str(self._number)},
                prompt_file=self._spec.prompt_file,
                pipe_stdin=self._spec.pipe_stdin,
            )
        except CannotStart as error:
            self._append(ev.TURN_COMPLETED, {"exitCode": None, "error": str(error), "durationMs": 0})
            return TurnResult(error=str(error))
        self.child = child
        self._journal.set_fields({"pid": child.pid, "pidCreatedAt": child.created_at})
        pump = self._open_pump(child)
        pump.start()
        self._started()
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

        until = re.compile(self._spec.until, re.MULTILINE) if self._spec.until else None
        sources = {"stdout": child.stdout, "stderr": child.stderr}
        return OutputPump(sources, self._sinks, self._throttle, until, self._decoder, notify)

    async def _until_exit(self, child: ChildProcess) -> int:
        stopped = asyncio.ensure_future(self._lifecycle.stopped.wait())
        waits: set[asyncio.Future[Any]] = {child.exited, stopped}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
        if self._lifecycle.stop is None:
            return await child.wait()
        lease = self._lifecycle.stop.cause == "lease"
        grace = min(self._spec.grace, _LEASE_GRACE_S) if lease else self._spec.grace
        name = ev.RUN_CANCELLING if self._lifecycle.stop.cause == "cancel" else ev.SIGNAL

        def escalated(signal: str) -> None:
            self._append(name, {"signal": signal, "pid": child.pid, "grace": grace})

        return await child.end(grace, escalated, self._lifecycle.no_wait)

    async def _last_output(self, pump: OutputPump) -> bool:
        """Read what is left in the pipes; False when stopped while the terminal is blocked."""
        while not await asyncio.to_thread(pump.finish, 0.5):
            if self._lifecycle.stop is not None:
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
        deadline = time.monotonic() + (8.0 if self._lifecycle.stop is None else 1.0)
        while True:
            self._record(pump)
            wait = pump.wait()
            if wait is None or self._lifecycle.no_wait.is_set() or time.monotonic() + wait > deadline:
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
            self._totals.retries = (self._totals.retries or 0) + batch.retries
            self._journal.set_fields({"stats.retries": self._totals.retries})
        if batch.completion is not None and self._end.completion is None:
            self._end.completion = batch.completion
            self._journal.set_fields({"completion.detected": True, "completion.line": batch.completion})
        if batch.final_message is not None or batch.failure is not None:
            self._end.final_message, self._end.failure = batch.final_message, batch.failure

    def _count(self, usage: TokenUsage, uncounted: bool) -> None:
        """Add *usage*; *uncounted*: and an unknown number of tokens."""
        self._used, self._used_told = self._used + usage, True
        self._uncounted = self._uncounted or uncounted
        totals = self._totals
        totals.counted = True
        totals.usage += usage
        totals.uncounted = totals.uncounted or uncounted
        known = totals.usage.as_meta()
        shown = dict.fromkeys(known) if totals.uncounted else known
        self._journal.set_fields({**shown, "stats.threads": totals.threads.dump()})

    def _record_agent_event(self, event: AgentEvent) -> None:
        if event.final_message is not None:
            return  # ends a turn, perhaps not the run
        self._append(event.type, event.data)
        if event.type == ev.PLAN:
            self._journal.set_fields(
                {"stats.plan.done": event.data.get("done"), "stats.plan.total": event.data.get("total")}
            )
        elif event.type == ev.AGENT_SESSION and self._totals.retries is None:
            self._totals.retries = 0
            self._journal.set_fields({"stats.retries": 0})

    async def _watch_logs(self) -> None:
        while self._spec.logs:
            await asyncio.sleep(_POLL_LOGS_S)
            await self._poll_logs()

    async def _poll_logs(self, *, last: bool = False) -> None:
        if self._spec.logs:
            for appended in await asyncio.to_thread(self._tails.poll, last=last):
                self._append(
                    ev.LOG_UPDATED, {"path": appended.path, "bytes": appended.size, "text": appended.text}
                )

    def _close(self, code: int, began: float, pump: OutputPump, dropped: int) -> None:
        if pump.overlong and self._decoder.recognised and not self._used_told:
            self._count(TokenUsage(), uncounted=True)  # the row with the counts was too long to decode
        self._totals.turns += 1
        self._journal.set_fields(
            {"pid": None, "pidCreatedAt": None, "stats.turns": self._totals.turns, "exitCode": code}
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
                "tokens": self._used.as_data() if self._used_told and not self._uncounted else None,
                "outputBytes": pump.bytes,
                **final,
                **{name: number for name, number in odd.items() if number},
            },
        )

    def _append(self, name: str, data: Mapping[str, object]) -> None:
        self._journal.event(name, data, turn=self._number)

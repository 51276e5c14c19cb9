"""One turn: the command executed once, and everything that it tells on the way."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agentdash.core.runs import event as ev
from agentdash.runner.agents.decoder import OutputDecoder
from agentdash.runner.agents.reported import Failure, Told, line_of
from agentdash.runner.agents.rollout import Rollouts, codex_home
from agentdash.runner.agents.usage import Usage, UsageSoFar
from agentdash.runner.child import CannotStart, Child
from agentdash.runner.life import Life
from agentdash.runner.output.pump import OutputPump
from agentdash.runner.output.tail import LogTails
from agentdash.runner.output.throttle import OutputThrottle
from agentdash.runner.spec import RunSpec
from agentdash.runner.store.journal import Journal

_SETTLE_S = 0.02
"""A line that is written in pieces becomes one event."""
_MERGE_S = 0.1
"""Output that comes within this time goes together."""
_LOOK_AT_LOGS_S = 0.3
_LEASE_GRACE_S = 2.0
"""Without a lease another worker may begin at any moment: no longer grace than this."""


@dataclass(slots=True)
class TurnEnd:
    """How a turn ended.

    Attributes:
        exit_code: Below zero the signal; None when the command could not be executed.
        error: Why it could not.
        completion: The line that says that all is done.
        said: The last words of an agent that has done what it was asked to in this turn.
        failure: That the program could not, by its own account.
        unpassed: Why output was no longer passed on to where the worker's own goes, by stream.
    """

    exit_code: int | None = None
    error: str | None = None
    completion: str | None = None
    said: str | None = None
    failure: Failure | None = None
    unpassed: Mapping[str, OSError] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether the command was executed and has not failed, neither by its code nor by its words."""
        return self.exit_code == 0 and self.failure is None


@dataclass(slots=True)
class Totals:
    """What a run has used, over all turns.

    Attributes:
        began: When the run began, Unix ms.
        counted: Whether the command told of tokens at all.
        uncounted: Whether more tokens were used than `usage`, and it is not known how many.
        threads: Tokens of agents' threads as they were told last: a thread goes on over several turns.
        retries: None until a program is known that tells of them.
    """

    usage: Usage = field(default_factory=Usage)
    began: int = 0
    counted: bool = False
    uncounted: bool = False
    turns: int = 0
    threads: UsageSoFar = field(default_factory=UsageSoFar)
    retries: int | None = None

    @property
    def told(self) -> dict[str, object] | None:
        """All tokens, for an event; None where they are not known."""
        return self.usage.as_data() if self.counted and not self.uncounted else None


class Turn:
    """Executes one turn.

    Args:
        number: From 1.
        spec: What to execute and how.
        life: Says when to stop.
        journal: Where it is told.
        throttle: Shared by the turns of a run: the limit is one on time.
        tails: Watched logs, shared too.
        sinks: Where output is passed on to: file descriptors by ``stdout`` and ``stderr``.
        totals: Counted up.
        started: Called when the command runs.

    Attributes:
        child: While it runs.
    """

    def __init__(
        self,
        number: int,
        spec: RunSpec,
        *,
        life: Life,
        journal: Journal,
        throttle: OutputThrottle,
        tails: LogTails,
        sinks: Mapping[str, int],
        totals: Totals,
        started: Callable[[], None],
    ) -> None:
        self._number = number
        self._spec = spec
        self._life = life
        self._journal = journal
        self._throttle = throttle
        self._tails = tails
        self._sinks = sinks
        self._totals = totals
        self._started = started
        self._used = Usage()
        self._used_told = self._uncounted = False
        self._news = asyncio.Event()
        self._end = TurnEnd()
        self._decoder = OutputDecoder(totals.threads, Rollouts(codex_home(), totals.began))
        self.child: Child | None = None

    async def run(self) -> TurnEnd:
        """Execute the command to its end, or end it when the life says so."""
        self._life.turn = self._number
        began = time.monotonic()
        self._journal.note({"currentTurn": self._number, "turnStartedAt": self._journal.now()})
        self._tell(ev.TURN_STARTED, {"command": list(self._spec.command)})
        try:
            child = await Child.start(
                self._spec.command,
                cwd=self._spec.cwd,
                env={"AGENTDASH_RUN_ID": self._spec.run_id or "", "AGENTDASH_TURN": str(self._number)},
                prompt_file=self._spec.prompt_file,
                pipe_stdin=self._spec.pipe_stdin,
            )
        except CannotStart as error:
            self._tell(ev.TURN_COMPLETED, {"exitCode": None, "error": str(error), "durationMs": 0})
            return TurnEnd(error=str(error))
        self.child = child
        self._journal.note({"pid": child.pid, "pidCreatedAt": child.created_at})
        pump = self._open_pump(child)
        pump.start()
        self._started()
        helpers = [asyncio.create_task(self._gather(pump)), asyncio.create_task(self._watch_logs())]
        try:
            code = await self._until_exit(child)
            read = await self._last_output(pump)
        except BaseException:
            child.kill()  # a fault of ours, or this task was cancelled: nothing goes on unwatched
            raise
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            self.child = None
        dropped = await self._flush(pump)
        await self._look_at_logs(last=True)
        if read:
            pump.close()
            child.close()
        self._close(code, began, pump, dropped)
        self._end.exit_code, self._end.unpassed = code, pump.unpassed
        return self._end

    def _open_pump(self, child: Child) -> OutputPump:
        loop = asyncio.get_running_loop()

        def notify() -> None:
            try:
                loop.call_soon_threadsafe(self._news.set)
            except RuntimeError:
                return  # the loop is closed: nobody wants to know

        until = re.compile(self._spec.until, re.MULTILINE) if self._spec.until else None
        sources = {"stdout": child.stdout, "stderr": child.stderr}
        return OutputPump(sources, self._sinks, self._throttle, until, self._decoder, notify)

    async def _until_exit(self, child: Child) -> int:
        stopped = asyncio.ensure_future(self._life.stopped.wait())
        waits: set[asyncio.Future[Any]] = {child.exited, stopped}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
        if self._life.stop is None:
            return await child.wait()
        lease = self._life.stop.cause == "lease"
        grace = min(self._spec.grace, _LEASE_GRACE_S) if lease else self._spec.grace
        name = ev.RUN_CANCELLING if self._life.stop.cause == "cancel" else ev.SIGNAL

        def escalated(signal: str) -> None:
            self._tell(name, {"signal": signal, "pid": child.pid, "grace": grace})

        return await child.end(grace, escalated, self._life.hurry)

    async def _last_output(self, pump: OutputPump) -> bool:
        """Read what is left in its pipes; a terminal that takes nothing is waited for, unless we stop."""
        while not await asyncio.to_thread(pump.finish, 0.5):
            if self._life.stop is not None:
                return False
        return True

    async def _gather(self, pump: OutputPump) -> None:
        while True:
            held = pump.wait()
            try:
                async with asyncio.timeout(held):
                    await self._news.wait()
            except TimeoutError:
                pass
            await asyncio.sleep(_SETTLE_S)
            self._news.clear()
            self._record(pump)
            await asyncio.sleep(_MERGE_S)

    async def _flush(self, pump: OutputPump) -> int:
        """Let out what is held at the pace of the throttle; returns the bytes that were dropped at last."""
        deadline = time.monotonic() + (8.0 if self._life.stop is None else 1.0)
        while True:
            self._record(pump)
            wait = pump.wait()
            if wait is None or self._life.hurry.is_set() or time.monotonic() + wait > deadline:
                return pump.give_up()
            await asyncio.sleep(wait)

    def _record(self, pump: OutputPump) -> None:
        gathered = pump.take()
        for output in gathered.output:
            dropped = {"dropped": output.dropped} if output.dropped else {}
            self._tell(ev.OUTPUT, {"stream": output.stream, "text": output.text, **dropped})
        pump.recorded(gathered)
        for told in gathered.told:
            self._record_told(told)
        if gathered.usage != Usage() or gathered.uncounted:
            self._count(gathered.usage, gathered.uncounted)
        if gathered.retries:
            self._totals.retries = (self._totals.retries or 0) + gathered.retries
            self._journal.note({"stats.retries": self._totals.retries})
        if gathered.completion is not None and self._end.completion is None:
            self._end.completion = gathered.completion
            self._journal.note({"completion.detected": True, "completion.line": gathered.completion})
        if gathered.done is not None or gathered.failure is not None:
            self._end.said, self._end.failure = gathered.done, gathered.failure

    def _count(self, usage: Usage, uncounted: bool) -> None:
        """Tokens were used: so many, and more of which the number is not known."""
        self._used, self._used_told = self._used + usage, True
        self._uncounted = self._uncounted or uncounted
        totals = self._totals
        totals.counted = True
        totals.usage += usage
        totals.uncounted = totals.uncounted or uncounted
        known = totals.usage.as_meta()
        shown = dict.fromkeys(known) if totals.uncounted else known
        self._journal.note({**shown, "stats.threads": totals.threads.dump()})

    def _record_told(self, told: Told) -> None:
        if told.done is not None:
            return  # the end of a turn, and perhaps not of the run
        self._tell(told.type, told.data)
        if told.type == ev.PLAN:
            self._journal.note(
                {"stats.plan.done": told.data.get("done"), "stats.plan.total": told.data.get("total")}
            )
        elif told.type == ev.AGENT_SESSION and self._totals.retries is None:
            self._totals.retries = 0
            self._journal.note({"stats.retries": 0})

    async def _watch_logs(self) -> None:
        while self._spec.logs:
            await asyncio.sleep(_LOOK_AT_LOGS_S)
            await self._look_at_logs()

    async def _look_at_logs(self, *, last: bool = False) -> None:
        if self._spec.logs:
            for appended in await asyncio.to_thread(self._tails.look, last=last):
                self._tell(
                    ev.LOG_UPDATED, {"path": appended.path, "bytes": appended.size, "text": appended.text}
                )

    def _close(self, code: int, began: float, pump: OutputPump, dropped: int) -> None:
        if pump.overlong and self._decoder.recognised and not self._used_told:
            self._count(Usage(), uncounted=True)  # they stood in a row that was too long to be decoded
        self._totals.turns += 1
        self._journal.note(
            {"pid": None, "pidCreatedAt": None, "stats.turns": self._totals.turns, "exitCode": code}
        )
        said = {} if self._end.said is None else {"said": line_of(self._end.said)}
        odd = {
            "outputDropped": dropped,
            "malformed": self._decoder.malformed,
            "unknownRows": self._decoder.unknown,
            "overlongLines": pump.overlong,
            "untold": pump.untold,
        }
        self._tell(
            ev.TURN_COMPLETED,
            {
                "exitCode": code,
                "durationMs": round((time.monotonic() - began) * 1000),
                "tokens": self._used.as_data() if self._used_told and not self._uncounted else None,
                "outputBytes": pump.bytes,
                **said,
                **{name: number for name, number in odd.items() if number},
            },
        )

    def _tell(self, name: str, data: Mapping[str, object]) -> None:
        self._journal.event(name, data, turn=self._number)

"""The worker itself: owns one run from its first turn to its end."""

from __future__ import annotations

import asyncio
import errno
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agentdash.core.clock import Clock, SystemClock
from agentdash.core.commands import Refused
from agentdash.core.runs import event as ev
from agentdash.core.runs.model import Run, RunKeys, RunStatus
from agentdash.core.runs.state import Move
from agentdash.core.settings.model import Settings
from agentdash.core.text import printable
from agentdash.runner.agents.reported import line_of
from agentdash.runner.agents.usage import Usage
from agentdash.runner.child import Child
from agentdash.runner.ending import ending
from agentdash.runner.life import Life, Stop
from agentdash.runner.output.masking import SecretMask
from agentdash.runner.output.tail import LogTails
from agentdash.runner.output.throttle import OutputThrottle
from agentdash.runner.spec import RunSpec
from agentdash.runner.steering import Steering
from agentdash.runner.store.claim import Found, check_takeover, find_record, first_fields
from agentdash.runner.store.control import Control, ControlReader, net_request
from agentdash.runner.store.journal import Journal
from agentdash.runner.store.lease import Lease, LeaseHeld, new_token
from agentdash.runner.store.outage import report_outages
from agentdash.runner.store.ownership import Ownership
from agentdash.runner.turn import Totals, Turn, TurnEnd
from agentdash.server.client import source_error
from agentdash.server.find import ServerHandle, StepLog

COMPLETED, FAILED, UNRECORDED = 0, 1, 4


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a worker works.

    Attributes:
        sinks: Where output is passed on to: file descriptors by ``stdout`` and ``stderr``; may be empty.
        tell: Gets what the worker itself has to say, line by line.
        host: The machine's name.
        clock: For the times in the record.
    """

    sinks: Mapping[str, int] = field(default_factory=dict)
    tell: Callable[[str], None] = lambda _: None
    host: str = field(default_factory=socket.gethostname)
    clock: Clock = field(default_factory=SystemClock)


class Worker:
    """Works on one run.

    Args:
        spec: What to do, `RunSpec.rooted`.
        handle: The server.
        settings: Prefix, lease and the like.
        activity: Gets a line for each step.
        around: Terminal, host, clock.
    """

    def __init__(
        self,
        spec: RunSpec,
        handle: ServerHandle,
        settings: Settings,
        activity: StepLog,
        around: Surroundings | None = None,
    ) -> None:
        assert spec.run_id is not None
        self.run_id = run_id = spec.run_id
        self._spec = spec
        self._client = client = handle.client
        self._activity = activity
        self._around = around or Surroundings()
        self._keys = keys = RunKeys(settings.runs.prefix)
        seconds = settings.runs.lease
        lease = Lease(client, keys.lock(run_id), new_token(), seconds)
        self._secrets = SecretMask(settings.runs.mask)
        self._words: Callable[[BaseException], str] = lambda error: source_error(error, handle.url).message
        self._ownership = Ownership(client, keys, run_id, seconds, lease, self._words)
        self._journal = Journal(
            client,
            keys,
            run_id,
            maxlen=settings.runs.events_maxlen,
            clock=self._around.clock,
            secrets=self._secrets,
            may_write=self._ownership.may_write,
            recover=handle.recover,
        )
        block_ms = max(1, min(1000, int(settings.redis.timeout * 500)))
        self._control = ControlReader(client, keys.control(run_id), block_ms)
        self._life = Life(self._journal)
        self._steering = Steering(self._life, self._journal, spec.pause, self._child, self._log)
        self._totals = Totals()
        self._turns = spec.turns or 1
        self._turn: Turn | None = None
        self._starting: asyncio.Task[object] | None = None

    async def run(self) -> int:
        """Work until the run has ended.

        Returns:
            The exit code: 0 completed, 1 failed or cancelled, 4 completed, but its end could not be recorded,
            128 + n when signal n ended it.

        Raises:
            Refused: when the run belongs to somebody else, or has ended already.
            RedisError: when the server cannot be asked at the beginning.
        """
        self._starting = asyncio.current_task()
        backlog = await self._claim()
        self._starting = None
        tasks = [
            asyncio.create_task(self._journal.write(), name="journal"),
            asyncio.create_task(self._ownership.lease.keep(), name="lease"),
            asyncio.create_task(self._control.follow(self._steering.hear), name="control"),
            asyncio.create_task(report_outages(self._journal, self._tell, self._words), name="outages"),
            asyncio.create_task(self._ownership.watch(self._life, self._journal, self._log), name="watch"),
        ]
        for task in tasks:
            task.add_done_callback(self._task_ended)
        try:
            request = net_request(backlog)
            if request is not None:
                self._steering.hear(request)
            await self._work()
            recorded = await self._ownership.farewell(self._life, self._journal, self._around.tell)
            if not recorded:
                self._log("its end could not be recorded", False)
        finally:
            await _end_all(tasks)
            await self._ownership.release()
        if self._steering.signal is not None:
            return 128 + self._steering.signal
        if self._life.status is not RunStatus.COMPLETED:
            return FAILED
        return COMPLETED if recorded else UNRECORDED

    def interrupt(self, number: int) -> None:
        """A signal came: cancel the run; at the second one do not wait any longer."""
        if self._starting is not None:
            self._starting.cancel()
        else:
            self._steering.interrupt(number)

    async def _claim(self) -> list[Control]:
        """Take the lock, and the record as it is; returns what was asked before."""
        try:
            await self._ownership.lease.acquire()
        except LeaseHeld as held:
            raise Refused(f"Run {self.run_id} is at work: {held}.") from held
        try:
            found = await find_record(self._client, self._keys, self.run_id)
            if found is not None:
                await asyncio.to_thread(check_takeover, found.run, self._around.host, self._spec.turns)
            await self._journal.open()
            backlog = await self._control.backlog()
        except BaseException:
            await self._ownership.release()
            raise
        self._begin(found)
        return backlog

    def _begin(self, found: Found | None) -> None:
        now = self._around.clock.now_ms()
        token = self._ownership.lease.token
        self._totals.began = now if found is None else found.run.started_at or now
        note: dict[str, object] = {"worker": token, "host": self._around.host, "startedAt": now}
        data: dict[str, object] = {"worker": token, "host": self._around.host}
        if found is None:
            self._journal.note(first_fields(self._spec, now, self._secrets))
            self._journal.event(ev.RUN_QUEUED, {"command": list(self._spec.command)})
        else:
            self._journal.adopt(found.fields)
            self._totals.threads.load(found.fields.get("stats.threads", ""))
            self._totals.retries = found.run.retries
            self._life.status = found.run.status
        if found is None or found.run.status is RunStatus.QUEUED:
            self._life.move(Move.START, ev.RUN_STARTED, data, note=note)
        else:
            self._take_over(found.run, data, note)

    def _take_over(self, run: Run, data: Mapping[str, object], note: Mapping[str, object]) -> None:
        """Go on with a run whose worker is gone: its turns and tokens count on, the open turn begins anew."""
        self._totals.turns = run.turns or 0
        self._totals.counted = run.tokens.total is not None
        self._totals.uncounted = not self._totals.counted and self._totals.turns > 0
        self._totals.usage = Usage(
            run.tokens.total or 0, run.tokens.input or 0, run.tokens.output or 0, run.tokens.cached or 0
        )
        self._turns = self._spec.turns or run.max_turns or 1
        command = list(self._spec.command)
        note = {
            **note, "startedAt": run.started_at or note["startedAt"], "pid": None,
            "command": command, "cwd": self._spec.cwd, "maxTurns": self._turns,
        }  # fmt: skip
        data = {**data, "takenOverFrom": run.worker or "unknown", "command": command}
        self._life.move(Move.TAKE_OVER, ev.RUN_STARTED, data, note=note)
        if self._life.status is RunStatus.CANCELLING:
            self._life.wish_to_stop(Stop("cancel", run.reason))

    async def _work(self) -> None:
        self._log("begins")
        throttle = OutputThrottle(time.monotonic, secrets=self._secrets)
        tails = await asyncio.to_thread(LogTails, self._spec.logs)
        last = TurnEnd()
        for number in range(self._totals.turns + 1, self._turns + 1):
            await self._boundary()
            if self._life.stop is not None:
                break
            self._turn = Turn(
                number,
                self._spec,
                life=self._life,
                journal=self._journal,
                throttle=throttle,
                tails=tails,
                sinks=self._around.sinks,
                totals=self._totals,
                started=self._steering.child_started,
            )
            last = await self._turn.run()
            self._turn = None
            self._tell_unpassed(last.unpassed)
            how = (
                "its command could not be started"
                if last.exit_code is None
                else f"exit code {last.exit_code}"
            )
            self._log(f"turn {number} ended: {how}", last.good)
            if self._life.stopped.is_set() or not last.good or await self._is_complete(last):
                break
        await self._end(last)

    async def _boundary(self) -> None:
        """Between turns: a pause takes effect, and lasts."""
        while self._life.stop is None:
            if self._life.status is RunStatus.PAUSING:
                self._life.move(Move.PAUSED, ev.RUN_PAUSED)
            if self._life.status is not RunStatus.PAUSED:
                return
            await self._life.change()

    async def _is_complete(self, last: TurnEnd) -> bool:
        if last.completion is not None:
            return True
        path = self._spec.stop_file
        if path is None or not await asyncio.to_thread(Path(path).exists):
            return False
        last.completion = f"stop file {path}"
        self._tell_completion(last.completion)
        return True

    def _tell_completion(self, line: str) -> None:
        self._journal.note({"completion.detected": True, "completion.line": line})
        self._journal.event(ev.COMPLETION, {"line": line}, turn=self._life.turn)

    async def _end(self, last: TurnEnd) -> None:
        if self._life.status is RunStatus.PAUSED and last.good:
            await self._boundary()  # it was frozen in the moment in which it ended
        now = self._around.clock.now_ms()
        if self._life.stop is None and last.good and last.said is not None and last.completion is None:
            self._tell_completion(line_of(last.said))
        end = ending(self._life.stop, last, self._life.turn, self._totals, now)
        self._life.move(end.move, end.event, end.data, note=end.note)
        if end.message is not None:
            self._around.tell(f"run {self.run_id}: {end.message}")
        why = "" if end.message is None else f": {end.message}"
        self._log(f"{self._life.status}{why}", self._life.status is RunStatus.COMPLETED)

    def _child(self) -> Child | None:
        return None if self._turn is None else self._turn.child

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        """One of our own loops failed, which is a fault of ours: the run ends rather than go on blindly."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._log(f"{task.get_name()} failed: {error!r}", False)
            self._life.wish_to_stop(Stop("fault", f"the worker failed: {error!r}"))

    def _tell_unpassed(self, unpassed: Mapping[str, OSError]) -> None:
        """Output that did not arrive; a reader that went away, or is none, knows of that."""
        for name, error in unpassed.items():
            if error.errno not in {errno.EPIPE, errno.EBADF}:
                self._tell(
                    f"its {name} could not be passed on: {error.strerror}; it is recorded all the same"
                )

    def _tell(self, line: str) -> None:
        self._around.tell(f"run {self.run_id}: {line}")
        self._log(line, False)

    def _log(self, step: str, ok: bool = True) -> None:
        self._activity.write(f"worker {self.run_id}", printable(step), ok=ok)


async def _end_all(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel *tasks* until they have ended: redis-py may swallow a cancellation while it connects."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=0.2)

"""The worker: owns one run from its first turn to its end."""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from agentdash.core.commands import Refused
from agentdash.core.runs import event as ev
from agentdash.core.runs.model import Run, RunKeys, RunStatus
from agentdash.core.runs.state import Move
from agentdash.core.settings.model import Settings
from agentdash.core.text import printable
from agentdash.runner.agents.event import line_of
from agentdash.runner.agents.usage import TokenUsage
from agentdash.runner.child_process import ChildProcess
from agentdash.runner.context import WorkerContext
from agentdash.runner.control_handler import ControlHandler
from agentdash.runner.lifecycle import RunLifecycle, StopReason
from agentdash.runner.outcome import run_outcome
from agentdash.runner.output.log_tail import LogTails
from agentdash.runner.output.secret_mask import SecretMask
from agentdash.runner.output.throttle import OutputThrottle
from agentdash.runner.spec import RunSpec
from agentdash.runner.store.claim import ExistingRun, check_takeover, find_record, initial_fields
from agentdash.runner.store.control import ControlMessage, ControlReader, pending_control
from agentdash.runner.store.journal import Journal
from agentdash.runner.store.lease import Lease, LeaseHeld, new_token
from agentdash.runner.store.outage import report_outages
from agentdash.runner.store.ownership import Ownership
from agentdash.runner.turn import TurnRunner
from agentdash.runner.turn_result import RunTotals, TurnResult
from agentdash.server.client import source_error
from agentdash.server.find import ServerHandle, StepLog

COMPLETED, FAILED, UNRECORDED = 0, 1, 4


class Worker:
    """Executes one run."""

    def __init__(
        self,
        spec: RunSpec,
        handle: ServerHandle,
        settings: Settings,
        activity: StepLog,
        context: WorkerContext | None = None,
    ) -> None:
        assert spec.run_id is not None
        self.run_id = run_id = spec.run_id
        self._spec = spec
        self._client = client = handle.client
        self._activity = activity
        self._context = context or WorkerContext()
        self._keys = keys = RunKeys(settings.runs.prefix)
        seconds = settings.runs.lease
        lease = Lease(client, keys.lock(run_id), new_token(), seconds)
        self._secrets = SecretMask(settings.runs.mask)
        self._describe: Callable[[BaseException], str] = lambda error: source_error(error, handle.url).message
        self._ownership = Ownership(client, keys, run_id, seconds, lease, self._describe)
        self._journal = Journal(
            client,
            keys,
            run_id,
            maxlen=settings.runs.events_maxlen,
            clock=self._context.clock,
            secrets=self._secrets,
            may_write=self._ownership.may_write,
            recover=handle.recover,
        )
        block_ms = max(1, min(1000, int(settings.redis.timeout * 500)))
        self._control = ControlReader(client, keys.control(run_id), block_ms)
        self._lifecycle = RunLifecycle(self._journal)
        self._controls = ControlHandler(self._lifecycle, self._journal, spec.pause, self._child, self._log)
        self._totals = RunTotals()
        self._turns = spec.turns or 1
        self._turn: TurnRunner | None = None
        self._starting: asyncio.Task[object] | None = None

    async def run(self) -> int:
        """Execute the run to its end.

        Returns:
            The exit code: 0 completed, 1 failed or cancelled, 4 completed but not recorded,
            128 + n when terminated by signal n.

        Raises:
            Refused: when another worker has the run, or it has ended already.
            RedisError: when the server is not available at the start.
        """
        self._starting = asyncio.current_task()
        backlog = await self._claim()
        self._starting = None
        tasks = [
            asyncio.create_task(self._journal.write(), name="journal"),
            asyncio.create_task(self._ownership.lease.keep(), name="lease"),
            asyncio.create_task(self._control.follow(self._controls.handle), name="control"),
            asyncio.create_task(report_outages(self._journal, self._report, self._describe), name="outages"),
            asyncio.create_task(
                self._ownership.watch(self._lifecycle, self._journal, self._log), name="watch"
            ),
        ]
        for task in tasks:
            task.add_done_callback(self._task_ended)
        try:
            request = pending_control(backlog)
            if request is not None:
                self._controls.handle(request)
            await self._work()
            recorded = await self._ownership.flush(self._lifecycle, self._journal, self._context.report)
            if not recorded:
                self._log("its end could not be recorded", False)
        finally:
            await _end_all(tasks)
            await self._ownership.release()
        if self._controls.signal is not None:
            return 128 + self._controls.signal
        if self._lifecycle.status is not RunStatus.COMPLETED:
            return FAILED
        return COMPLETED if recorded else UNRECORDED

    def interrupt(self, number: int) -> None:
        """Handle a signal, see `ControlHandler.interrupt`."""
        if self._starting is not None:
            self._starting.cancel()
        else:
            self._controls.interrupt(number)

    async def _claim(self) -> list[ControlMessage]:
        """Acquire the lock and load the record; returns the control messages sent before."""
        try:
            await self._ownership.lease.acquire()
        except LeaseHeld as held:
            raise Refused(f"Run {self.run_id} has a worker: {held}.") from held
        try:
            found = await find_record(self._client, self._keys, self.run_id)
            if found is not None:
                await asyncio.to_thread(check_takeover, found.run, self._context.host, self._spec.turns)
            await self._journal.open()
            backlog = await self._control.backlog()
        except BaseException:
            await self._ownership.release()
            raise
        self._begin(found)
        return backlog

    def _begin(self, found: ExistingRun | None) -> None:
        now = self._context.clock.now_ms()
        token = self._ownership.lease.token
        self._totals.began = now if found is None else found.run.started_at or now
        note: dict[str, object] = {"worker": token, "host": self._context.host, "startedAt": now}
        data: dict[str, object] = {"worker": token, "host": self._context.host}
        if found is None:
            self._journal.set_fields(initial_fields(self._spec, now, self._secrets))
            self._journal.event(ev.RUN_QUEUED, {"command": list(self._spec.command)})
        else:
            self._journal.adopt(found.fields)
            self._totals.threads.load(found.fields.get("stats.threads", ""))
            self._totals.retries = found.run.retries
            self._lifecycle.status = found.run.status
        if found is None or found.run.status is RunStatus.QUEUED:
            self._lifecycle.move(Move.START, ev.RUN_STARTED, data, note=note)
        else:
            self._take_over(found.run, data, note)

    def _take_over(self, run: Run, data: Mapping[str, object], note: Mapping[str, object]) -> None:
        """Continue a run without a worker: its turns and tokens count on, the open turn is repeated."""
        self._totals.turns = run.turns or 0
        self._totals.counted = run.tokens.total is not None
        self._totals.uncounted = not self._totals.counted and self._totals.turns > 0
        self._totals.usage = TokenUsage(
            run.tokens.total or 0, run.tokens.input or 0, run.tokens.output or 0, run.tokens.cached or 0
        )
        self._turns = self._spec.turns or run.max_turns or 1
        command = list(self._spec.command)
        note = {
            **note, "startedAt": run.started_at or note["startedAt"], "pid": None,
            "command": command, "cwd": self._spec.cwd, "maxTurns": self._turns,
        }  # fmt: skip
        data = {**data, "takenOverFrom": run.worker or "unknown", "command": command}
        self._lifecycle.move(Move.TAKE_OVER, ev.RUN_STARTED, data, note=note)
        if self._lifecycle.status is RunStatus.CANCELLING:
            self._lifecycle.request_stop(StopReason("cancel", run.reason))

    async def _work(self) -> None:
        self._log("started")
        throttle = OutputThrottle(time.monotonic, secrets=self._secrets)
        tails = await asyncio.to_thread(LogTails, self._spec.logs)
        last = TurnResult()
        for number in range(self._totals.turns + 1, self._turns + 1):
            await self._boundary()
            if self._lifecycle.stop is not None:
                break
            self._turn = TurnRunner(
                number,
                self._spec,
                lifecycle=self._lifecycle,
                journal=self._journal,
                throttle=throttle,
                tails=tails,
                sinks=self._context.sinks,
                totals=self._totals,
                started=self._controls.child_started,
            )
            last = await self._turn.run()
            self._turn = None
            self._report_undelivered(last.undelivered)
            how = (
                "the command could not be started"
                if last.exit_code is None
                else f"exit code {last.exit_code}"
            )
            self._log(f"turn {number} ended: {how}", last.succeeded)
            if self._lifecycle.stopped.is_set() or not last.succeeded or await self._is_complete(last):
                break
        await self._end(last)

    async def _boundary(self) -> None:
        """Between turns: pause where requested, until the run is resumed or stopped."""
        while self._lifecycle.stop is None:
            if self._lifecycle.status is RunStatus.PAUSING:
                self._lifecycle.move(Move.PAUSED, ev.RUN_PAUSED)
            if self._lifecycle.status is not RunStatus.PAUSED:
                return
            await self._lifecycle.wait_for_change()

    async def _is_complete(self, last: TurnResult) -> bool:
        if last.completion is not None:
            return True
        path = self._spec.stop_file
        if path is None or not await asyncio.to_thread(Path(path).exists):
            return False
        last.completion = f"stop file {path}"
        self._record_completion(last.completion)
        return True

    def _record_completion(self, line: str) -> None:
        self._journal.set_fields({"completion.detected": True, "completion.line": line})
        self._journal.event(ev.COMPLETION, {"line": line}, turn=self._lifecycle.turn)

    async def _end(self, last: TurnResult) -> None:
        if self._lifecycle.status is RunStatus.PAUSED and last.succeeded:
            await self._boundary()  # it was frozen at the moment it exited
        now = self._context.clock.now_ms()
        if (
            self._lifecycle.stop is None
            and last.succeeded
            and last.final_message is not None
            and last.completion is None
        ):
            self._record_completion(line_of(last.final_message))
        end = run_outcome(self._lifecycle.stop, last, self._lifecycle.turn, self._totals, now)
        self._lifecycle.move(end.move, end.event, end.data, note=end.note)
        if end.message is not None:
            self._context.report(f"run {self.run_id}: {end.message}")
        why = "" if end.message is None else f": {end.message}"
        self._log(f"{self._lifecycle.status}{why}", self._lifecycle.status is RunStatus.COMPLETED)

    def _child(self) -> ChildProcess | None:
        return None if self._turn is None else self._turn.child

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        """Stop the run when one of the worker's own tasks has failed."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._log(f"{task.get_name()} failed: {error!r}", False)
            self._lifecycle.request_stop(StopReason("fault", f"the worker failed: {error!r}"))

    def _report_undelivered(self, undelivered: Mapping[str, OSError]) -> None:
        """Report output that was not passed on, except to a closed pipe."""
        for name, error in undelivered.items():
            if error.errno not in {errno.EPIPE, errno.EBADF}:
                self._report(f"{name} could not be passed on: {error.strerror}; it is still recorded")

    def _report(self, line: str) -> None:
        self._context.report(f"run {self.run_id}: {line}")
        self._log(line, False)

    def _log(self, step: str, ok: bool = True) -> None:
        self._activity.write(f"worker {self.run_id}", printable(step), ok=ok)


async def _end_all(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel *tasks* until they have ended: redis-py may swallow a cancellation while connecting."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=0.2)

"""The engine behind every face: starts collectors, keeps the store, answers queries, carries out commands."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from agentdash.core.clock import Clock, SystemClock
from agentdash.core.commands import Command, ControlRun, MarkFinding, Outcome, Refused
from agentdash.core.findings import FindingStatus, InboxSnapshot
from agentdash.core.logs import Level, LogBatch, LogLine, LogRing
from agentdash.core.paths import state_dir
from agentdash.core.queries import Answer, Query, WhyOf
from agentdash.core.repo_commands import RepoCommand, RepoPlanOf
from agentdash.core.repo_queries import RepoQuery
from agentdash.core.repos import ReposSnapshot
from agentdash.core.run_commands import EndOrphanChild, MarkOrphanFailed, OrphanCommand
from agentdash.core.runs import RunKeys, RunsSnapshot
from agentdash.core.service_commands import ControlService
from agentdash.core.services import ServicesSnapshot
from agentdash.core.settings import ServiceSettings, Settings
from agentdash.core.snapshot import Collector, Snapshot, SourceError, SourceHealth, SourceState, Topic
from agentdash.core.store import Store
from agentdash.core.stream_commands import StreamCommand
from agentdash.core.streams import StreamsSnapshot
from agentdash.core.text import decode, printable
from agentdash.runtime import news
from agentdash.runtime.supervisor import Supervisor
from agentdash.runtime.wiring import load, local_collectors, log_sources, redis_collectors

if TYPE_CHECKING:
    from agentdash.activity import Activity
    from agentdash.runtime.analysis import Analysis
    from agentdash.server.find import ServerHandle

REDIS_TOPICS = (Topic.RUNS, Topic.STREAMS)
CONNECT_AGAIN = 2.0
RECOVER_EVERY = 3.0
STOP_TRIES = 10


class Engine:
    """One engine, many faces: the dashboard, the JSON views and the demo all stand on it.

    Args:
        settings: In force for its whole life.
        clock: Where the time comes from.
        host: Stamped on every snapshot; this machine's name by default.
        cwd: What relative paths of the settings start from.
        topics: Read only these; all by default.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        host: str | None = None,
        cwd: Path | None = None,
        topics: frozenset[Topic] = frozenset(Topic),
    ) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.host = host or socket.gethostname()
        self.topics = topics
        self.store = Store(logs=LogRing(settings.logs.limit))
        self._cwd = cwd or Path.cwd()
        self._analysis: Analysis
        self._supervisors: dict[str, Supervisor] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._handle: ServerHandle | None = None
        self._activity: Activity | None = None
        self._seen: dict[Topic, asyncio.Event] = {topic: asyncio.Event() for topic in Topic}
        self._recovered_at = -RECOVER_EVERY
        self._look_at: Callable[[bytes], None] | None = None
        self._inbox_health: SourceHealth | None = None
        self.denied: dict[str, str] = {}
        """Commands that the server's ACL was seen to forbid, with the reason in words."""

    @property
    def read_only(self) -> bool:
        """Whether nothing may be changed."""
        return self.settings.read_only

    @property
    def watching(self) -> bool:
        """Whether something was seen that will be a finding if it lasts a little longer."""
        return self._analysis.watching

    async def start(self) -> None:
        """Begin to read. Returns at once; data comes as it comes."""
        for topic in self.topics:
            self.store.put_health(topic, SourceHealth(topic.value))
        await load("agentdash.activity", "agentdash.runtime.analysis")
        from agentdash.activity import Activity
        from agentdash.runtime.analysis import Analysis

        self._analysis = Analysis(self.settings, self.host)

        self._activity = await asyncio.to_thread(
            Activity, state_dir(self.settings) / "agentdash.log", self.settings.logs.limit, self.clock
        )
        if not self.topics.isdisjoint(REDIS_TOPICS) or Topic.FINDINGS in self.topics:
            self._spawn(self._connect(), "connect")
        self._spawn(self._start_local(), "local sources")

    async def stop(self) -> None:
        """End every task, give back connections and files, write the last lines of the activity log."""
        await self._end_tasks()
        if self._handle is not None:
            await self._handle.close()
            self._handle = None
        if self._activity is not None:
            await asyncio.to_thread(self._activity.close)
            self._activity = None

    async def _end_tasks(self) -> None:
        """Cancel until all have ended: redis-py may swallow a cancellation while it connects."""
        left, self._tasks = set(self._tasks), []
        for _ in range(STOP_TRIES):
            for task in left:
                task.cancel()
            if left:
                _, left = await asyncio.wait(left, timeout=0.5)
        for task in left:
            self.note(task.get_name(), "did not end when it was told to", False)

    def refresh(self, topic: Topic | None = None) -> None:
        """Look again now: at one subject, or at all."""
        for supervisor in self._supervisors.values():
            if topic is None or supervisor.collector.topic is topic:
                supervisor.wake()

    async def first_pass(self, timeout: float) -> set[Topic]:  # noqa: ASYNC109 - a bound, not a cancellation
        """Wait until each subject was read once, well or badly.

        Args:
            timeout: Seconds to wait at most.

        Returns:
            The subjects that were not reached in time.
        """
        needs = {topic: {topic} for topic in self.topics}
        if Topic.FINDINGS in needs:
            needs[Topic.FINDINGS].add(Topic.STREAMS)  # they are judged by them
        waits = [self._seen[topic].wait() for topic in set().union(*needs.values())]
        try:
            async with asyncio.timeout(timeout):
                await asyncio.gather(*waits)
        except TimeoutError:
            seen = {topic for topic, event in self._seen.items() if event.is_set()}
            return {topic for topic, needed in needs.items() if not needed <= seen}
        return set()

    async def ask(self, query: Query) -> Answer:
        """Read closer: pending entries, messages, events.

        Raises:
            SourceError: when the server cannot be asked, in words.
        """
        if isinstance(query, RepoQuery | RepoPlanOf):
            return await self._ask_repo(query)
        if isinstance(query, WhyOf):
            return await self._ask_why(query)
        handle = self._handle
        if handle is None:
            health = self.store.health.get(Topic.STREAMS)
            raise SourceError((health and health.error) or "no server is connected yet")
        await load("agentdash.runtime.inspect")
        from agentdash.runtime.inspect import answer

        if self._look_at is not None and (stream := getattr(query, "stream", None)) is not None:
            self._look_at(stream)
        return await answer(query, handle, self.settings, self.clock.now_ms())

    async def _ask_repo(self, query: RepoQuery | RepoPlanOf) -> Answer:
        if isinstance(query, RepoPlanOf):
            await load("agentdash.runtime.repo_work")
            from agentdash.runtime.repo_work import plan

            return await plan(query, self.store.repos, self.settings)
        await load("agentdash.runtime.inspect")
        from agentdash.runtime.inspect import of_repo

        return await of_repo(query, self.store.repos, self.settings)

    async def _ask_why(self, query: WhyOf) -> Answer:
        await load("agentdash.runtime.run_why")
        from agentdash.runtime.run_why import why_of

        return await why_of(query, self.store, self.host, self.clock)

    async def dispatch(self, command: Command) -> Outcome:
        """Carry out *command*; the result is logged. Nothing is raised for what a person may cause."""
        begun = time.perf_counter()
        if self.read_only:
            return Outcome(False, "read-only: nothing is changed (started with --read-only)")
        match command:
            case ControlRun():
                actor, outcome = f"run {command.run_id}", await self._control(command)
            case MarkOrphanFailed() | EndOrphanChild():
                actor, outcome = f"run {command.run_id}", await self._clean_up(command)
            case MarkFinding():
                actor, outcome = "findings", self._mark(command)
            case ControlService():
                actor, outcome = f"service {command.name}", await self._control_service(command)
            case _ if isinstance(command, RepoCommand):
                actor, outcome = f"repo {Path(command.path).name}", await self._change_repo(command)
            case _ if isinstance(command, StreamCommand):
                actor, outcome = f"stream {decode(command.stream)}", await self._change_stream(command)
        sent = f" [{'; '.join(outcome.sent)}]" if outcome.sent else ""
        self.note(actor, outcome.message + sent, outcome.ok, (time.perf_counter() - begun) * 1000)
        return outcome

    def note(
        self,
        actor: str,
        step: str,
        ok: bool,
        duration_ms: float | None = None,
        routine: bool = False,
        level: Level | None = None,
    ) -> None:
        """Write a line to the activity log; what is not routine is shown among the logs too."""
        if self._activity is not None:
            self._activity.write(actor, step, ok=ok, duration_ms=duration_ms, routine=routine)
        if routine or Topic.LOGS not in self.topics:
            return
        now = self.clock.now_ms()
        took = f" in {duration_ms:.1f} ms" if duration_ms is not None else ""
        line = LogLine(
            source="agentdash",
            offset=self.store.logs.end,
            seen_at=now,
            at=now,
            service="agentdash",
            level=level or (Level.INFO if ok else Level.ERROR),
            message=printable(f"{actor}: {step}{took}"),
        )
        self.store.put_lines(LogBatch(taken_at=now, host=self.host, lines=(line,)))

    async def _control(self, command: ControlRun) -> Outcome:
        if self._handle is None:
            return Outcome(False, "no server is connected: the run cannot be reached")
        await load("agentdash.actions.runs")
        from agentdash.actions.runs import control
        from agentdash.server.client import in_words

        try:
            outcome = await control(self._handle.client, RunKeys(self.settings.runs.prefix), command)
        except Refused as why:
            return Outcome(False, str(why))
        except Exception as problem:  # noqa: BLE001 - a failing server must reach the person as words
            return Outcome(False, in_words(problem, self._handle.url).message)
        self.refresh(Topic.RUNS)
        return outcome

    async def _change_stream(self, command: StreamCommand) -> Outcome:
        if self._handle is None:
            return Outcome(False, "no server is connected: the stream cannot be reached")
        await load("agentdash.actions.streams")
        from agentdash.actions.streams import change
        from agentdash.server.client import in_words

        try:
            outcome = await change(self._handle.client, command)
        except Refused as why:
            return Outcome(False, str(why))
        except Exception as problem:  # noqa: BLE001 - a failing server must reach the person as words
            return Outcome(False, in_words(problem, self._handle.url).message)
        if outcome.denied is not None:
            self.denied[outcome.denied] = outcome.message
        self.refresh(Topic.STREAMS)
        return outcome

    async def _clean_up(self, command: OrphanCommand) -> Outcome:
        if self._handle is None:
            return Outcome(False, "no server is connected: the run cannot be reached")
        await load("agentdash.runtime.orphans")
        from agentdash.runtime.orphans import clean_up

        keys = RunKeys(self.settings.runs.prefix)
        outcome = await clean_up(command, self._handle, keys, self.host, self.clock)
        self.refresh(Topic.RUNS)
        return outcome

    async def _change_repo(self, command: RepoCommand) -> Outcome:
        await load("agentdash.runtime.repo_work")
        from agentdash.runtime.repo_work import change

        outcome = await change(command, self.store.repos, self.settings, self.note)
        self.refresh(Topic.REPOS)
        return outcome

    async def _control_service(self, command: ControlService) -> Outcome:
        known = self.store.services.services if self.store.services else ()
        service = next((s for s in known if s.name == command.name), None)
        if service is None:
            return Outcome(False, f"there is no service {command.name}")
        await load("agentdash.actions.services")
        from agentdash.actions.services import control

        configured = next((s for s in self.settings.services if s.name == command.name), None)
        described = configured or ServiceSettings(
            name=service.name, command=service.start_command, cwd=service.start_folder, log=service.log
        )
        try:
            outcome = await control(described, command, state_dir(self.settings) / "services")
        except Refused as why:
            outcome = Outcome(False, str(why))
        self.refresh(Topic.SERVICES)
        return outcome

    def _mark(self, command: MarkFinding) -> Outcome:
        now = self.clock.now_ms()
        shown = self.store.findings.findings if self.store.findings else ()
        known = next((one for one in shown if one.symptom.fingerprint == command.fingerprint), None)
        if known is not None and known.status is FindingStatus.ACKNOWLEDGED:
            return Outcome(True, "already acknowledged")
        if not self._analysis.acknowledge(command.fingerprint, now):
            return Outcome(False, "this finding is no longer there")
        self._put_findings()
        return Outcome(True, "acknowledged: it no longer asks for attention")

    async def _start_local(self) -> None:
        for collector in await local_collectors(self.settings, self.host, self.clock, self._cwd):
            wanted = self.topics | ({Topic.LOGS} if Topic.FINDINGS in self.topics else set())
            if collector.topic not in wanted:
                await collector.close()
                continue
            if collector.topic is Topic.LOGS and not log_sources(self.settings):
                self._seen[Topic.LOGS].set()
            self._supervise(collector)

    async def _connect(self) -> None:
        """Find the server, start what reads it; try again until there is one."""
        await load("agentdash.server.find")
        from agentdash.server.find import connect

        while True:
            begun = time.perf_counter()
            try:
                self._handle = await connect(self.settings, activity=self._activity)
            except SourceError as problem:
                self._no_server(problem)
                self.note("server", problem.message, False, (time.perf_counter() - begun) * 1000)
                await asyncio.sleep(CONNECT_AGAIN)
            else:
                break
        self.store.server_label = self._handle.label
        self.note(
            "server",
            f"using {self._handle.label} ({self._handle.origin})",
            True,
            (time.perf_counter() - begun) * 1000,
        )
        from agentdash.runtime.judged import JudgedStreams

        runs, streams = await redis_collectors(self._handle, self.settings, self.host, self.clock)
        self._look_at = streams.look_at
        for collector in (runs, JudgedStreams(streams, self._analysis, lambda: self.store.runs)):
            wanted = collector.topic in self.topics or (
                collector.topic in REDIS_TOPICS and Topic.FINDINGS in self.topics
            )
            if wanted:
                self._supervise(collector, self._recover)
            else:
                await collector.close()

    def _no_server(self, problem: SourceError) -> None:
        now = self.clock.now_ms()
        for topic in REDIS_TOPICS:
            self.store.put_health(
                topic,
                SourceHealth(
                    topic.value,
                    state=SourceState.ERROR,
                    error=problem.message,
                    cure=problem.cure,
                    retry_at=now + int(CONNECT_AGAIN * 1000),
                ),
            )
            self._seen[topic].set()
        self._findings_health()

    async def _recover(self) -> None:
        now = self.clock.monotonic()
        if self._handle is None or now - self._recovered_at < RECOVER_EVERY:
            return
        self._recovered_at = now
        try:
            await self._handle.recover()
        except SourceError as problem:
            self.note("server", problem.message, False)

    def _supervise(self, collector: Collector, recover: Callable[[], object] | None = None) -> None:
        topic = collector.topic

        def on_snapshot(snapshot: Snapshot) -> None:
            self._took(topic, snapshot)

        def on_health(health: SourceHealth) -> None:
            self._health_changed(topic, health)

        supervisor = Supervisor(
            collector,
            self.clock,
            on_snapshot=on_snapshot,
            on_health=on_health,
            note=self.note,
            recover=recover,  # type: ignore[arg-type]
        )
        self._supervisors[collector.name] = supervisor
        self._spawn(supervisor.run(), collector.name)

    def _took(self, topic: Topic, snapshot: Snapshot) -> None:
        store = self.store
        match snapshot:
            case LogBatch():
                errors = sum(line.level in {Level.ERROR, Level.FATAL} for line in snapshot.lines)
                errors += sum(number for _, number in snapshot.errors_skipped)
                store.history.saw_errors(errors, snapshot.taken_at)
                store.put_lines(snapshot)
                self._analysis.lines_came(snapshot)
            case InboxSnapshot():
                self._analysis.inbox_changed(snapshot)
                self._put_findings()
            case StreamsSnapshot():
                added = {s.name: s.entries_added for s in snapshot.streams if s.entries_added is not None}
                store.history.saw_added(added, snapshot.taken_at)
                store.courses.saw(snapshot)
                store.put(topic, snapshot)
                self._analysis.streams_changed(snapshot.taken_at)
                self._put_findings()
            case RunsSnapshot():
                self._tell(news.run_news(store.runs, snapshot))
                used = {r.id: r.tokens.total for r in snapshot.runs if r.tokens.total is not None}
                store.history.saw_tokens(used, snapshot.taken_at)
                store.run_history.saw(snapshot)
                store.put(topic, snapshot)
                if self._analysis.runs_changed(snapshot, store.run_history):
                    self._put_findings()
            case ReposSnapshot():
                self._tell(news.repo_news(store.repos, snapshot))
                store.put(topic, snapshot)
            case ServicesSnapshot():
                self._tell(news.service_news(store.services, snapshot))
                store.put(topic, snapshot)
            case _:
                store.put(topic, snapshot)

    def _put_findings(self) -> None:
        after = self._analysis.findings(self.clock.now_ms())
        self._tell(news.finding_news(self.store.findings, after))
        self.store.put(Topic.FINDINGS, after)

    def _health_changed(self, topic: Topic, health: SourceHealth) -> None:
        if topic is Topic.FINDINGS:
            self._inbox_health = health
        else:
            self.store.put_health(topic, health)
        if topic in {Topic.FINDINGS, Topic.STREAMS}:
            self._findings_health()
        if topic is Topic.LOGS and self._analysis.logs_judged(self.clock.now_ms()):
            self._put_findings()
        repos = self.store.repos if topic in {Topic.REPOS, Topic.RUNS} else None
        if repos is not None and self._analysis.repos_judged(repos, self.store.runs, self.clock.now_ms()):
            self._put_findings()
        if health.polls and (health.last_success is not None or health.error is not None):
            self._seen[topic].set()

    def _findings_health(self) -> None:
        """Findings are as fresh as the streams that they are judged by; the inbox has a health of its own."""
        streams, inbox = self.store.health.get(Topic.STREAMS), self._inbox_health
        worst = streams or inbox
        if streams is not None and streams.state is SourceState.LIVE and inbox is not None:
            worst = inbox if inbox.state is SourceState.ERROR else streams
        if worst is None:
            return
        state = worst.state
        if worst.state is SourceState.ERROR and self.store.streams is not None:
            state = SourceState.STALE
        self.store.put_health(Topic.FINDINGS, replace(worst, source="findings", state=state))

    def _tell(self, lines: list[news.Line]) -> None:
        for actor, step, level in lines:
            self.note(actor, step, level is not Level.ERROR, level=level)

    def _spawn(self, work: object, name: str) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work, name=name)  # type: ignore[arg-type]
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (problem := task.exception()) is not None:
            self.note(task.get_name(), f"ended by a fault: {type(problem).__name__}: {problem}", False)

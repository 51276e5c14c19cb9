"""The engine behind every face: starts collectors, keeps the store, answers queries, carries out commands."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from agentdash.core.clock import Clock, SystemClock
from agentdash.core.logs.model import Level, LogBatch, LogLine, LogRing
from agentdash.core.paths import current_folder, state_dir
from agentdash.core.settings.model import Settings
from agentdash.core.snapshot import Collector, Snapshot, SourceError, SourceHealth, SourceState, Topic
from agentdash.core.store import Store
from agentdash.core.text import printable
from agentdash.runtime.loading import load

if TYPE_CHECKING:
    from agentdash.activity import Activity
    from agentdash.core.commands import Command, Outcome
    from agentdash.core.queries import Answer, Query
    from agentdash.runtime.intake import Intake
    from agentdash.runtime.notify import Notifier
    from agentdash.runtime.supervisor import Supervisor
    from agentdash.server.find import ServerHandle

REDIS_TOPICS = (Topic.RUNS, Topic.STREAMS)
CONNECT_AGAIN = 2.0
RECOVER_EVERY = 3.0
STOP_TRIES = 10
COMMAND_S = 2.0
"""Seconds for which the end waits for commands that change something and are on their way."""
DENIED_FOR = 300.0
"""Seconds for which a command that the server's ACL forbids is not tried again."""
_LEVELS = {True: Level.INFO, False: Level.ERROR, None: Level.WARN}
"""By whether a step worked; None: that is not known."""


class Engine:
    """One engine, many faces: the dashboard, the JSON views and the demo all stand on it.

    Args:
        settings: In force for its whole life.
        clock: Where the time comes from.
        host: Stamped on every snapshot; this machine's name by default.
        cwd: What relative paths of the settings start from.
        topics: Read only these; all by default.
        untrusted: What is said of settings that are ignored since their file is not trusted, line by line.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        host: str | None = None,
        cwd: Path | None = None,
        topics: frozenset[Topic] = frozenset(Topic),
        untrusted: tuple[str, ...] = (),
    ) -> None:
        self.settings = settings
        self.untrusted = untrusted
        self.clock = clock or SystemClock()
        self.host = host or socket.gethostname()
        self.topics = topics
        self.store = Store(logs=LogRing(settings.logs.limit))
        self._cwd = cwd or current_folder()
        self.intake: Intake
        """What snapshots lead to; there from the start on."""
        self._supervisors: dict[str, Supervisor] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.handle: ServerHandle | None = None
        """The server in use; None while there is none."""
        self._activity: Activity | None = None
        self._commands: set[asyncio.Task[Outcome]] = set()
        self._seen: dict[Topic, asyncio.Event] = {topic: asyncio.Event() for topic in Topic}
        self._recovered_at = -RECOVER_EVERY
        self.look_at: Callable[[bytes], None] | None = None
        """Tells the collector of streams which one a person looks at."""
        self._tell_logs: Callable[[LogLine], None] | None = None
        self._notifier: Notifier | None = None
        self._denied: dict[str, tuple[float, str]] = {}

    @property
    def read_only(self) -> bool:
        """Whether nothing may be changed."""
        return self.settings.read_only

    @property
    def watching(self) -> bool:
        """Whether something was seen that will be a finding if it lasts longer, or is still to be judged."""
        return self.intake.analysis.watching or self.intake.analysis.unjudged(self.store.repos)

    @property
    def sources(self) -> list[SourceHealth]:
        """How each collector is doing, in the order in which they were started."""
        return [supervisor.health for supervisor in self._supervisors.values()]

    async def start(self) -> None:
        """Begin to read. Returns at once; data comes as it comes."""
        for topic in self.topics:
            self.store.put_health(topic, SourceHealth(topic.value))
        await load("agentdash.activity", "agentdash.runtime.intake", "agentdash.runtime.supervisor")
        from agentdash.activity import Activity
        from agentdash.runtime.analysis import Analysis
        from agentdash.runtime.intake import Intake

        self.intake = Intake(self.store, Analysis(self.settings, self.host), self.clock, self._tell)
        self._spawn(self._recall(), "mutes")
        self._activity = await asyncio.to_thread(
            Activity, state_dir(self.settings) / "agentdash.log", self.settings.logs.limit, self.clock
        )
        self._spawn(self._see_to_state_folder(), "state folder")
        for line in self.untrusted:
            self.note("settings", line, True, level=Level.WARN)
        if not self.topics.isdisjoint(REDIS_TOPICS) or Topic.FINDINGS in self.topics:
            self._spawn(self._connect(), "connect")
        self._spawn(self._start_local(), "local sources")

    async def stop(self) -> None:
        """End every task, give back connections and files, write the last lines of the activity log.

        Reads are cancelled; commands on their way have `COMMAND_S` to come to their end.
        """
        if self._commands:
            await asyncio.wait(self._commands, timeout=COMMAND_S)
        for command in self._commands:
            command.cancel()
        await self._end_tasks()
        if self.handle is not None:
            await self.handle.close()
            self.handle = None
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
        if topic is None:
            self._denied.clear()
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
            needs[Topic.FINDINGS] |= set(Topic)  # they are judged by all the others
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
        await load("agentdash.runtime.queries.answer")
        from agentdash.runtime.queries.answer import answer_of

        return await answer_of(self, query)

    async def dispatch(self, command: Command) -> Outcome:
        """Carry out *command*; the result is logged. Nothing is raised for what a person may cause."""
        await load("agentdash.runtime.commands.dispatch")
        from agentdash.runtime.commands.dispatch import carry_out

        task = asyncio.get_running_loop().create_task(carry_out(self, command), name="command")
        self._commands.add(task)
        task.add_done_callback(self._commands.discard)
        return await asyncio.shield(task)  # whoever asked may go: what has begun is not cut in half

    def deny(self, command: str, why: str) -> None:
        """Remember for a while that the server's ACL forbids *command*."""
        self._denied[command] = (self.clock.monotonic(), why)

    @property
    def denied(self) -> dict[str, str]:
        """Commands that the server's ACL was seen to forbid, with the reason in words.

        It may be granted meanwhile, and a server without ACL DRYRUN cannot be asked: it is tried again some
        minutes later, or once all sources are read anew.
        """
        now = self.clock.monotonic()
        return {name: why for name, (at, why) in self._denied.items() if now - at < DENIED_FOR}

    def tell(self, words: str) -> None:
        """Tell a person who looks elsewhere, by the program that the settings name, if they do."""
        if self.settings.ui.notify:
            self._spawn(self._notify(words), "notify")

    async def _notify(self, words: str) -> None:
        await load("agentdash.runtime.notify")
        from agentdash.runtime.notify import Notifier

        if self._notifier is None:
            self._notifier = Notifier(self.settings.ui.notify, self.note)
        await self._notifier.tell(words)

    def note(
        self,
        actor: str,
        step: str,
        ok: bool | None,
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
            level=level or _LEVELS[ok],
            message=printable(f"{actor}: {step}{took}"),
        )
        health = self.store.health.get(Topic.LOGS)
        if self._tell_logs is not None and health is not None and health.state is SourceState.LIVE:
            self._tell_logs(line)
        else:
            self.store.put_lines(LogBatch(taken_at=now, host=self.host, lines=(line,)))

    def _tell(self, actor: str, step: str, level: Level) -> None:
        self.note(actor, step, level is not Level.ERROR, level=level)

    async def _see_to_state_folder(self) -> None:
        """Say what is not kept where the state folder cannot be used."""
        from agentdash.files.state import make_folder

        try:
            await asyncio.to_thread(make_folder, state_dir(self.settings))
        except OSError as problem:
            what = f"{problem.filename}: {problem.strerror}"
            self.note("state", f"the activity log, mutes and logs of services are not kept: {what}", False)

    async def _recall(self) -> None:
        """What was muted before is muted now."""
        await load("agentdash.runtime.commands.findings")
        from agentdash.runtime.commands.findings import recall

        await recall(self)

    async def _start_local(self) -> None:
        from agentdash.runtime.wiring import local_collectors

        settings, clock = self.settings, self.clock
        collectors = await local_collectors(settings, self.host, clock, self._cwd, self._activity)
        from collectors.logs.collector import LogsCollector

        for collector in collectors:
            if collector.topic not in self.topics and Topic.FINDINGS not in self.topics:
                await collector.close()
                continue
            if isinstance(collector, LogsCollector):
                self._tell_logs = collector.add_line
            self._supervise(collector)

    async def _connect(self) -> None:
        """Find the server, start what reads it; try again until there is one."""
        await load("agentdash.server.find")
        from agentdash.server.find import connect

        while True:
            begun = time.perf_counter()
            try:
                self.handle = await connect(self.settings, activity=self._activity)
            except SourceError as problem:
                self._no_server(problem)
                self.note("server", problem.message, False, (time.perf_counter() - begun) * 1000)
                await asyncio.sleep(CONNECT_AGAIN)
            else:
                break
        self.store.server_label = self.handle.label
        self.note(
            "server",
            f"using {self.handle.label} ({self.handle.origin})",
            True,
            (time.perf_counter() - begun) * 1000,
        )
        from agentdash.runtime.judged import JudgedStreams
        from agentdash.runtime.queries.mentions import MentionSearch
        from agentdash.runtime.wiring import redis_collectors

        runs, streams = await redis_collectors(self.handle, self.settings, self.host, self.clock)
        self.look_at = streams.look_at
        analysis, mentions = self.intake.analysis, MentionSearch(self.clock)
        judged = JudgedStreams(streams, analysis, self.store, self.settings.streams, mentions)
        for collector in (runs, judged):
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
        self.intake.findings_health()

    async def _recover(self) -> None:
        now = self.clock.monotonic()
        if self.handle is None or now - self._recovered_at < RECOVER_EVERY:
            return
        self._recovered_at = now
        try:
            await self.handle.recover()
        except SourceError as problem:
            self.note("server", problem.message, False)

    def took(self, topic: Topic, snapshot: Snapshot) -> None:
        """Take what a collector has read."""
        self.intake.took(topic, snapshot)

    def _supervise(self, collector: Collector, recover: Callable[[], object] | None = None) -> None:
        from agentdash.runtime.supervisor import Supervisor

        topic = collector.topic

        def on_snapshot(snapshot: Snapshot) -> None:
            self.took(topic, snapshot)

        def on_health(health: SourceHealth) -> None:
            if topic in REDIS_TOPICS and health.state is SourceState.LIVE:
                self._wake_others(topic)
            self.intake.health_changed(topic, health)
            if health.polls and (health.last_success is not None or health.error is not None):
                self._seen[topic].set()

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

    def _wake_others(self, topic: Topic) -> None:
        """The server answers *topic* again: what else stands on it need not wait until it is tried again."""
        before = self.store.health.get(topic)
        if before is None or before.state is not SourceState.ERROR:
            return
        for supervisor in self._supervisors.values():
            of = supervisor.collector.topic
            if of in REDIS_TOPICS and of is not topic and supervisor.health.state is SourceState.ERROR:
                supervisor.wake()

    def _spawn(self, work: object, name: str) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work, name=name)  # type: ignore[arg-type]
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task in self._tasks:
            self._tasks.remove(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            self.note(task.get_name(), f"ended by a fault: {type(problem).__name__}: {problem}", False)

"""The engine behind every front end: it polls collectors, keeps the store, answers queries, runs commands."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from agentdash.core.clock import Clock, SystemClock
from agentdash.core.logs.model import Level, LogRing
from agentdash.core.paths import current_folder, state_dir
from agentdash.core.settings.model import Settings
from agentdash.core.snapshot import Collector, Snapshot, SourceHealth, Topic
from agentdash.core.store import Store
from agentdash.runtime.loading import load
from agentdash.runtime.notes import Notes
from agentdash.runtime.tasks import Tasks

if TYPE_CHECKING:
    from agentdash.core.commands import Command, Outcome
    from agentdash.core.queries import Answer, Query
    from agentdash.runtime.intake import Intake
    from agentdash.runtime.notify import Notifier
    from agentdash.runtime.sources import Sources
    from agentdash.server.find import ServerHandle

COMMAND_S = 2.0
"""Seconds that `Engine.stop` waits for commands that change something and are under way."""
DENIED_FOR = 300.0
"""Seconds for which a command that the server's ACL forbids is not tried again."""


class Engine:
    """The dashboard, the JSON views and the demo each run on one engine.

    Args:
        settings: In force for its whole life.
        clock: Source of all times.
        host: Stamped on every snapshot; this machine's name by default.
        cwd: Base of relative paths in the settings.
        topics: Poll only these; all by default.
        untrusted: Warnings about settings that are ignored because their file is not trusted.

    Attributes:
        intake: Receives what is read; set by `start`.
        sources: The collectors; None before `start`.
        handle: The server in use; None while there is none.
        read_in_full: Makes the collector of streams read one of them in full for a while.
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
        self.note = Notes(self.store, self.clock, self.host, shown=Topic.LOGS in topics)
        self.intake: Intake
        self.sources: Sources | None = None
        self.handle: ServerHandle | None = None
        self.read_in_full: Callable[[bytes], None] | None = None
        self._cwd = cwd or current_folder()
        self._tasks = Tasks(self.note)
        self._commands: set[asyncio.Task[Outcome]] = set()
        self._notifier: Notifier | None = None
        self._denied: dict[str, tuple[float, str]] = {}

    @property
    def read_only(self) -> bool:
        """Whether commands are refused."""
        return self.settings.read_only

    @property
    def health(self) -> list[SourceHealth]:
        """Of each collector, in the order in which they were started."""
        return self.sources.health if self.sources else []

    async def start(self) -> None:
        """Begin to poll. Returns at once; data arrives as it is read."""
        for topic in self.topics:
            self.store.put_health(topic, SourceHealth(topic.value))
        await load("agentdash.activity", "agentdash.runtime.sources")
        from agentdash.activity import Activity
        from agentdash.runtime.analysis import Analysis
        from agentdash.runtime.intake import Intake
        from agentdash.runtime.sources import REDIS_TOPICS, Sources

        self.intake = Intake(self.store, Analysis(self.settings, self.host), self.clock, self.note)
        self.sources = Sources(self.intake, self.receive, self.clock, self.note, self._tasks)
        self._tasks.spawn(self._load_mutes(), "mutes")
        self.note.activity = await asyncio.to_thread(
            Activity, state_dir(self.settings) / "agentdash.log", self.settings.logs.limit, self.clock
        )
        self._tasks.spawn(self._make_state_folder(), "state folder")
        for line in self.untrusted:
            self.note("settings", line, True, level=Level.WARN)
        if any(map(self._is_needed, REDIS_TOPICS)):
            self._tasks.spawn(self._connect(), "connect")
        self._tasks.spawn(self._start_local(), "local sources")

    async def stop(self) -> None:
        """Cancel all tasks, close connections and files, write the last lines of the activity log.

        Reads are cancelled; commands under way have `COMMAND_S` seconds to end.
        """
        if self._commands:
            await asyncio.wait(self._commands, timeout=COMMAND_S)
        for command in self._commands:
            command.cancel()
        await self._tasks.cancel()
        if self.handle is not None:
            await self.handle.close()
            self.handle = None
        if self.note.activity is not None:
            await asyncio.to_thread(self.note.activity.close)
            self.note.activity = None

    def refresh(self, topic: Topic | None = None) -> None:
        """Poll one topic, or all, now."""
        if topic is None:
            self._denied.clear()
        if self.sources is not None:
            self.sources.wake(topic)

    async def first_pass(self, timeout: float) -> set[Topic]:  # noqa: ASYNC109 - a bound, not a cancellation
        """Wait at most *timeout* seconds until each topic was polled once; those that were not in time."""
        if self.sources is None:
            return set(self.topics)
        return await self.sources.first_pass(self.topics, timeout)

    async def ask(self, query: Query) -> Answer:
        """Read details on demand: pending entries, messages, events, diffs.

        Raises:
            SourceError: when the source cannot be read.
        """
        await load("agentdash.runtime.queries.answer")
        from agentdash.runtime.queries.answer import answer_of

        return await answer_of(self, query)

    async def dispatch(self, command: Command) -> Outcome:
        """Carry out *command* and note the result. Failures that a person may cause are outcomes."""
        await load("agentdash.runtime.commands.dispatch")
        from agentdash.runtime.commands.dispatch import carry_out

        task = asyncio.get_running_loop().create_task(carry_out(self, command), name="command")
        self._commands.add(task)
        task.add_done_callback(self._commands.discard)
        return await asyncio.shield(task)  # a caller that is cancelled does not interrupt the command

    def deny(self, command: str, why: str) -> None:
        """Remember for `DENIED_FOR` seconds that the server's ACL forbids *command*."""
        self._denied[command] = (self.clock.monotonic(), why)

    @property
    def denied(self) -> dict[str, str]:
        """Commands that the server's ACL was seen to forbid, with the reason.

        The right may be granted meanwhile, and a server without ACL DRYRUN cannot be asked: it is tried again
        some minutes later, or once all sources are refreshed.
        """
        now = self.clock.monotonic()
        return {name: why for name, (at, why) in self._denied.items() if now - at < DENIED_FOR}

    def notify(self, message: str) -> None:
        """Send a desktop notification by the program in the settings, if there is one."""
        if self.settings.ui.notify:
            self._tasks.spawn(self._notify(message), "notify")

    def receive(self, topic: Topic, snapshot: Snapshot) -> None:
        """Store and analyse what a collector has read."""
        self.intake.receive(topic, snapshot)

    async def supervise(
        self, collector: Collector, recover: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Poll *collector* if its topic is needed; else close it."""
        if self.sources is not None and self._is_needed(collector.topic):
            self.sources.add(collector, recover)
        else:
            await collector.close()

    def _is_needed(self, topic: Topic) -> bool:
        """Whether *topic* is polled: findings need all."""
        return topic in self.topics or Topic.FINDINGS in self.topics

    async def _connect(self) -> None:
        await load("agentdash.runtime.connection")
        from agentdash.runtime.connection import Connection

        await Connection(self).connect()

    async def _start_local(self) -> None:
        from agentdash.runtime.wiring import local_collectors

        activity = self.note.activity
        local = await local_collectors(self.settings, self.host, self.clock, self._cwd, activity)
        self.note.add_line = local.add_line
        for collector in local.collectors:
            await self.supervise(collector)

    async def _notify(self, message: str) -> None:
        await load("agentdash.runtime.notify")
        from agentdash.runtime.notify import Notifier

        if self._notifier is None:
            self._notifier = Notifier(self.settings.ui.notify, self.note)
        await self._notifier.send(message)

    async def _make_state_folder(self) -> None:
        """Create the state folder; note what is not kept where it cannot be used."""
        from agentdash.files.state import make_folder

        try:
            await asyncio.to_thread(make_folder, state_dir(self.settings))
        except OSError as problem:
            what = f"{problem.filename}: {problem.strerror}"
            self.note("state", f"the activity log, mutes and logs of services are not kept: {what}", False)

    async def _load_mutes(self) -> None:
        """Apply the mutes of earlier sessions."""
        await load("agentdash.runtime.commands.findings")
        from agentdash.runtime.commands.findings import load_mutes

        await load_mutes(self)

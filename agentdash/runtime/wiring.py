"""Creates the collectors with what each needs. Drivers are imported here, late."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from agentdash.core.clock import Clock
from agentdash.core.logs.model import LogLine
from agentdash.core.paths import service_log, service_logs
from agentdash.core.runs.model import RunKeys
from agentdash.core.settings.model import Settings
from agentdash.core.snapshot import Collector, Snapshot, SourceError, Topic
from agentdash.core.text import printable
from agentdash.runtime.loading import load

if TYPE_CHECKING:
    from agentdash.activity import Activity
    from agentdash.server.find import ServerHandle
    from collectors.streams.collector import StreamsCollector


@dataclass(slots=True)
class LocalCollectors:
    """The collectors of this machine.

    Attributes:
        add_line: Hands a line that the engine writes to the collector of logs; None where that failed.
    """

    collectors: list[Collector] = field(default_factory=list)
    add_line: Callable[[LogLine], None] | None = None


def project_roots(settings: Settings, cwd: Path) -> tuple[Path, ...]:
    """The root folders of repositories: as set, else ``~/PROJECTS``, else *cwd*."""
    if settings.projects:
        return tuple(Path(os.path.expanduser(root)) for root in settings.projects)  # noqa: PTH111 - never raises
    try:
        default = Path.home() / "PROJECTS"
    except RuntimeError:
        return (cwd,)
    return (default if default.is_dir() else cwd,)


def log_sources(settings: Settings) -> tuple[tuple[str, str], ...]:
    """(name, path or glob) of every followed log: those of services, then the files of the settings."""
    folder = service_logs(settings)
    logs = ((service.name, service_log(service, folder)) for service in settings.services)
    of_services = tuple((name, str(path)) for name, path in logs if path is not None)
    seen = {path for _, path in of_services}
    files = tuple((Path(path).stem, path) for path in settings.logs.files if path not in seen)
    return of_services + files


def _within(settings: Settings, key: str) -> Path | None:
    """The folder that confines paths of the setting *key*."""
    folder = settings.confined.get(key)
    return None if folder is None else Path(folder)


def confined_logs(settings: Settings) -> dict[str, Path]:
    """The confined paths of `log_sources`, each with its folder."""
    folder = _within(settings, "logs.files")
    found = dict.fromkeys(settings.logs.files, folder) if folder is not None else {}
    if (of_services := _within(settings, "services")) is not None:
        logs = (service_log(service, service_logs(settings)) for service in settings.services if service.log)
        found |= {str(path): of_services for path in logs if path is not None}
    return found


async def local_collectors(
    settings: Settings, host: str, clock: Clock, cwd: Path, activity: Activity | None = None
) -> LocalCollectors:
    """Those that read this machine; *activity* is the activity log as this process writes it."""
    await load(
        "collectors.logs.collector",
        "collectors.repos.collector",
        "collectors.services.collector",
        "collectors.inbox.collector",
    )
    from collectors.inbox.collector import InboxCollector
    from collectors.logs.activity import ActivityLogFile
    from collectors.logs.collector import LogsCollector
    from collectors.repos.collector import ReposCollector
    from collectors.services.collector import ServicesCollector

    roots = project_roots(settings, cwd)
    own = ActivityLogFile(activity.path, activity.wrote) if activity is not None else None
    started = service_logs(settings) if settings.logs.started else None
    local = LocalCollectors()

    def logs() -> LogsCollector:
        sources, confined = log_sources(settings), confined_logs(settings)
        collector = LogsCollector(
            sources, settings.logs, host, clock, own=own, started=started, confined=confined
        )
        local.add_line = collector.add_line
        return collector

    def repos() -> ReposCollector:
        return ReposCollector(roots, settings.repos, host, clock, within=_within(settings, "projects"))

    def services() -> ServicesCollector:
        return ServicesCollector(
            settings.services,
            roots,
            host,
            clock,
            service_logs(settings),
            described_in=settings.services_from or None,
            within=_within(settings, "services"),
        )

    def inbox() -> InboxCollector:
        return InboxCollector(settings.findings, cwd, host, clock, within=_within(settings, "findings.inbox"))

    local.collectors = [
        made(LogsCollector, logs),
        made(ReposCollector, repos),
        made(ServicesCollector, services),
        made(InboxCollector, inbox),
    ]
    return local


def made(kind: type[Collector], make: Callable[[], Collector]) -> Collector:
    """What *make* returns; where it fails, a collector that reports it. The others start all the same."""
    try:
        return make()
    except Exception as fault:  # noqa: BLE001 - a source that fails must not affect others
        return NotStarted(kind.name, kind.topic, f"{type(fault).__name__}: {fault}")


class NotStarted(Collector):
    """Replaces a collector whose constructor failed, and reports why."""

    cadence = 5.0
    timeout = 5.0

    def __init__(self, name: str, topic: Topic, why: str) -> None:
        self.name = name
        self.topic = topic
        self._why = why

    async def collect(self) -> Snapshot | None:
        """Report the failure.

        Raises:
            SourceError: always.
        """
        raise SourceError(f"{self.name} cannot be started: {printable(self._why)}.", "Please report it.")

    async def close(self) -> None:
        """Nothing is open."""


async def redis_collectors(
    handle: ServerHandle, settings: Settings, host: str, clock: Clock
) -> tuple[Collector, StreamsCollector]:
    """Those that read the server: runs, streams."""
    await load("collectors.streams.collector", "collectors.runs.collector")
    from collectors.runs.collector import RunsCollector
    from collectors.streams.collector import StreamsCollector

    keys = RunKeys(settings.runs.prefix)
    return (
        RunsCollector(handle.client, settings.runs, host, clock),
        StreamsCollector(handle.client, settings.streams, keys, host, clock),
    )

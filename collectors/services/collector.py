"""Collects services: configured, declared in project files, and discovered by their listening ports."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from agentdash.core.clock import Clock
from agentdash.core.paths import real_path
from agentdash.core.services.model import ServicesSnapshot
from agentdash.core.settings.model import ServiceSettings
from agentdash.core.snapshot import Collector, SourceError, Topic
from collectors.services.declared import DeclaredServices
from collectors.services.match import DiscoveredService, Match, discover, find_process
from collectors.services.processes import ProcessTable
from collectors.services.tracked import TrackedService

SCAN_EVERY = 3.0
"""Seconds between two scans of all processes while every service is up."""

_SCAN_WHEN_DOWN = 1.0
_DISCOVERED_KEPT_S = 300.0


class ServicesCollector(Collector):
    """Collects `ServicesSnapshot`; psutil is used in its own thread.

    Args:
        services: Those of the settings.
        roots: Folders below which listening processes are services too.
        host: For snapshots.
        clock: The clock.
        logs: Folder for the output of services started by agentdash that have no log of their own.
        described_in: The settings file that describes *services*.
        within: The folder that pid files and logs of *services* may not lead out of.
    """

    name = "services"
    topic = Topic.SERVICES
    cadence = 1.0
    timeout = 5.0

    def __init__(
        self,
        services: tuple[ServiceSettings, ...],
        roots: tuple[Path, ...],
        host: str,
        clock: Clock,
        logs: Path | None = None,
        *,
        described_in: str | None = None,
        within: Path | None = None,
    ) -> None:
        self._within = within
        self._roots = tuple(map(real_path, roots))
        self._host = host
        self._clock = clock
        self._logs = logs
        self._thread = ThreadPoolExecutor(1, "services")
        self._table = ProcessTable()
        self._scanned_at: float | None = None
        self._configured = [
            TrackedService(service, clock, logs=logs, described_in=described_in, within=within)
            for service in services
        ]
        self._found: dict[str, TrackedService] = {}
        self._files = DeclaredServices(self._roots)
        self._declared: dict[str, TrackedService] = {}

    async def collect(self) -> ServicesSnapshot | None:
        """Sample all services.

        Raises:
            SourceError: when none are configured and there is no root to discover some in.
        """
        if not self._configured and not self._roots:
            raise SourceError(
                "No services configured.", "Add them under [[services]] in the settings.", absent=True
            )
        for tracked in self._configured:
            if tracked.prober is not None:
                tracked.prober.start()
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._pass)

    async def close(self) -> None:
        """Stop the probes and the thread."""
        for tracked in self._configured:
            if tracked.prober is not None:
                await tracked.prober.stop()
        self._thread.shutdown(wait=False)

    def _pass(self) -> ServicesSnapshot:
        if self._scan_is_due():
            self._scan()
        services = tuple(tracked.sample() for tracked in self._all())
        return ServicesSnapshot(self._clock.now_ms(), self._host, services, self._files.left_out)

    def _all(self) -> tuple[TrackedService, ...]:
        return (*self._configured, *self._declared.values(), *self._found.values())

    def _scan_is_due(self) -> bool:
        if self._scanned_at is None:
            return True
        age = self._clock.monotonic() - self._scanned_at
        if age >= SCAN_EVERY or any(tracked.has_exited() for tracked in self._configured):
            return True
        return age >= _SCAN_WHEN_DOWN and any(tracked.known is None for tracked in self._configured)

    def _scan(self) -> None:
        self._scanned_at = self._clock.monotonic()
        self._table.scan()
        taken: set[int] = set()
        for tracked in self._configured:
            tracked.update(find_process(tracked.settings, self._table, self._within), self._table)
            taken |= tracked.family()
        self._match_declared(taken)
        self._discover(taken)

    def _match_declared(self, taken: set[int]) -> None:
        """Match declared services, except configured ones and those whose process is *taken*."""
        names = {tracked.settings.name for tracked in self._configured}
        before, self._declared = self._declared, {}
        for declared in self._files.read(self._clock.monotonic()):
            settings = declared.settings
            if settings.name in names:
                continue
            tracked = before.get(settings.name)
            if tracked is None or (tracked.settings, tracked.script) != (settings, declared.script):
                tracked = TrackedService(
                    settings, self._clock, origin=declared.origin, script=declared.script, logs=self._logs
                )
            match = find_process(settings, self._table)
            if match.known is not None and match.known.process.pid in taken:
                match = Match(None)
            tracked.update(match, self._table)
            taken |= tracked.family()
            self._declared[settings.name] = tracked

    def _discover(self, taken: set[int]) -> None:
        found = {
            service.name: (service, known) for service, known in discover(self._roots, self._table, taken)
        }
        for name, (service, _) in found.items():
            if name not in self._found:
                self._found[name] = TrackedService(_settings(service), self._clock, found=True)
        now = self._clock.now_ms()
        for name, tracked in list(self._found.items()):
            known = found[name][1] if name in found else None
            if known is None and tracked.known is not None and tracked.known.process.pid in taken:
                del self._found[name]  # its process belongs to a configured service now
                continue
            tracked.update(Match(known), self._table)
            if tracked.down_since is not None and now - tracked.down_since > _DISCOVERED_KEPT_S * 1000:
                del self._found[name]
        self._found = dict(sorted(self._found.items()))


def _settings(found: DiscoveredService) -> ServiceSettings:
    return ServiceSettings(name=found.name, port=found.port, cwd=found.cwd)

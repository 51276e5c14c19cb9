"""The services: those of the settings, and those that listen below the roots."""

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
from collectors.services.follow import Followed
from collectors.services.match import Found, Match, discover, match
from collectors.services.processes import Table

SCAN_EVERY = 3.0
"""Seconds between two looks at all processes while every service is up."""

_SCAN_WHEN_DOWN = 1.0
_FOUND_KEPT = 300.0


class ServicesCollector(Collector):
    """Follows services; psutil is used in one thread of its own.

    Args:
        services: Those of the settings.
        roots: Folders below which listening processes are services too.
        host: Stamped on every snapshot.
        clock: Where the time comes from.
        logs: Folder for the output of services that have no log of their own, where agentdash starts them.
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
        self._table = Table()
        self._scanned_at: float | None = None
        self._configured = [
            Followed(service, clock, logs=logs, described_in=described_in, within=within)
            for service in services
        ]
        self._found: dict[str, Followed] = {}
        self._files = DeclaredServices(self._roots)
        self._declared: dict[str, Followed] = {}

    async def collect(self) -> ServicesSnapshot | None:
        """Look at all services once.

        Raises:
            SourceError: where there are none and none could be found.
        """
        if not self._configured and not self._roots:
            raise SourceError(
                "No services are known.", "Describe them under [[services]] in the settings.", absent=True
            )
        for followed in self._configured:
            if followed.prober is not None:
                followed.prober.start()
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._pass)

    async def close(self) -> None:
        """End the probes and the thread."""
        for followed in self._configured:
            if followed.prober is not None:
                await followed.prober.stop()
        self._thread.shutdown(wait=False)

    def _pass(self) -> ServicesSnapshot:
        if self._scan_is_due():
            self._scan()
        services = tuple(followed.look() for followed in self._all())
        return ServicesSnapshot(self._clock.now_ms(), self._host, services, self._files.left_out)

    def _all(self) -> tuple[Followed, ...]:
        return (*self._configured, *self._declared.values(), *self._found.values())

    def _scan_is_due(self) -> bool:
        if self._scanned_at is None:
            return True
        age = self._clock.monotonic() - self._scanned_at
        if age >= SCAN_EVERY or any(followed.gone() for followed in self._configured):
            return True
        return age >= _SCAN_WHEN_DOWN and any(followed.known is None for followed in self._configured)

    def _scan(self) -> None:
        self._scanned_at = self._clock.monotonic()
        self._table.scan()
        taken: set[int] = set()
        for followed in self._configured:
            followed.match(match(followed.settings, self._table, self._within), self._table)
            taken |= followed.family()
        self._match_declared(taken)
        self._discover(taken)

    def _match_declared(self, taken: set[int]) -> None:
        """Those of files: none that is configured, too, and none that has another's process."""
        names = {followed.settings.name for followed in self._configured}
        before, self._declared = self._declared, {}
        for declared in self._files.look(self._clock.monotonic()):
            settings = declared.settings
            if settings.name in names:
                continue
            followed = before.get(settings.name)
            if followed is None or (followed.settings, followed.script) != (settings, declared.script):
                followed = Followed(
                    settings, self._clock, origin=declared.origin, script=declared.script, logs=self._logs
                )
            found = match(settings, self._table)
            if found.known is not None and found.known.process.pid in taken:
                found = Match(None)
            followed.match(found, self._table)
            taken |= followed.family()
            self._declared[settings.name] = followed

    def _discover(self, taken: set[int]) -> None:
        found = {
            service.name: (service, known) for service, known in discover(self._roots, self._table, taken)
        }
        for name, (service, _) in found.items():
            if name not in self._found:
                self._found[name] = Followed(_settings(service), self._clock, found=True)
        now = self._clock.now_ms()
        for name, followed in list(self._found.items()):
            known = found[name][1] if name in found else None
            if known is None and followed.known is not None and followed.known.process.pid in taken:
                del self._found[name]  # a configured one took it
                continue
            followed.match(Match(known), self._table)
            if followed.down_since is not None and now - followed.down_since > _FOUND_KEPT * 1000:
                del self._found[name]
        self._found = dict(sorted(self._found.items()))


def _settings(found: Found) -> ServiceSettings:
    return ServiceSettings(name=found.name, port=found.port, cwd=found.cwd)

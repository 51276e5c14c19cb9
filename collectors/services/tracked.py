"""Tracks one service over time: its process, restarts and state."""

from __future__ import annotations

from collections import deque
from pathlib import Path

from agentdash.core.clock import Clock
from agentdash.core.paths import service_log
from agentdash.core.secrets.safe_text import safe_text
from agentdash.core.services.model import Service, ServiceState
from agentdash.core.settings.model import ServiceSettings
from agentdash.processes import EXIT_CODES
from collectors.services.last_line import LastLine
from collectors.services.match import Match
from collectors.services.probe import Prober
from collectors.services.processes import Identity, ProcessInfo, ProcessTable
from collectors.services.usage import ProcessUsage, UsageSampler, shown_command

STARTING = 30.0
"""Seconds after its start during which a service may not respond yet."""
FLAPPING_STARTS = 3
"""New processes within `FLAPPING_SPAN` seconds that make a service flapping."""
FLAPPING_SPAN = 60.0

_FLAPPING_DOWN = 15.0
_NOT_OURS = "agentdash did not start it: only a process's parent gets its exit code"


class TrackedService:
    """One service, tracked by (pid, create time) of its process.

    Args:
        settings: Its settings.
        clock: The clock.
        found: Whether it was discovered, not configured.
        origin: The file that declares it, or None.
        script: The script that its command runs by name.
        logs: Folder of the logs that agentdash keeps for services that have none.
        described_in: The settings file that describes it.
        within: The folder that its log may not lead out of.
    """

    def __init__(
        self,
        settings: ServiceSettings,
        clock: Clock,
        *,
        found: bool = False,
        origin: str | None = None,
        script: str | None = None,
        logs: Path | None = None,
        described_in: str | None = None,
        within: Path | None = None,
    ) -> None:
        self.settings = settings
        self.described_in = described_in
        self._start_command = safe_text(settings.command) if settings.command else None
        self.found = found
        self.origin = origin
        self.script = script
        self._unseen = False
        self.prober = Prober(settings.probe, clock) if settings.probe else None
        self.known: ProcessInfo | None = None
        self.down_since: int | None = None
        self._clock = clock
        self._log = service_log(settings, logs)
        self._last_line = LastLine(self._log, within) if self._log is not None else None
        self._children: tuple[ProcessInfo, ...] = ()
        self._ports: tuple[int, ...] = ()
        self._restarts = 0
        self._starts: deque[float] = deque(maxlen=FLAPPING_STARTS)
        self._seen = False
        self._error: str | None = None
        self._ended: Identity | None = None
        self._exit_code: int | None = None
        self._usage_sampler = UsageSampler()

    def family(self) -> set[int]:
        """The pids of its process and descendants."""
        return (
            set()
            if self.known is None
            else {self.known.process.pid, *(c.process.pid for c in self._children)}
        )

    def has_exited(self) -> bool:
        """Whether its process has exited since the last sample."""
        return self.known is not None and not self.known.process.is_running()

    def update(self, match: Match, table: ProcessTable) -> None:
        """Set its process, as found in a scan of all processes."""
        self._error = match.error
        self._unseen = match.unseen
        known = match.known
        if self.known is not None and (known is None or known.identity == self.known.identity):
            known = self.known if not self.has_exited() else None
        if known is None:
            self._lose()
            return
        if self.known is None or known.identity != self.known.identity:
            self._begin(known)
        self._children = tuple(table.children(known.process.pid))
        self._ports = table.ports(self.family())

    def sample(self) -> Service:
        """Measure it."""
        now, now_ms = self._clock.monotonic(), self._clock.now_ms()
        usage = (
            self._usage_sampler.sample(self.known, self._children, now) if self.known is not None else None
        )
        if usage is None:
            self._lose()
        if self._last_line is not None:
            self._last_line.poll()
        known = self.known
        usage = usage or ProcessUsage()
        code = self._current_exit_code(usage)
        return Service(
            name=self.settings.name,
            state=self._state(usage, now, now_ms),
            pid=known.process.pid if known else None,
            create_time=int(known.created * 1000) if known else None,
            command=shown_command(known) if known else None,
            cwd=safe_text(known.cwd) if known and known.cwd else None,
            cpu_percent=usage.cpu_percent,
            cpu_history=tuple(self._usage_sampler.cpu_history),
            rss_bytes=usage.rss,
            rss_trend=self._usage_sampler.trend() if known else None,
            threads=usage.threads,
            open_files=usage.files,
            children=usage.children if known else None,
            processes=usage.processes,
            ports=self._ports or ((self.settings.port,) if self._unseen and self.settings.port else ()),
            restarts=self._restarts,
            down_since=self.down_since,
            exit_code=code,
            exit_unknown=_NOT_OURS if code is None and self._ended is not None else None,
            probe=self.prober.latest if self.prober else None,
            last_line=self._last_line.text if self._last_line else None,
            last_line_at=self._last_line.at if self._last_line else None,
            error=self._error,
            origin=self.origin,
            described_in=self.described_in,
            start_command=self._start_command,
            start_exact=self.settings.command,
            start_folder=self.settings.cwd,
            start_script=self.script,
            log=str(self._log) if self._log is not None else None,
            found=self.found,
        )

    def _begin(self, known: ProcessInfo) -> None:
        if self._is_own_child(known):
            self._ended = None
        elif self._seen:
            self._end()
            self._restarts += 1
            self._starts.append(self._clock.monotonic())
        self._seen = True
        self.known, self.down_since = known, None
        self._usage_sampler = UsageSampler()

    def _is_own_child(self, known: ProcessInfo) -> bool:
        """Whether *known* was a child of its process: it forked into the background and continues."""
        return any(known.identity == child.identity for child in self._children)

    def _lose(self) -> None:
        if self.known is not None:
            self.down_since = self._clock.now_ms()
            self._end()
        self.known = None
        self._children, self._ports = (), ()

    def _end(self) -> None:
        if self.known is not None:
            self._ended, self._exit_code = self.known.identity, None

    def _current_exit_code(self, usage: ProcessUsage) -> int | None:
        """The exit code of the process that exited last (also of a zombie); None where unknown."""
        if usage.zombie and usage.exit_code is not None and self.known is not None:
            pid, created = self.known.identity
            EXIT_CODES.put(pid, round(created * 1000), usage.exit_code)  # its parent will reap it
            return usage.exit_code
        if self._ended is not None and self._exit_code is None:
            pid, created = self._ended
            self._exit_code = EXIT_CODES.code_of(pid, round(created * 1000))
        return self._exit_code if self._ended is not None else None

    def _state(self, usage: ProcessUsage, now: float, now_ms: int) -> ServiceState:
        flapping = len(self._starts) == FLAPPING_STARTS and now - self._starts[0] <= FLAPPING_SPAN
        if self.known is None:
            if self._error is not None:
                return ServiceState.UNKNOWN
            if self._unseen:
                return ServiceState.UP
            lately = self.down_since is not None and now_ms - self.down_since < _FLAPPING_DOWN * 1000
            return ServiceState.FLAPPING if flapping and lately else ServiceState.DOWN
        if usage.zombie:
            return ServiceState.ZOMBIE
        if flapping:
            return ServiceState.FLAPPING
        if now_ms - self.known.created * 1000 < STARTING * 1000 and not self._is_responding():
            return ServiceState.STARTING
        return ServiceState.UP

    def _is_responding(self) -> bool:
        if self.settings.port is not None and self.settings.port not in self._ports:
            return False
        return self.prober is None or self.prober.latest.ok is True

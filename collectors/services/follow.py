"""One service over time: its process, its restarts, and what state that makes."""

from __future__ import annotations

from collections import deque
from pathlib import Path

from agentdash.core.clock import Clock
from agentdash.core.paths import service_log
from agentdash.core.secrets.safe_text import safe_text
from agentdash.core.services.model import Service, ServiceState
from agentdash.core.settings.model import ServiceSettings
from agentdash.processes import ENDS
from collectors.services.match import Match
from collectors.services.probe import Prober
from collectors.services.processes import Identity, Known, Table
from collectors.services.sample import Sampler, Usage, shown_command
from collectors.services.tail import LastLine

STARTING = 30.0
"""Seconds after its start in which a service need not answer yet."""
FLAPPING_STARTS = 3
"""New processes within `FLAPPING_SPAN` that make a service a flapping one."""
FLAPPING_SPAN = 60.0

_DOWN_FOR_GOOD = 15.0
_NOT_OURS = "agentdash did not start it: only a process's parent learns how it ended"


class Followed:
    """Follows one service by (pid, create time): a process id that is used again is another process.

    Args:
        settings: What is known of it.
        clock: Where the time comes from.
        found: Whether it was found, not configured.
        origin: The file that declares it, where one does.
        script: What its command runs by a name of that file.
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
        self.known: Known | None = None
        self.down_since: int | None = None
        self._clock = clock
        self._log = service_log(settings, logs)
        self._last_line = LastLine(self._log, within) if self._log is not None else None
        self._children: tuple[Known, ...] = ()
        self._ports: tuple[int, ...] = ()
        self._restarts = 0
        self._starts: deque[float] = deque(maxlen=FLAPPING_STARTS)
        self._seen = False
        self._error: str | None = None
        self._ended: Identity | None = None
        self._exit_code: int | None = None
        self._sampler = Sampler()

    def family(self) -> set[int]:
        """The process ids that belong to it."""
        return (
            set()
            if self.known is None
            else {self.known.process.pid, *(c.process.pid for c in self._children)}
        )

    def gone(self) -> bool:
        """Whether its process ended since it was last looked at."""
        return self.known is not None and not self.known.process.is_running()

    def match(self, match: Match, table: Table) -> None:
        """Take what a scan of all processes found."""
        self._error = match.error
        self._unseen = match.unseen
        known = match.known
        if self.known is not None and (known is None or known.identity == self.known.identity):
            known = self.known if not self.gone() else None
        if known is None:
            self._lose()
            return
        if self.known is None or known.identity != self.known.identity:
            self._begin(known)
        self._children = tuple(table.children(known.process.pid))
        self._ports = table.ports(self.family())

    def look(self) -> Service:
        """Measure, and say how it is."""
        now, now_ms = self._clock.monotonic(), self._clock.now_ms()
        usage = self._sampler.sample(self.known, self._children, now) if self.known is not None else None
        if usage is None:
            self._lose()
        if self._last_line is not None:
            self._last_line.look()
        known = self.known
        usage = usage or Usage()
        code = self._code(usage)
        return Service(
            name=self.settings.name,
            state=self._state(usage, now, now_ms),
            pid=known.process.pid if known else None,
            create_time=int(known.created * 1000) if known else None,
            command=shown_command(known) if known else None,
            cwd=safe_text(known.cwd) if known and known.cwd else None,
            cpu_percent=usage.cpu_percent,
            cpu_history=tuple(self._sampler.cpu_history),
            rss_bytes=usage.rss,
            rss_trend=self._sampler.trend() if known else None,
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

    def _begin(self, known: Known) -> None:
        if self._lived_before(known):
            self._ended = None
        elif self._seen:
            self._end()
            self._restarts += 1
            self._starts.append(self._clock.monotonic())
        self._seen = True
        self.known, self.down_since = known, None
        self._sampler = Sampler()

    def _lived_before(self, known: Known) -> bool:
        """Whether *known* was its child a moment ago: it went to the background by forking, and goes on."""
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

    def _code(self, usage: Usage) -> int | None:
        """How the process that ended last did so; a zombie has ended too. None where that is not known."""
        if usage.zombie and usage.exit_code is not None and self.known is not None:
            pid, created = self.known.identity
            ENDS.put(pid, round(created * 1000), usage.exit_code)  # its parent will take it away
            return usage.exit_code
        if self._ended is not None and self._exit_code is None:
            pid, created = self._ended
            self._exit_code = ENDS.code_of(pid, round(created * 1000))
        return self._exit_code if self._ended is not None else None

    def _state(self, usage: Usage, now: float, now_ms: int) -> ServiceState:
        flapping = len(self._starts) == FLAPPING_STARTS and now - self._starts[0] <= FLAPPING_SPAN
        if self.known is None:
            if self._error is not None:
                return ServiceState.UNKNOWN
            if self._unseen:
                return ServiceState.UP
            lately = self.down_since is not None and now_ms - self.down_since < _DOWN_FOR_GOOD * 1000
            return ServiceState.FLAPPING if flapping and lately else ServiceState.DOWN
        if usage.zombie:
            return ServiceState.ZOMBIE
        if flapping:
            return ServiceState.FLAPPING
        if now_ms - self.known.created * 1000 < STARTING * 1000 and not self._answers():
            return ServiceState.STARTING
        return ServiceState.UP

    def _answers(self) -> bool:
        if self.settings.port is not None and self.settings.port not in self._ports:
            return False
        return self.prober is None or self.prober.latest.ok is True

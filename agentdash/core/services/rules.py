"""The rules about services: crash loops and services that are down. Pure: they yield symptoms.

Starts and stops requested by the user, and unknown values, raise nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from agentdash.core.findings.model import Severity, Symptom
from agentdash.core.findings.symptom_text import identity, shell_command, shell_path
from agentdash.core.services.model import Service, ServicesSnapshot, ServiceState, exit_text
from agentdash.core.units import age

WATCHER = "SERVICE_WATCHER"
OPEN_AFTER_S = 3.0
"""Seconds that a symptom lasts before its finding is opened, and is absent before it is resolved."""
RESTARTS = 3
RESTARTS_MS = 120_000
"""`RESTARTS` new processes within this time are a crash loop."""
DOWN_MS = 15_000
"""How long a service may be down, for a restart."""
AFTER_REQUEST_MS = 10_000
"""How long changes after a requested start or stop are expected."""

_MOST = 200
_EVIDENCE = 12
_GONE = frozenset({ServiceState.DOWN, ServiceState.ZOMBIE})
_STOPPED = frozenset({-2, -15})  # SIGINT, SIGTERM


@dataclass(frozen=True, slots=True)
class _Restart:
    """A process that has exited, and the one that replaced it.

    Attributes:
        at: When the new one was seen, Unix ms.
        lived_ms: Lifetime of the old one; None where unknown.
    """

    at: int
    before: Service
    after: Service
    lived_ms: int | None


@dataclass(slots=True)
class _Past:
    """The recent past of one service."""

    last: Service
    restarts: deque[_Restart] = field(default_factory=lambda: deque(maxlen=_MOST))
    ran: Service | None = None
    restarted: int = 0
    gone_since: int | None = None
    stopped: bool = False


class ServiceRules:
    """The rules, with the recent past of each service."""

    def __init__(self) -> None:
        self._pasts: dict[str, _Past] = {}
        self._requested: dict[str, int] = {}
        self._in_progress: set[str] = set()

    @property
    def stopped(self) -> frozenset[str]:
        """Names of services that the user has stopped."""
        return frozenset(name for name, past in self._pasts.items() if past.stopped)

    def action_started(self, name: str) -> None:
        """The user has requested to start, stop or restart the service: changes are expected."""
        self._in_progress.add(name)

    def action_finished(self, name: str, now: int, *, stopped: bool) -> None:
        """The requested action is done.

        Args:
            name: Of the service.
            now: Unix ms.
            stopped: Whether the service was stopped: then it is expected to be down until it is seen again.
        """
        self._in_progress.discard(name)
        self._requested[name] = now
        if (past := self._pasts.get(name)) is not None:
            past.stopped = stopped
            if stopped:
                past.restarts.clear()

    def add(self, snapshot: ServicesSnapshot) -> None:
        """Update the past of all services; those that are not in *snapshot* are dropped."""
        now = snapshot.taken_at
        before, self._pasts = self._pasts, {}
        for service in snapshot.services:
            past = before.get(service.name) or _Past(service)
            self._pasts[service.name] = past
            self._add(past, service, now)

    def symptoms(self, now: int) -> list[Symptom]:
        """All symptoms at *now*, Unix ms."""
        found: list[Symptom] = []
        for past in self._pasts.values():
            recent = [one for one in past.restarts if now - one.at <= RESTARTS_MS]
            if len(recent) >= RESTARTS:
                found.append(_loop(past, recent, now))
                continue
            past.restarted = len(recent)
            found += _down(past, now)
        return found

    def _add(self, past: _Past, service: Service, now: int) -> None:
        last, past.last = past.last, service
        expected = self._is_expected(service.name, now)
        restarted = service.restarts > last.restarts and not expected and not past.stopped
        if restarted and past.ran is not None:
            past.restarts.append(_Restart(now, past.ran, service, _lived(past, now)))
            past.restarted += 1
        if service.pid is not None:
            past.ran = service
        if not _is_gone(service):
            past.gone_since, past.stopped = None, past.stopped and expected
        elif past.gone_since is None or expected:
            past.gone_since = now

    def _is_expected(self, name: str, now: int) -> bool:
        """Whether a change of the service follows from a request of the user."""
        if name in self._in_progress:
            return True
        requested = self._requested.get(name)
        if requested is not None and not 0 <= now - requested < AFTER_REQUEST_MS:
            del self._requested[name]
            return False
        return requested is not None


def _is_gone(service: Service) -> bool:
    return service.state in _GONE or (service.state is ServiceState.FLAPPING and service.pid is None)


def _lived(past: _Past, now: int) -> int | None:
    began = past.ran.create_time if past.ran is not None else None
    return None if began is None else max(0, (past.gone_since or now) - began)


def _loop(past: _Past, restarts: list[_Restart], now: int) -> Symptom:
    service, first = past.last, restarts[0].at
    codes = {one.after.exit_code for one in restarts if one.after.exit_code is not None}
    how = f", each with {exit_text(next(iter(codes)))}" if len(codes) == 1 else ""
    return _symptom(
        service,
        "loop",
        "CRASH",
        Severity.CRITICAL,
        f"{service.name} restarted {len(restarts)} times in {age(max(1000, now - first))}{how}",
        metrics=(("restarts", float(len(restarts))),),
        evidence=(*(_restart_text(one, now) for one in restarts[-_EVIDENCE:]), *_last_line(service)),
        times=past.restarted,
        hypothesis="It exits soon after each start, and is restarted.",
        recommendation="Read its last output before the exit; let its supervisor back off between restarts.",
        clears=f"It clears when it had fewer than {RESTARTS} restarts within {age(RESTARTS_MS)}.",
    )


def _restart_text(restart: _Restart, now: int) -> str:
    lived = "" if restart.lived_ms is None else f" after {age(restart.lived_ms)}"
    code = restart.after.exit_code
    how = "exit code unknown" if code is None else exit_text(code)
    then = f"process {restart.after.pid} {age(now - restart.at)} ago" if restart.after.pid else "a new one"
    return f"process {restart.before.pid} exited{lived} ({how}), then {then}"


def _down(past: _Past, now: int) -> Iterator[Symptom]:
    service = past.last
    since = past.gone_since
    if not _is_gone(service) or since is None or past.stopped or now - since < DOWN_MS:
        return
    code, ran = service.exit_code, past.ran
    if not _is_missed(service, code, ran):
        return
    gone = age(now - since)
    zombie = service.state is ServiceState.ZOMBIE
    if ran is None:
        summary, evidence = f"{service.name} is down: never seen running", f"no process for {gone}"
    else:
        state = "is a zombie, not reaped by its parent" if zombie else "is down"
        how = "" if code is None else f": {exit_text(code)}"
        summary = f"{service.name} {state}{how}"
        evidence = (
            f"process {ran.pid} exited {gone} ago: {service.exit_unknown or how[2:] or 'exit code unknown'}"
        )
    clean = ran is None or code == 0 or code in _STOPPED
    yield _symptom(
        service,
        "down",
        "ANOMALY" if clean else "CRASH",
        Severity.MEDIUM if clean else Severity.HIGH,
        summary,
        metrics=(("downMs", float(now - since)),),
        evidence=(evidence, *_last_line(service)),
        hypothesis=_why(ran, code),
        recommendation="Read its last output, and start it again" + _start(service) + ".",
        clears="It clears when it runs again, or is stopped from here.",
    )


def _is_missed(service: Service, code: int | None, ran: Service | None) -> bool:
    """Whether it should run: configured ones always, declared ones that crashed, discovered ones never."""
    if service.found:
        return False
    if service.origin is not None:
        return ran is not None and code is not None and code != 0 and code not in _STOPPED
    return True


def _why(ran: Service | None, code: int | None) -> str:
    if ran is None:
        return "It was not started, or does not match its settings (match, port, pid file)."
    if code in _STOPPED:
        return "It was stopped, but not from here."
    if code == 0:
        return "It was done, or was asked to exit; nothing restarts it."
    return "It has crashed or was killed, and nothing restarts it."


def _start(service: Service) -> str:
    return f": {shell_command(service.start_command)}" if service.start_command else ""


def _last_line(service: Service) -> tuple[str, ...]:
    return (f"last line: {service.last_line}",) if service.last_line else ()


def _symptom(
    service: Service, kind: str, category: str, severity: Severity, summary: str, **more: object
) -> Symptom:
    see = f"agentdash logs {shell_path(service.log)}" if service.log else "agentdash services"
    return Symptom(
        fingerprint=identity(f"SERVICE_{kind.upper()}", service.name.encode("utf-8", "replace")),
        agent_id=WATCHER,
        category=category,
        severity=severity,
        summary=summary,
        service=service.name,
        see=see,
        **more,  # type: ignore[arg-type]
    )

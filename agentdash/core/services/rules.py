"""The rules about services: one that ends again and again, or is gone; the tracker gives them a life.

Pure: snapshots and what a person asked for come in, symptoms go out. What a person did is no trouble, and
what is not known raises nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from agentdash.core.findings.model import Severity, Symptom
from agentdash.core.services.model import Service, ServicesSnapshot, ServiceState, exit_words
from agentdash.core.symptom_text import identity, shell_command, shell_path
from agentdash.core.units import age

WATCHER = "SERVICE_WATCHER"
OPEN_AFTER_S = 3.0
"""Seconds that a symptom lasts before it is said, and is absent before it is cleared."""
RESTARTS = 3
RESTARTS_MS = 120_000
"""So many new processes within so long are a loop."""
DOWN_MS = 15_000
"""A service may be gone for so long: somebody starts it anew."""
AFTER_ASKED_MS = 10_000
"""What happens so soon after a person has started or stopped it is what the person wanted."""

_MOST = 200
_EVIDENCE = 12
_GONE = frozenset({ServiceState.DOWN, ServiceState.ZOMBIE})
_STOPPED = frozenset({-2, -15})  # SIGINT, SIGTERM: somebody ended it


@dataclass(frozen=True, slots=True)
class _Restart:
    """A process that has ended, and the one that came for it.

    Attributes:
        at: When the new one was seen, Unix ms.
        lived_ms: How long the old one had lived; None where that is not known.
    """

    at: int
    before: Service
    after: Service
    lived_ms: int | None


@dataclass(slots=True)
class _Past:
    """What is remembered of one service."""

    last: Service
    restarts: deque[_Restart] = field(default_factory=lambda: deque(maxlen=_MOST))
    ran: Service | None = None
    restarted: int = 0
    gone_since: int | None = None
    stopped: bool = False


class ServiceRules:
    """Holds what the rules need of the past of each service."""

    def __init__(self) -> None:
        self._pasts: dict[str, _Past] = {}
        self._asked: dict[str, int] = {}
        self._at_work: set[str] = set()

    @property
    def stopped(self) -> frozenset[str]:
        """Names of services that a person has stopped: they have nothing to say."""
        return frozenset(name for name, past in self._pasts.items() if past.stopped)

    def begins(self, name: str) -> None:
        """A person has asked to start, stop or restart the service: what happens now is on purpose."""
        self._at_work.add(name)

    def ends(self, name: str, now: int, *, stopped: bool) -> None:
        """That is done.

        Args:
            name: Of the service.
            now: Unix ms.
            stopped: Whether it was to stop: it is down on purpose until it is seen again.
        """
        self._at_work.discard(name)
        self._asked[name] = now
        if (past := self._pasts.get(name)) is not None:
            past.stopped = stopped
            if stopped:
                past.restarts.clear()

    def take(self, snapshot: ServicesSnapshot) -> None:
        """Take a look at all services."""
        now = snapshot.taken_at
        before, self._pasts = self._pasts, {}
        for service in snapshot.services:
            past = before.get(service.name) or _Past(service)
            self._pasts[service.name] = past
            self._take(past, service, now)

    def symptoms(self, now: int) -> list[Symptom]:
        """All that holds at *now*, Unix ms."""
        found: list[Symptom] = []
        for past in self._pasts.values():
            recent = [one for one in past.restarts if now - one.at <= RESTARTS_MS]
            if len(recent) >= RESTARTS:
                found.append(_loop(past, recent, now))
                continue
            past.restarted = len(recent)
            found += _down(past, now)
        return found

    def _take(self, past: _Past, service: Service, now: int) -> None:
        last, past.last = past.last, service
        on_purpose = self._on_purpose(service.name, now)
        again = service.restarts > last.restarts and not on_purpose and not past.stopped
        if again and past.ran is not None:
            past.restarts.append(_Restart(now, past.ran, service, _lived(past, now)))
            past.restarted += 1
        if service.pid is not None:
            past.ran = service
        if not _is_gone(service):
            past.gone_since, past.stopped = None, past.stopped and on_purpose
        elif past.gone_since is None or on_purpose:
            past.gone_since = now

    def _on_purpose(self, name: str, now: int) -> bool:
        if name in self._at_work:
            return True
        asked = self._asked.get(name)
        if asked is not None and not 0 <= now - asked < AFTER_ASKED_MS:
            del self._asked[name]
            return False
        return asked is not None


def _is_gone(service: Service) -> bool:
    return service.state in _GONE or (service.state is ServiceState.FLAPPING and service.pid is None)


def _lived(past: _Past, now: int) -> int | None:
    began = past.ran.create_time if past.ran is not None else None
    return None if began is None else max(0, (past.gone_since or now) - began)


def _loop(past: _Past, restarts: list[_Restart], now: int) -> Symptom:
    service, first = past.last, restarts[0].at
    codes = {one.after.exit_code for one in restarts if one.after.exit_code is not None}
    how = f", each with {exit_words(next(iter(codes)))}" if len(codes) == 1 else ""
    return _symptom(
        service,
        "loop",
        "CRASH",
        Severity.CRITICAL,
        f"{service.name} restarted {len(restarts)} times in {age(max(1000, now - first))}{how}",
        metrics=(("restarts", float(len(restarts))),),
        evidence=(*(_words(one, now) for one in restarts[-_EVIDENCE:]), *_last_line(service)),
        times=past.restarted,
        hypothesis="It ends soon after each start, and something starts it again.",
        recommendation="Read what it says right before it ends; let what starts it wait longer each time.",
        clears=f"It clears when it had fewer than {RESTARTS} new processes within {age(RESTARTS_MS)}.",
    )


def _words(restart: _Restart, now: int) -> str:
    lived = "" if restart.lived_ms is None else f" after {age(restart.lived_ms)}"
    code = restart.after.exit_code
    how = "how is not known" if code is None else exit_words(code)
    then = f"process {restart.after.pid} {age(now - restart.at)} ago" if restart.after.pid else "a new one"
    return f"process {restart.before.pid} ended{lived} ({how}), then {then}"


def _down(past: _Past, now: int) -> Iterator[Symptom]:
    service = past.last
    since = past.gone_since
    if not _is_gone(service) or since is None or past.stopped or now - since < DOWN_MS:
        return
    code, ran = service.exit_code, past.ran
    if not _is_missed(service, code, ran):
        return
    how = "how is not known" if code is None else exit_words(code)
    gone = age(now - since)
    zombie = service.state is ServiceState.ZOMBIE
    if ran is None:
        summary, evidence = f"{service.name} is down: it was not seen to run", f"no process for {gone}"
    else:
        told = "ended, and its parent does not take it away" if zombie else "is down"
        summary = f"{service.name} {told}" + (f": {exit_words(code)}" if code is not None else "")
        evidence = f"process {ran.pid} ended {gone} ago: {service.exit_unknown or how}"
    quiet = ran is None or code == 0 or code in _STOPPED
    yield _symptom(
        service,
        "down",
        "ANOMALY" if quiet else "CRASH",
        Severity.MEDIUM if quiet else Severity.HIGH,
        summary,
        metrics=(("downMs", float(now - since)),),
        evidence=(evidence, *_last_line(service)),
        hypothesis=_why(ran, code),
        recommendation="Read what it said last, and start it again" + _start(service) + ".",
        clears="It clears when it runs again, or a person stops it from here.",
    )


def _is_missed(service: Service, code: int | None, ran: Service | None) -> bool:
    """Those of the settings are meant to run; who began one that was found, or is a file's, may end it."""
    if service.found:
        return False
    if service.origin is not None:
        return ran is not None and code is not None and code != 0 and code not in _STOPPED
    return True


def _why(ran: Service | None, code: int | None) -> str:
    if ran is None:
        return "Nobody has started it, or it is not as the settings describe it (match, port, pid file)."
    if code in _STOPPED:
        return "Somebody has stopped it, and not from here."
    if code == 0:
        return "It was done, or was told to end; nothing starts it again."
    return "It has crashed or was killed, and nothing starts it again."


def _start(service: Service) -> str:
    return f": {shell_command(service.start_command)}" if service.start_command else ""


def _last_line(service: Service) -> tuple[str, ...]:
    return (f"its last line: {service.last_line}",) if service.last_line else ()


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

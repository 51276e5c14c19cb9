"""The owner of a consumer: a run or a service, by its name. Pure.

Redis identifies consumers only by a name that their program chose. It is matched in this order: the id of a
run, of its worker or of its lock; the name of a service; that with a number appended (``billing-1``); a part
that is the process id of a service. In a container, process ids are as small as such numbers, so
``billing-7`` belongs to billing, whichever service has the process 7.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from agentdash.core.links.owner import Owner
from agentdash.core.runs.model import Run, RunsSnapshot, RunStatus
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.services.model import Service, ServicesSnapshot
from agentdash.core.store import Store
from agentdash.core.streams.liveness import OwnerStatus
from agentdash.core.streams.model import Consumer, Group, Stream

_NUMBERED = re.compile(r"(.+?)[-_.:#](?:\d+|[0-9a-f]{8,})")
_WORDS = re.compile(r"[^A-Za-z0-9]+")

FRESH_MS = 15_000
"""Older snapshots of runs and services are no evidence of what is alive now."""


class Owners:
    """Finds the owners of consumers among the same runs and services.

    Args:
        runs: As known; None where unknown.
        services: Likewise.
    """

    def __init__(self, runs: RunsSnapshot | None = None, services: ServicesSnapshot | None = None) -> None:
        self._runs = runs
        self._services = services.services if services else ()

    @classmethod
    def at(cls, now: int, runs: RunsSnapshot | None, services: ServicesSnapshot | None) -> Owners:
        """Only from snapshots taken shortly before *now* (Unix ms): stale ones are no evidence."""
        fresh_runs = runs if runs is not None and now - runs.taken_at <= FRESH_MS else None
        fresh = services if services is not None and now - services.taken_at <= FRESH_MS else None
        return cls(fresh_runs, fresh)

    def of(self, consumer: bytes) -> Owner:
        """The owner of the consumer of that name."""
        name = as_text(consumer)
        run = self._by_run.get(name)
        return Owner(run=run) if run is not None else Owner(service=self._service(name))

    def status(self, consumer: bytes, now: int) -> OwnerStatus:
        """Whether the owner of *consumer* is alive at *now*, Unix ms."""
        return self.of(consumer).status(now)

    @cached_property
    def _by_run(self) -> dict[str, Run]:
        found: dict[str, Run] = {}
        for run in self._runs.runs if self._runs else ():
            for name in names_of_run(run):
                found.setdefault(name, run)
        return found

    @cached_property
    def _by_name(self) -> dict[str, Service | None]:
        return _one_each((service.name, service) for service in self._services)

    @cached_property
    def _by_pid(self) -> dict[str, Service | None]:
        return _one_each((str(service.pid), service) for service in self._services if service.pid is not None)

    def _service(self, name: str) -> Service | None:
        """The service of that name; None where several match."""
        if name in self._by_name:
            return self._by_name[name]
        numbered = _NUMBERED.fullmatch(name)
        if numbered is not None and (service := self._by_name.get(numbered[1])) is not None:
            return service
        words = frozenset(_WORDS.split(name)) & self._by_pid.keys()
        return self._by_pid[next(iter(words))] if len(words) == 1 else None


def owner_of(consumer: bytes, store: Store) -> Owner:
    """The owner of the consumer of that name; for many names use `Owners`."""
    return Owners(store.runs, store.services).of(consumer)


def names_of_run(run: Run) -> frozenset[str]:
    """Names that a consumer of *run* may have."""
    return frozenset(name for name in (run.id, run.worker, run.lock_owner) if name)


def paused_consumers(runs: RunsSnapshot | None) -> frozenset[bytes]:
    """Names of consumers that are paused runs, or their workers."""
    paused = (run for run in (runs.runs if runs else ()) if run.status is RunStatus.PAUSED)
    return frozenset(name.encode() for run in paused for name in (run.id, run.worker) if name)


def _one_each(pairs: Iterable[tuple[str, Service]]) -> dict[str, Service | None]:
    """By name; None where several have it."""
    found: dict[str, Service | None] = {}
    for name, service in pairs:
        found[name] = None if name in found else service
    return found


def consumers_of(
    store: Store, *, run: Run | None = None, service: Service | None = None
) -> list[tuple[Stream, Group, Consumer]]:
    """The consumers of a run or of a service; those with the most pending entries first."""
    found = []
    owners = Owners(store.runs, store.services)
    for stream in store.streams.streams if store.streams else ():
        for group in stream.groups:
            for consumer in group.consumers:
                owner = owners.of(consumer.name)
                mine = owner.run is not None and run is not None and owner.run.id == run.id
                its = owner.service is not None and service is not None and owner.service.name == service.name
                if mine or its:
                    found.append((stream, group, consumer))
    return sorted(found, key=lambda one: -one[2].pending)

"""Whose a consumer of a group is: a run, or a service, by its name. Pure.

Redis knows consumers by nothing but a name that their program chose. What that name tells is used in this
order: it is the id of a run, of its worker or of its lock; it is the name of a service; it holds the process
id of a service between signs; it is the name of a service with a number after it (``billing-1``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agentdash.core.runs import Run
from agentdash.core.services import Service, ServiceState
from agentdash.core.store import Store
from agentdash.core.streams import Consumer, Group, Stream
from agentdash.core.text import decode
from agentdash.core.units import age

_NUMBERED = re.compile(r"(.+?)[-_.:#](?:\d+|[0-9a-f]{8,})")
_WORDS = re.compile(r"[^A-Za-z0-9]+")
_GONE = {ServiceState.DOWN, ServiceState.ZOMBIE}


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a consumer is, as far as its name tells; neither where it tells nothing."""

    run: Run | None = None
    service: Service | None = None


def owner_of(consumer: bytes, store: Store) -> Owner:
    """Whose the consumer of that name is."""
    name = decode(consumer)
    for run in store.runs.runs if store.runs else ():
        if name in names_of_run(run):
            return Owner(run=run)
    return Owner(service=_service(name, store.services.services if store.services else ()))


def names_of_run(run: Run) -> frozenset[str]:
    """Names that a consumer of *run* may bear."""
    return frozenset(name for name in (run.id, run.worker, run.lock_owner) if name)


def _service(name: str, services: tuple[Service, ...]) -> Service | None:
    numbered = _NUMBERED.fullmatch(name)
    words = frozenset(_WORDS.split(name))
    for fits in (
        lambda service: service.name == name,
        lambda service: service.pid is not None and str(service.pid) in words,
        lambda service: numbered is not None and service.name == numbered[1],
    ):
        found = [service for service in services if fits(service)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def consumers_of(
    store: Store, *, run: Run | None = None, service: Service | None = None
) -> list[tuple[Stream, Group, Consumer]]:
    """The consumers of a run or of a service; those that hold the most first."""
    found = []
    for stream in store.streams.streams if store.streams else ():
        for group in stream.groups:
            for consumer in group.consumers:
                owner = owner_of(consumer.name, store)
                mine = owner.run is not None and run is not None and owner.run.id == run.id
                its = owner.service is not None and service is not None and owner.service.name == service.name
                if mine or its:
                    found.append((stream, group, consumer))
    return sorted(found, key=lambda one: -one[2].pending)


def process_words(owner: Owner, now: int) -> tuple[bool | None, str]:
    """Whether what a consumer belongs to lives, and in words; (None, "") where that is not known."""
    if owner.run is not None:
        run, name = owner.run, f"run {owner.run.title or owner.run.id}"
        if run.orphaned:
            return False, f"{name} has no worker"
        return not run.status.terminal, f"{name} {'has ended' if run.status.terminal else run.status.value}"
    service = owner.service
    if service is None:
        return None, ""
    if service.state in _GONE and not service.never_seen:
        since = "" if service.down_since is None else f" {age(now - service.down_since)} ago"
        code = "" if service.exit_code is None else f", exit {service.exit_code}"
        return False, f"{service.name}: its process ended{since}{code}"
    if service.pid is None:
        return None, f"{service.name}: {service.state.value}"
    return True, f"{service.name}: process {service.pid} runs"

"""What to press about a pending entry, what helps most first; what cannot be done says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from agentdash.core import units
from agentdash.core.streams.liveness import Liveness
from agentdash.core.streams.model import Group, PendingEntry
from agentdash.core.text import decode
from tui.widgets.document import Para

MANY_DELIVERIES = 3
FRESH_MS = 30_000
"""Since its delivery: until then a consumer may well be at work on it."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that can be done: its key, what kind of action it is, and why."""

    key: str
    verb: str
    words: str


def suggestions(entry: PendingEntry, group: Group, liveness: Mapping[bytes, Liveness]) -> list[Suggestion]:
    """What can be done about *entry*, what helps most first; nothing where it is too early."""
    acknowledge = Suggestion("A", "acknowledge", "acknowledge: its work is done, or shall not be")
    if entry.gone:
        return [Suggestion("A", "acknowledge", "acknowledge: its data is gone, nobody can work on it")]
    if entry.deliveries > MANY_DELIVERIES:
        return [
            Suggestion(".", "dead_letter", "copy to dead letters and acknowledge: it fails again and again"),
            acknowledge,
        ]
    holder = liveness.get(entry.consumer)
    if entry.idle_ms < FRESH_MS and (holder is None or holder.alive is not False):
        return []
    other = next(iter(others(entry.consumer, group, liveness)), None)
    words = (
        f"claim for {decode(other)}, which lives" if other else "claim for a new consumer: no other one lives"
    )
    delete = Suggestion("D", "delete", "delete: it is of no use to anybody")
    return [Suggestion("C", "claim", words), acknowledge, delete]


def others(holder: bytes, group: Group, liveness: Mapping[bytes, Liveness]) -> Iterator[bytes]:
    """Names of the live consumers other than *holder*."""
    for consumer in group.consumers:
        found = liveness.get(consumer.name)
        if consumer.name != holder and found is not None and found.alive:
            yield consumer.name


def suggestion_paras(
    entry: PendingEntry,
    group: Group,
    liveness: Mapping[bytes, Liveness],
    why_not: Callable[[str], str | None],
) -> Iterator[Para]:
    """As lines; greyed with the reason where it cannot be done."""
    yield Para.of("What to press", "bold")
    found = suggestions(entry, group, liveness)
    if not found:
        yield Para.of(f"nothing yet: it was delivered {units.age(entry.idle_ms)} ago", "dim", 2)
    refused = {suggestion.verb: why_not(suggestion.verb) for suggestion in found}
    if found and len(set(refused.values())) == 1 and None not in refused.values():
        yield Para.of(f"nothing can be done: {next(iter(refused.values()))}", "dim", 2)
        return
    for suggestion in found:
        why = refused[suggestion.verb]
        if why is None:
            yield Para(((f"{suggestion.key} ", "accent bold"), (suggestion.words, "")), 2)
        else:
            yield Para(((f"{suggestion.key} {suggestion.words}", "faint"), (f" ({why})", "dim")), 2)

"""Suggested actions for a pending entry, the most useful first; a disabled one with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from agentdash.core import units
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.streams.liveness import Liveness
from agentdash.core.streams.model import Group, PendingEntry
from tui.widgets.document import Para

MANY_DELIVERIES = 3
FRESH_MS = 30_000
"""Since its delivery: until then its consumer is probably working on it."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A suggested action: its key, its verb, and why."""

    key: str
    verb: str
    words: str


def suggestions(entry: PendingEntry, group: Group, liveness: Mapping[bytes, Liveness]) -> list[Suggestion]:
    """The suggested actions for *entry*, the most useful first; none where it is too early."""
    acknowledge = Suggestion("A", "acknowledge", "acknowledge: done, or not needed")
    if entry.gone:
        return [Suggestion("A", "acknowledge", "acknowledge: its data is deleted")]
    if entry.deliveries > MANY_DELIVERIES:
        return [
            Suggestion(".", "dead_letter", "copy to dead letters and acknowledge: it keeps failing"),
            acknowledge,
        ]
    holder = liveness.get(entry.consumer)
    if entry.idle_ms < FRESH_MS and (holder is None or holder.alive is not False):
        return []
    other = next(iter(others(entry.consumer, group, liveness)), None)
    words = (
        f"claim for {as_text(other)}, which is alive"
        if other
        else "claim for a new consumer: no other live consumer"
    )
    delete = Suggestion("D", "delete", "delete: discard")
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
    """The suggestions as lines; a disabled one is greyed, with its reason."""
    yield Para.of("Actions", "bold")
    found = suggestions(entry, group, liveness)
    if not found:
        yield Para.of(f"none yet: delivered {units.age(entry.idle_ms)} ago", "dim", 2)
    refused = {suggestion.verb: why_not(suggestion.verb) for suggestion in found}
    if found and len(set(refused.values())) == 1 and None not in refused.values():
        yield Para.of(f"none: {next(iter(refused.values()))}", "dim", 2)
        return
    for suggestion in found:
        why = refused[suggestion.verb]
        if why is None:
            yield Para(((f"{suggestion.key} ", "accent bold"), (suggestion.words, "")), 2)
        else:
            yield Para(((f"{suggestion.key} {suggestion.words}", "faint"), (f" ({why})", "dim")), 2)

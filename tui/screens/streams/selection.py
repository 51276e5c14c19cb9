"""What an action on a stream applies to, and why it does not apply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from agentdash.core import units
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.streams.commands import MOST_ENTRIES, Fields, SeenEntry
from agentdash.core.streams.liveness import Liveness
from agentdash.core.streams.model import Group, Stream


class Scope(Enum):
    """What an action needs to be selected."""

    PENDING = auto()
    ENTRIES = auto()
    GROUP = auto()
    CONSUMER = auto()
    STREAM = auto()


@dataclass(frozen=True, slots=True)
class Selection:
    """What an action would apply to, as shown now.

    Attributes:
        group: The group under the cursor.
        consumer: The one under the cursor; None for all.
        entries: The marked ones, else the one under the cursor.
        pending: Whether they are pending entries of the group.
        bodies: Fields of entries by id, as far as read.
        liveness: Of the consumers of the group, by name.
        left: Id of the entry that is open, where the list no longer has it.
        gone: Ids of pending entries without data.
    """

    stream: Stream
    group: Group | None = None
    consumer: bytes | None = None
    entries: tuple[SeenEntry, ...] = ()
    pending: bool = False
    bodies: Mapping[str, Fields] = field(default_factory=dict)
    liveness: Mapping[bytes, Liveness] = field(default_factory=dict)
    left: str | None = None
    gone: frozenset[str] = frozenset()


def why_unfit(scope: Scope, selected: Selection) -> str | None:
    """Why an action of that scope cannot be done to what is selected; None where it can."""
    of_entries = scope in {Scope.PENDING, Scope.ENTRIES}
    if scope is Scope.PENDING and not selected.pending:
        return "only for pending entries: b shows them"
    if of_entries and not selected.entries:
        return f"{selected.left} is no longer pending" if selected.left else "no entry is selected"
    if of_entries and len(selected.entries) > MOST_ENTRIES:
        return f"more than {MOST_ENTRIES} entries are marked"
    if scope in {Scope.GROUP, Scope.CONSUMER} and selected.group is None:
        return "no group reads this stream"
    return _why_keep(selected) if scope is Scope.CONSUMER else None


def _why_keep(selected: Selection) -> str | None:
    if selected.consumer is None:
        return "select a consumer first"
    held = (
        next((c.pending for c in selected.group.consumers if c.name == selected.consumer), 0)
        if selected.group
        else 0
    )
    if held:
        pending = units.plural(held, "pending entry", "pending entries")
        return f"{as_text(selected.consumer)} has {pending}: claim or acknowledge first"
    return None

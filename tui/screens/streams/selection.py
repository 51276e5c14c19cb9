"""What an action on a stream would take, and why that is nothing it can be done to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agentdash.core import units
from agentdash.core.streams.commands import (
    MOST_ENTRIES,
    AcknowledgeEntries,
    ClaimEntries,
    CreateGroup,
    DeadLetterEntries,
    DeleteConsumer,
    DeleteEntries,
    DestroyGroup,
    SeenEntry,
    SetGroupId,
    TrimStream,
)
from agentdash.core.streams.liveness import Liveness
from agentdash.core.streams.model import Group, Stream
from agentdash.core.streams.plan import Fields
from agentdash.core.text import decode


@dataclass(frozen=True, slots=True)
class Selection:
    """What an action would take, as the person sees it now.

    Attributes:
        group: The group that is looked at.
        consumer: The one that the cursor is on; None for all.
        entries: The marked ones, else the one under the cursor.
        pending: Whether these are of the group's list of pending entries.
        bodies: Data of entries, as far as it was read.
        liveness: Of the consumers of the group, by name.
        left: The entry that is read, where the list has it no longer.
        gone: Pending entries that are known to have no data any more.
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


ACTIONS: dict[str, tuple[str, str, type]] = {
    "acknowledge": ("Acknowledge entries", "A", AcknowledgeEntries),
    "claim": ("Claim entries for a consumer", "C", ClaimEntries),
    "delete": ("Delete entries", "D", DeleteEntries),
    "dead_letter": ("Copy to dead letters, acknowledge", "", DeadLetterEntries),
    "delete_consumer": ("Delete consumer", "", DeleteConsumer),
    "set_id": ("Set ID of group", "", SetGroupId),
    "create_group": ("Create group", "", CreateGroup),
    "destroy_group": ("Destroy group", "", DestroyGroup),
    "trim": ("Trim stream", "", TrimStream),
}
"""Title, key and kind of command of each, in the order of the menu."""
_OF_PENDING = {"acknowledge", "claim", "dead_letter"}
_OF_ENTRIES = _OF_PENDING | {"delete"}
_OF_GROUP = {"delete_consumer", "set_id", "destroy_group"}


def why_unfit(verb: str, selected: Selection) -> str | None:
    """Why *verb* cannot be done to what is selected, in words; None where it can."""
    if verb in _OF_PENDING and not selected.pending:
        return "this is about pending entries: b goes back to them"
    if verb in _OF_ENTRIES and not selected.entries:
        return f"{selected.left} is not pending any more" if selected.left else "no entry is selected"
    if len(selected.entries) > MOST_ENTRIES and verb in _OF_ENTRIES:
        return f"more than {MOST_ENTRIES} entries are marked"
    if verb in _OF_GROUP and selected.group is None:
        return "no group reads this stream"
    return _why_keep(selected) if verb == "delete_consumer" else None


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
        return f"{decode(selected.consumer)} holds {pending}: claim or acknowledge first"
    return None

"""What a change of a stream costs its groups, as counted while the question is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agentdash.core import units
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.streams.commands import SeenEntry
from agentdash.core.streams.model import Group, id_parts
from agentdash.core.text import printable
from tui.widgets.cells import shorten

IN_SENTENCE = 24
"""Cells of a name within a sentence."""
_NAMED = 3

Line = tuple[str, str]
"""A sentence and its style."""


@dataclass(frozen=True, slots=True)
class EntryCount:
    """A number of entries.

    Attributes:
        least: How many were counted.
        exact: Whether these are all.
    """

    least: int
    exact: bool = True

    def __str__(self) -> str:
        return f"{self.least:,}" if self.exact else f"at least {self.least:,}"


@dataclass(frozen=True, slots=True)
class Cost:
    """The counts; a missing one could not be made.

    Attributes:
        pending: Of each group, the pending entries that lose their data.
        passed: Entries between the ID of a group and its new one.
        problem: Why something could not be counted.
    """

    pending: tuple[tuple[bytes, EntryCount], ...] = ()
    passed: EntryCount | None = None
    problem: str | None = None


def name(raw: bytes) -> str:
    """A name within a sentence, shortened in the middle."""
    return shorten(printable(as_text(raw)), IN_SENTENCE)


def names(groups: Sequence[Group]) -> str:
    """The names of some of them, and the number of the others."""
    more = f" and {len(groups) - _NAMED} more" if len(groups) > _NAMED else ""
    return ", ".join(name(group.name) for group in groups[:_NAMED]) + more


def unread_lines(entries: Sequence[SeenEntry], groups: Sequence[Group]) -> list[Line]:
    """Groups that some of *entries* were not delivered to yet, and how many."""
    unread = [(group, _undelivered(entries, group)) for group in groups]
    found = [(group, count) for group, count in unread if count]
    lines = []
    for group, count in found[:_NAMED]:
        what = "it" if len(entries) == 1 else f"{count} of them"
        lines.append((f"{name(group.name)} has not read {what} yet, and never will.", "bad"))
    if len(found) > _NAMED:
        others = units.plural(len(found) - _NAMED, "more group")
        lines.append((f"Nor have {others} read all of them.", "bad"))
    return lines


def _undelivered(entries: Sequence[SeenEntry], group: Group) -> int:
    last = id_parts(group.last_delivered_id)
    return sum(id_parts(entry.id) > last for entry in entries)


def pending_lines(cost: Cost | None) -> list[Line]:
    """Which pending entries lose their data by a trim."""
    if cost is None:
        return [("Counting the pending entries that lose their data …", "dim")]
    lines = [
        (f"{name(group)}: {_pending(count)} their data: they stay pending, without it.", "bad")
        for group, count in cost.pending[:_NAMED]
        if count.least
    ]
    if len(cost.pending) > _NAMED:
        others = units.plural(len(cost.pending) - _NAMED, "more group")
        lines.append((f"So do pending entries of {others}.", "bad"))
    if cost.problem:
        lines.append((f"Which pending entries lose their data is unknown: {cost.problem}", "warn"))
    elif not lines:
        lines.append(("No pending entry loses its data.", "good"))
    return lines


def _pending(count: EntryCount) -> str:
    one = count.least == 1 and count.exact
    return f"{count} pending {'entry loses' if one else 'entries lose'}"


def passed_line(cost: Cost | None, *, forward: bool) -> Line:
    """How many entries a change of the ID of a group skips or repeats."""
    what = "skipped: this group will not read them" if forward else "read again"
    style = "bad" if forward else "warn"
    if cost is None:
        return f"Entries between are {what} (counting …).", style
    if cost.passed is None:
        return f"Entries between are {what}. How many is unknown: {cost.problem}", style
    if cost.passed.exact and cost.passed.least == 0:
        return f"No entry is {'skipped' if forward else 'read again'}.", "good"
    one = cost.passed.exact and cost.passed.least == 1
    return f"{cost.passed} {'entry is' if one else 'entries are'} {what}.", style

"""What a pane lists: rows with their records."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from tui.widgets.cells import Cell
from tui.widgets.table.columns import Column
from tui.widgets.table.rows import Row


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a pane.

    Attributes:
        row: What is drawn.
        subject: The record behind it, for keys and drill-down.
        problem: Whether `!` keeps it.
        children: Lines that belong under it and move with it.
        kinds: What `ListingView.kind` may ask for that it is.
        more: The line that says how many further lines there are to list under it; None where there are none.
        left_out: How many lines that belong under it are not among `children`.
    """

    row: Row
    subject: object
    problem: bool = False
    children: tuple[Item, ...] = ()
    kinds: frozenset[str] = frozenset()
    more: Row | None = None
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Listing:
    """All that a pane shows of one subject.

    Attributes:
        items: In their natural order: what needs a person first.
        summary: For the border: how many, how complete.
        empty: What to say, and how to get something in, when there is none.
        notes: What the data lacks, and why; shown above it.
    """

    items: tuple[Item, ...] = ()
    summary: str = ""
    empty: tuple[str, str] = ("nothing here yet", "")
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListingView:
    """What a person chose for a listing.

    Attributes:
        needle: Only lines that hold this text, without regard to case.
        problems: Only what is not fine.
        kind: Only what is of this kind, a name of the pane, e.g. ``live``; ``""``: all.
        toggled: Keys that the person folded or unfolded by hand.
    """

    needle: str = ""
    problems: bool = False
    kind: str = ""
    toggled: frozenset[Hashable] = field(default_factory=frozenset)

    @property
    def is_filtered(self) -> bool:
        """Whether anything may be left out."""
        return bool(self.needle or self.kind) or self.problems


def rows_of(listing: Listing, view: ListingView) -> tuple[list[Row], dict[Hashable, object], int]:
    """Apply *view* to *listing*.

    Returns:
        The rows in order, the subject of each row by its key, and how many lines the view leaves out.
    """
    rows: list[Row] = []
    subjects: dict[Hashable, object] = {}
    hidden = 0
    for item in listing.items:
        kept = _kept(item, view)
        children = [child for child in item.children if _kept(child, view) or (kept and not view.problems)]
        if not kept and not children:
            hidden += 1 + len(item.children) + item.left_out
            continue
        hidden += len(item.children) - len(children) + item.left_out
        for row, subject in ((item.row, item.subject), *((child.row, child.subject) for child in children)):
            rows.append(row)
            subjects[row.key] = subject
        if item.more is not None:
            rows.append(item.more)
            subjects[item.more.key] = item.subject
    return rows, subjects, hidden


def _kept(item: Item, view: ListingView) -> bool:
    if (view.problems and not item.problem) or (view.kind and view.kind not in item.kinds):
        return False
    return not view.needle or view.needle.casefold() in plain(item.row).casefold()


def plain(row: Row) -> str:
    """The row as one line of text, for search and copying."""
    return "  ".join(text for text in (cell.plain.strip() for cell in row.cells) if text)


__all__ = ["Cell", "Column", "Item", "Listing", "ListingView", "Row", "plain", "rows_of"]

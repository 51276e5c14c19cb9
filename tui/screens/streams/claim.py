"""The dialog that chooses the consumer of a claim: those of the group, live ones first; or another name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from agentdash.core import units
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.streams.liveness import Liveness
from agentdash.core.streams.model import Consumer, Group
from agentdash.core.text import printable
from tui.actions import Action
from tui.format.streams import entries
from tui.screens.dialogs.dialog import ENTER_OR_ESCAPE, Dialog, DialogText
from tui.widgets.document import Para
from tui.widgets.table.table import LineTable


class ClaimFor(Dialog[bytes | None]):
    """Choose a consumer with Enter, or type a name; Esc cancels.

    Args:
        count: How many entries are claimed.
        group: Whose consumers are listed.
        holders: The owners of the entries; a single one is not listed.
        liveness: By name of the consumer.
    """

    BOX = "#asking"
    SHRINKS = "#claim-table, #plan"

    WHERE = "a question"
    ACTIONS: ClassVar[tuple[Action[ClaimFor], ...]] = (
        Action("ask.back", "escape,n", "Cancel", "back"),
        Action("ask.choose", "y", "Confirm", "choose"),
        Action("ask.quit", "q", "Quit", "app.quit"),
    )

    def __init__(
        self, count: int, group: Group, holders: frozenset[bytes], liveness: Mapping[bytes, Liveness]
    ) -> None:
        super().__init__()
        self._title = f"Claim {units.plural(count, 'entry', 'entries')} for which consumer?"
        self._liveness = liveness
        self._names = {consumer.name for consumer in group.consumers}
        self._listed = [c for c in claimants(group, liveness) if holders != {c.name}]
        self._table = LineTable(entries.CONSUMER_COLUMNS, id="claim-table")

    def compose(self) -> ComposeResult:
        """The consumers, and a line for another name."""
        with Vertical(id="asking") as box:
            box.border_title = Content(printable(self._title))
            another = " · Tab: another name" if self._listed else ""
            box.border_subtitle = Content(f"{ENTER_OR_ESCAPE}{another}")
            if self._listed:
                yield self._table
            yield DialogText(id="plan")
            yield Input("", placeholder="another name", id="answer")

    def on_mount(self) -> None:
        """The cursor is on the first one, which is alive most certainly."""
        self._table.set_rows([entries.consumer_row(c, self._liveness.get(c.name)) for c in self._listed])
        (self._table if self._listed else self.query_one(Input)).focus()
        self.call_after_refresh(self._show_hint, None)

    def _show_hint(self, problem: str | None) -> None:
        none = "" if self._listed else "No other consumer. "
        lines = [Para.of(f"{none}A new name creates a consumer.", "dim", 2)]
        if problem:
            lines.append(Para.of(f"✗ {problem}", "bad", 2))
        self.query_one(DialogText).show(lines)

    def on_line_table_row_selected(self, message: LineTable.RowSelected) -> None:
        """Enter: choose that one."""
        message.stop()
        if isinstance(message.key, bytes):
            self.dismiss(message.key)

    def on_line_table_row_highlighted(self, message: LineTable.RowHighlighted) -> None:
        """Nothing to do."""
        message.stop()

    def on_input_changed(self) -> None:
        """Clear the error of the previous text."""
        self._show_hint(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Accept the typed name; the decoded name of a listed consumer means that one."""
        event.stop()
        if not event.value.strip():
            self._show_hint("enter a name")
            return
        matching = [name for name in self._names if as_text(name) == event.value]
        if len(matching) > 1:
            self._show_hint("several consumers match: choose one above")
        else:
            self.dismiss(matching[0] if matching else event.value.encode())

    def action_choose(self) -> None:
        """As Enter on a consumer."""
        if self._table.has_focus:
            self._table.action_select()

    def action_back(self) -> None:
        """Cancel."""
        self.dismiss(None)


def claimants(group: Group, liveness: Mapping[bytes, Liveness]) -> list[Consumer]:
    """Consumers of *group*: live ones, unknown ones, dead ones; the least idle first in each."""

    def rank(consumer: Consumer) -> tuple[int, float]:
        found = liveness.get(consumer.name)
        alive = found.alive if found is not None else None
        idle = consumer.idle_ms if consumer.idle_ms is not None else float("inf")
        return {True: 0, None: 1, False: 2}[alive], idle

    return sorted(group.consumers, key=rank)

"""A list of what can be done, with the key of each, and why not where it cannot be done now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from agentdash.core.text import printable
from tui.actions import Action
from tui.screens.dialogs.dialog import ENTER_OR_ESCAPE, Dialog
from tui.widgets.cells import Cell
from tui.widgets.table.columns import Column
from tui.widgets.table.rows import Row
from tui.widgets.table.table import LineTable

if TYPE_CHECKING:
    from tui.dash import Dash

COLUMNS = (
    Column("what", "", 34, flex=1, min_width=20, sortable=False),
    Column("key", "", 1, sortable=False),
    Column("why", "", 12, flex=2, priority=1, sortable=False),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the menu.

    Attributes:
        verb: The result.
        title: For the person.
        key: The key that does the same; empty for none.
        why_not: Why it cannot be done now; None where it can.
        note: Shown beside it where it is available.
    """

    verb: str
    title: str
    key: str = ""
    why_not: str | None = None
    note: str = ""


class Menu(Dialog[str | None]):
    """Choose one with Enter; Esc cancels.

    Args:
        title: What it is about.
        choices: In order.
    """

    BOX = "#menu"
    SHRINKS = "#menu-table"

    WHERE = "a menu"
    ACTIONS: ClassVar[tuple[Action[Menu], ...]] = (
        Action("menu.back", "escape,full_stop,n", "Cancel", "back"),
        Action("menu.choose", "y", "Confirm", "choose"),
        Action("menu.quit", "q", "Quit", "app.quit"),
    )

    def __init__(self, title: str, choices: Sequence[Choice]) -> None:
        super().__init__()
        self._title = title
        self._choices = {choice.verb: choice for choice in choices}

    def compose(self) -> ComposeResult:
        """The list."""
        with Vertical(id="menu") as box:
            box.border_title = Content(printable(self._title))
            box.border_subtitle = Content(ENTER_OR_ESCAPE)
            table = LineTable(COLUMNS, show_header=False, id="menu-table")
            table.set_rows([_row(choice) for choice in self._choices.values()])
            yield table

    def on_line_table_row_selected(self, message: LineTable.RowSelected) -> None:
        """Enter: that one, or why not."""
        message.stop()
        choice = self._choices[str(message.key)]
        if choice.why_not is None:
            self.dismiss(choice.verb)
        else:
            cast("Dash", self.app).say(choice.why_not, good=False)

    def action_choose(self) -> None:
        """As Enter."""
        self.query_one(LineTable).action_select()

    def action_back(self) -> None:
        """Nothing was chosen."""
        self.dismiss(None)


def _row(choice: Choice) -> Row:
    style = "" if choice.why_not is None else "faint"
    cells = (
        Cell(choice.title, style),
        Cell(choice.key, "accent bold" if choice.why_not is None else "faint"),
        Cell(choice.why_not or choice.note, "dim"),
    )
    return Row(key=choice.verb, cells=cells)

"""Asks before something that cannot be undone: names the subject, says what will happen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button

from tui.widgets.cells import clean
from tui.widgets.document import Document, Para


class Plan(Document, can_focus=False):
    """What will happen: as high as its lines."""


class Confirm(ModalScreen[bool]):
    """A question with two answers; the harmless one has the focus.

    Args:
        title: What is asked, short.
        plan: What will happen, line by line.
        yes: What the button that does it says.
        no: What the button that does not says.
    """

    AUTO_FOCUS = "#no"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "no", "Back", show=False, id="confirm.no"),
        Binding("left,right,up,down,h,l", "app.focus_next", "Other answer", show=False, id="confirm.other"),
    ]

    def __init__(self, title: str, plan: Sequence[Para], *, yes: str, no: str = "Cancel") -> None:
        super().__init__()
        self._title = title
        self._plan = plan
        self._yes = yes
        self._no = no

    def compose(self) -> ComposeResult:
        """The question, the plan, the answers."""
        with Vertical(id="question") as box:
            box.border_title = Content(clean(self._title))
            yield Plan(id="plan")
            with Horizontal(id="answers"):
                yield Button(Content(self._no), id="no")
                yield Button(Content(self._yes), id="yes", variant="error")

    def on_mount(self) -> None:
        """Show the plan, at its width."""
        self.call_after_refresh(self.query_one(Plan).show, self._plan)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answer."""
        self.dismiss(event.button.id == "yes")

    def action_no(self) -> None:
        """Answer no."""
        self.dismiss(False)

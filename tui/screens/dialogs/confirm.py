"""Asks before something that cannot be undone: names the subject, says what will happen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button

from agentdash.core.text import printable
from tui.actions import Action
from tui.screens.dialogs.dialog import Dialog, DialogText
from tui.widgets.document import Para


class Confirm(Dialog[bool]):
    """A question with two answers; Cancel has the focus.

    Args:
        title: What is asked, short.
        plan: What will happen, line by line.
        yes: What the button that does it says.
        full: The plan with all that is left out of it, where something is.
    """

    AUTO_FOCUS = "#no"
    BOX = "#question"
    SHRINKS = "#plan"

    WHERE = "a question"
    ACTIONS: ClassVar[tuple[Action[Confirm], ...]] = (
        Action("confirm.no", "escape,n", "Cancel", "answer(False)"),
        Action("confirm.yes", "y", "Confirm", "answer(True)"),
        Action("confirm.quit", "q", "Quit", "app.quit"),
        Action("confirm.other", "left,right,h,l", "Other answer", "app.focus_next"),
        Action("confirm.down", "down,j", "Scroll down", "scroll_plan(1)"),
        Action("confirm.up", "up,k", "Scroll up", "scroll_plan(-1)"),
        Action("confirm.all", "d", "List all", "all"),
    )

    def __init__(
        self,
        title: str,
        plan: Sequence[Para],
        *,
        yes: str,
        full: Sequence[Para] | None = None,
    ) -> None:
        super().__init__()
        self._title = title
        self._plan = plan
        self._yes = yes
        self._full = full
        self._is_full = False

    def compose(self) -> ComposeResult:
        """The question, the plan, the answers."""
        with Vertical(id="question") as box:
            box.border_title = Content(printable(self._title))
            box.border_subtitle = Content("y: confirm · n, Esc: cancel")
            yield DialogText(id="plan")
            with Horizontal(id="answers"):
                yield Button(_label("Cancel", chosen=False), id="no")
                yield Button(_label(self._yes, chosen=False), id="yes")

    def on_mount(self) -> None:
        """Show the plan: at once, so that no answer comes before it; then at its width."""
        self._show()
        self.call_after_refresh(self._show)

    def replan(self, plan: Sequence[Para], full: Sequence[Para] | None) -> None:
        """More is known now of what will happen."""
        self._plan, self._full = plan, full
        if self.is_mounted:
            self._show(top=False)

    def _show(self, *, top: bool = True) -> None:
        plan = self._full if self._full is not None and self._is_full else self._plan
        self.query_one(DialogText).show(plan, top=top)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Which answer Enter gives is seen without colour, too."""
        self._mark(event.widget, chosen=True)

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """The other one."""
        self._mark(event.widget, chosen=False)

    def _mark(self, button: object, *, chosen: bool) -> None:
        if isinstance(button, Button):
            button.label = _label("Cancel" if button.id == "no" else self._yes, chosen=chosen)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Answer."""
        self.dismiss(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:
        """Answer."""
        self.dismiss(yes)

    def action_scroll_plan(self, lines: int) -> None:
        """The lines that there is no room for."""
        self.query_one(DialogText).scroll_relative(y=lines, animate=False)

    def action_all(self) -> None:
        """List all that is left out, or the short list again."""
        self._is_full = not self._is_full
        self._show()


def _label(text: str, *, chosen: bool) -> Content:
    return Content(f"{'▸' if chosen else ' '} {text} ")

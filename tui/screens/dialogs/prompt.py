"""Prompts for one line of text, and checks it before it is accepted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Input

from agentdash.core.text import printable
from tui.actions import Action
from tui.screens.dialogs.dialog import ENTER_OR_ESCAPE, Dialog, DialogText
from tui.screens.dialogs.typed_ahead import TypedAhead
from tui.widgets.document import Para

Check = Callable[[str], str | None]
"""text → its error, or None."""
MOST_CHOICES = 8


class Prompt(Dialog[str | None], TypedAhead):
    """One line; Enter confirms it, Esc cancels.

    Args:
        title: What the text is for.
        lines: The explanation.
        value: The initial text.
        choices: Suggestions; completed while typing, selected with up and down.
        check: The error of a text, or None.
        extend: Whether typing appends to the initial text instead of replacing it.
    """

    BOX = "#asking"
    SHRINKS = "#plan"

    WHERE = "a question"
    ACTIONS: ClassVar[tuple[Action[Prompt], ...]] = (
        Action("ask.back", "escape", "Cancel", "back"),
        Action("ask.previous", "up", "Previous choice", "choose(-1)"),
        Action("ask.next", "down", "Next choice", "choose(1)"),
    )

    def __init__(
        self,
        title: str,
        lines: Sequence[Para] = (),
        *,
        value: str = "",
        choices: Sequence[str] = (),
        check: Check = lambda _text: None,
        extend: bool = False,
    ) -> None:
        super().__init__()
        self._title = title
        self._lines = tuple(lines)
        self._value = value
        self._choices = tuple(choices)
        self._check = check
        self._extend = extend

    def compose(self) -> ComposeResult:
        """The question, the line, the choices."""
        with Vertical(id="asking") as box:
            box.border_title = Content(printable(self._title))
            box.border_subtitle = Content(ENTER_OR_ESCAPE)
            yield DialogText(id="plan")
            suggest = SuggestFromList(self._choices, case_sensitive=False) if self._choices else None
            yield Input(self._value, suggester=suggest, select_on_focus=not self._extend, id="answer")

    def on_mount(self) -> None:
        """Begin to type."""
        self.query_one(Input).focus()
        self.call_after_refresh(self._show_lines, None)

    def _show_lines(self, problem: str | None) -> None:
        lines = list(self._lines)
        if self._choices:
            more = (
                f" and {len(self._choices) - MOST_CHOICES} more" if len(self._choices) > MOST_CHOICES else ""
            )
            lines.append(
                Para((("↑↓ ", "accent"), (", ".join(self._choices[:MOST_CHOICES]) + more, "dim")), 3)
            )
        if problem:
            lines.append(Para.of(f"✗ {problem}", "bad", 2))
        self.query_one(DialogText).show(lines)

    def on_input_changed(self) -> None:
        """The error was about the previous text."""
        self._show_lines(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Accept the text if it is valid."""
        event.stop()
        problem = self._check(event.value)
        if problem is None:
            self.dismiss(event.value)
        else:
            self._show_lines(problem)

    def action_choose(self, step: int) -> None:
        """The next or previous choice into the line."""
        if self._choices:
            line = self.query_one(Input)
            at = self._choices.index(line.value) + step if line.value in self._choices else min(step, 0)
            line.value = self._choices[at % len(self._choices)]
            line.cursor_position = len(line.value)

    def action_back(self) -> None:
        """Cancel."""
        self.dismiss(None)

"""What every dialog has in common: keys, texts, and that the answers are always in view."""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar

from textual.screen import ModalScreen
from textual.widget import Widget

from tui.actions import HasActions
from tui.widgets.document import Document

Answer = TypeVar("Answer")

ENTER_OR_ESCAPE = "Enter: confirm · Esc: cancel"
SHORT = 24
"""Rows below which a dialog does without space around its parts."""


class DialogText(Document, can_focus=False):
    """What a dialog is about: as high as its lines, or as there is room for beside the answers."""


class Dialog(HasActions, ModalScreen[Answer], Generic[Answer]):
    """A box over the screen. What is in `SHRINKS` is scrolled where there is no room for all of it.

    Subclasses compose one box whose last part is how one answers.
    """

    BOX: ClassVar[str]
    """Selects the box."""
    SHRINKS: ClassVar[str]
    """Selects the part that gives way to the others."""

    def on_mount(self) -> None:
        """Leave room for the answers."""
        self._leave_room()

    def on_resize(self) -> None:
        """Leave room for the answers."""
        if self.is_mounted:
            self._leave_room()

    def _leave_room(self) -> None:
        self.set_class(self.size.height < SHORT, "-short")
        self.call_after_refresh(self._shrink)

    def _shrink(self) -> None:
        box, shrinks = self.query_one(self.BOX), self.query_one(self.SHRINKS)
        others = [part for part in box.children if part is not shrinks and part.display]
        room = self.size.height - 2 - box.gutter.height - sum(map(_rows, others))
        shrinks.styles.max_height = max(1, room - shrinks.styles.margin.height)


def _rows(part: Widget) -> int:
    return part.outer_size.height + part.styles.margin.height

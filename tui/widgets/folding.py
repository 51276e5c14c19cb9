"""A page whose parts fold: objects and lists in the body of a message, one by one, by key or mouse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual import events

from tui.actions import HIDDEN, Action
from tui.widgets.document import Document, Para, Path


class FoldingDocument(Document):
    """A document with a cursor on its lines; those that hold others fold them.

    What was folded by hand stays so for the same path, also in the next page: who looks through messages sees
    the same parts of each.
    """

    WHERE = "a message"
    ACTIONS: ClassVar[tuple[Action[Any], ...]] = (
        Action("document.fold", "enter,space", "Fold", "toggle_fold"),
        Action("document.unfold", "right", "Unfold", "unfold", footer=HIDDEN),
        Action("document.fold_in", "left", "Fold", "fold", footer=HIDDEN),
        Action("document.fold_all", "asterisk", "Fold all", "fold_all", footer=HIDDEN),
    )

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._by_hand: dict[Path, bool] = {}
        self._at = 0

    def is_folded(self, para: Para) -> bool:
        """Whether what *para* holds is not shown."""
        return para.closed is not None and self._by_hand.get(para.node, para.shut)

    def unfolded(self, paras: Sequence[Para]) -> list[Para]:
        """Without the content of folded parts, whose heads show that they are folded."""
        shown: list[Para] = []
        hidden: Path | None = None
        for para in paras:
            if hidden is not None and len(para.node) > len(hidden) and para.node[: len(hidden)] == hidden:
                continue
            hidden = None
            if para.closed is not None and self.is_folded(para):
                hidden = para.node
                para = Para(para.closed, para.hang, para.node, para.closed, para.shut)  # noqa: PLW2901
            shown.append(para)
        return shown

    @property
    def current(self) -> Para | None:
        """What the cursor is on."""
        return self._seen[self._at] if self._at < len(self._seen) else None

    def show(self, paras: Sequence[Para], *, top: bool = False) -> None:
        """Show *paras*; the cursor stays on the same part where that is still there."""
        node = self.current.node if self.current else ()
        super().show(paras, top=top)
        if top:
            self._at = 0
        elif node:
            self._go_to(node)
        self._at = max(0, min(self._at, len(self._seen) - 1))

    def _go_to(self, node: Path) -> None:
        at = next((n for n, para in enumerate(self._seen) if para.node == node), None)
        self._at = self._at if at is None else at

    def layer_of(self, number: int) -> str:
        """``cursor`` for the lines of the paragraph with the cursor, while this has the focus."""
        return "cursor" if self.has_focus and self.para_at(number) == self._at else ""

    def _move(self, step: int) -> None:
        self._at = max(0, min(self._at + step, len(self._seen) - 1))
        lines = [number for number in range(len(self._lines)) if self.para_at(number) == self._at]
        if lines:
            top, height = self.scroll_offset.y, self.size.height
            first, last = lines[0], lines[-1]
            if first < top:
                self.scroll_to(y=first, animate=False)
            elif last >= top + height:
                self.scroll_to(y=min(first, last - height + 1), animate=False)
        self.refresh()

    def action_scroll_down(self) -> None:
        """The next line."""
        self._move(1)

    def action_scroll_up(self) -> None:
        """The line before."""
        self._move(-1)

    def action_scroll_home(self) -> None:
        """The first line."""
        self._move(-len(self._seen))

    def action_scroll_end(self) -> None:
        """The last line."""
        self._move(len(self._seen))

    def action_page_down(self) -> None:
        """A page on."""
        self._move(max(1, self.size.height - 1))

    def action_page_up(self) -> None:
        """A page back."""
        self._move(1 - max(2, self.size.height))

    def _fold(self, para: Para | None, folded: bool) -> None:
        if para is not None and para.closed is not None:
            self._by_hand[para.node] = folded
            self._lay_out()
            self._go_to(para.node)
            self._move(0)

    def action_toggle_fold(self) -> None:
        """Fold or unfold the part that the cursor is on."""
        if self.current is not None:
            self._fold(self.current, not self.is_folded(self.current))

    def action_unfold(self) -> None:
        """Unfold it."""
        self._fold(self.current, False)

    def action_fold(self) -> None:
        """Fold it; on what cannot be folded, or is: go to its parent."""
        para = self.current
        if para is None or not para.node:
            return
        if para.closed is not None and not self.is_folded(para):
            self._fold(para, True)
        else:
            self._go_to(para.node[:-1])
            self._move(0)

    def action_fold_all(self) -> None:
        """Unfold all where something is folded, else fold all."""
        heads = [para for para in self.paras if para.closed is not None]
        any_folded = any(self.is_folded(para) for para in heads)
        self._by_hand |= {para.node: not any_folded for para in heads}
        self._lay_out()
        self._move(0)

    def on_click(self, event: events.Click) -> None:
        """A click on the head of a part folds or unfolds it."""
        number = self.para_at(event.y + self.scroll_offset.y)
        if number is not None and number < len(self._seen):
            self._at = number
            self.action_toggle_fold()
            self.refresh()

    def watch_has_focus(self, _has_focus: bool) -> None:
        """The cursor is shown only in focus."""
        super().watch_has_focus(_has_focus)
        self.refresh()

"""A line of text at the edge of the screen: header, footer. Drawn as one strip; its words can be clicked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.app import RenderResult
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from agentdash.core.text import printable
from tui.widgets.cells import Part, lay
from tui.widgets.palette import NAMES, Palette, StyledWidget, default_css

LEAST = 12
"""Cells of a word that are worth showing when the rest does not fit."""


@dataclass(frozen=True, slots=True)
class Word:
    """Some text of a bar; clicking it asks for `action`, where it has one.

    Attributes:
        shorter: Shorter forms where there is too little room, the longest first.
        weight: Where there is no room for all, the lightest go first, of those the last ones.
    """

    parts: tuple[Part, ...]
    action: str | None = None
    shorter: tuple[tuple[Part, ...], ...] = ()
    weight: int = 1

    @property
    def width(self) -> int:
        """Cells that it takes."""
        return sum(cell_len(printable(text)) for text, _ in self.parts)

    def within(self, room: int) -> Word:
        """Itself, or its first shorter form that fits *room* cells; else the last."""
        words = (self, *(Word(parts, self.action) for parts in self.shorter))
        return next((word for word in words if word.width <= room), words[-1])


class LineBar(StyledWidget):
    """One line: words at left and right. What does not fit goes from the end of the left, light first."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"line-bar--{name}" for name in NAMES}
    DEFAULT_CSS = (
        default_css("LineBar", "line-bar") + "LineBar { height: 1; background: $bar; padding: 0 1; }"
    )

    left: reactive[tuple[Word, ...]] = reactive(())
    """Words from the left edge."""
    right: reactive[tuple[Word, ...]] = reactive(())
    """Words at the right edge; they stay when the left must give way."""

    class ActionClicked(Message):
        """A word with an action was clicked."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def __init__(self, *, id: str | None = None, gap: int = 2) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._gap = gap
        self._palette = Palette(self, "line-bar")
        self._spots: list[tuple[int, int, str]] = []

    def render(self) -> RenderResult:
        """Nothing: lines are drawn by `render_line`."""
        return ""

    def render_line(self, y: int) -> Strip:
        """The bar itself."""
        width = self.size.width
        self._palette.renew()
        if y or width <= 0:
            return Strip.blank(width, self._palette.style())
        right = self._join(self.right, width)
        taken = sum(cell_len(text) for text, _ in right)
        room = width - taken - (1 if right else 0)
        self._spots.clear()
        left = self._join(self.left, room, spots=True)
        pieces = [
            *lay(left or [("", "")], max(0, room)),
            *([(" ", "")] if right and taken < width else []),
            *right,
        ]
        return Strip(
            [Segment(text, self._palette.style(names)) for text, names in pieces]
        ).adjust_cell_length(width, self._palette.style())

    def _join(self, words: tuple[Word, ...], room: int, *, spots: bool = False) -> list[Part]:
        parts: list[Part] = []
        used = 0
        for word in self._kept(words, room):
            gap = self._gap if parts else 0
            word = word.within(room - used - gap)  # noqa: PLW2901 - what is drawn of it
            if used + gap + word.width > room:
                if room - used - gap >= LEAST:
                    parts += [(" " * gap, ""), *word.parts]
                break
            if gap:
                parts.append((" " * gap, ""))
            if spots and word.action:
                self._spots.append((used + gap, used + gap + word.width, word.action))
            parts += [(printable(text), style) for text, style in word.parts]
            used += gap + word.width
        return parts

    def _kept(self, words: tuple[Word, ...], room: int) -> Sequence[Word]:
        """What is left where some words weigh more than others; where they do not, they go from the end."""
        kept = list(words)
        while (
            len({word.weight for word in kept}) > 1
            and sum(word.width + self._gap for word in kept) - self._gap > room
        ):
            lightest = min(word.weight for word in kept)
            del kept[max(at for at, word in enumerate(kept) if word.weight == lightest)]
        return kept

    def on_click(self, event: Click) -> None:
        """Ask for the action under the pointer."""
        x = event.x - self.styles.padding.left
        for start, end, action in self._spots:
            if start <= x < end:
                self.post_message(self.ActionClicked(action))
                return

    def notify_style_update(self) -> None:
        """The theme changed."""
        self._palette.clear()
        super().notify_style_update()

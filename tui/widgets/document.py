"""A page of styled lines, wrapped at its width and scrolled: details, evidence, help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from agentdash.core.text import printable
from tui.actions import HIDDEN, Action, HasActions
from tui.widgets.cells import Part, crop
from tui.widgets.palette import LAYERS, NAMES, Palette, StyledWidget, default_css

MOST_LINES = 4000
MOST_CHARACTERS = 64 * 1024


Path = tuple[str | int, ...]
"""The place of something in the document: the names and numbers that lead to it."""


@dataclass(frozen=True, slots=True)
class Para:
    """A paragraph: pieces of text; lines after the first are indented by `hang` cells.

    Attributes:
        node: Its place in a tree; () where it is in none.
        closed: The text shown while everything below `node` is folded; None where it holds
            nothing.
        shut: Whether it is folded until a person says otherwise.
    """

    parts: tuple[Part, ...] = ()
    hang: int = 0
    node: Path = ()
    closed: tuple[Part, ...] | None = None
    shut: bool = False

    @classmethod
    def of(cls, text: str, style: str = "", hang: int = 0) -> Para:
        """A paragraph of one style."""
        return cls(((text, style),), hang)


def field(name: str, value: str, style: str = "", width: int = 11) -> Para:
    """``name       value``, with long values wrapped under themselves."""
    return Para(((name.ljust(width)[:width] + " ", "dim"), (value, style)), hang=width + 1)


def wrap(para: Para, width: int) -> list[list[Part]]:
    """The lines of *para* in *width* cells: broken at spaces, never inside a character."""
    lines: list[list[Part]] = []
    line: list[Part] = []
    used = 0
    for raw, style in para.parts:
        text = printable(raw[:MOST_CHARACTERS])
        while text:
            room = width - used
            # However many marks are on its characters, more of them than this do not fit.
            if len(text) <= 4 * room + 16 and cell_len(text) <= room:
                line.append((text, style))
                used += cell_len(text)
                break
            head = crop(text, room)
            space = head.rfind(" ")
            if space > 0 and not text[len(head) : len(head) + 1].isspace():
                head = head[: space + 1]
            elif not head or (
                used > para.hang
                and space < 0
                and cell_len(text[: 4 * width + 16].split(" ", 1)[0]) <= width - para.hang
            ):
                head = ""
            if head:
                line.append((head, style))
            elif used <= para.hang:
                head = text[:1]
                line.append((head, style))
            lines.append(line)
            text = text[len(head) :].lstrip(" ")
            line, used = ([(" " * para.hang, "")], para.hang) if para.hang < width - 4 else ([], 0)
    lines.append(line)
    return lines


class Document(HasActions, StyledWidget, ScrollView, can_focus=True):
    """Styled text that is read, not edited.

    | class | what |
    | --- | --- |
    | `document--<name>` | the semantic styles and layers of `tui.widgets.palette` |
    """

    WHERE = "pages of text"
    ACTIONS: ClassVar[tuple[Action[Any], ...]] = (
        Action("document.up", "up,k", "up", "scroll_up", footer=HIDDEN),
        Action("document.down", "down,j", "down", "scroll_down", footer=HIDDEN),
        Action("document.first", "home,g", "top", "scroll_home", footer=HIDDEN),
        Action("document.last", "end,G", "end", "scroll_end", footer=HIDDEN),
        Action("document.page_up", "pageup", "page up", "page_up", footer=HIDDEN),
        Action("document.page_down", "pagedown", "page down", "page_down", footer=HIDDEN),
    )
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"document--{name}" for name in (*NAMES, *LAYERS)}
    DEFAULT_CSS = default_css("Document", "document")

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._palette = Palette(self, "document")
        self._paras: tuple[Para, ...] = ()
        self._seen: list[Para] = []
        self._lines: list[list[Part]] = []
        self._owners: list[int] = []
        self._width = 0

    @property
    def paras(self) -> tuple[Para, ...]:
        """What is shown."""
        return self._paras

    def show(self, paras: Sequence[Para], *, top: bool = False) -> None:
        """Show *paras*; the place is kept unless *top*. The same content costs nothing."""
        paras = tuple(paras)
        if paras != self._paras:
            self._paras = paras
            self._lay_out()
            if self.styles.is_auto_height:
                self.refresh(layout=True)
        if top:
            self.scroll_home(animate=False)

    def unfolded(self, paras: Sequence[Para]) -> list[Para]:
        """Which of *paras* are drawn: all."""
        return list(paras)

    def layer_of(self, number: int) -> str:  # noqa: ARG002 - others have a cursor
        """What the line *number* is, e.g. ``cursor``; empty for a plain one."""
        return ""

    def para_at(self, number: int) -> int | None:
        """The index of the drawn paragraph that the line *number* belongs to."""
        return self._owners[number] if 0 <= number < len(self._owners) else None

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - Textual's own
        """Lines at *width*, for one that is as high as its text."""
        return sum(len(wrap(para, width)) for para in self._paras) if width > 0 else len(self._paras)

    def on_resize(self) -> None:
        """Wrap at the new width."""
        if self.scrollable_content_region.width != self._width:
            self._lay_out()

    def _lay_out(self) -> None:
        self._width = self.scrollable_content_region.width
        if self._width <= 0:
            return
        lines: list[list[Part]] = []
        owners: list[int] = []
        self._seen = self.unfolded(self._paras)
        for number, para in enumerate(self._seen):
            lines += wrap(para, self._width)
            owners += [number] * (len(lines) - len(owners))
            if len(lines) >= MOST_LINES:
                lines = [*lines[:MOST_LINES], [(f"… cut here, after {MOST_LINES} lines", "dim")]]
                break
        self._lines, self._owners = lines, owners
        self.virtual_size = Size(self._width, len(lines))
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of *crop*, in the styles of now."""
        self._palette.renew()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """The line that is at *y* of what is visible."""
        if y == 0 and self._width != self.scrollable_content_region.width:
            self.call_later(self.on_resize)  # a scrollbar came or went, for which there is no event
        width = self.size.width
        number = y + self.scroll_offset.y
        if number >= len(self._lines):
            return Strip.blank(width, self._palette.style())
        layer = self.layer_of(number)
        base = self._palette.style("", layer)
        segments = [Segment(text, self._palette.style(style, layer)) for text, style in self._lines[number]]
        return Strip(segments).adjust_cell_length(width, base)

    def notify_style_update(self) -> None:
        """The theme changed."""
        self._palette.clear()
        super().notify_style_update()

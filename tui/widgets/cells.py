"""One cell of a line: text cut and padded to an exact number of terminal cells, bars and sparklines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len

from agentdash.core.text import printable

Align = Literal["left", "right"]
Part = tuple[str, str]
"""A piece of text and the semantic class names of its style, e.g. ``("stopped", "bad bold")``."""

_SPARKS = "▁▂▃▄▅▆▇█"
_EIGHTHS = "▏▎▍▌▋▊▉"


@dataclass(frozen=True, slots=True)
class Cell:
    """The content of one column of one row.

    Attributes:
        text: Plain text; never markup.
        style: Names of `tui.widgets.palette`, separated by spaces (``"bad bold"``); empty: as the row.
        spans: Several pieces in place of `text`, where one cell has more than one style.
    """

    text: str = ""
    style: str = ""
    spans: tuple[Part, ...] = ()

    @property
    def parts(self) -> tuple[Part, ...]:
        """The pieces, whether one or several."""
        return self.spans or ((self.text, self.style),)

    @property
    def plain(self) -> str:
        """The whole text without styles."""
        return "".join(text for text, _ in self.spans) if self.spans else self.text


def crop(text: str, width: int) -> str:
    """The longest beginning of a clean *text* that fits *width* cells; a wide character is never halved."""
    if text.isascii():
        return text[: max(0, width)]
    used = 0
    for index, character in enumerate(text):
        used += cell_len(character)
        if used > width:
            return text[:index]
    return text


def cut(text: str, width: int) -> str:
    """A clean *text* in at most *width* cells, with ``…`` where something was left out."""
    if width <= 0:
        return ""
    # However wide its characters, more of them than this are not seen; a line of a megabyte costs no more.
    if cell_len(text[: 4 * width + 16]) <= width and len(text) <= 4 * width + 16:
        return text
    return crop(text, width - 1).rstrip() + "…"


def shorten(text: str, width: int) -> str:
    """A clean *text* in at most *width* cells, with ``…`` in its middle where something was left out."""
    if cell_len(text[: 4 * width + 16]) <= width and len(text) <= 4 * width + 16:
        return text
    head = crop(text, (width - 1) * 2 // 3)
    tail = crop(text[: -4 * width : -1], width - 1 - cell_len(head))[::-1]
    return f"{head}…{tail}"


def fit(text: str, width: int, align: Align = "left") -> str:
    """*text*, made clean, in exactly *width* cells."""
    text = cut(printable(text[: 4 * width + 64]), width)
    pad = " " * (width - cell_len(text))
    return pad + text if align == "right" else text + pad


def lay(parts: Sequence[Part], width: int, align: Align = "left") -> list[Part]:
    """*parts*, made clean, in exactly *width* cells together; what does not fit ends in ``…``."""
    if len(parts) == 1:
        return [(fit(parts[0][0], width, align), parts[0][1])]
    texts = [(printable(text[: 4 * width + 64]), style) for text, style in parts]
    room = width - sum(cell_len(text) for text, _ in texts)
    if room >= 0:
        laid = [part for part in texts if part[0]]
        pad = [(" " * room, "")] if room else []
        return pad + laid if align == "right" else laid + pad
    return _lay_cut(texts, width)


def _lay_cut(texts: Sequence[Part], width: int) -> list[Part]:
    laid: list[Part] = []
    room = width
    for text, style in texts:
        size = cell_len(text)
        if size >= room:
            laid.append((fit(crop(text, room - 1) + "…", room), style))
            break
        if text:
            laid.append((text, style))
            room -= size
    return laid


def sparkline(
    values: Sequence[float | None], width: int, *, low: float | None = 0.0, high: float | None = None
) -> str:
    """The newest *width* of *values*, one block glyph each, newest at the right.

    Args:
        values: Oldest first. None, not known, is a space: a gap and never a zero.
        width: Cells. Fewer values than cells leave the left empty.
        low: The value of the lowest glyph; None: the least value.
        high: The value of the full block; None: the greatest value.

    Returns:
        Exactly *width* cells.
    """
    shown = list(values[-width:]) if width > 0 else []
    known = [value for value in shown if value is not None]
    floor = min(known, default=0.0) if low is None else low
    span = (max(known, default=floor) if high is None else high) - floor
    glyphs = [
        " "
        if value is None
        else _SPARKS[max(0, min(7, round((value - floor) / span * 7) if span > 0 else 0))]
        for value in shown
    ]
    return "".join(glyphs).rjust(max(0, width))


def squeeze(values: Sequence[float | None], count: int) -> list[float | None]:
    """*values* in at most *count* equal buckets, the greatest of each: a peak is never averaged away."""
    if len(values) <= count or count <= 0:
        return list(values)
    buckets: list[float | None] = []
    for index in range(count):
        bucket = values[index * len(values) // count : (index + 1) * len(values) // count]
        buckets.append(max((value for value in bucket if value is not None), default=None))
    return buckets


def bar(fraction: float | None, width: int, style: str = "spark", rest: str = "dim") -> Cell:
    """A progress bar of exactly *width* cells, to an eighth of a cell; an unknown fraction is empty.

    Args:
        fraction: 0 to 1; beyond is held to that. None: not known.
        width: Cells.
        style: Class names of the done part.
        rest: Class names of the dots of the remaining part.
    """
    if fraction is None:
        return Cell(" " * width, rest)
    eighths = round(max(0.0, min(1.0, fraction)) * width * 8)
    full, part = divmod(eighths, 8)
    done = "█" * full + (_EIGHTHS[part - 1] if part else "")
    return Cell(spans=((done, style), ("·" * (width - len(done)), rest)))

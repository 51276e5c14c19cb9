"""One log line as styled pieces of text: time, service, level, message."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import tzinfo
from zlib import crc32

from rich.cells import cell_len

from agentdash.core.clock import local_time
from agentdash.core.logs.model import OWN, Level, LogLine
from agentdash.core.text import printable
from tui.widgets.cells import Part, crop, fit, lay
from tui.widgets.match import Matcher, mark_matches

SERVICES = 6
"""Number of colours for services: names ``service-0`` and on."""

SERVICE_CSS = """
LogView {
    & > .log-view--service-0 { color: $success; }
    & > .log-view--service-1 { color: $primary; }
    & > .log-view--service-2 { color: $text-secondary; }
    & > .log-view--service-3 { color: $text-primary; }
    & > .log-view--service-4 { color: $success 70%; }
    & > .log-view--service-5 { color: $text-secondary 75%; }
    &:light {
        & > .log-view--service-0 { color: $text-success; }
        & > .log-view--service-4 { color: $text-success; }
    }
    &:ansi {
        & > .log-view--service-2 { color: ansi_magenta; }
        & > .log-view--service-3 { color: ansi_cyan; }
        & > .log-view--service-4 { color: ansi_bright_green; }
        & > .log-view--service-5 { color: ansi_bright_magenta; }
    }
}
"""
"""Their colours, for a widget `LogView`."""

_LEVELS = {
    Level.TRACE: "faint",
    Level.DEBUG: "faint",
    Level.INFO: "dim",
    Level.WARN: "warn",
    Level.ERROR: "bad bold",
    Level.FATAL: "bad bold",
}
_PROMINENT = {Level.WARN, Level.ERROR, Level.FATAL}
_NOTABLE = re.compile(r"(?P<id>\b\d{13}-\d+\b)|(?P<unknown>•{3,})")
_MAX_WRAPPED = 4000
"""Characters of one line that are wrapped; a longer one is shown whole on its page."""


@dataclass(frozen=True, slots=True)
class LineShape:
    """Cells of the columns at one width; 0 for a column without room."""

    time: int
    service: int
    level: int
    message: int

    @property
    def indent(self) -> int:
        """Cells before the message."""
        return sum(width + 1 for width in (self.time, self.service, self.level) if width)


def shape(width: int) -> LineShape:
    """The columns at *width* cells: first the milliseconds of the time are left out, then the service."""
    time = 12 if width >= 60 else 8 if width >= 30 else 0
    service = 18 if width >= 140 else 9 if width >= 44 else 0
    level = 5 if width >= 18 else 0
    rest = width - sum(size + 1 for size in (time, service, level) if size)
    return LineShape(time, service, level, max(1, rest))


def clock(ms: int, tz: tzinfo | None) -> str:
    """``HH:MM:SS.mmm`` of a Unix time in ms, in *tz* (None: local); dashes for a time out of range."""
    moment = local_time(ms, tz)
    return "--:--:--.---" if moment is None else f"{moment:%H:%M:%S}.{ms % 1000:03d}"


def short_name(name: str, width: int) -> str:
    """``com.acme.shop.Pay`` as ``c.a.s.Pay`` where it is wider than *width*."""
    parts = name.split(".")
    for at in range(len(parts) - 1 if len(parts) > 2 else 0):
        if cell_len(".".join(parts)) <= width:
            break
        parts[at] = parts[at][:1]
    return ".".join(parts)


def service_style(name: str) -> str:
    """The colour of a name."""
    return f"service-{crc32(name.encode('utf-8', 'replace')) % SERVICES}"


@dataclass(frozen=True, slots=True)
class LineDrawing:
    """How lines are drawn.

    Attributes:
        shape: Widths of the columns.
        tz: Zone that times are shown in; None: local.
        find: Matches to highlight.
    """

    shape: LineShape
    tz: tzinfo | None = None
    find: Matcher | None = None

    def row(self, line: LogLine, followers: int, *, opened: bool, follows: bool) -> list[Part]:
        """A line in one row, cut if necessary; the number of folded lines is always visible."""
        width = self.shape.message
        fold = _fold_mark(followers, opened=opened)
        room = width - (len(fold) + 2 if fold else 0)
        if room < 4:
            room, fold = width, ""
        text = self._message(line, 4 * room + 64, follows=follows)
        tail = _correlation(line)
        if tail and sum(cell_len(part) for part, _ in text) + cell_len(tail) + 1 <= room:
            text.append((f" {tail}", "dim"))
        used = min(room, sum(cell_len(part) for part, _ in text))
        parts = lay(self._quiet(line, self._mark(text)), used)
        if fold:
            parts.append((f"  {fold}", "dim"))
            used += len(fold) + 2
        return [*self._lead(line, follows=follows), *parts, (" " * (width - used), "")]

    def wrapped(self, line: LogLine, followers: int, *, opened: bool, follows: bool) -> list[list[Part]]:
        """A line in as many rows as necessary."""
        text = self._whole(line, followers, opened=opened, follows=follows)
        rows = wrap_parts(self._quiet(line, self._mark(text)), self.shape.message)
        blank = [(" " * self.shape.indent, "")]
        return [
            [*(blank if number else self._lead(line, follows=follows)), *row]
            for number, row in enumerate(rows)
        ]

    def height(self, line: LogLine, followers: int, *, opened: bool, follows: bool) -> int:
        """The number of rows of `wrapped`."""
        width = self.shape.message
        tail = _correlation(line)
        if line.message.isascii() and line.message.isprintable() and tail.isascii():
            fold = _fold_mark(followers, opened=opened)
            length = min(len(_message_of(line)), _MAX_WRAPPED) + (2 if follows else 0)
            length += len(tail) + 1 if tail else 0
            length += len(fold) + 2 if fold else 0
            return max(1, -(-length // width))
        return len(wrap_parts(self._whole(line, followers, opened=opened, follows=follows), width))

    def _whole(self, line: LogLine, followers: int, *, opened: bool, follows: bool) -> list[Part]:
        text = self._message(line, _MAX_WRAPPED, follows=follows)
        if tail := _correlation(line):
            text.append((f" {tail}", "dim"))
        if fold := _fold_mark(followers, opened=opened):
            text.append((f"  {fold}", "dim"))
        return text

    def _message(self, line: LogLine, most: int, *, follows: bool) -> list[Part]:
        text = printable(_message_of(line)[:most])
        parts: list[Part] = [("  ", "")] if follows else []
        done = 0
        for hit in _NOTABLE.finditer(text):
            parts += [(text[done : hit.start()], ""), (hit.group(), hit.lastgroup or "")]
            done = hit.end()
        parts.append((text[done:], ""))
        return [part for part in parts if part[0]]

    def _lead(self, line: LogLine, *, follows: bool) -> list[Part]:
        widths = self.shape
        if follows:
            return [(" " * widths.indent, "")] if widths.indent else []
        lead: list[Part] = []
        if widths.time:
            at = clock(line.seen_at if line.at is None else line.at, self.tz)
            lead.append((at[: widths.time] + " ", "faint" if line.at is None else "dim"))
        if widths.service:
            name = line.service or line.source
            lead += self._mark([(fit(short_name(name, widths.service), widths.service), service_style(name))])
            lead.append((" ", ""))
        if widths.level:
            level = line.level
            word, style = (level.upper(), _LEVELS[level]) if level else ("", "dim")
            lead.append((fit(word, widths.level) + " ", style))
        return self._quiet(line, lead)

    def _mark(self, parts: list[Part]) -> list[Part]:
        return mark_matches(parts, self.find) if self.find else parts

    @staticmethod
    def _quiet(line: LogLine, parts: list[Part]) -> list[Part]:
        if line.service != OWN or line.level in _PROMINENT:
            return parts
        return [(text, "dim match" if "match" in style else "dim") for text, style in parts]


def _message_of(line: LogLine) -> str:
    """The message, without the name of the service if it begins with it."""
    name = line.service or line.source
    return line.message[len(name) + 2 :] if line.message.startswith(f"{name}: ") else line.message


def _correlation(line: LogLine) -> str:
    """The correlation id where the message does not contain it."""
    if not line.correlation_id or line.correlation_id in line.message:
        return ""
    return f"corr={printable(line.correlation_id[:40])}"


def _fold_mark(followers: int, *, opened: bool) -> str:
    if not followers:
        return ""
    return f"{'▾' if opened else '▸'} {followers} {'line' if followers == 1 else 'lines'}"


def wrap_parts(parts: list[Part], width: int) -> list[list[Part]]:
    """*parts* in rows of exactly *width* cells, broken between characters, never inside one."""
    rows: list[list[Part]] = []
    row: list[Part] = []
    room = width
    for whole, style in parts:
        text = whole
        while text:
            piece = crop(text, room)
            if not piece and room == width:
                piece, text = "…", text[1:]  # a wide character in a column of one cell
            else:
                text = text[len(piece) :]
            if piece:
                row.append((piece, style))
                room -= cell_len(piece)
            if text or room == 0:
                rows.append([*row, (" " * room, "")] if room else row)
                row, room = [], width
    if row or not rows:
        rows.append([*row, (" " * room, "")])
    return rows


def line_text(line: LogLine, tz: tzinfo | None = None) -> str:
    """The whole line as plain text, as one would copy it: time, service, level, message, correlation id."""
    at = clock(line.seen_at if line.at is None else line.at, tz)
    words = (at, line.service or line.source, line.level.upper() if line.level else "", line.message)
    return " ".join(printable(word) for word in (*words, _correlation(line)) if word)

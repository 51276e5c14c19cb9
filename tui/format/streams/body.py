"""The fields of a message: JSON and MessagePack as parts that fold, bytes as hex, the rest as text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from agentdash.core import units
from agentdash.core.secrets.mask import masked_field
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.streams.message_body import MOST_FIELDS, BodyKind, parse_body
from agentdash.core.text import printable
from tui.format.json_tree import json_tree
from tui.widgets.document import Para, Path, field

NAME_WIDTH = 11
HEX_ROW = 8
HEX_MOST = 512
"""Bytes shown of a binary value."""
HEX_OPEN = 128
"""Bytes up to which such a value is unfolded at first."""
LONG_TEXT = 500
"""Characters from which on a text folds."""
MANY_LINES = 12
"""Lines from which on it is folded at first."""
FIRST = 64 * 1024
"""Bytes of a message that are shown at first; `MOST` on request."""
MOST = 1024 * 1024
QUICK = 4096
_LONGEST_WORD = 512
MOST_LINES = 4000
LONGEST_NAME = 1000
PIECE = 2000
"""Characters of one line that are drawn as one paragraph."""
LINE = 60
"""Characters of the first line shown while folded."""


Fields = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Body:
    """The shown fields of a message.

    Attributes:
        paras: Their lines.
        cut: Whether there is more of them.
    """

    paras: tuple[Para, ...]
    cut: bool = False


def body_of(fields: Fields, most: int = FIRST) -> Body:
    """The fields of a message: of all together *most* bytes, of a single one all of these.

    Reading a megabyte of text for secrets takes 0.2 s: call it in a thread where `is_long`.
    """
    paras: list[Para] = []
    left, cut = most, False
    for number, (name, value) in enumerate(fields):
        if number >= MOST_FIELDS or (left <= 0 and value):
            paras.append(Para.of(f"… {units.plural(len(fields) - number, 'more field')}", "dim"))
            cut = cut or left <= 0
            break
        room = max(left, 0)
        shown = value if len(value) <= room else _beginning(value, room)
        lines = value_paras(name[:LONGEST_NAME], shown)
        if len(lines) > MOST_LINES:
            lines = [*lines[:MOST_LINES], Para.of("… more lines than are shown", "dim", 2)]
        paras += lines
        if len(shown) < len(value):
            paras.append(
                Para.of(f"… {units.size(len(value) - len(shown))} more of {as_text(name[:40])}", "dim", 2)
            )
            cut = True
        left -= len(shown)
    if cut:
        paras.append(Para.of("m shows more" if most < MOST else "more than that is not shown here", "dim", 2))
    return Body(tuple(paras), cut and most < MOST)


def is_long(fields: Fields) -> bool:
    """Whether *fields* are too long to format without delaying keys."""
    return len(fields) > 50 or sum(len(value) for _, value in fields) > QUICK


def _beginning(value: bytes, most: int) -> bytes:
    """At most *most* bytes of *value*, to the end of a word: half a secret would not be recognised."""
    end = max(0, most - _LONGEST_WORD, value.rfind(b" ", 0, most), value.rfind(b"\n", 0, most))
    for _ in range(3):
        if end > 0 and value[end] & 0xC0 == 0x80:  # within a character of UTF-8
            end -= 1
    return value[:end]


def value_paras(name: bytes, value: bytes) -> list[Para]:
    """One field; secrets are masked, by the name of the field and by their shape. Long values fold."""
    label = as_text(name)
    body = parse_body(value)
    path = (label,)
    head = (f"{label:<{NAME_WIDTH}} ", "dim")
    match body.kind:
        case BodyKind.JSON:
            return json_tree(body.data, path, (head,))
        case BodyKind.MSGPACK:
            return json_tree(body.data, path, (head, ("MessagePack ", "dim")))
        case BodyKind.BYTES:
            words = units.plural(len(value), "byte")
            opened, closed = ((head, (sign, "accent"), (words, "dim")) for sign in ("▾ ", "▸ "))
            return [Para(opened, 2, path, closed, shut=len(value) > HEX_OPEN), *hex_paras(value, path)]
    return _text_paras(label, body.text)


def _text_paras(label: str, text: str) -> list[Para]:
    """Text as lines; only the first one while it is folded."""
    shown, masked = masked_field(label, text)
    width = max(NAME_WIDTH, len(label))
    if masked and len(masked) == 1 and shown == "•" * len(shown):
        return [Para(((f"{label:<{width}} ", "dim"), (shown, ""), ("  masked", "dim")), width + 1)]
    pieces = (piece for line in shown.split("\n", MOST_LINES) for piece in _pieces(line))
    lines = list(islice(pieces, MOST_LINES))
    count = shown.count("\n") + 1
    if len(lines) == 1 and len(shown) <= LONG_TEXT:
        return [field(label, printable(shown), "", width)]
    head = (f"{label:<{width}} ", "dim")
    many = f"  … {units.plural(count, 'line')}, {units.count(len(shown))} characters"
    closed = (head, ("▸ ", "accent"), (printable(lines[0][:LINE]), ""), (many, "dim"))
    first = Para((head, ("▾ ", "accent"), (printable(lines[0]), "")), width + 1, (label,), closed)
    first = replace(first, shut=len(lines) > MANY_LINES or len(shown) > 4 * LONG_TEXT)
    space = (" " * (width + 1), "")
    rest = (
        Para((space, (printable(line), "")), width + 1, (label, n)) for n, line in enumerate(lines[1:], 1)
    )
    return [first, *rest]


def _pieces(line: str) -> list[str]:
    """A line in pieces that are short enough to draw."""
    return [line[at : at + PIECE] for at in range(0, len(line), PIECE)] or [""]


def hex_paras(value: bytes, path: Path = ()) -> list[Para]:
    """Rows of hex and ASCII, as of hexdump."""
    rows = []
    for start in range(0, min(len(value), HEX_MOST), HEX_ROW):
        piece = value[start : start + HEX_ROW]
        text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "·" for byte in piece)
        hexed = f"{piece.hex(' '):<{HEX_ROW * 3}}"
        rows.append(Para(((f"  {start:04x}  ", "faint"), (hexed, ""), (text, "dim")), 0, (*path, start)))
    if len(value) > HEX_MOST:
        left = len(value) - HEX_MOST
        rows.append(Para(((f"  … {left} bytes more", "dim"),), 0, (*path, HEX_MOST)))
    return rows


def preview(body: tuple[tuple[bytes, bytes], ...]) -> str:
    """The fields in one line; secrets are masked."""
    return " ".join(f"{as_text(name[:40])}={_short(name, value)}" for name, value in body[:8])


def _short(name: bytes, value: bytes) -> str:
    text = as_text(value[:60])
    if text.count("\\x") + text.count("␀") > 2:
        kind = parse_body(value)
        if kind.data is not None:
            text = json.dumps(kind.data, ensure_ascii=False)[:60]
        elif kind.kind is BodyKind.BYTES:
            text = f"0x{value[:8].hex()}{'…' if len(value) > 8 else ''}"
    return masked_field(as_text(name[:40]), text)[0]

"""The fields of a message: JSON and MessagePack as parts that fold, bytes as hex, the rest as text."""

from __future__ import annotations

import json
from dataclasses import replace

from agentdash.core import units
from agentdash.core.log_parse_secrets import mask_field
from agentdash.core.message_body import BodyKind, understand
from agentdash.core.text import decode, printable
from tui.format.json_tree import json_tree
from tui.widgets.document import Para, Path, field

NAME_WIDTH = 11
HEX_ROW = 8
HEX_MOST = 512
"""Bytes that are drawn of a value that is neither text nor anything else known."""
HEX_OPEN = 128
"""Bytes up to which such a value is not folded at first."""
LONG_TEXT = 500
"""Characters from which on a text folds."""
MANY_LINES = 12
"""Lines from which on it is folded at first."""
LINE = 60
"""Characters shown of the first line while it is."""


def value_paras(name: bytes, value: bytes) -> list[Para]:
    """One field; secrets are masked, by the name of the field and by their shape. What is long folds."""
    label = decode(name)
    body = understand(value)
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
    """Text, its lines one below the other; of a long one only the first line while it is folded."""
    shown, masked = mask_field(label, text)
    width = max(NAME_WIDTH, len(label))
    if masked and len(masked) == 1 and shown == "•" * len(shown):
        return [Para(((f"{label:<{width}} ", "dim"), (shown, ""), ("  masked", "dim")), width + 1)]
    lines = shown.split("\n") if len(shown) < 64 * 1024 else [shown]
    if len(lines) == 1 and len(shown) <= LONG_TEXT:
        return [field(label, printable(shown), "", width)]
    head = (f"{label:<{width}} ", "dim")
    many = f"  … {units.plural(len(lines), 'line')}, {units.count(len(shown))} characters"
    closed = (head, ("▸ ", "accent"), (printable(lines[0][:LINE]), ""), (many, "dim"))
    first = Para((head, ("▾ ", "accent"), (printable(lines[0]), "")), width + 1, (label,), closed)
    first = replace(first, shut=len(lines) > MANY_LINES or len(shown) > 4 * LONG_TEXT)
    space = (" " * (width + 1), "")
    rest = (
        Para((space, (printable(line), "")), width + 1, (label, n)) for n, line in enumerate(lines[1:], 1)
    )
    return [first, *rest]


def hex_paras(value: bytes, path: Path = ()) -> list[Para]:
    """Rows of hex with what is ASCII in them beside, as hexdump shows it."""
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
    return " ".join(f"{decode(name[:40])}={_short(name, value)}" for name, value in body[:8])


def _short(name: bytes, value: bytes) -> str:
    text = decode(value[:60])
    if text.count("\\x") + text.count("␀") > 2:
        kind = understand(value)
        if kind.data is not None:
            text = json.dumps(kind.data, ensure_ascii=False)[:60]
        elif kind.kind is BodyKind.BYTES:
            text = f"0x{value[:8].hex()}{'…' if len(value) > 8 else ''}"
    return mask_field(decode(name[:40]), text)[0]

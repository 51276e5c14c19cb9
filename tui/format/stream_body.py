"""The fields of a message: JSON and MessagePack folded out and coloured, bytes as hex, the rest as text."""

from __future__ import annotations

import json

from agentdash.core import units
from agentdash.core.log_parse_secrets import mask_field
from agentdash.core.message_body import BodyKind, understand
from agentdash.core.text import decode, printable
from tui.widgets.document import Para, field

NAME_WIDTH = 11
HEX_ROW = 8
HEX_MOST = 512
"""Bytes that are drawn of a value that is neither text nor anything else known."""


def value_paras(name: bytes, value: bytes) -> list[Para]:
    """One field; secrets are masked, by the name of the field and by their shape."""
    label = decode(name)
    body = understand(value)
    match body.kind:
        case BodyKind.JSON | BodyKind.MSGPACK:
            mark = "▾" if body.kind is BodyKind.JSON else "▾ MessagePack"
            return [Para(((f"{label:<{NAME_WIDTH}} ", "dim"), (mark, "dim"))), *json_paras(body.data)]
        case BodyKind.BYTES:
            head = field(label, units.plural(len(value), "byte"), "dim", max(NAME_WIDTH, len(label)))
            return [head, *hex_paras(value)]
    shown, masked = mask_field(label, body.text)
    if masked and len(masked) == 1 and shown == "•" * len(shown):
        return [Para(((f"{label:<{NAME_WIDTH}} ", "dim"), (shown, ""), ("  masked", "dim")), NAME_WIDTH + 1)]
    lines = shown.split("\n") if len(shown) < 64 * 1024 else [shown]
    width = max(NAME_WIDTH, len(label))
    first = field(label, printable(lines[0]), "", width)
    return [first, *(Para(((" " * (width + 1), ""), (printable(line), "")), width + 1) for line in lines[1:])]


def hex_paras(value: bytes) -> list[Para]:
    """Rows of hex with what is ASCII in them beside, as hexdump shows it."""
    rows = []
    for start in range(0, min(len(value), HEX_MOST), HEX_ROW):
        piece = value[start : start + HEX_ROW]
        text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "·" for byte in piece)
        hexed = f"{piece.hex(' '):<{HEX_ROW * 3}}"
        rows.append(Para(((f"  {start:04x}  ", "faint"), (hexed, ""), (text, "dim"))))
    if len(value) > HEX_MOST:
        rows.append(Para.of(f"  … {len(value) - HEX_MOST} bytes more", "dim"))
    return rows


def json_paras(data: object) -> list[Para]:
    """JSON, one line a value, keys and values told apart by colour; secrets are masked by their key."""
    page = []
    for line in json.dumps(_masked("", data), indent=2, ensure_ascii=False).splitlines():
        body = line.lstrip()
        indent = " " * (len(line) - len(body) + 2)
        key, colon, rest = body.partition('": ')
        if colon and body.startswith('"'):
            named = ((indent, ""), (printable(key) + '"', "info"), (": ", "dim"), *_value(rest))
            page.append(Para(named, hang=len(indent) + 2))
        else:
            page.append(Para(((indent, ""), *_value(body)), hang=len(indent) + 2))
    return page


def _masked(name: str, data: object) -> object:
    if isinstance(data, dict):
        return {key: _masked(str(key), value) for key, value in data.items()}
    if isinstance(data, list):
        return [_masked(name, value) for value in data]
    return mask_field(name, data)[0] if isinstance(data, str) else data


def _value(text: str) -> tuple[tuple[str, str], ...]:
    comma = ((",", "dim"),) if text.endswith(",") else ()
    text = text[:-1] if comma else text
    style = "good" if text[:1] == '"' else "dim" if text[:1] in "{}[]" else "unknown"
    return ((printable(text), style), *comma)


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

"""The value of a field as text, JSON, MessagePack or bytes; and the correlation ids of a message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from agentdash.core.bounded_json import read_json
from agentdash.core.correlation import CORRELATION_NAMES

LONGEST = 64 * 1024
"""Bytes of a value that is parsed; a longer one is shown unparsed."""
DEEPEST = 40
"""Levels that are kept."""
MOST_FIELDS = 500
"""Fields of one message that are searched for ids, and shown."""
_PARSED = 900
"""Levels that are parsed at all; those below `DEEPEST` are counted, not kept."""


class BodyKind(StrEnum):
    """The format of a value."""

    TEXT = "text"
    JSON = "JSON"
    MSGPACK = "MessagePack"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Body:
    """A parsed value.

    Attributes:
        data: JSON or MessagePack: lists, dicts with text as keys, numbers, text, booleans, None.
        text: Text.
    """

    kind: BodyKind
    data: object = None
    text: str = ""


def parse_body(value: bytes) -> Body:
    """Parse *value*, by its content alone.

    JSON: text that is a whole object or list. MessagePack: bytes that are no text, and are a whole map or
    list to the last byte; a single packed number or short text looks like any other bytes.
    """
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = None
    if text is not None and not _has_controls(text):
        data = _json(text)
        return Body(BodyKind.TEXT, text=text) if data is None else Body(BodyKind.JSON, data)
    data = _msgpack(value)
    if data is not None:
        return Body(BodyKind.MSGPACK, data)
    return Body(BodyKind.BYTES) if text is None or "\0" in text else Body(BodyKind.TEXT, text=text)


def _has_controls(text: str) -> bool:
    return any(character < " " and character not in "\t\n\r\x1b" for character in text[:LONGEST])


def _json(text: str) -> object:
    if text.lstrip()[:1] not in {"{", "["} or len(text) > LONGEST:
        return None
    try:
        data = read_json(text, deepest=_PARSED)
        return _plain(data) if isinstance(data, (dict, list)) else None
    except ValueError:
        return None


def _msgpack(value: bytes) -> object:
    # 0x80–0x9f: a map or list of up to 15; 0xdc–0xdf: longer ones.
    if not value or len(value) > LONGEST or not (0x80 <= value[0] <= 0x9F or 0xDC <= value[0] <= 0xDF):
        return None
    import msgpack

    try:
        data = msgpack.unpackb(value, strict_map_key=False, unicode_errors="backslashreplace")
        return _plain(data) if isinstance(data, (dict, list)) else None
    except (ValueError, msgpack.exceptions.UnpackException, RecursionError, TypeError, OverflowError):
        return None


def _plain(data: object, depth: int = 0) -> object:
    """*data* as JSON types and at most `DEEPEST` levels; the rest as text."""
    if depth >= DEEPEST and isinstance(data, (dict, list)):
        return f"… {len(data)} more, deeper than is shown"
    if isinstance(data, dict):
        return {_key(key): _plain(value, depth + 1) for key, value in data.items()}
    if isinstance(data, list):
        return [_plain(value, depth + 1) for value in data]
    if data is None or isinstance(data, (str, int, float)):
        return data
    if isinstance(data, bytes):
        return f"0x{data[:256].hex()}{'…' if len(data) > 256 else ''}"
    return str(data)


def _key(key: object) -> str:
    return key if isinstance(key, str) else str(_plain(key))


def correlation_ids(fields: Iterable[tuple[bytes, bytes]]) -> tuple[str, ...]:
    """The correlation ids of a message: from its fields, or the top level of a body."""
    found: dict[str, None] = {}
    for raw_name, raw in islice(fields, MOST_FIELDS):
        name = raw_name.decode("utf-8", "replace").casefold()
        if name in CORRELATION_NAMES and 0 < len(raw) <= 200:
            found[raw.decode("utf-8", "replace")] = None
            continue
        data = parse_body(raw).data if len(raw) <= LONGEST else None
        for key, value in data.items() if isinstance(data, dict) else ():
            if key.casefold() in CORRELATION_NAMES and isinstance(value, (str, int)) and value != "":
                found[str(value)[:200]] = None
    return tuple(found)

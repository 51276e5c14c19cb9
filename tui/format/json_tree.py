"""JSON as lines that fold: each object and list is a part of its own; secrets are masked by their key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain

from agentdash.core.secrets.data import DataMask
from agentdash.core.text import printable
from tui.widgets.cells import Part
from tui.widgets.document import Para, Path

STEP = 2
"""Cells that each level is indented."""
MANY = 20
"""Values below a part, counted with all that they contain, from which on it is folded at first."""


Container = dict[str, object] | list[object]


def json_tree(data: object, path: Path, head: tuple[Part, ...] = ()) -> list[Para]:
    """The lines of an object or list.

    Args:
        data: What JSON knows: dicts with text as keys, lists, numbers, text, booleans, None.
        path: Its place; the lines below it are deeper.
        head: The text before its bracket, e.g. the name of the field.
    """
    safe = DataMask().value(str(path[-1]) if path else "", data)
    return list(_lines(safe, path, head, "", indent=2, level=0))


def _lines(
    data: object, path: Path, head: tuple[Part, ...], comma: str, *, indent: int, level: int
) -> Iterator[Para]:
    tail: tuple[Part, ...] = ((comma, "dim"),) if comma else ()
    if not isinstance(data, dict | list) or not data:
        yield Para((*head, *_scalar(data), *tail), indent + STEP, path)
        return
    opens, closes = "{}" if isinstance(data, dict) else "[]"
    closed = (*head, ("▸ ", "accent"), (f"{opens}{len(data)}{closes}", "dim"), *tail)
    shut = level > 0 and _size(data) > MANY
    yield Para((*head, ("▾ ", "accent"), (opens, "dim")), indent + STEP, path, closed, shut)
    space = " " * indent
    items = _items(data)
    for number, (key, value, label) in enumerate(items, 1):
        inner: tuple[Part, ...] = ((space, ""), *label)
        more = "," if number < len(items) else ""
        yield from _lines(value, (*path, key), inner, more, indent=indent + STEP, level=level + 1)
    yield Para(((" " * (indent - STEP), ""), (closes, "dim"), *tail), 0, (*path, closes))


def _items(data: Container) -> list[tuple[str | int, object, tuple[Part, ...]]]:
    """Each value with its key and the text before it."""
    if isinstance(data, dict):
        return [(key, value, ((_quoted(key), "info"), (": ", "dim"))) for key, value in data.items()]
    return [(number, value, ()) for number, value in enumerate(data)]


def _scalar(value: object) -> tuple[Part, ...]:
    if isinstance(value, str):
        return ((_quoted(value), "good"),)
    style = "dim" if isinstance(value, dict | list) else "unknown"
    return ((printable(json.dumps(value, ensure_ascii=False)), style),)


def _quoted(text: str) -> str:
    return printable(json.dumps(text, ensure_ascii=False))


def _size(data: object) -> int:
    """Values in *data*, with those that lie in them."""
    if not isinstance(data, dict | list):
        return 1
    inner = data.values() if isinstance(data, dict) else data
    return sum(chain((len(data),), map(_size, inner)))

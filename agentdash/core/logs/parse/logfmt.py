"""logfmt: ``name=value`` pairs, values with spaces in quotes."""

from __future__ import annotations

import re

from agentdash.core.logs.parse.json_line import LEVEL, MESSAGE, TIME, of_record
from agentdash.core.logs.parse.parts import Parts

_PAIR = re.compile(r"([A-Za-z_@][\w.@/-]*)=(\"(?:[^\"\\]|\\.)*\"|[^\s\"]*)(?:\s+|$)")
_EXPECTED = frozenset([*TIME, *LEVEL, *MESSAGE])
_ESCAPED = {"n": "\n", "t": "\t"}


def read(text: str, read_at: int) -> Parts | None:
    """The parts of a line of at least two pairs, of which one is a time, a level or a message; else None."""
    if _PAIR.match(text) is None:
        return None
    pairs: dict[str, object] = {}
    position = 0
    while (pair := _PAIR.match(text, position)) is not None:
        value = pair[2]
        pairs.setdefault(pair[1], _unquoted(value) if value.startswith('"') else value)
        position = pair.end()
    if position < len(text) or len(pairs) < 2 or _EXPECTED.isdisjoint(pairs):
        return None
    return of_record(pairs, read_at)


def _unquoted(value: str) -> str:
    inner = value[1:-1]
    return re.sub(r"\\(.)", lambda sign: _ESCAPED.get(sign[1], sign[1]), inner) if "\\" in inner else inner

"""JSON from outside, read so that its values are safe to work with.

`json.loads` alone accepts numbers of thousands of digits, ``NaN``, ``1e999`` (infinity), and values nested so
deeply that the next recursive function over them fails. Here such a number becomes text, and a value that is
nested too deeply is refused.
"""

from __future__ import annotations

import json
import math
from typing import Any

from agentdash.core.bounds import OUT_OF_RANGE

MAX_DEPTH = 100
"""Levels of objects and lists."""
MAX_INTEGER = 2**64 - 1
"""The greatest number that is kept as one: 64-bit ids and hashes are."""
_SHOWN = 40
"""Characters that are kept of a number out of range."""


def read_json(raw: str | bytes, deepest: int = MAX_DEPTH) -> Any:
    """The value that *raw* is.

    Args:
        raw: The text, or its bytes in UTF-8, UTF-16 or UTF-32.
        deepest: Accepted levels; more than the default only where the caller limits them itself.

    Raises:
        ValueError: when it is not JSON, or nested more deeply.
    """
    text = raw if isinstance(raw, str) else raw.decode(json.detect_encoding(raw), "surrogatepass")
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise ValueError(f"nested more than {deepest} levels deep") from None
    # Fewer brackets cannot be nested so deeply: counting is enough for most values.
    if text.count("[") + text.count("{") > deepest and _is_deeper(value, deepest):
        raise ValueError(f"nested more than {deepest} levels deep")
    return value


def _whole(text: str) -> int | str:
    if len(text) < 19:
        return int(text)
    value = int(text) if len(text) <= 20 else MAX_INTEGER + 1
    return value if -MAX_INTEGER <= value <= MAX_INTEGER else _beyond(text)


def _fraction(text: str) -> float | str:
    value = float(text)
    return value if math.isfinite(value) else _beyond(text)


def _constant(text: str) -> str:
    """``NaN``, ``Infinity`` and ``-Infinity`` are not JSON, but some programs write them."""
    return text


def _beyond(text: str) -> str:
    return f"{text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'} ({OUT_OF_RANGE})"


def _is_deeper(value: object, deepest: int) -> bool:
    """Whether *value* has more than *deepest* levels; without recursion."""
    level = [value]
    for _ in range(deepest):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


_DECODER = json.JSONDecoder(parse_int=_whole, parse_float=_fraction, parse_constant=_constant)

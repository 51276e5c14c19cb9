"""Limits for numbers and times from outside: a value out of range is unknown.

Every reader of outside data applies these where the value comes in, so that no other code meets a number of
400 digits, an infinity, or a time without a date.
"""

from __future__ import annotations

import math

OUT_OF_RANGE = "out of range"
"""Shown, and given as the reason, for a value out of range."""

LARGEST = 2**63 - 1
"""The greatest integer: that of 64 bits with a sign, as in Redis, SQLite and most JSON readers."""

EARLIEST_MS = -62_135_510_400_000
LATEST_MS = 253_402_214_399_999
"""From 2 January of the year 1 to 30 December 9999, Unix ms: dates in every time zone."""

_DIGITS = 20
"""Characters of `LARGEST` with its sign; a longer text is out of range."""


def bounded_int(value: object, low: int = -LARGEST, high: int = LARGEST) -> int | None:
    """*value* as an integer from *low* to *high*; None for another value.

    Args:
        value: An int, a float (its fraction is dropped), or decimal digits as text or bytes.
        low: The least accepted.
        high: The greatest accepted.
    """
    if isinstance(value, bytes):
        value = value[: _DIGITS + 1].decode("ascii", "replace")
    if isinstance(value, str):
        value = _of_digits(value)
    elif isinstance(value, float):
        value = int(value) if math.isfinite(value) else None
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if low <= value <= high else None


def bounded_time_ms(value: object) -> int | None:
    """*value*, Unix ms, if it has a date in every time zone; else None."""
    return bounded_int(value, EARLIEST_MS, LATEST_MS)


def is_number(value: object) -> bool:
    """Whether *value* is an integer or decimal digits of any size, also out of range."""
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    if isinstance(value, str):
        digits = value.strip().removeprefix("-")
        return digits.isascii() and digits.isdecimal()
    return isinstance(value, int) and not isinstance(value, bool)


def bounded_float(value: object) -> float | None:
    """*value* as a finite number within ±`LARGEST`; None for another value."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -LARGEST <= value <= LARGEST else None  # also false for NaN


def _of_digits(text: str) -> int | None:
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdecimal() or len(text) > _DIGITS:
        return None
    return int(text)

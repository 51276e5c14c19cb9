"""Numbers and times from outside: kept where they can be computed with and shown, beyond that unknown.

Every reader of outside data uses these at the place where the value comes in, so that nothing behind it meets
a number of 400 digits, an infinity, or a time that no calendar has.
"""

from __future__ import annotations

import math

OUT_OF_RANGE = "out of range"
"""What is shown, and given as the reason, of a value that is beyond the bounds."""

LARGEST = 2**63 - 1
"""The greatest whole number: what 64 bits hold with a sign, as Redis, SQLite and most readers of JSON do."""

EARLIEST_MS = -62_135_510_400_000
LATEST_MS = 253_402_214_399_999
"""From 2 January of the year 1 to 30 December 9999, Unix ms UTC: every time zone has a date for them."""

_DIGITS = 20
"""Characters of `LARGEST` with its sign; a longer text is no number in range, whatever it says."""


def bounded_int(value: object, low: int = -LARGEST, high: int = LARGEST) -> int | None:
    """*value* as a whole number from *low* to *high*; None where it is none, or out of range.

    Args:
        value: An int, a float (its fraction is dropped), or decimal digits as text or bytes.
        low: The least that is accepted.
        high: The greatest.
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
    """*value*, Unix ms, where a calendar has it; else None."""
    return bounded_int(value, EARLIEST_MS, LATEST_MS)


def is_number(value: object) -> bool:
    """Whether *value* is a whole number, or decimal digits, of any size; it may be out of range."""
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    if isinstance(value, str):
        digits = value.strip().removeprefix("-")
        return digits.isascii() and digits.isdecimal()
    return isinstance(value, int) and not isinstance(value, bool)


def bounded_float(value: object) -> float | None:
    """*value* as a finite number within ±`LARGEST`; None where it is none, or out of range."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -LARGEST <= value <= LARGEST else None  # also false for NaN


def _of_digits(text: str) -> int | None:
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdecimal() or len(text) > _DIGITS:
        return None
    return int(text)

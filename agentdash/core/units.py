"""Numbers in few characters, the same on screen and in plain tables: ages, counts, bytes, rates."""

from __future__ import annotations

from agentdash.core.bounds import LARGEST, OUT_OF_RANGE

UNKNOWN = "–"


def _in_range(value: float) -> bool:
    """Whether *value* is finite and within ±`LARGEST`."""
    return -LARGEST <= value <= LARGEST


def age(ms: float | None) -> str:
    """A span of time in at most five cells: ``0.4s 48s 3m12 11m04 5h 3d``; ``–`` when unknown."""
    if ms is None:
        return UNKNOWN
    if not _in_range(ms):
        return OUT_OF_RANGE
    seconds = max(0.0, ms / 1000)
    if seconds < 1:
        return f"{seconds:.1f}s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}"
    if whole < 36_000:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}"
    if whole < 172_800:
        return f"{whole // 3600}h"
    return f"{whole // 86_400}d"


def coarse(ms: float | None) -> str:
    """A span of time by its greatest unit alone: ``48s 12m 5h 3d``; ``–`` when unknown."""
    if ms is None:
        return UNKNOWN
    if not _in_range(ms):
        return OUT_OF_RANGE
    seconds = int(max(0.0, ms / 1000))
    for unit, length in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds >= length * (2 if unit == "d" else 1):
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def count(value: float | None) -> str:
    """A count in at most five cells: ``999 1.0k 12.4k 124k 1.2M``; ``–`` when unknown."""
    if value is None:
        return UNKNOWN
    if not _in_range(value):
        return OUT_OF_RANGE
    sign, number = ("-", -value) if value < 0 else ("", value)
    if number < 999.5:
        return f"{sign}{number:.0f}"
    for unit in ("k", "M", "G", "T"):
        number /= 1000
        if number < 99.95:
            return f"{sign}{number:.1f}{unit}"
        if number < 999.5:
            return f"{sign}{number:.0f}{unit}"
    return f"{sign}{number:.0f}P"


def size(value: float | None) -> str:
    """Bytes as ``184 MB`` (powers of 1000); ``–`` when unknown."""
    if value is None:
        return UNKNOWN
    if not _in_range(value):
        return OUT_OF_RANGE
    number = float(value)
    for unit in ("B", "kB", "MB", "GB"):
        if abs(number) < 999.5:
            return f"{number:.1f} {unit}" if unit == "GB" else f"{number:.0f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def percent(value: float | None) -> str:
    """``2.1 %``; ``–`` when unknown."""
    if value is None:
        return UNKNOWN
    return f"{value:.1f} %" if _in_range(value) else OUT_OF_RANGE


def plural(number: int, noun: str, many: str | None = None) -> str:
    """``1 group``, ``2 groups``; *many* is an irregular plural."""
    shown = str(number) if _in_range(number) else f"{OUT_OF_RANGE}:"
    return f"{shown} {noun if number == 1 else many or f'{noun}s'}"

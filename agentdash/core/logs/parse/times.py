"""The times of log lines, as Unix milliseconds."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

from agentdash.core.bounds import bounded_int

_MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES.split(), 1)}
_DAY_MS = 86_400_000

GROUPS = frozenset(["Y", "Y2", "M", "Mon", "D", "h", "m", "s", "f", "z"])
"""The groups of the shapes below."""

_HMS = r"(?P<h>\d\d):(?P<m>\d\d):(?P<s>\d\d)"
_FRACTION = r"(?:[.,](?P<f>\d{1,9}))?"
_MON = r"(?P<Mon>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"

ISO = re.compile(
    r"(?P<Y>\d{4})[-/.](?P<M>\d\d)[-/.](?P<D>\d\d)[T _](?P<h>\d\d):(?P<m>\d\d)(?::(?P<s>\d\d)"
    + _FRACTION
    + r")?(?:\s?(?P<z>Z|UTC|GMT|[+-]\d\d:?\d\d)(?![\w:]))?"
)
SYSLOG = re.compile(_MON + r"\s{1,2}(?P<D>\d{1,2}) " + _HMS + _FRACTION)
ACCESS = re.compile(r"(?P<D>\d\d)/" + _MON + r"/(?P<Y>\d{4}):" + _HMS + r" (?P<z>[+-]\d{4})")
APACHE = re.compile(r"[A-Z][a-z]{2} " + _MON + r" (?P<D>[ \d]\d) " + _HMS + _FRACTION + r" (?P<Y>\d{4})")
SHORT_DATE = re.compile(r"(?P<Y2>\d\d)/(?P<M>\d\d)/(?P<D>\d\d) " + _HMS + _FRACTION)
GLOG = r"(?P<Y>\d{4})?(?P<M>\d\d)(?P<D>\d\d) " + _HMS + _FRACTION
MONTH_DAY = r"(?P<M>\d\d)-(?P<D>\d\d) " + _HMS + _FRACTION
LOGCAT = (
    r"(?=\d\d-|.{23}\s)(?:(?P<Y>\d{4})-)?(?P<M>\d\d)-(?P<D>\d\d) "
    + _HMS + _FRACTION + r"(?:\s?(?P<z>[+-]\d{4})(?!\w))?"
)  # fmt: skip
CLOCK = re.compile(_HMS + _FRACTION + r"(?![\d:])")

_LEADING = {True: (ISO, SHORT_DATE, CLOCK), False: (SYSLOG,)}


def leading(text: str, start: int, read_at: int) -> tuple[int, int] | None:
    """The time at *start* of a line.

    Args:
        text: The line.
        start: Where the time begins.
        read_at: When the line was read, Unix ms: decides a year or a day that the line does not have.

    Returns:
        Unix ms, and where the text after it begins; None where there is no time.
    """
    for shape in _LEADING[text[start : start + 1].isdecimal()]:
        match = shape.match(text, start)
        if match is not None:
            at = _of_iso(match) if shape is ISO else of_match(match, read_at)
            if at is not None:
                return at, match.end()
    return None


def of_match(match: re.Match[str], read_at: int) -> int | None:
    """Unix ms of a match of one of the shapes above; None where its numbers are not a time."""
    part = match.groupdict()
    fraction = int(((part.get("f") or "") + "000")[:3])
    month = _MONTHS.get(part["Mon"].lower()) if "Mon" in part else int(part.get("M") or 0)
    clock = int(part["h"]), int(part["m"]), int(part.get("s") or 0)
    if month is None:
        return None
    try:
        zone = _zone(part.get("z"))
        if part.get("Y"):
            seconds = _seconds(int(part["Y"]), month, int(part["D"]), *clock, zone)
        elif part.get("Y2"):
            seconds = _seconds(2000 + int(part["Y2"]), month, int(part["D"]), *clock, zone)
        elif month:
            seconds = _without_year(month, int(part["D"]), clock, read_at)
        else:
            seconds = _without_day(clock, read_at)
    except (ValueError, OverflowError, OSError):
        return None
    return seconds * 1000 + fraction


def _of_iso(match: re.Match[str]) -> int | None:
    """As `of_match` for a match of `ISO`, faster where many lines have the same second."""
    fraction = match["f"]
    end = match.end("m") if fraction is None and match["s"] is None else match.end("s")
    seconds = _iso_seconds(match.string[match.start() : end], match["z"])
    if seconds is None or fraction is None:
        return seconds
    return seconds + int((fraction + "00")[:3])


@lru_cache(maxsize=256)
def _iso_seconds(text: str, zone: str | None) -> int | None:
    match = ISO.match(f"{text}{zone or ''}")
    return None if match is None else of_match(match, 0)


def of_value(value: object, read_at: int) -> int | None:
    """Unix ms of a time field: a text, seconds, ms, µs or ns since 1970, or a record of seconds and nanos."""
    if isinstance(value, dict) and isinstance(value.get("nanos"), int):
        nanos = bounded_int(value["nanos"], 0, 999_999_999) or 0
        seconds = of_value(value.get("seconds"), read_at)
        return None if seconds is None else seconds + nanos // 1_000_000
    if isinstance(value, str):
        if value.replace(".", "", 1).isdecimal():
            return of_value(float(value), read_at) if len(value) < 25 else None
        found = leading(value, 0, read_at)
        return found[0] if found else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1e8 <= value < 1e20:
        return None
    for below, factor in ((1e11, 1000.0), (1e14, 1.0), (1e17, 1e-3)):
        if value < below:
            return int(value * factor)
    return int(value * 1e-6)


@lru_cache(maxsize=64)
def _zone(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if text in {"Z", "UTC", "GMT"}:
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-offset if text[0] == "-" else offset)


@lru_cache(maxsize=256)
def _seconds(
    year: int, month: int, day: int, hour: int, minute: int, second: int, zone: tzinfo | None
) -> int:
    leap = second == 60
    moment = datetime(year, month, day, hour, minute, 59 if leap else second, tzinfo=zone)
    return int(moment.timestamp()) + leap


def _without_year(month: int, day: int, clock: tuple[int, int, int], read_at: int) -> int:
    """The last such day that is at most a day ahead of *read_at*: logs are about the past."""
    year = time.localtime(read_at / 1000).tm_year + 1
    for _ in range(9):  # a 29 February may be eight years back
        try:
            seconds = _seconds(year, month, day, *clock, None)
        except ValueError:
            seconds = None
        if seconds is not None and seconds * 1000 <= read_at + _DAY_MS:
            return seconds
        year -= 1
    raise ValueError(f"no day {month}-{day}")


def _without_day(clock: tuple[int, int, int], read_at: int) -> int:
    """That time on the day of *read_at*, or on the day before where it would be an hour ahead or more."""
    today = time.localtime(read_at / 1000)
    seconds = _seconds(today.tm_year, today.tm_mon, today.tm_mday, *clock, None)
    return seconds - 86_400 if seconds * 1000 > read_at + 3_600_000 else seconds

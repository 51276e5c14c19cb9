"""Faults of the program itself: recorded and counted, so that none of them has to end it.

The first of a kind is written to the activity log with the way through the code that led to it; repeats are
counted, and the count is written again each time it has grown tenfold.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agentdash.core.text import printable

KINDS = 100
"""Faults that are counted separately; further ones are counted together."""
FRAMES = 12
"""Steps of the way through the code that are written, the innermost first."""
LONGEST = 200
"""Characters of the message of an error."""
AGAIN = 60.0
"""Seconds after which a repeated fault is notified again."""

Kind = tuple[str, str, int]
"""Name of the error, and file and line where it was raised."""
_OTHERS: Kind = ("others", "", 0)
_ROOT = Path(__file__).parent.parent


@dataclass(slots=True)
class Seen:
    """How often a kind of fault was seen, and when a person was notified of it, in seconds of the clock."""

    count: int = 0
    notified_at: float | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """What is to be said of one.

    Attributes:
        error: On one line, without secrets.
        fresh: Whether a person is to be notified: it is the first of its kind in the last minute.
    """

    error: str
    fresh: bool


class Faults:
    """All faults since start.

    Args:
        note: Writes to the activity log: (actor, what, whether it worked).
        clock: Seconds, rising.
    """

    def __init__(self, note: Callable[[str, str, bool], None], clock: Callable[[], float]) -> None:
        self._note = note
        self._clock = clock
        self._seen: dict[Kind, Seen] = {}

    @property
    def count(self) -> int:
        """How many there were, repeats included."""
        return sum(seen.count for seen in self._seen.values())

    def record(self, error: BaseException, where: str) -> Fault:
        """Write *error* to the activity log, or count it; *where* is the part of the program that failed."""
        frames = traceback.extract_tb(error.__traceback__)
        last = frames[-1] if frames else None
        kind = (type(error).__name__, last.filename if last else "", (last.lineno or 0) if last else 0)
        if kind not in self._seen and len(self._seen) >= KINDS:
            kind = _OTHERS
        seen = self._seen.setdefault(kind, Seen())
        seen.count += 1
        text = error_text(error)
        if seen.count == 1:
            self._note("screen", f"{where}: {text} | {_way(frames)}", False)
        elif set(str(seen.count)[1:]) == {"0"} and str(seen.count)[0] == "1":
            self._note("screen", f"{where}: {text} | seen {seen.count} times", False)
        now = self._clock()
        fresh = seen.notified_at is None or now - seen.notified_at >= AGAIN
        if fresh:
            seen.notified_at = now
        return Fault(text, fresh)


def error_text(error: BaseException) -> str:
    """``ValueError: what it says``, on one line of at most `LONGEST` characters, secrets masked."""
    from agentdash.core.secrets.mask import mask  # not before the first fault

    try:
        said = str(error)[: 4 * LONGEST]
    except Exception:  # noqa: BLE001 - an error that cannot say what it is must not be another one
        said = ""
    said = " ".join(printable(mask(said)[0]).split())[:LONGEST]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _way(frames: traceback.StackSummary) -> str:
    """``tui/a.py:3 draw < tui/b.py:9 update``: where it was raised, and what had called that."""
    steps = [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in reversed(frames[-FRAMES:])]
    return " < ".join(steps) or "no traceback"


def _short(filename: str) -> str:
    path = Path(filename)
    if path.is_relative_to(_ROOT) and "site-packages" not in path.parts:
        return str(path.relative_to(_ROOT))
    return "/".join(path.parts[-2:])

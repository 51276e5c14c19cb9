"""When a repository is read again: at once when something happened, seldom when nothing can be known."""

from __future__ import annotations

from dataclasses import dataclass, field

from agentdash.core.repos.model import Repo
from agentdash.git.git_dir import Fingerprint, same
from collectors.repos.reader import RepoReader

SWEEP = 2.0
"""Seconds between two readings of a repository that is not watched, where there are few."""
SWEEP_SHARE = 0.25
"""The part of a core that such readings may take."""
SAFETY_NET = 600.0
"""Seconds between two looks at the marks of a watched repository, should an event have been lost."""
LOCK_AFTER = 0.3
"""Seconds after a lock came that it is looked at: those of commands that are quick are gone by then."""
LOCK_EVERY = 1.0
"""Seconds between two looks at a lock that stays."""

REST_FIRST = 30.0
"""Seconds that a repository is left alone after git did not answer in time; twice as long each time more."""
REST_MOST = 3600.0
"""Seconds that it is left alone at most."""

_PAUSE_FIRST = 0.02
_PAUSE_MOST = 2.0
_PAUSE_OF_COST = 3.0


@dataclass(slots=True)
class RepoSchedule:
    """One repository and when it is due.

    Attributes:
        watched: Whether events tell of it.
        dirty: Whether something happened since it was last read.
        busy: Whether it is being read.
        cost: Seconds that the last reading took.
        survey: Whether to learn at the next reading which folders are to be watched.
        rest: Seconds that it is left alone since git did not answer in time; 0 where it did.
        slow: Whether the last reading took a large part of the time that one may take.
    """

    reader: RepoReader
    watched: bool = False
    dirty: bool = True
    busy: bool = False
    cost: float = 0.0
    survey: bool = True
    rest: float = 0.0
    slow: bool = False
    _lock_at: float | None = 0.0
    _marks: Fingerprint = field(default_factory=dict)
    _looked_at: float = 0.0
    _read_at: float = float("-inf")
    _pause: float = _PAUSE_FIRST

    @property
    def fresh(self) -> bool:
        """Whether it was never read, and can be."""
        return self._read_at == float("-inf") and self.reader.found.error is None

    def look(self, now: float, poll: float, sweep: float) -> None:
        """Find out whether it is due, by time and by the marks that git leaves."""
        if self.busy or self.dirty or self.reader.found.error is not None:
            return
        if not self.watched and now - self._read_at >= sweep:
            self.dirty = True
        elif now - self._looked_at >= (SAFETY_NET if self.watched else poll):
            self._looked_at = now
            if not self.watched:
                self.lock_came(now)
            self.dirty = not same(self._marks, self.reader.fingerprint())

    def holds(self, nested: tuple[str, ...]) -> None:
        """These repositories lie in it: what they are to it is learnt at the next reading."""
        if nested != self.reader.nested:
            self.reader.nested = nested
            self.dirty = True

    def lock_came(self, now: float) -> None:
        """Look at its lock a little later."""
        if self._lock_at is None or self._lock_at > now + LOCK_AFTER:
            self._lock_at = now + LOCK_AFTER

    def look_at_lock(self, now: float) -> None:
        """See whether the lock is still there, if it is time to."""
        if self.busy or self._lock_at is None or now < self._lock_at:
            return
        self._lock_at = None
        if self.reader.found.error is None:
            self.reader.look_at_lock()
            self._lock_at = None if self.reader.repo.lock_age_ms is None else now + LOCK_EVERY

    def due(self, now: float) -> bool:
        """Whether it should be read now."""
        return self.dirty and not self.busy and now - self._read_at >= self._pause

    def wait(self, now: float) -> float | None:
        """Seconds until it, or its lock, is due; None where nothing happened."""
        if self.busy:
            return None
        reading = self._read_at + self._pause if self.dirty else None
        times = [at for at in (reading, self._lock_at) if at is not None]
        return max(0.0, min(times) - now) if times else None

    def begin(self) -> None:
        """It is being read from here on: what happens now counts for the next time."""
        self.busy, self.dirty = True, False

    def read(self) -> tuple[Repo, Fingerprint]:
        """Read it, in a thread; the marks are those from before, so that no change is missed."""
        marks = self.reader.fingerprint()
        survey, self.survey = self.survey, False
        return self.reader.read(survey=survey), marks

    def end(self, marks: Fingerprint, now: float, *, cost: float, changed: bool) -> None:
        """It was read. Where events turn out to mean nothing, they are heeded more slowly."""
        self.busy = False
        self._marks, self.cost = marks, cost
        self._read_at = self._looked_at = now
        calm = _PAUSE_FIRST if changed else min(_PAUSE_MOST, self._pause * 2)
        self._pause = max(calm, min(_PAUSE_MOST, cost * _PAUSE_OF_COST))
        limit = self.reader.timeout
        late = self.reader.repo.error is not None and cost >= limit
        self.slow = cost >= limit / 2
        self.rest = min(REST_MOST, max(REST_FIRST, self.rest * 2)) if late else 0.0
        if self.slow:
            self._pause = max(self._pause, self.rest, cost * _PAUSE_OF_COST)


def sweep_pace(followed: list[RepoSchedule]) -> float:
    """Seconds between two readings of each that is not watched, so that all keep within their share."""
    cost = sum(one.cost for one in followed if not one.watched)
    return max(SWEEP, cost / SWEEP_SHARE)

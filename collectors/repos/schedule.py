"""When a repository is read again: after an event, by polling where there are no events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from agentdash.core.repos.model import Repo
from agentdash.git.git_dir import Fingerprint, is_unchanged
from collectors.repos.reader import RepoReader

SWEEP_INTERVAL = 2.0
"""Seconds between two reads of an unwatched repository, where there are few of them."""
SWEEP_SHARE = 0.25
"""Share of a core for these reads."""
FINGERPRINT_INTERVAL = 600.0
"""Seconds between two fingerprint checks of a watched repository, in case an event was lost."""
LOCK_DELAY = 0.3
"""Seconds from the first sight of a lock to its check; quick commands have removed theirs by then."""
LOCK_INTERVAL = 1.0
"""Seconds between two checks of a lock that stays."""

COOLDOWN_MIN = 30.0
"""Seconds without reads after git timed out in a repository; doubled at each further timeout."""
COOLDOWN_MAX = 3600.0
"""Upper limit of the same, seconds."""

_PAUSE_MIN = 0.02
_PAUSE_MAX = 2.0
_PAUSE_PER_COST = 3.0


@dataclass(slots=True)
class RepoSchedule:
    """When one repository is due. Times are monotonic seconds.

    Attributes:
        watched: Whether file-system events cover it.
        dirty: Whether it may have changed since the last read.
        busy: Whether it is being read.
        cost: Duration of the last read, seconds.
        list_ignored: Whether the next read lists ignored folders, too, to decide what to watch.
        cooldown: Seconds without reads after a timeout; 0 after a success.
        slow: Whether the last read needed at least half the time limit.
    """

    reader: RepoReader
    watched: bool = False
    dirty: bool = True
    busy: bool = False
    cost: float = 0.0
    list_ignored: bool = True
    cooldown: float = 0.0
    slow: bool = False
    _lock_at: float | None = 0.0
    _fingerprint: Fingerprint = field(default_factory=dict)
    _checked_at: float = 0.0
    _read_at: float = float("-inf")
    _pause: float = _PAUSE_MIN

    @property
    def never_read(self) -> bool:
        """Whether it has not been read yet, and can be."""
        return self._read_at == float("-inf") and self.reader.found.error is None

    def check(self, now: float, poll: float, sweep: float) -> None:
        """Mark it dirty where its time has come, or its fingerprint has changed."""
        if self.busy or self.dirty or self.reader.found.error is not None:
            return
        if not self.watched and now - self._read_at >= sweep:
            self.dirty = True
        elif now - self._checked_at >= (FINGERPRINT_INTERVAL if self.watched else poll):
            self._checked_at = now
            if not self.watched:
                self.schedule_lock_check(now)
            self.dirty = not is_unchanged(self._fingerprint, self.reader.fingerprint())

    def set_nested(self, nested: tuple[str, ...]) -> None:
        """Set the repositories below it; their relation to it is found out by the next read."""
        if nested != self.reader.nested:
            self.reader.nested = nested
            self.dirty = True

    def schedule_lock_check(self, now: float) -> None:
        """Check its lock after `LOCK_DELAY`."""
        if self._lock_at is None or self._lock_at > now + LOCK_DELAY:
            self._lock_at = now + LOCK_DELAY

    def check_lock(self, now: float) -> None:
        """Refresh the age of the lock, where that is due."""
        if self.busy or self._lock_at is None or now < self._lock_at:
            return
        self._lock_at = None
        if self.reader.found.error is None:
            self.reader.check_lock()
            self._lock_at = None if self.reader.repo.lock_age_ms is None else now + LOCK_INTERVAL

    def is_due(self, now: float) -> bool:
        """Whether it should be read now."""
        return self.dirty and not self.busy and now - self._read_at >= self._pause

    def seconds_to_wait(self, now: float) -> float | None:
        """Seconds until it, or its lock, is due; None where neither is."""
        if self.busy:
            return None
        read_at = self._read_at + self._pause if self.dirty else None
        times = [at for at in (read_at, self._lock_at) if at is not None]
        return max(0.0, min(times) - now) if times else None

    def start(self) -> None:
        """Mark it as being read; later changes make it dirty again."""
        self.busy, self.dirty = True, False

    def read(self) -> tuple[Repo, Fingerprint]:
        """Read it (blocking); the fingerprint is from before, so that no change is missed."""
        fingerprint = self.reader.fingerprint()
        list_ignored, self.list_ignored = self.list_ignored, False
        return self.reader.read(list_ignored=list_ignored), fingerprint

    def finish(self, fingerprint: Fingerprint, now: float, *, cost: float, changed: bool) -> None:
        """Record a read, and set the pause to the next one: longer after reads without a change."""
        self.busy = False
        self._fingerprint, self.cost = fingerprint, cost
        self._read_at = self._checked_at = now
        pause = _PAUSE_MIN if changed else min(_PAUSE_MAX, self._pause * 2)
        self._pause = max(pause, min(_PAUSE_MAX, cost * _PAUSE_PER_COST))
        limit = self.reader.timeout
        timed_out = self.reader.repo.error is not None and cost >= limit
        self.slow = cost >= limit / 2
        self.cooldown = min(COOLDOWN_MAX, max(COOLDOWN_MIN, self.cooldown * 2)) if timed_out else 0.0
        if self.slow:
            self._pause = max(self._pause, self.cooldown, cost * _PAUSE_PER_COST)


def sweep_interval(schedules: Iterable[RepoSchedule]) -> float:
    """Seconds between two reads of each unwatched repository, within `SWEEP_SHARE` in all."""
    cost = sum(one.cost for one in schedules if not one.watched)
    return max(SWEEP_INTERVAL, cost / SWEEP_SHARE)

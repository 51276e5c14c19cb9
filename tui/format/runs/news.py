"""Notifications about runs: transitions since the last snapshot, merged by kind."""

from __future__ import annotations

from dataclasses import dataclass

from agentdash.core import units
from agentdash.core.runs.model import Run, RunsSnapshot, RunStatus
from agentdash.core.text import printable
from tui.widgets.cells import cut

INTERVAL = 2.0
"""Seconds between two notifications at least; transitions meanwhile are merged."""
NAMED = 3
_NAME, _WHY = 40, 90
_KINDS = ("orphaned", "failed", "completed")


@dataclass(frozen=True, slots=True)
class News:
    """One notification.

    Attributes:
        urgent: Whether it needs attention.
    """

    message: str
    urgent: bool


class RunNews:
    """Compares each snapshot with the one before; the first one yields nothing."""

    def __init__(self) -> None:
        self._seen: RunsSnapshot | None = None
        self._waiting: dict[str, dict[str, Run]] = {kind: {} for kind in _KINDS}
        self._notified_at = -INTERVAL

    def add(self, snapshot: RunsSnapshot | None) -> None:
        """Compare the newest snapshot with the last one."""
        before = self._seen
        if snapshot is None or snapshot is before:
            return
        self._seen = snapshot
        if before is None:
            return
        old = {run.id: run for run in before.runs}
        for run in snapshot.runs:
            was = old.get(run.id)
            if was is not run and (kind := transition(was, run, before.taken_at)) is not None:
                self._waiting[kind][run.id] = run

    def take(self, now: float) -> list[News]:
        """The notifications due at *now* (monotonic seconds)."""
        if now - self._notified_at < INTERVAL or not any(self._waiting.values()):
            return []
        self._notified_at = now
        news = [_news(kind, list(runs.values())) for kind, runs in self._waiting.items() if runs]
        self._waiting = {kind: {} for kind in _KINDS}
        return news


def transition(was: Run | None, run: Run, since: int) -> str | None:
    """``orphaned``, ``failed`` or ``completed`` if *run* has just become so, else None.

    Args:
        was: The run in the snapshot before; None where it was not in it.
        run: The run now.
        since: Time of that snapshot, Unix ms: a new run that ended before is ignored.
    """
    if run.orphaned and not run.status.terminal:
        return None if was is None or was.orphaned else "orphaned"
    if run.status not in {RunStatus.FAILED, RunStatus.COMPLETED}:
        return None
    if was is None:
        fresh = run.ended_at is not None and run.ended_at >= since
    else:
        fresh = was.status is not run.status and not was.status.terminal
    return run.status.value if fresh else None


def _news(kind: str, runs: list[Run]) -> News:
    urgent = kind != "completed"
    names = [cut(printable(run.title or run.id), _NAME) for run in runs]
    if len(runs) > 1:
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        return News(f"{units.plural(len(runs), 'run')} {kind}: {', '.join(names[:NAMED])}{more}", urgent)
    run = runs[0]
    why = {
        "failed": run.error_message or "",
        "completed": run.completion or "",
        "orphaned": "worker lost",
    }[kind]
    return News(f"{names[0]} {kind}" + (f": {cut(printable(why), _WHY)}" if why else ""), urgent)

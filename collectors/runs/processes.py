"""The processes of runs on this machine: what orphans left behind, and how a run's command does. Blocks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

import psutil

from agentdash.core.runs.blockers import ChildProbe
from agentdash.core.runs.model import ChildSeen, Run
from agentdash.core.secrets.safe_text import safe_text
from agentdash.processes import Family, leader_created_at

SHOWN = 200
"""Characters kept of a command line."""
LIMIT = 20
"""Orphans that are looked at in one pass."""
_COUNT_EVERY = 20
_CPU_S = 0.1


class OrphanChildren:
    """Finds the commands of orphaned runs, by pid and start time; counts those that descend from them seldom.

    Args:
        host: This machine.
    """

    def __init__(self, host: str) -> None:
        self._host = host
        self._seen: dict[str, ChildSeen] = {}
        self._looks = 0

    def look(self, orphans: Iterable[Run]) -> dict[str, ChildSeen]:
        """The living commands of *orphans*, by run id."""
        self._looks += 1
        found: dict[str, ChildSeen] = {}
        for run in list(orphans)[:LIMIT]:
            began = began_at(run, self._host)
            if began is None or run.pid is None:
                continue
            known = self._seen.get(run.id)
            if known is None or known.pid != run.pid or self._looks % _COUNT_EVERY == 0:
                known = _seen(run.pid, self._host, began)
            found[run.id] = known
        self._seen = found
        return dict(found)


def began_at(run: Run, host: str) -> int | None:
    """When the living process of *run* began, Unix ms; None where there is none, or not on this machine."""
    if run.pid is None or run.host != host:
        return None
    return leader_created_at(run.pid, run.pid_created_at, (run.started_at, run.updated_at))


def probe(run: Run, host: str) -> ChildProbe:
    """How the command of *run* is doing; takes a tenth of a second."""
    if run.status.terminal:
        return ChildProbe(None, "the run has ended")
    if run.host is not None and run.host != host:
        return ChildProbe(None, f"it runs on {run.host}, which cannot be seen from {host}")
    if run.pid is None:
        return ChildProbe(False, "no command runs now, by its record")
    if run.host is None:
        return ChildProbe(None, "its record does not say on which machine")
    if began_at(run, host) is None:
        return ChildProbe(False, f"process {run.pid} has ended")
    try:
        return _probed(psutil.Process(run.pid))
    except psutil.NoSuchProcess:
        return ChildProbe(False, f"process {run.pid} has ended")
    except psutil.Error as error:
        return ChildProbe(None, f"process {run.pid} cannot be looked at: {error}")


def _probed(process: psutil.Process) -> ChildProbe:
    family = [process, *process.children(recursive=True)]
    before = {one.pid: _cpu(one) for one in family}
    status = str(process.status())
    with contextlib.suppress(psutil.TimeoutExpired):
        process.wait(_CPU_S)
    used = sum(max(0.0, _cpu(one) - before[one.pid]) for one in family)
    return ChildProbe(
        True,
        command=_command(process),
        status="stopped" if status == psutil.STATUS_STOPPED else status,
        cpu_percent=used / _CPU_S * 100,
        processes=len(family),
    )


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def _seen(pid: int, host: str, began: int) -> ChildSeen:
    processes = max(1, Family(pid, began / 1000 - 1).look())
    try:
        command = _command(psutil.Process(pid))
    except psutil.Error:
        command = ""
    return ChildSeen(pid, host, began, command, processes)


def _command(process: psutil.Process) -> str:
    """Its command line in one line, without secrets that are recognised."""
    words = " ".join(" ".join(process.cmdline())[: 10 * SHOWN].split())
    return safe_text(words, SHOWN)

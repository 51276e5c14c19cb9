"""Processes of runs on this machine: commands left by orphans, and probes of a run's command. Blocks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

import psutil

from agentdash.core.runs.model import ChildProbe, OrphanProcess, Run
from agentdash.core.secrets.safe_text import safe_text
from agentdash.processes import ProcessFamily, leader_created_at

SHOWN = 200
"""Characters kept of a command line."""
LIMIT = 20
"""Orphaned runs per pass at most."""
_COUNT_EVERY = 20
_CPU_S = 0.1


class OrphanChildren:
    """Finds the commands of orphaned runs by pid and start time; counts their descendants every 20th pass."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._seen: dict[str, OrphanProcess] = {}
        self._passes = 0

    def find(self, orphans: Iterable[Run]) -> dict[str, OrphanProcess]:
        """The running commands of *orphans*, by run id."""
        self._passes += 1
        found: dict[str, OrphanProcess] = {}
        for run in list(orphans)[:LIMIT]:
            began = began_at(run, self._host)
            if began is None or run.pid is None:
                continue
            known = self._seen.get(run.id)
            if known is None or known.pid != run.pid or self._passes % _COUNT_EVERY == 0:
                known = _orphan_process(run.pid, self._host, began)
            found[run.id] = known
        self._seen = found
        return dict(found)


def began_at(run: Run, host: str) -> int | None:
    """The start time of the process of *run*, Unix ms; None where it does not run on this machine."""
    if run.pid is None or run.host != host:
        return None
    return leader_created_at(run.pid, run.pid_created_at, (run.started_at, run.updated_at))


def probe(run: Run, host: str) -> ChildProbe:
    """Probe the command of *run*; takes 0.1 s."""
    if run.status.terminal:
        return ChildProbe(None, "the run has ended")
    if run.host is not None and run.host != host:
        return ChildProbe(None, f"runs on {run.host}, not on {host}")
    if run.pid is None:
        return ChildProbe(False, "no command in its record")
    if run.host is None:
        return ChildProbe(None, "its record names no machine")
    if began_at(run, host) is None:
        return ChildProbe(False, f"process {run.pid} has exited")
    try:
        return _probed(psutil.Process(run.pid))
    except psutil.NoSuchProcess:
        return ChildProbe(False, f"process {run.pid} has exited")
    except psutil.Error as error:
        return ChildProbe(None, f"process {run.pid} cannot be read: {error}")


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


def _orphan_process(pid: int, host: str, began: int) -> OrphanProcess:
    processes = max(1, ProcessFamily(pid, began / 1000 - 1).refresh())
    try:
        command = _command(psutil.Process(pid))
    except psutil.Error:
        command = ""
    return OrphanProcess(pid, host, began, command, processes)


def _command(process: psutil.Process) -> str:
    """Its command line in one line, recognised secrets masked."""
    words = " ".join(" ".join(process.cmdline())[: 10 * SHOWN].split())
    return safe_text(words, SHOWN)

"""A session leader with all its descendants, and how they are terminated.

A pid may be reused, so a process is identified by its pid and start time.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable

import psutil

SAME_MS = 2000
"""Tolerance between two readings of a process's start time, also where the clock was set in between."""
_POLL_S = 0.1
_KILLED_S = 2.0


def created_at(pid: int) -> int | None:
    """The start time of a running process, Unix ms; None where there is none."""
    try:
        process = psutil.Process(pid)
        return round(process.create_time() * 1000) if _is_alive(process) else None
    except psutil.Error:
        return None


def leader_created_at(pid: int, began: int | None, within: tuple[int | None, int | None]) -> int | None:
    """The start time of the process *pid*, Unix ms, if it is the recorded session leader; else None.

    Args:
        pid: As recorded.
        began: Its start time as recorded, Unix ms; None where it was not.
        within: In that case the earliest and latest possible start time; either may be unknown.
    """
    try:
        if os.getsid(pid) != pid:
            return None
    except OSError:
        return None
    found = created_at(pid)
    if found is None:
        return None
    if began is not None:
        return found if abs(found - began) <= SAME_MS else None
    first, last = within
    good = (first or 0) - SAME_MS <= found and (last is None or found <= last + SAME_MS)
    return found if good else None


class ProcessFamily:
    """The running processes of a session and their descendants, also those that left it. Blocks.

    Args:
        session: Its id: the pid of its leader.
        born: When the leader started, Unix seconds; older processes are not its descendants.
    """

    def __init__(self, session: int, born: float) -> None:
        self.session = session
        self._born = born
        self._known: dict[int, float] = {}

    def refresh(self) -> int:
        """Read the processes again; returns the number of running ones."""
        found = {process.pid: process for process in self._members() if _is_alive(process)}
        for pid, process in found.items():
            self._known.setdefault(pid, process.create_time())
        return len(found)

    def signal(self, number: signal.Signals) -> None:
        """Signal the process group, and descendants outside of it."""
        signal_group(self.session, number)
        for pid, born in self._known.items():
            try:
                if os.getpgid(pid) != self.session and psutil.Process(pid).create_time() == born:
                    os.kill(pid, number)
            except (ProcessLookupError, PermissionError, psutil.Error):
                continue

    def _members(self) -> list[psutil.Process]:
        found: dict[int, psutil.Process] = {}
        for pid in psutil.pids():
            try:
                if os.getsid(pid) == self.session or pid in self._known:
                    process = psutil.Process(pid)
                    born = process.create_time()
                    if born >= self._born and self._known.get(pid, born) == born:
                        found[pid] = process
            except (ProcessLookupError, PermissionError, psutil.Error):
                continue
        for process in list(found.values()):
            try:
                found |= {child.pid: child for child in process.children(recursive=True)}
            except psutil.Error:
                continue
        return list(found.values())


def signal_group(group: int, number: signal.Signals) -> None:
    """Signal a process group, if it exists."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return  # empty, or (macOS) only a zombie


async def terminate_family(
    family: ProcessFamily,
    grace: float,
    escalated: Callable[[str], None],
    no_wait: asyncio.Event,
    leader: asyncio.Future[int] | None = None,
) -> bool:
    """Terminate a leader and its descendants: SIGTERM, then SIGKILL for those left after *grace* seconds.

    Args:
        family: The processes.
        grace: Seconds.
        escalated: Called with the name of each signal after it was sent.
        no_wait: When set, the grace period is over.
        leader: Done when the leader has exited, where it is our own child.

    Returns:
        Whether none is left; a process in uninterruptible sleep may outlast SIGKILL.
    """
    await asyncio.to_thread(family.refresh)
    family.signal(signal.SIGTERM)
    signal_group(family.session, signal.SIGCONT)  # a stopped process handles a signal only when continued
    escalated("SIGTERM")
    deadline = time.monotonic() + grace
    while await asyncio.to_thread(family.refresh):
        if no_wait.is_set() or time.monotonic() >= deadline:
            family.signal(signal.SIGKILL)
            escalated("SIGKILL")
            return await _are_gone(family)
        pause = min(_POLL_S, max(0.0, deadline - time.monotonic()))
        if leader is not None and not leader.done():
            await asyncio.wait([leader], timeout=pause)
        else:
            await _pause_unless(no_wait, pause / 4)
    return True


async def _are_gone(family: ProcessFamily) -> bool:
    deadline = time.monotonic() + _KILLED_S
    while await asyncio.to_thread(family.refresh):
        if time.monotonic() >= deadline:
            return False
        await asyncio.sleep(_POLL_S / 10)
    return True


async def _pause_unless(no_wait: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(no_wait.wait(), seconds)
    except TimeoutError:
        return


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() not in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
    except psutil.Error:
        return False

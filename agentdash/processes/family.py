"""A leader of a session, all that descends from it, and how they are ended.

A pid alone may have been given to another process since it was written down; so a process goes by its pid and
the time when it began.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable

import psutil

SAME_MS = 2000
"""Two readings of when a process began differ by less than this, also where the clock was set in between."""
_LOOK_S = 0.1
_KILLED_S = 2.0


def created_at(pid: int) -> int | None:
    """When a living process began, Unix ms; None where there is none (any more)."""
    try:
        process = psutil.Process(pid)
        return round(process.create_time() * 1000) if _lives(process) else None
    except psutil.Error:
        return None


def leader_created_at(pid: int, began: int | None, within: tuple[int | None, int | None]) -> int | None:
    """When the process *pid* began, if it is the leader of a session that is meant; None where it is not.

    Args:
        pid: As it was written down.
        began: When it began, as it was written down, Unix ms; None where it was not.
        within: Where it was not: the times between which it must have begun; either may be unknown.
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


class Family:
    """The living processes of a session and their descendants, remembered by pid and start time. It blocks.

    Args:
        session: Its id: the pid of its leader.
        born: When the leader began, Unix seconds; what is older belongs to somebody else.
    """

    def __init__(self, session: int, born: float) -> None:
        self.session = session
        self._born = born
        self._known: dict[int, float] = {}

    def look(self) -> int:
        """Look again; how many are left."""
        found = {process.pid: process for process in self._members() if _lives(process)}
        for pid, process in found.items():
            self._known.setdefault(pid, process.create_time())
        return len(found)

    def signal(self, number: signal.Signals) -> None:
        """Signal the process group, and those of the family that have left it."""
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
    """Signal a process group, if anyone is left in it."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return  # nobody is left, or (macOS) only a zombie


async def end_family(
    family: Family,
    grace: float,
    escalated: Callable[[str], None],
    hurry: asyncio.Event,
    leader: asyncio.Future[int] | None = None,
) -> bool:
    """End a leader and all its descendants: SIGTERM, and SIGKILL for what is left after *grace* seconds.

    Args:
        family: Whom.
        grace: Seconds.
        escalated: Called with the name of each signal, right after it was sent.
        hurry: When it is set, the grace is over.
        leader: Done when the leader has ended, where it is our own child.

    Returns:
        Whether nobody is left; a process that the kernel holds in a call may outlast SIGKILL.
    """
    await asyncio.to_thread(family.look)
    family.signal(signal.SIGTERM)
    signal_group(family.session, signal.SIGCONT)  # a stopped process takes a signal only when it goes on
    escalated("SIGTERM")
    deadline = time.monotonic() + grace
    while await asyncio.to_thread(family.look):
        if hurry.is_set() or time.monotonic() >= deadline:
            family.signal(signal.SIGKILL)
            escalated("SIGKILL")
            return await _are_gone(family)
        pause = min(_LOOK_S, max(0.0, deadline - time.monotonic()))
        if leader is not None and not leader.done():
            await asyncio.wait([leader], timeout=pause)
        else:
            await _pause_unless(hurry, pause / 4)
    return True


async def _are_gone(family: Family) -> bool:
    deadline = time.monotonic() + _KILLED_S
    while await asyncio.to_thread(family.look):
        if time.monotonic() >= deadline:
            return False
        await asyncio.sleep(_LOOK_S / 10)
    return True


async def _pause_unless(hurry: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(hurry.wait(), seconds)
    except TimeoutError:
        return


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() not in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
    except psutil.Error:
        return False

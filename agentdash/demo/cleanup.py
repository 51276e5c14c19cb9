"""Removes a demo: its processes, by the mark in their environment, then its folder."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

import psutil

from agentdash.core.snapshot import SourceError
from agentdash.demo.folder import MARK, OWNERLESS_AFTER, DemoFolder, existing
from agentdash.server.embedded import EmbeddedServer

SAME_START = 2.0
"""Seconds by which two readings of one process's create time may differ (the clock may be set in between)."""


def own_process() -> tuple[int, float]:
    """This process as (process id, create time in Unix seconds)."""
    return os.getpid(), psutil.Process().create_time()


def is_alive(pid: int, created: float) -> bool:
    """Whether the process with this id and create time still runs."""
    try:
        process = psutil.Process(pid)
        running = process.status() != psutil.STATUS_ZOMBIE
        return running and abs(process.create_time() - created) < SAME_START
    except psutil.Error:
        return False


def marked_processes(root: Path) -> list[psutil.Process]:
    """All processes started in the demo at *root*, however detached, except this one."""
    wanted = str(root)
    found = []
    for process in psutil.process_iter():
        # AccessDenied: another user's. A process may exit meanwhile.
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(MARK) == wanted:
                found.append(process)
    return found


def kill_marked(root: Path, patience: float = 5.0) -> bool:
    """Kill every process of the demo at *root*, repeatedly while new ones appear.

    Returns:
        Whether none is left.
    """
    until = time.monotonic() + patience
    while found := marked_processes(root):
        for process in found:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(found, timeout=0.5)
        if time.monotonic() > until:
            return not marked_processes(root)
    return True


def is_abandoned(folder: DemoFolder) -> bool:
    """Whether all owners of *folder* have exited."""
    owners = folder.owners()
    if owners is None:
        try:
            return time.time() - folder.root.lstat().st_mtime > OWNERLESS_AFTER
        except OSError:
            return False
    return not any(is_alive(pid, created) for pid, created in owners.values())


def remove_demo(folder: DemoFolder) -> bool:
    """Kill the processes of one demo and remove its folder; whether both are gone."""
    ended = kill_marked(folder.root)
    # The server inherits no environment and so no mark; it is found by the locks in its folder.
    with contextlib.suppress(SourceError):
        EmbeddedServer(folder.server).stop()
    return folder.remove() and ended


def remove_abandoned() -> int:
    """Remove demos whose dashboard and supervisor were both killed; returns their number."""
    left = [folder for folder in existing() if is_abandoned(folder)]
    for folder in left:
        remove_demo(folder)
    return len(left)

"""Ending what belongs to a demo: its processes by the mark they carry, then its folder."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

import psutil

from agentdash.core.snapshot import SourceError
from agentdash.demo.folder import MARK, OWNERLESS_AFTER, Folder, existing
from agentdash.server.embedded import EmbeddedServer

SAME_START = 2.0
"""Seconds by which two readings of one process's create time may differ (the clock may be set in between)."""


def whoami() -> tuple[int, float]:
    """This process as (process id, create time in Unix seconds)."""
    return os.getpid(), psutil.Process().create_time()


def alive(pid: int, created: float) -> bool:
    """Whether the process that was given this id at that time still runs; a reused id is not it."""
    try:
        process = psutil.Process(pid)
        running = process.status() != psutil.STATUS_ZOMBIE
        return running and abs(process.create_time() - created) < SAME_START
    except psutil.Error:
        return False


def marked(root: Path) -> list[psutil.Process]:
    """Every process that was started in the demo at *root*, however detached it is; not this one."""
    wanted = str(root)
    found = []
    for process in psutil.process_iter():
        # AccessDenied: another user's. A process may end while it is looked at.
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(MARK) == wanted:
                found.append(process)
    return found


def end_marked(root: Path, patience: float = 5.0) -> bool:
    """Kill every process of the demo at *root*, again while new ones appear.

    Args:
        root: The demo's folder.
        patience: Seconds for which it is tried.

    Returns:
        Whether none is left.
    """
    until = time.monotonic() + patience
    while found := marked(root):
        for process in found:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(found, timeout=0.5)
        if time.monotonic() > until:
            return not marked(root)
    return True


def abandoned(folder: Folder) -> bool:
    """Whether nobody looks after *folder* any more."""
    keepers = folder.keepers()
    if keepers is None:
        try:
            return time.time() - folder.root.lstat().st_mtime > OWNERLESS_AFTER
        except OSError:
            return False
    return not any(alive(pid, created) for pid, created in keepers.values())


def clear(folder: Folder) -> bool:
    """End the processes of one demo and remove its folder; whether both are gone."""
    ended = end_marked(folder.root)
    # The server inherits no environment, so it carries no mark; it is known by the locks in its folder.
    with contextlib.suppress(SourceError):
        EmbeddedServer(folder.server).stop()
    return folder.remove() and ended


def clear_abandoned() -> int:
    """Clear what is left of demos whose dashboard and keeper were both killed; returns how many they were."""
    left = [folder for folder in existing() if abandoned(folder)]
    for folder in left:
        clear(folder)
    return len(left)

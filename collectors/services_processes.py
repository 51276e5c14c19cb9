"""The processes of this machine, read again only where they are new."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

Identity = tuple[int, float]
"""A process id and its start: an id alone may be given to another process."""


@dataclass(slots=True)
class Known:
    """A process, with what does not change about it; None is *may not be read*."""

    process: psutil.Process
    created: float
    parent: int
    command: str | None
    cwd: str | None
    own: bool

    @property
    def identity(self) -> Identity:
        """Its process id and start."""
        return self.process.pid, self.created


@dataclass(slots=True)
class Table:
    """All processes as of the last scan.

    Attributes:
        known: By process id.
        listening: TCP ports by the process id that listens on them; None where that may not be read.
    """

    known: dict[int, Known] = field(default_factory=dict)
    listening: dict[int, set[int]] | None = None

    def scan(self) -> None:
        """Read what is new, forget what ended."""
        before, self.known = self.known, {}
        uid = os.getuid()
        for pid in psutil.pids():
            with suppress(psutil.Error, OSError):
                seen = before.get(pid)
                process = seen.process if seen is not None else psutil.Process(pid)
                if seen is None or not process.is_running():
                    seen = _read(psutil.Process(pid), uid)
                else:
                    seen.parent = process.ppid()
                self.known[pid] = seen
        self.listening = _listening()

    def children(self, pid: int) -> Iterator[Known]:
        """All that descend from *pid*, nearest first."""
        by_parent: dict[int, list[Known]] = {}
        for known in self.known.values():
            by_parent.setdefault(known.parent, []).append(known)
        waiting, seen = [pid], {pid}
        while waiting:
            for child in by_parent.get(waiting.pop(0), ()):
                if child.process.pid not in seen:
                    seen.add(child.process.pid)
                    waiting.append(child.process.pid)
                    yield child

    def ancestors(self, pid: int) -> set[int]:
        """*pid*, its parent, and so on to the first."""
        found: set[int] = set()
        while pid in self.known and pid not in found:
            found.add(pid)
            pid = self.known[pid].parent
        return found

    def ports(self, pids: set[int]) -> tuple[int, ...]:
        """The ports on which any of *pids* listens, ascending."""
        if self.listening is None:
            return ()
        return tuple(sorted({port for pid in pids for port in self.listening.get(pid, ())}))


def _read(process: psutil.Process, uid: int) -> Known:
    command = cwd = None
    with process.oneshot():
        created, parent = process.create_time(), process.ppid()
        own = process.uids().real == uid
        with suppress(psutil.AccessDenied, psutil.ZombieProcess):
            command = " ".join(process.cmdline()) or process.name()
        with suppress(psutil.AccessDenied, psutil.ZombieProcess, OSError):
            cwd = process.cwd() or None
    return Known(process, created, parent, command, cwd, own)


def _listening() -> dict[int, set[int]] | None:
    found: dict[int, set[int]] = {}
    try:
        connections = psutil.net_connections("tcp")
    except (psutil.Error, OSError):
        return None
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.pid and connection.laddr:
            found.setdefault(connection.pid, set()).add(connection.laddr.port)
    return found

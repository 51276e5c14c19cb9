"""The processes of this machine, read again only where they are new."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from collectors.services.stat import ProcessList

# A process may still become another program: its command line is that of its parent until it does.
_YOUNG = 10.0

PORTS_EVERY = 10.0
"""Seconds between two looks at who listens where, while the same processes are there."""
PORTS_AFTER_CHANGE = 20.0
"""Seconds after a process came or went, in which each scan looks: a new one may open its port late."""

Identity = tuple[int, float]
"""A process id and its start: an id alone may be given to another process."""


@dataclass(slots=True)
class Known:
    """A process, with what does not change about it; None is *may not be read*.

    Attributes:
        shown: Its command line for people, once it was made.
    """

    process: psutil.Process
    created: float
    parent: int
    command: str | None
    cwd: str | None
    own: bool
    ticks: int | None = None
    shown: str | None = None

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
        open_ports: TCP ports on which anyone listens, also one who may not be seen.
    """

    known: dict[int, Known] = field(default_factory=dict)
    listening: dict[int, set[int]] | None = None
    open_ports: set[int] = field(default_factory=set)
    _list: ProcessList = field(default_factory=ProcessList)
    _changed_at: float = 0.0
    _ports_at: float = float("-inf")

    def scan(self) -> None:
        """Read what is new, forget what ended.

        Ports are dear to ask for: they are asked for again while processes are new, and else now and then.
        """
        before = self.known.keys()
        self.scan_processes()
        now = time.monotonic()
        if self.known.keys() != before:
            self._changed_at = now
        if now - self._changed_at < PORTS_AFTER_CHANGE or now - self._ports_at >= PORTS_EVERY:
            self._ports_at = now
            self.listening, self.open_ports = _listening()

    def scan_processes(self) -> None:
        """The same without the ports."""
        stats = self._list.look()
        before, self.known = self.known, {}
        uid, now = os.getuid(), time.time()
        if stats is None:
            self._ask_all(before, uid)
            return
        for pid, (parent, ticks) in stats.items():
            seen = before.get(pid)
            if seen is not None and seen.ticks == ticks and now - seen.created > _YOUNG:
                seen.parent = parent
                self.known[pid] = seen
                continue
            with suppress(psutil.Error, OSError):
                self.known[pid] = _read(psutil.Process(pid), uid, ticks)

    def _ask_all(self, before: dict[int, Known], uid: int) -> None:
        """Where there is no ``/proc``."""
        for pid in psutil.pids():
            with suppress(psutil.Error, OSError):
                seen = before.get(pid)
                process = seen.process if seen is not None else psutil.Process(pid)
                if seen is None or not process.is_running():
                    seen = _read(psutil.Process(pid), uid, None)
                else:
                    seen.parent = process.ppid()
                self.known[pid] = seen

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

    def seen_ports(self) -> set[int]:
        """The ports of which it is known who listens there."""
        return {port for ports in (self.listening or {}).values() for port in ports}

    def ports(self, pids: set[int]) -> tuple[int, ...]:
        """The ports on which any of *pids* listens, ascending."""
        if self.listening is None:
            return ()
        return tuple(sorted({port for pid in pids for port in self.listening.get(pid, ())}))


def _read(process: psutil.Process, uid: int, ticks: int | None) -> Known:
    command = cwd = None
    with process.oneshot():
        created, parent = process.create_time(), process.ppid()
        own = process.uids().real == uid
        with suppress(psutil.AccessDenied, psutil.ZombieProcess):
            command = " ".join(process.cmdline()) or process.name()
        with suppress(psutil.AccessDenied, psutil.ZombieProcess, OSError):
            cwd = process.cwd() or None
    return Known(process, created, parent, command, cwd, own, ticks)


def _listening() -> tuple[dict[int, set[int]] | None, set[int]]:
    found: dict[int, set[int]] = {}
    ports: set[int] = set()
    try:
        connections = psutil.net_connections("tcp")
    except (psutil.Error, OSError):
        return None, ports
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr:
            ports.add(connection.laddr.port)
            if connection.pid:
                found.setdefault(connection.pid, set()).add(connection.laddr.port)
    return found, ports

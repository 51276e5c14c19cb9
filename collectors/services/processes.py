"""The processes of this machine; only new ones are read."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from collectors.services.process_list import ProcessList

_YOUNG = 10.0
"""Age in seconds below which a process is read again: before exec its command line is that of its parent."""

PORTS_EVERY = 10.0
"""Seconds between two reads of listening ports while the processes are the same."""
PORTS_AFTER_CHANGE = 20.0
"""Seconds after a change of processes during which each scan reads the ports: they may be opened late."""

Identity = tuple[int, float]
"""A process id and its create time, Unix seconds: a pid alone may be reused."""


@dataclass(slots=True)
class ProcessInfo:
    """A process with its constant properties; None is *not readable*.

    Attributes:
        shown: Its masked command line, cached by `shown_command`.
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
class ProcessTable:
    """All processes as of the last scan.

    Attributes:
        known: By process id.
        listening: TCP ports by the pid that listens on them; None where that is not readable.
        open_ports: All listening TCP ports, also those of processes that are not visible.
    """

    known: dict[int, ProcessInfo] = field(default_factory=dict)
    listening: dict[int, set[int]] | None = None
    open_ports: set[int] = field(default_factory=set)
    _list: ProcessList = field(default_factory=ProcessList)
    _changed_at: float = 0.0
    _ports_at: float = float("-inf")

    def scan(self) -> None:
        """Read new processes, and drop those that have exited.

        Reading ports is expensive: done while processes are new, and else every `PORTS_EVERY` seconds.
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
        stats = self._list.read_all()
        before, self.known = self.known, {}
        uid, now = os.getuid(), time.time()
        if stats is None:
            self._read_by_psutil(before, uid)
            return
        for pid, (parent, ticks) in stats.items():
            seen = before.get(pid)
            if seen is not None and seen.ticks == ticks and now - seen.created > _YOUNG:
                seen.parent = parent
                self.known[pid] = seen
                continue
            with suppress(psutil.Error, OSError):
                self.known[pid] = _read(psutil.Process(pid), uid, ticks)

    def _read_by_psutil(self, before: dict[int, ProcessInfo], uid: int) -> None:
        """For systems without ``/proc``."""
        for pid in psutil.pids():
            with suppress(psutil.Error, OSError):
                seen = before.get(pid)
                process = seen.process if seen is not None else psutil.Process(pid)
                if seen is None or not process.is_running():
                    seen = _read(psutil.Process(pid), uid, None)
                else:
                    seen.parent = process.ppid()
                self.known[pid] = seen

    def children(self, pid: int) -> Iterator[ProcessInfo]:
        """The descendants of *pid*, nearest first."""
        by_parent: dict[int, list[ProcessInfo]] = {}
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
        """The ports whose listening process is known."""
        return {port for ports in (self.listening or {}).values() for port in ports}

    def ports(self, pids: set[int]) -> tuple[int, ...]:
        """The ports on which any of *pids* listens, ascending."""
        if self.listening is None:
            return ()
        return tuple(sorted({port for pid in pids for port in self.listening.get(pid, ())}))


def _read(process: psutil.Process, uid: int, ticks: int | None) -> ProcessInfo:
    command = cwd = None
    with process.oneshot():
        created, parent = process.create_time(), process.ppid()
        own = process.uids().real == uid
        with suppress(psutil.AccessDenied, psutil.ZombieProcess):
            command = " ".join(process.cmdline()) or process.name()
        with suppress(psutil.AccessDenied, psutil.ZombieProcess, OSError):
            cwd = process.cwd() or None
    return ProcessInfo(process, created, parent, command, cwd, own, ticks)


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

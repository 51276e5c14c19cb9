"""The state file of the embedded server."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from agentdash.core.bounded_json import read_json
from agentdash.files.state import read_state, write_state

FILE = "server.json"
_LARGEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class ServerRecord:
    """The embedded server of a folder.

    Attributes:
        socket: Its unix socket.
        pid: None until known.
        birth: With the pid, its identity: see `agentdash.server.process.birth`.
        version: E.g. ``valkey 9.1.2``; empty until it has answered.
    """

    socket: str
    pid: int | None = None
    birth: str | None = None
    version: str = ""


def load(folder: Path) -> ServerRecord | None:
    """The record of *folder*; None where there is no readable one."""
    try:
        found = read_json(read_state(folder / FILE, _LARGEST))
        socket, pid, birth, version = (found[name] for name in ("socket", "pid", "birth", "version"))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not isinstance(socket, str) or not isinstance(pid, int | None) or not isinstance(birth, str | None):
        return None
    return ServerRecord(socket, pid, birth, str(version))


def save(folder: Path, record: ServerRecord) -> None:
    """Write the record atomically. The caller holds the start lock."""
    write_state(folder / FILE, json.dumps(asdict(record)).encode() + b"\n")


def forget(folder: Path) -> None:
    """Remove the record: the server was stopped on purpose."""
    (folder / FILE).unlink(missing_ok=True)

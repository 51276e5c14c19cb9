"""Finds the process of a service by pid file, port, command line and working folder."""

from __future__ import annotations

import os
import re
import shlex
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agentdash.core.paths import real_path
from agentdash.core.settings.model import ServiceSettings
from agentdash.files.small import open_to_read
from collectors.services.processes import ProcessInfo, ProcessTable

# A process writes its pid file after its start; file systems may store whole seconds only.
_PID_FILE_SLACK = 2.0
_PID_FILE_SIZE = 64
# What may precede a command in a process's command line: the folder of its program, and, for a script with
# #!, its interpreter with an option.
_BEFORE = re.compile(
    r"(?:(?:\S*/)?(?:(?:ba|da|k|z)?sh|python[\d.]*|node|deno|bun|ruby|perl|php)(?: -\S+)? )?(?:\S*/)?"
)


@dataclass(frozen=True, slots=True)
class Match:
    """The process of a service, or None.

    Attributes:
        error: Why its process could not be determined.
        unseen: Whether its port is open but its process not visible: another user's, or a container's.
    """

    known: ProcessInfo | None
    error: str | None = None
    unseen: bool = False


@dataclass(frozen=True, slots=True)
class DiscoveredService:
    """A service that is not configured: it listens on a port, and its working folder is below a root."""

    name: str
    port: int
    cwd: str


def find_process(service: ServiceSettings, table: ProcessTable, within: Path | None = None) -> Match:
    """The process of *service*: all given criteria must match, or without any its command.

    Of several, one that runs the service's own command is preferred, then the oldest. agentdash and its
    ancestors are never a service. *within*: the folder that the pid file may not lead out of.
    """
    if service.pid_file is not None:
        return _by_pid_file(service, table, within)
    if service.port is None and service.match is None and service.cwd is None and service.command is None:
        return Match(None, "no criteria for its process: give pid_file, port, match, cwd or command")
    if service.port is not None and table.listening is None and service.match is None and service.cwd is None:
        return Match(None, "no permission to read which process listens on a port")
    ourselves = table.ancestors(os.getpid())
    fitting = {
        pid: known
        for pid, known in table.known.items()
        if pid not in ourselves and _fits(service, known, table)
    }
    heads = [known for known in fitting.values() if known.parent not in fitting]
    unseen = not heads and service.match is None and service.port in table.open_ports - table.seen_ports()
    own = _command_line(service)
    best = min(heads, key=lambda known: (not _runs(own, known), known.identity[::-1]), default=None)
    return Match(best, unseen=unseen)


def discover(
    roots: tuple[Path, ...], table: ProcessTable, taken: set[int]
) -> list[tuple[DiscoveredService, ProcessInfo]]:
    """Processes of this user that listen and work below *roots*, except those in *taken*."""
    if table.listening is None:
        return []
    ourselves = table.ancestors(os.getpid())
    found: dict[str, tuple[DiscoveredService, ProcessInfo]] = {}
    for pid in sorted(table.listening):
        known = table.known.get(pid)
        if known is None or not known.own or known.cwd is None or pid in taken or pid in ourselves:
            continue
        if not taken.isdisjoint(table.ancestors(pid)):
            continue
        cwd = Path(known.cwd)
        if any(cwd.is_relative_to(root) for root in roots):
            port = min(table.listening[pid])
            service = DiscoveredService(f"{cwd.name or '/'}:{port}", port, known.cwd)
            found.setdefault(service.name, (service, known))
    return list(found.values())


def _by_pid_file(service: ServiceSettings, table: ProcessTable, within: Path | None) -> Match:
    path = Path(service.pid_file or "").expanduser()
    try:
        with os.fdopen(open_to_read(path, within), "rb") as file:
            text = file.read(_PID_FILE_SIZE).split()
            written = os.fstat(file.fileno()).st_mtime
    except FileNotFoundError:
        return Match(None)
    except OSError as error:
        return Match(None, f"its pid file {path} cannot be read: {error.strerror}")
    if not text or not text[0].isdigit():
        return Match(None, f"its pid file {path} contains no process id")
    known = table.known.get(int(text[0]))
    if known is None or known.created > written + _PID_FILE_SLACK:  # exited, or the pid was reused
        return Match(None)
    return Match(known)


def _fits(service: ServiceSettings, known: ProcessInfo, table: ProcessTable) -> bool:
    if service.match is not None and (known.command is None or service.match not in known.command):
        return False
    if service.cwd is not None and (known.cwd is None or Path(known.cwd) != real_path(service.cwd)):
        return False
    if service.port is None:
        return bool(service.match or service.cwd) or _runs(_command_line(service), known)
    if service.port in (table.listening or {}).get(known.process.pid, ()):
        return True
    # Where its port is not open yet or not visible, the command line decides. Its folder alone does not: a
    # shell or an editor may be there too.
    named = service.match is not None or _runs(_command_line(service), known)
    return named or (table.listening is None and service.cwd is not None)


def _runs(own: str | None, known: ProcessInfo) -> bool:
    """Whether *known* was started by the command *own*, wherever its program is installed."""
    if own is None or known.command is None:
        return False
    program, _, rest = own.partition(" ")
    words = f"{program.rpartition('/')[2]} {rest}".rstrip()
    before = known.command.removesuffix(words)
    return before != known.command and _BEFORE.fullmatch(before) is not None


def _command_line(service: ServiceSettings) -> str | None:
    """The command line of the process that the service's own command starts."""
    with suppress(ValueError):
        return " ".join(shlex.split(service.command or "")) or None
    return None

"""Which process is a service: by pid file, port, command line and working folder."""

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
from collectors.services.processes import Known, Table

# A pid file is written by the process itself, after it began; file systems may keep whole seconds only.
_PID_FILE_SLACK = 2.0
_PID_FILE_SIZE = 64
# What may stand before the words of a command: the folder that its program was found in, and, for a script
# with #!, its interpreter with an option.
_BEFORE = re.compile(
    r"(?:(?:\S*/)?(?:(?:ba|da|k|z)?sh|python[\d.]*|node|deno|bun|ruby|perl|php)(?: -\S+)? )?(?:\S*/)?"
)


@dataclass(frozen=True, slots=True)
class Match:
    """A process, or None, and why it could not be told, in words.

    Attributes:
        unseen: Whether its port is open though its process may not be seen: another user's, or a container's.
    """

    known: Known | None
    error: str | None = None
    unseen: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A service that nobody configured: it listens on a port, and its working folder is below the roots."""

    name: str
    port: int
    cwd: str


def match(service: ServiceSettings, table: Table, within: Path | None = None) -> Match:
    """The process that *service* describes; all that is given must hold; without more, its command.

    Of several, one that runs the service's own command comes first, and then the eldest. agentdash itself,
    and what started it, is never taken for a service. *within*: the folder that its pid file may not
    lead out of.
    """
    if service.pid_file is not None:
        return _by_pid_file(service, table, within)
    if service.port is None and service.match is None and service.cwd is None and service.command is None:
        return Match(None, "nothing says which process it is: give pid_file, port, match, cwd or command")
    if service.port is not None and table.listening is None and service.match is None and service.cwd is None:
        return Match(None, "who listens on which port may not be read here")
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


def discover(roots: tuple[Path, ...], table: Table, taken: set[int]) -> list[tuple[Found, Known]]:
    """Processes of this user that listen below *roots*, and that are not among *taken*."""
    if table.listening is None:
        return []
    ourselves = table.ancestors(os.getpid())
    found: dict[str, tuple[Found, Known]] = {}
    for pid in sorted(table.listening):
        known = table.known.get(pid)
        if known is None or not known.own or known.cwd is None or pid in taken or pid in ourselves:
            continue
        if not taken.isdisjoint(table.ancestors(pid)):
            continue
        cwd = Path(known.cwd)
        if any(cwd.is_relative_to(root) for root in roots):
            port = min(table.listening[pid])
            service = Found(f"{cwd.name or '/'}:{port}", port, known.cwd)
            found.setdefault(service.name, (service, known))
    return list(found.values())


def _by_pid_file(service: ServiceSettings, table: Table, within: Path | None) -> Match:
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
        return Match(None, f"its pid file {path} holds no process id")
    known = table.known.get(int(text[0]))
    if known is None or known.created > written + _PID_FILE_SLACK:  # ended, or the id is another's by now
        return Match(None)
    return Match(known)


def _fits(service: ServiceSettings, known: Known, table: Table) -> bool:
    if service.match is not None and (known.command is None or service.match not in known.command):
        return False
    if service.cwd is not None and (known.cwd is None or Path(known.cwd) != real_path(service.cwd)):
        return False
    if service.port is None:
        return bool(service.match or service.cwd) or _runs(_command_line(service), known)
    if service.port in (table.listening or {}).get(known.process.pid, ()):
        return True
    # Where its port is not open yet, or may not be seen, the command line decides. Its folder alone does not:
    # a shell or an editor may stand there too.
    named = service.match is not None or _runs(_command_line(service), known)
    return named or (table.listening is None and service.cwd is not None)


def _runs(own: str | None, known: Known) -> bool:
    """Whether *known* is what the command *own* starts, wherever its program was found."""
    if own is None or known.command is None:
        return False
    program, _, rest = own.partition(" ")
    words = f"{program.rpartition('/')[2]} {rest}".rstrip()
    before = known.command.removesuffix(words)
    return before != known.command and _BEFORE.fullmatch(before) is not None


def _command_line(service: ServiceSettings) -> str | None:
    """How the process is called that the service's own command starts."""
    with suppress(ValueError):
        return " ".join(shlex.split(service.command or "")) or None
    return None

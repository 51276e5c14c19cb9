"""What a person may ask the program to change. Typed, idempotent, and bound to the version acted on."""

from __future__ import annotations

from dataclasses import dataclass

from agentdash.core.repo_commands import RepoCommand
from agentdash.core.run_commands import OrphanCommand
from agentdash.core.runs import ControlAction, RunStatus
from agentdash.core.service_commands import ControlService
from agentdash.core.stream_commands import StreamCommand


@dataclass(frozen=True, slots=True)
class ControlRun:
    """Pause, resume or cancel a run.

    Attributes:
        seen: The state that the person saw when they decided; None from a program.
    """

    run_id: str
    action: ControlAction
    actor: str
    reason: str | None = None
    seen: RunStatus | None = None


@dataclass(frozen=True, slots=True)
class MarkFinding:
    """Acknowledge a finding, so that it no longer asks for attention."""

    fingerprint: str


@dataclass(frozen=True, slots=True)
class MuteFinding:
    """Keep a finding quiet for a while, also when it comes back in the meantime.

    Attributes:
        lasts_ms: For how long; None: until it is unmuted.
    """

    fingerprint: str
    lasts_ms: int | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class UnmuteFinding:
    """Let a finding ask for attention again."""

    fingerprint: str


FindingCommand = MarkFinding | MuteFinding | UnmuteFinding
Command = ControlRun | OrphanCommand | FindingCommand | StreamCommand | RepoCommand | ControlService


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a command: `ok`, and one sentence for a person.

    Attributes:
        sent: The commands that were sent to the server, as redis-cli would take them, with their answers.
        denied: The server's command that its ACL does not allow, where that was the reason.
    """

    ok: bool
    message: str
    sent: tuple[str, ...] = ()
    denied: str | None = None


class Refused(Exception):  # noqa: N818 - it is an answer, not a fault
    """A command that the state of its subject does not allow; the text says why and what would be."""

"""Commands: typed, idempotent, and bound to the version of what they change."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from agentdash.core.repos.commands import RepoCommand
from agentdash.core.runs.commands import OrphanCommand
from agentdash.core.runs.model import ControlAction, RunStatus
from agentdash.core.services.commands import ControlService
from agentdash.core.streams.commands import StreamCommand


@dataclass(frozen=True, slots=True)
class ControlRun:
    """Pause, resume or cancel a run.

    Attributes:
        seen: The state that the person saw; None for a program.
    """

    run_id: str
    action: ControlAction
    actor: str
    reason: str | None = None
    seen: RunStatus | None = None


@dataclass(frozen=True, slots=True)
class MarkFinding:
    """Acknowledge a finding: it stays listed, but needs no attention."""

    fingerprint: str


@dataclass(frozen=True, slots=True)
class MuteFinding:
    """Mute a finding, also when it comes back in the meantime.

    Attributes:
        lasts_ms: Duration; None: until it is unmuted.
    """

    fingerprint: str
    lasts_ms: int | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class UnmuteFinding:
    """Unmute a finding."""

    fingerprint: str


FindingCommand = MarkFinding | MuteFinding | UnmuteFinding
Command = ControlRun | OrphanCommand | FindingCommand | StreamCommand | RepoCommand | ControlService


class Effect(StrEnum):
    """What a command has changed, as far as is known."""

    DONE = "Carried out"
    PARTLY = "Partly carried out"
    NONE = "Not carried out"
    UNSURE = "May have been carried out"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a command.

    Attributes:
        ok: Whether it was carried out completely.
        message: One sentence.
        sent: The commands that were sent to the server, in redis-cli syntax, with their replies.
        denied: The server command that its ACL does not allow, where that was the reason.
        effect: What it has changed. `UNSURE`: some of it was sent, and no answer came. None: see `message`.
        instead: An alternative command, to be offered.
    """

    ok: bool
    message: str
    sent: tuple[str, ...] = ()
    denied: str | None = None
    effect: Effect | None = None
    instead: StreamCommand | None = None

    @property
    def titled(self) -> str:
        """The message, after the title."""
        return f"{self.title}: {self.message}" if self.title else self.message

    @property
    def worked(self) -> bool | None:
        """Whether it was carried out; None where that is unknown."""
        return None if self.effect is Effect.UNSURE else self.ok

    @property
    def title(self) -> str:
        """The effect as a title; empty where the message is enough."""
        return "" if self.effect is None or self.effect is Effect.DONE else self.effect.value


class Refused(Exception):  # noqa: N818 - it is an answer, not a fault
    """A command that the current state does not allow; the text has the reason and an alternative.

    Attributes:
        instead: An alternative command, to be offered.
    """

    def __init__(self, text: str, instead: StreamCommand | None = None) -> None:
        super().__init__(text)
        self.instead = instead

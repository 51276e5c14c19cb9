"""What a person may ask the program to change. Typed, idempotent, and bound to the version acted on."""

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


class Effect(StrEnum):
    """What a command has changed, as far as it is known."""

    DONE = "Carried out"
    PARTLY = "Partly carried out"
    NONE = "Not carried out"
    UNSURE = "May have been carried out"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a command: `ok`, and one sentence for a person.

    Attributes:
        ok: Whether it was carried out, all of it.
        sent: The commands that were sent to the server, as redis-cli would take them, with their answers.
        denied: The server's command that its ACL does not allow, where that was the reason.
        effect: What it has changed. `UNSURE`: some of it was sent, and no answer came. None: the sentence
            says it.
        instead: A command that would serve where this one cannot; to be offered.
    """

    ok: bool
    message: str
    sent: tuple[str, ...] = ()
    denied: str | None = None
    effect: Effect | None = None
    instead: StreamCommand | None = None

    @property
    def titled(self) -> str:
        """The sentence, with what was changed before it."""
        return f"{self.title}: {self.message}" if self.title else self.message

    @property
    def worked(self) -> bool | None:
        """Whether it was carried out; None where that is not known."""
        return None if self.effect is Effect.UNSURE else self.ok

    @property
    def title(self) -> str:
        """What is said above the sentence; empty where that is enough."""
        return "" if self.effect is None or self.effect is Effect.DONE else self.effect.value


class Refused(Exception):  # noqa: N818 - it is an answer, not a fault
    """A command that the state of its subject does not allow; the text says why and what would be.

    Attributes:
        instead: A command that would serve; to be offered.
    """

    def __init__(self, text: str, instead: StreamCommand | None = None) -> None:
        super().__init__(text)
        self.instead = instead

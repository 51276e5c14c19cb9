"""The progress of a change of several entries, and its outcome as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from redis.exceptions import RedisError

from agentdash.actions.streams.send import Sender
from agentdash.core.commands import Effect, Outcome, Refused
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.streams.commands import AcknowledgeEntries, EntriesCommand, SeenEntry
from agentdash.core.units import plural
from agentdash.server.exchange import MayHaveBeenCarriedOut

_NAMED = 3


@dataclass(slots=True)
class Tally:
    """The progress of a change.

    Attributes:
        done: Ids of the changed entries.
        left: The reason for each of the others, by id.
        gone: Those of the others without data.
        missing: Number of deletions that found nothing, where the entries are unknown.
        touched: Whether anything was changed.
        unsure: Whether something was sent without an answer.
        stopped: The failure of the server that stopped it.
    """

    done: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    gone: list[SeenEntry] = field(default_factory=list)
    missing: int = 0
    touched: bool = False
    unsure: bool = False
    stopped: RedisError | None = None

    def stop(self, problem: RedisError, entries: Sequence[SeenEntry], what: str) -> None:
        """Record a failure of the server; *what* is the reason for *entries*."""
        self.stopped = problem
        self.unsure = self.unsure or isinstance(problem, MayHaveBeenCarriedOut)
        for entry in entries:
            self.left.setdefault(entry.id, what)


def outcome(sender: Sender, command: EntriesCommand, tally: Tally, summary: str) -> Outcome:
    """The outcome of *command*; *summary* says what it does, before ids or counts.

    Raises:
        Refused: when nothing was changed; with the reason.
    """
    sent, left = tuple(sender.sent), tally.left
    did = f"{as_text(command.stream)}: {summary}"
    if not left and not tally.missing:
        return Outcome(True, f"{did} {_entries(tally.done)}", sent, effect=Effect.DONE)
    reasons = _reasons(left)
    if tally.missing:
        reasons.append(f"{tally.missing} of them were not in the stream")
    if tally.stopped is not None:
        reasons.append(sender.error_message(tally.stopped))
    instead = None
    if tally.gone and command.group is not None:
        instead = AcknowledgeEntries(command.stream, command.group, tuple(tally.gone))
    why = "; ".join(reasons)
    if not tally.touched and not tally.unsure:
        raise Refused(f"nothing was changed: {why}. Check again.", instead)
    words = f"{did} {len(tally.done)} of {len(command.entries)}; {why}"
    effect = Effect.UNSURE if tally.unsure else Effect.PARTLY
    return Outcome(False, words, sent, effect=effect, instead=instead)


def _reasons(left: Mapping[str, str]) -> list[str]:
    """The reasons, entries with the same one together."""
    alike: dict[str, list[str]] = {}
    for entry_id, reason in left.items():
        alike.setdefault(reason, []).append(entry_id)
    lines = [
        f"{found[0]} {reason}" if len(found) == 1 else f"{_list_of(found)}: {reason}"
        for reason, found in alike.items()
    ]
    more = [f"and {len(lines) - _NAMED} more reasons"] if len(lines) > _NAMED else []
    return lines[:_NAMED] + more


def _list_of(found: Sequence[str]) -> str:
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return ", ".join(found[:_NAMED]) + more


def _entries(done: Sequence[str]) -> str:
    return done[0] if len(done) == 1 else plural(len(done), "entry", "entries")

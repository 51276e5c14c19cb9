"""Queries: bounded reads of details, made on demand."""

from __future__ import annotations

from dataclasses import dataclass

from agentdash.core.links.run_blockers import RunBlockers
from agentdash.core.repos.commands import StagePlan, StagePlanQuery
from agentdash.core.repos.queries import RepoAnswer, RepoQuery
from agentdash.core.runs.model import RunEvent
from agentdash.core.streams.model import Lag, Message, PendingEntry
from agentdash.core.streams.queries import StreamAnswer, StreamQuery


@dataclass(frozen=True, slots=True)
class PendingOf:
    """The pending entries of a group, oldest id first, at most `count`; of one consumer where given."""

    stream: bytes
    group: bytes
    consumer: bytes | None = None
    count: int = 200


@dataclass(frozen=True, slots=True)
class PendingList:
    """The answer to `PendingOf`; `total` is the count of the group."""

    entries: tuple[PendingEntry, ...]
    total: int


@dataclass(frozen=True, slots=True)
class MessageAt:
    """One entry of a stream with its body. The answer is a `Message`, or None where it was deleted."""

    stream: bytes
    id: str


@dataclass(frozen=True, slots=True)
class MessagesAt:
    """Entries of a stream by their ids, at most 50. The answer is a tuple of those that exist."""

    stream: bytes
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewestMessages:
    """The newest `count` entries of a stream, newest first. The answer is a tuple of `Message`."""

    stream: bytes
    count: int = 100


@dataclass(frozen=True, slots=True)
class LagOf:
    """The lag of a group, counted where the server does not report it. The answer is a `Lag`."""

    stream: bytes
    group: bytes


@dataclass(frozen=True, slots=True)
class RunEventsOf:
    """Events of a run after the id `after` (exclusive; None: the newest `count`), oldest first.

    With `before` instead: the newest `count` of those before that id (exclusive), oldest first too.
    """

    run_id: str
    after: str | None = None
    count: int = 500
    before: str | None = None


@dataclass(frozen=True, slots=True)
class RunEvents:
    """The answer to `RunEventsOf`; `trimmed` names the first id that is left if some before it are gone."""

    events: tuple[RunEvent, ...]
    trimmed: str | None = None


@dataclass(frozen=True, slots=True)
class WhyOf:
    """Why a run makes no progress, as far as is known here. The answer is a `RunBlockers`."""

    run_id: str


@dataclass(frozen=True, slots=True)
class TraceOf:
    """Entries of `streams` with `id` in the value of a field, among the newest `count` of each."""

    id: str
    streams: tuple[bytes, ...]
    count: int = 200


@dataclass(frozen=True, slots=True)
class TraceFound:
    """The answer to `TraceOf`.

    Attributes:
        entries: With their streams, by id.
        scanned: Entries that were read.
        streams: Streams that could be read.
        of: Streams that there are.
    """

    entries: tuple[tuple[bytes, Message], ...]
    scanned: int
    streams: int
    of: int


Query = (
    PendingOf
    | MessageAt
    | MessagesAt
    | NewestMessages
    | LagOf
    | StreamQuery
    | RunEventsOf
    | RepoQuery
    | StagePlanQuery
    | WhyOf
    | TraceOf
)
Answer = (
    Lag
    | PendingList
    | Message
    | tuple[Message, ...]
    | StreamAnswer
    | RunEvents
    | RepoAnswer
    | StagePlan
    | RunBlockers
    | TraceFound
    | None
)

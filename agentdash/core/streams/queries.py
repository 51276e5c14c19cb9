"""Queries about one stream: pages of entries, a search, owners of an entry, rights."""

from __future__ import annotations

from dataclasses import dataclass

from agentdash.core.streams.model import Message


@dataclass(frozen=True, slots=True)
class EntriesFrom:
    """Entries of a stream from one on.

    Attributes:
        start: The first id, included; None: the end of the stream.
        older: Whether older ones follow; else newer ones.
        count: Entries, at most.
    """

    stream: bytes
    start: str | None = None
    older: bool = True
    count: int = 100


@dataclass(frozen=True, slots=True)
class EntryPage:
    """The answer to `EntriesFrom`, in the order of the query.

    Attributes:
        more: Whether there may be more; False where the end was reached.
    """

    entries: tuple[Message, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class SearchEntries:
    """One step of a search from newer to older entries.

    Attributes:
        needle: Text within ``name=value`` of a field; the case of A–Z is ignored.
        start: The first id; None: the newest.
        scan: Entries read at most.
    """

    stream: bytes
    needle: str
    start: str | None = None
    scan: int = 2000


@dataclass(frozen=True, slots=True)
class SearchPage:
    """The answer to `SearchEntries`.

    Attributes:
        found: Newest first.
        scanned: Entries read.
        next_start: Start of the next step; None where the oldest entry was reached.
    """

    found: tuple[Message, ...]
    scanned: int
    next_start: str | None


@dataclass(frozen=True, slots=True)
class HoldersOf:
    """The owners of a pending entry, in each of `groups` (at most 50)."""

    stream: bytes
    id: str
    groups: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Holder:
    """A consumer that an entry was delivered to and that has not acknowledged it."""

    group: bytes
    consumer: bytes
    idle_ms: int
    deliveries: int


@dataclass(frozen=True, slots=True)
class Holders:
    """The answer to `HoldersOf`."""

    holders: tuple[Holder, ...]


@dataclass(frozen=True, slots=True)
class RightsOn:
    """Which of the commands that change a stream the server's ACL lets this user run."""

    stream: bytes


@dataclass(frozen=True, slots=True)
class Rights:
    """The answer to `RightsOn`.

    Attributes:
        known: Whether they could be read (ACL DRYRUN: Redis 7.0 and later, where allowed).
        denied: Forbidden commands, each with the server's message.
    """

    known: bool = False
    denied: tuple[tuple[str, str], ...] = ()


StreamQuery = EntriesFrom | SearchEntries | HoldersOf | RightsOn
StreamAnswer = EntryPage | SearchPage | Holders | Rights

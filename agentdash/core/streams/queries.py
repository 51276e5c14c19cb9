"""What a screen asks about one stream: pages of entries, a search, who holds one, what is allowed."""

from __future__ import annotations

from dataclasses import dataclass

from agentdash.core.streams.model import Message


@dataclass(frozen=True, slots=True)
class EntriesFrom:
    """Entries of a stream from one on.

    Attributes:
        start: The id to begin with, itself included; None: the end that one comes from.
        older: From there to older ones; else to newer ones.
        count: Entries, at most.
    """

    stream: bytes
    start: str | None = None
    older: bool = True
    count: int = 100


@dataclass(frozen=True, slots=True)
class EntryPage:
    """The answer to `EntriesFrom`: in the order in which they were asked for.

    Attributes:
        more: Whether there may be others beyond; False where the end was reached.
    """

    entries: tuple[Message, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class SearchEntries:
    """A piece of a search from newer to older entries.

    Attributes:
        needle: Text that ``name=value`` of one field must hold, without regard to the case of A–Z.
        start: The id to begin with; None: the newest.
        scan: Entries that are looked at, at most.
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
        scanned: Entries looked at.
        next_start: Where the search goes on; None where the oldest entry was reached.
    """

    found: tuple[Message, ...]
    scanned: int
    next_start: str | None


@dataclass(frozen=True, slots=True)
class HoldersOf:
    """Who holds an entry, in each of `groups` (at most 50)."""

    stream: bytes
    id: str
    groups: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Holder:
    """A consumer that was given an entry and has not acknowledged it."""

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
        known: Whether the server could be asked (ACL DRYRUN, 7.0 and later, where allowed).
        denied: Commands that are forbidden, each with the server's words.
    """

    known: bool = False
    denied: tuple[tuple[str, str], ...] = ()


StreamQuery = EntriesFrom | SearchEntries | HoldersOf | RightsOn
StreamAnswer = EntryPage | SearchPage | Holders | Rights

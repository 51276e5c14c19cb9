"""The stream screen over a stream made by hand: its engine answers from memory and notes what it is asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from pathlib import Path

import msgpack

from agentdash.core.clock import ManualClock
from agentdash.core.commands import Command, Outcome
from agentdash.core.logs.model import Level, LogBatch, LogLine
from agentdash.core.queries import Answer, MessageAt, MessagesAt, PendingList, PendingOf, Query
from agentdash.core.settings.model import Settings
from agentdash.core.snapshot import SourceError, Topic
from agentdash.core.streams.model import (
    Clients,
    Consumer,
    Message,
    PendingEntry,
    Stream,
    StreamsSnapshot,
    id_age_ms,
    id_parts,
)
from agentdash.core.streams.queries import (
    EntriesFrom,
    EntryPage,
    Holder,
    Holders,
    HoldersOf,
    Rights,
    RightsOn,
    SearchEntries,
    SearchPage,
)
from tests.tui import scene
from tests.tui.scene import HOST, NOW
from tui.app import AgentDash

PAYLOAD = b'{"order": 88123, "amount": 49.9, "currency": "EUR", "items": [3, 5], "attempt": 1}'
ENTRIES = tuple(
    Message(
        f"{NOW - 9_000_000 + number * 7_500}-0",
        (
            (b"type", b"charge" if number % 5 else b"refund"),
            (b"correlationId", b"ab%02x" % (number % 256)),
            (b"token", b"sk_live_51H8xT2eZvKYlo2C"),
            (b"payload", PAYLOAD),
        ),
    )
    for number in range(1, 1201)
)
STUCK = (ENTRIES[-34].id, ENTRIES[-33].id, ENTRIES[-40].id)


class StreamEngine(scene.StillEngine):
    """Answers what is asked about the stream ``orders``."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, clock=ManualClock(NOW), host=HOST, cwd=Path("/"))
        self.asked: list[Query] = []
        self.sent: list[Command] = []
        self.rights = Rights(known=True)
        self.entries = list(ENTRIES)
        self.pending = [
            PendingEntry(STUCK[2], b"billing-1", 250_000, 7, id_age_ms(STUCK[2], NOW)),
            PendingEntry(STUCK[0], b"billing-1", 250_000, 1, id_age_ms(STUCK[0], NOW)),
            PendingEntry(STUCK[1], b"billing-1", 250_000, 1, id_age_ms(STUCK[1], NOW)),
            PendingEntry("1732100000000-0", b"billing-1", 3_600_000, 2, 12_345_000, (), gone=True),
        ]

    async def ask(self, query: Query) -> Answer:
        """From memory."""
        self.asked.append(query)
        match query:
            case PendingOf():
                kept = [e for e in self.pending if query.consumer in {None, e.consumer}]
                kept = kept if query.group == b"billing" else []
                return PendingList(tuple(kept), len(kept))
            case MessageAt():
                return next((e for e in self.entries if e.id == query.id), None)
            case MessagesAt():
                return tuple(e for e in self.entries if e.id in query.ids)
            case EntriesFrom():
                return self._page(query)
            case SearchEntries():
                return self._search(query)
            case HoldersOf():
                held = [e for e in self.pending if e.id == query.id]
                return Holders(tuple(Holder(b"billing", e.consumer, e.idle_ms, e.deliveries) for e in held))
            case RightsOn():
                return self.rights
        raise SourceError("nothing is known of that")

    def _page(self, query: EntriesFrom) -> EntryPage:
        ordered = self.entries[::-1] if query.older else self.entries
        if query.start is not None:
            edge = id_parts(query.start)
            ordered = [
                e for e in ordered if (id_parts(e.id) <= edge if query.older else id_parts(e.id) >= edge)
            ]
        found = tuple(ordered[: query.count])
        return EntryPage(found, more=len(found) == query.count)

    def _search(self, query: SearchEntries) -> SearchPage:
        page = self._page(EntriesFrom(query.stream, query.start, True, 500))
        needle = query.needle.lower().encode()
        found = tuple(e for e in page.entries if any(needle in n + b"=" + v.lower() for n, v in e.fields))
        last = f"{id_parts(page.entries[-1].id)[0] - 1}-9" if page.entries else None
        return SearchPage(found, len(page.entries), last if page.more else None)

    async def dispatch(self, command: Command) -> Outcome:
        """Only noted."""
        self.sent.append(command)
        return Outcome(True, "asked")

    def put(self, **changes: object) -> None:
        """The stream ``orders``, changed."""
        found = self.store.streams
        assert found is not None
        streams = tuple(replace(s, **changes) if s.name == b"orders" else s for s in found.streams)  # type: ignore[arg-type]
        self.store.put(Topic.STREAMS, replace(found, streams=streams))


def app(*, theme: str = "agentdash", read_only: bool = False) -> AgentDash:
    """The app; ``2 enter`` leads to the stream."""
    from agentdash.core.settings.model import UiSettings

    engine = StreamEngine(Settings(ui=UiSettings(theme=theme), read_only=read_only))
    scene.put_all(engine)
    engine.put(length=len(ENTRIES), first_id=ENTRIES[0].id, last_id=ENTRIES[-1].id)
    put_clients(engine, b"shipping-1", b"shipping-2")
    put_course(engine)
    put_story(engine)
    dash = AgentDash(engine, zone=UTC)
    dash.cost = "cpu 1.1 %"
    dash.measure = lambda: None  # type: ignore[method-assign]
    return dash


def engine_of(dash: AgentDash) -> StreamEngine:
    """The engine that answers from memory."""
    assert isinstance(dash.engine, StreamEngine)
    return dash.engine


def put_second_consumer(dash: AgentDash) -> None:
    """Someone else in billing, for whom entries can be claimed."""
    engine = engine_of(dash)
    found = engine.store.streams
    assert found is not None
    billing, *others = next(s for s in found.streams if s.name == b"orders").groups
    more = (*billing.consumers, Consumer(b"worker-2", 0, 900, 900), Consumer(b"billing-old", 0, 86_400_000))
    engine.put(groups=(replace(billing, consumers=more), *others))
    put_clients(engine, b"worker-2")


def put_clients(engine: StreamEngine, *blocked: bytes, connected: tuple[bytes, ...] = ()) -> None:
    """Clients of these consumers are blocked in XREADGROUP, those of others connected."""
    found = engine.store.streams
    assert found is not None
    clients = Clients(frozenset(blocked), connected=frozenset((*blocked, *connected)))
    engine.store.put(Topic.STREAMS, replace(found, clients=clients))


def put_course(engine: StreamEngine) -> None:
    """Ten minutes in which billing stopped, four minutes ago."""
    found = engine.store.streams
    assert found is not None
    for step in range(61):
        at = NOW - (60 - step) * 10_000
        behind = max(0, step - 35)
        engine.store.stream_history.record(_at(found, at, step, behind))


def _at(found: StreamsSnapshot, at: int, step: int, behind: int) -> StreamsSnapshot:
    def past(stream: Stream) -> Stream:
        added = 79_000 + step * 50 + 9 * (step % 4)
        groups = tuple(
            replace(
                group,
                pending=3 if behind and group.name == b"billing" else step % 3,
                lag=replace(group.lag, value=behind * 8 if group.name == b"billing" else 0),
                entries_read=added - behind * 50 if group.name == b"billing" else added,
            )
            for group in stream.groups
        )
        return replace(stream, entries_added=added, length=stream.length - 600 + step * 10, groups=groups)

    return replace(found, taken_at=at, streams=tuple(past(s) for s in found.streams), judgements=())


def put_story(engine: StreamEngine) -> None:
    """Log lines with the correlation ids of the stuck entries."""
    corr = next(e for e in ENTRIES if e.id == STUCK[2]).fields[1][1].decode()
    at = id_parts(STUCK[2])[0]
    said = (
        ("api", Level.INFO, "published order 88123", 20),
        ("billing", Level.INFO, f"consumed orders {STUCK[2]}", 900),
        ("billing", Level.ERROR, "TimeoutError: charge took 30 s", 30_900),
    )
    lines = tuple(
        LogLine(service, n, at + later, message, at + later, level, service, corr)
        for n, (service, level, message, later) in enumerate(said)
    )
    engine.store.put_lines(LogBatch(NOW, HOST, lines))


PACKED = msgpack.packb({"order": 7, "lines": [1, 2], "raw": b"\xff\x00"})

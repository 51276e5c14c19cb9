"""The keys of the stream screen: what they show, what they ask, and what they send."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from agentdash.core.queries import Answer, Query
from agentdash.core.snapshot import SourceError
from agentdash.core.streams.commands import (
    AcknowledgeEntries,
    ClaimEntries,
    CreateGroup,
    DeadLetterEntries,
    DeleteEntries,
    DestroyGroup,
    SeenEntry,
    SetGroupId,
    TrimStream,
)
from agentdash.core.streams.model import Consumer, Lag, Message
from agentdash.core.streams.queries import Rights
from tests.support import until
from tests.tui import scene, stream_scene
from tests.tui.stream_scene import ENTRIES, PACKED, STUCK, StreamEngine, engine_of
from tui.app import AgentDash
from tui.format.state import PaneKind
from tui.screens.board.board import Board
from tui.screens.dialogs.confirm import Confirm
from tui.screens.dialogs.menu import Menu
from tui.screens.dialogs.prompt import Prompt
from tui.screens.logs.trace import TraceScreen
from tui.screens.services.screen import ServiceScreen
from tui.screens.streams.claim import ClaimFor
from tui.screens.streams.screen import StreamScreen
from tui.widgets.document import Document, Para
from tui.widgets.footer import Footer
from tui.widgets.pane import Pane
from tui.widgets.table.table import LineTable

SIZE = (120, 40)


def stream(app: AgentDash) -> StreamScreen:
    assert isinstance(app.screen, StreamScreen)
    return app.screen


def line(page: Document, number: int) -> str:
    return "".join(part for part, _ in page._lines[number])


def plain(para: Para) -> str:
    return "".join(part for part, _ in para.parts)


def lines(page: Document) -> str:
    """What is drawn: without what is folded."""
    return "\n".join(line(page, number) for number in range(len(page._lines)))


def text(page: Document) -> str:
    return "\n".join("".join(part for part, _ in para.parts) for para in page.paras)


def toasts(app: AgentDash) -> str:
    return " | ".join(toast.message for toast in app._notifications)


async def go_in(pilot: Pilot[int], *keys: str) -> StreamScreen:
    """To the stream, and on; wait until its entries are there."""
    await pilot.press("2", "enter")
    screen = stream(pilot.app)  # type: ignore[arg-type]
    await until(lambda: screen.entries.table.rows, what="the pending entries")
    await pilot.press(*keys)
    await pilot.pause()
    return screen


async def answer(pilot: Pilot[int], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


async def test_acknowledge_asks_with_the_exact_command_and_cancel_has_the_focus() -> None:
    app = stream_scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await go_in(pilot, "A")
        assert isinstance(app.screen, Confirm)
        assert app.focused is not None
        assert app.focused.id == "no"
        assert f"XACK orders billing {STUCK[2]}" in text(app.screen.query_one(Document))
        await answer(pilot, "enter")
        assert engine_of(app).sent == []
        await answer(pilot, "A", "tab", "enter")
        await until(lambda: engine_of(app).sent, what="the command")
        seen = SeenEntry(STUCK[2], b"billing-1", 250_000)
        assert engine_of(app).sent == [AcknowledgeEntries(b"orders", b"billing", (seen,))]


async def test_marked_entries_go_together() -> None:
    app = stream_scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await go_in(pilot, "enter", "enter", "space", "space", "D")
        plan = text(app.screen.query_one(Document))
        assert f"XACK orders billing {STUCK[2]} {STUCK[0]}" in plan
        assert f"XDEL orders {STUCK[2]} {STUCK[0]}" in plan
        await answer(pilot, "tab", "enter")
        await until(lambda: engine_of(app).sent, what="the command")
        (command,) = engine_of(app).sent
        assert isinstance(command, DeleteEntries)
        assert [entry.id for entry in command.entries] == [STUCK[2], STUCK[0]]
        assert command.group == b"billing"
        await until(lambda: not stream(app).entries.table.marks, what="the marks taken away")


async def test_claim_for_a_consumer_whose_name_is_no_text() -> None:
    app = stream_scene.app()
    engine = engine_of(app)
    found = engine.store.streams
    assert found is not None
    orders = next(s for s in found.streams if s.name == b"orders")
    billing = orders.groups[0]
    strange = Consumer(b"b\xff[/x]", 0, 5)
    engine.put(groups=(replace(billing, consumers=(*billing.consumers, strange)), *orders.groups[1:]))
    async with app.run_test(size=SIZE) as pilot:
        await go_in(pilot, "C")
        assert isinstance(app.screen, ClaimFor)
        await answer(pilot, "tab", "enter")
        assert "enter a name" in text(app.screen.query_one(Document))
        await answer(pilot, "shift+tab", "enter")
        assert isinstance(app.screen, Confirm)
        plan = text(app.screen.query_one(Document))
        assert f'XCLAIM orders billing "b\\xff[/x]" 250000 {STUCK[2]} JUSTID' in plan
        await answer(pilot, "tab", "enter")
        await until(lambda: engine.sent, what="the command")
        (command,) = engine.sent
        assert isinstance(command, ClaimEntries)
        assert command.consumer == b"b\xff[/x]"


async def test_claim_lists_who_lives_first_and_takes_another_name() -> None:
    app = stream_scene.app()
    engine = engine_of(app)
    found = engine.store.streams
    assert found is not None
    billing, *others = next(s for s in found.streams if s.name == b"orders").groups
    more = (Consumer(b"billing-2", 9, 90_000), Consumer(b"billing-3", 0, 80_000), Consumer(b"worker", 0, 99))
    engine.put(groups=(replace(billing, consumers=(*billing.consumers, *more), lag=Lag(0)), *others))
    stream_scene.put_clients(engine, b"billing-3", connected=(b"billing-2",))
    async with app.run_test(size=SIZE) as pilot:
        screen = await go_in(pilot, "enter", "enter", "space", "space")
        liveness = {row.key: row.cells[4].plain for row in screen.consumers.table.rows}
        assert liveness[b"billing-1"].startswith("■ billing: its process ended 4m10 ago, exit 1")
        assert liveness[b"billing-3"].startswith("● blocked in XREADGROUP now")
        assert liveness[b"worker"] == "● no client blocked · worker: process 41300 runs"
        await answer(pilot, "C")
        assert isinstance(app.screen, ClaimFor)
        listed = [row.key for row in app.screen._table.rows]
        assert listed == [b"worker", b"billing-3", b"billing-2"]
        await answer(pilot, "tab", *"new", "enter")
        assert f"XCLAIM orders billing new 250000 {STUCK[2]} {STUCK[0]} JUSTID" in text(
            app.screen.query_one(Document)
        )


async def test_parts_of_a_message_fold_by_key_and_mouse() -> None:
    app = stream_scene.app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await go_in(pilot, "enter", "enter", "enter")
        page = screen.message.page
        await until(lambda: page.paras, what="the message")
        await until(lambda: "order" in lines(page), what="the body")
        while page.current is None or "payload" not in plain(page.current):
            await pilot.press("j")
        await pilot.press("enter")
        assert "▸ {5}" in lines(page)
        assert '"order"' not in lines(page)
        assert "History" in lines(page)
        await pilot.press("right", "j", "j", "j", "j", "left")
        assert '"items": ▸ [2],' in lines(page)
        assert '"order": 88123' in lines(page)
        row = next(n for n in range(page.virtual_size.height) if '"items"' in line(page, n))
        await pilot.click(page, offset=(4, row - page.scroll_offset.y))
        assert '"items": ▾ [' in lines(page)
        await pilot.press("asterisk")
        assert '"items"' not in lines(page)
        await pilot.press("escape")
        assert screen.depth == 2


async def test_the_way_from_a_message_to_its_process_and_back() -> None:
    app = stream_scene.app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await go_in(pilot, "enter", "enter", "j")
        await until(lambda: screen.message.correlation, what="the message")
        await pilot.press("c")
        assert isinstance(app.screen, Menu)
        shown = [row.cells[0].text for row in app.screen.query_one(LineTable).rows]
        assert shown[0] == "service  billing"
        assert any(words.startswith("log      log lines with ab") for words in shown)
        await answer(pilot, "enter")
        assert isinstance(app.screen, ServiceScreen)
        assert app.screen.came_from == "all consumers"
        await answer(pilot, "c")
        assert app.screen is screen
        assert (screen.depth, screen.entry) == (2, STUCK[0])
        assert screen.consumers.current == b"billing-1"
        await answer(pilot, "l")
        assert isinstance(app.screen, ServiceScreen)
        await answer(pilot, "escape", "o")
        assert app.screen is screen
        assert "repository" in toasts(app)


async def test_the_shape_of_the_entries_is_shown() -> None:
    app = stream_scene.app()
    engine_of(app).put(
        fields=("type", "payload"),
        field_sets=(("payload", "type"), ("type",)),
        payload=(("payload", ("order", "amount")),),
    )
    async with app.run_test(size=SIZE) as pilot:
        screen = await go_in(pilot)
        shape = text(screen.query_one("#stream-shape", Document))
        assert "payload {order, amount}" in shape
        assert "not all have payload" in shape
        assert "▲ 2 field sets" in screen.groups.summary
        await pilot.press("d")
        assert "JSON with order, amount" in text(app.screen.query_one(Document))


async def test_the_menu_says_why_not_and_leads_to_the_rest() -> None:
    app = stream_scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await go_in(pilot, "full_stop")
        assert isinstance(app.screen, Menu)
        await answer(pilot, *["down"] * 4, "enter")
        assert isinstance(app.screen, Menu)
        assert "select a consumer first" in toasts(app)
        await answer(pilot, "up", "enter")
        assert isinstance(app.screen, Prompt)
        await answer(pilot, "enter")
        plan = text(app.screen.query_one(Document))
        assert "XADD orders:dead * type charge correlationId" in plan
        assert f"XACK orders billing {STUCK[2]}" in plan
        await answer(pilot, "tab", "enter")
        await until(lambda: engine_of(app).sent, what="the command")
        (command,) = engine_of(app).sent
        assert isinstance(command, DeadLetterEntries)
        assert command.target == b"orders:dead"


async def chosen(pilot: Pilot[int], row: int, *answers: str) -> object:
    """Choose a line of the menu, answer what is asked, and agree; the command."""
    await answer(pilot, "full_stop", *["down"] * row, "enter")
    for typed in answers:
        assert isinstance(pilot.app.screen, Prompt)
        await answer(pilot, "end", "ctrl+u", *typed, "enter")
    assert isinstance(pilot.app.screen, Confirm), text(pilot.app.screen.query_one(Document))
    engine = pilot.app.engine  # type: ignore[attr-defined]
    assert isinstance(engine, StreamEngine)
    engine.sent.clear()
    await answer(pilot, "tab", "enter")
    await until(lambda: engine.sent, what="the command")
    return engine.sent[0]


async def test_groups_and_the_stream_are_changed_by_the_menu() -> None:
    app = stream_scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await go_in(pilot)
        last = stream(app).group.last_delivered_id  # type: ignore[union-attr]
        assert await chosen(pilot, 5, "0") == SetGroupId(b"orders", b"billing", "0", last)
        assert await chosen(pilot, 6, "audit", "5-1") == CreateGroup(b"orders", b"audit", "5-1")
        assert await chosen(pilot, 7) == DestroyGroup(b"orders", b"billing", 3)
        newest = ENTRIES[-1].id
        assert await chosen(pilot, 8, "1000") == TrimStream(b"orders", maxlen=1000, seen=newest)
        hour = TrimStream(b"orders", minid=f"{scene.NOW - 3_600_000}-0", seen=newest)
        assert await chosen(pilot, 8, "1h") == hour


async def test_read_only_changes_nothing_and_says_so() -> None:
    app = stream_scene.app(read_only=True)
    async with app.run_test(size=SIZE) as pilot:
        await go_in(pilot, "A")
        assert isinstance(app.screen, StreamScreen)
        words = {word.action for word in app.screen.query_one(Footer).left}
        assert "stream.search" in words
        assert not any(
            word and word.startswith(("pending.", "stream.actions", "table.mark")) for word in words
        )
        assert not any("Acknowledge" in command.title for command in app.get_system_commands(stream(app)))  # type: ignore[arg-type]
        page = app.screen.message.page
        await until(lambda: "none: read-only" in text(page), what="the reason")
        assert engine_of(app).sent == []


async def test_what_the_acl_forbids_is_greyed_with_that_reason() -> None:
    app = stream_scene.app()
    engine_of(app).rights = Rights(True, (("XACK", "the server's ACL says: no xack for you"),))
    async with app.run_test(size=SIZE) as pilot:
        screen = await go_in(pilot)
        await until(lambda: screen.rights_poll.rights.denied, what="the rights")
        await pilot.press("A")
        assert isinstance(app.screen, StreamScreen)
        assert "no xack for you" in toasts(app)
        assert screen.why_not("acknowledge") is not None
        assert screen.why_not("claim") is None


async def test_a_refusal_is_not_for_ever_where_rights_cannot_be_asked() -> None:
    app = stream_scene.app()
    engine = engine_of(app)
    engine.rights = Rights()
    async with app.run_test(size=SIZE) as pilot:
        screen = await go_in(pilot)
        engine.deny("XACK", "no xack for you")
        assert screen.why_not("acknowledge") == "no xack for you"
        engine.clock.advance(301)  # type: ignore[attr-defined]
        assert screen.why_not("acknowledge") is None
        engine.deny("XACK", "no xack for you")
        await pilot.press("R")
        assert screen.why_not("acknowledge") is None


async def test_a_message_stays_while_it_is_read_however_the_list_moves() -> None:
    app = stream_scene.app()
    engine = engine_of(app)
    async with app.run_test(size=SIZE) as pilot:
        screen = await go_in(pilot, "enter", "enter", "enter")
        page = screen.message.page
        await until(lambda: STUCK[2] in text(page), what="the message")
        engine.pending = [entry for entry in engine.pending if entry.id != STUCK[2]]
        screen.entries.ask()
        await until(lambda: not screen.entries.holds(STUCK[2]), what="the list without it")
        await until(lambda: "not pending: acknowledged" in text(page), what="what became of it")
        assert text(page).startswith(STUCK[2])
        assert screen.trail[-1] == STUCK[2]
        await pilot.press("A")
        assert app.screen is screen, "nothing is asked about another entry than the one that is read"
        assert f"{STUCK[2]} is no longer pending" in toasts(app)
        await pilot.press("escape")
        await until(lambda: text(page).startswith(STUCK[0]), what="the one under the cursor")
        await pilot.press("f", "enter")
        assert screen.entry == ENTRIES[-1].id
        assert "paused" in screen.query_one("#stream-entries", Pane).summary


async def test_what_was_read_of_a_message_stays_when_the_server_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = stream_scene.app()
    engine = engine_of(app)
    async with app.run_test(size=SIZE) as pilot:
        screen = await go_in(pilot, "enter", "enter", "enter")
        pane = screen.message
        await until(lambda: "Reproduce" in text(pane.page), what="the message")
        answering = engine.ask

        async def silent(query: Query) -> Answer:
            raise SourceError("Redis did not answer in time")

        monkeypatch.setattr(engine, "ask", silent)
        screen._start_message()
        await until(lambda: pane.state.kind is PaneKind.ERROR, what="the fault")
        assert "did not answer in time" in plain(pane.state.notice[0])
        assert "Reproduce" in text(pane.page)
        assert screen.depth == 3
        monkeypatch.setattr(engine, "ask", answering)
        screen._start_message()
        await until(lambda: pane.state.kind is PaneKind.LIVE, what="that it is back")


async def test_keys_of_another_list_say_why_or_lead_there() -> None:
    app = stream_scene.app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await go_in(pilot, "n")
        assert "no search yet" in toasts(app)
        await pilot.press("i", "escape", "f")
        assert screen.entries.shown is screen.entries.stream_entries
        await pilot.press("A")
        assert "b shows them" in toasts(app)
        await pilot.press("slash", *"type=refund", "enter")
        found = screen.entries.found
        assert found is not None
        await until(lambda: found.complete, what="the end of the search")
        await pilot.press("n")
        assert "all entries were searched" in toasts(app)
        footer = {word.action for word in screen.query_one(Footer).left}
        assert "stream.search_on" in footer
        assert not footer & {"pending.acknowledge", "pending.claim"}


async def test_browsing_reads_on_at_both_ends_and_follows() -> None:
    app = stream_scene.app()
    engine = engine_of(app)
    async with app.run_test(size=SIZE) as pilot:
        screen = await go_in(pilot, "b")
        await until(lambda: len(screen.entries.table.rows) == 100, what="the newest page")
        assert screen.entry == ENTRIES[-1].id
        while not screen.entries.stream_entries.window.at_oldest:
            before = len(screen.entries.table.rows)
            await pilot.press("G")
            await until(
                lambda b=before: (  # type: ignore[misc]
                    len(screen.entries.table.rows) > b or screen.entries.stream_entries.window.at_oldest
                )
            )
        await pilot.press("G")
        assert screen.entry == ENTRIES[0].id
        assert "paused" in screen.query_one("#stream-entries", Pane).summary
        new = Message(f"{scene.NOW + 1}-0", ((b"type", b"new"),))
        engine.entries.append(new)
        engine.put(last_id=new.id, length=1201)
        await until(lambda: "newer entries" in screen.query_one("#stream-entries", Pane).summary)
        await pilot.press("f")
        await until(lambda: screen.entry == new.id, what="the new entry")
        newer = Message(f"{scene.NOW + 2}-0", ((b"type", b"newer"),))
        engine.entries.append(newer)
        engine.put(last_id=newer.id, length=1202)
        await until(lambda: screen.entry == newer.id, what="the next one, followed")


@pytest.mark.parametrize(
    ("typed", "entry_id"),
    [
        (ENTRIES[500].id, ENTRIES[500].id),
        ("first", ENTRIES[0].id),
        ("last", ENTRIES[-1].id),
        ("1h", ENTRIES[-481].id),
        ("5", ENTRIES[0].id),
    ],
)
async def test_to_an_id_or_a_time(typed: str, entry_id: str) -> None:
    app = stream_scene.app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await go_in(pilot, "b")
        await until(lambda: len(screen.entries.table.rows) == 100, what="the newest page")
        await answer(pilot, "i", *typed, "enter")
        await until(lambda: screen.entry == entry_id, what=f"{typed}: {entry_id}")
        page = screen.query_one("#message-page", Document)
        await until(lambda: entry_id in text(page), what="its message")


async def test_search_shows_how_far_it_is_and_is_left_with_escape() -> None:
    app = stream_scene.app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await go_in(pilot, "slash", *"type=REFUND", "enter")
        pane = screen.query_one("#stream-entries", Pane)
        await until(lambda: "all searched" in pane.summary, what="the end of the search")
        assert "240 found in 1.2k of 1.2k" in pane.summary
        assert len(screen.entries.table.rows) == 240
        await until(lambda: '"order": 88123' in text(screen.query_one("#message-page", Document)))
        await pilot.press("escape")
        assert not screen.entries.shown.pending
        await pilot.press("escape")
        assert screen.entries.shown.pending
        await pilot.press("escape")
        assert isinstance(app.screen, Board)


async def test_a_message_says_who_holds_it_and_what_happened() -> None:
    app = stream_scene.app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await go_in(pilot)
        page = screen.query_one("#message-page", Document)
        await until(lambda: "not acknowledged" in text(page), what="the message")
        words = text(page)
        assert "delivered 7 times, last 4m10 ago, to billing-1" in words
        assert "likely a poison message" in words
        assert "TimeoutError: charge took 30 s" in words
        assert "not acknowledged: at billing-1 for 4m10" in words
        assert "finding RSA-004" in words
        assert f"XRANGE orders {STUCK[2]} {STUCK[2]}" in words
        assert f"XPENDING orders billing {STUCK[2]} {STUCK[2]} 1" in words
        assert "sk_live" not in words
        assert '"items": ▾ [' in words
        await pilot.press("t")
        assert isinstance(app.screen, TraceScreen)
        assert "TimeoutError: charge took 30 s" in text(app.screen.query_one(Document))
        await pilot.press("escape")
        assert stream(app) is screen


async def test_messagepack_is_folded_out_and_bytes_are_hex() -> None:
    app = stream_scene.app()
    entry = Message(f"{scene.NOW + 1}-0", ((b"packed", PACKED), (b"\xfe", b"\x00\x01\xff" * 200)))
    engine_of(app).entries.append(entry)
    engine_of(app).put(last_id=entry.id)
    async with app.run_test(size=SIZE) as pilot:
        screen = await go_in(pilot, "b")
        page = screen.query_one("#message-page", Document)
        await until(lambda: "MessagePack" in text(page), what="the message")
        words = text(page)
        assert '"order": 7' in words
        assert '"raw": "0xff00"' in words
        assert "600 bytes" in words
        assert "0000  00 01 ff" in words
        assert "88 bytes more" in words


async def test_what_is_gone_says_so() -> None:
    app = stream_scene.app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await go_in(pilot, "enter", "enter", "G")
        page = screen.query_one("#message-page", Document)
        await until(lambda: "no longer in the stream" in text(page), what="the message")
        await pilot.press("A")
        assert "XACK orders billing 1732100000000-0" in text(app.screen.query_one(Document))


async def test_charts_are_drawn_where_there_is_room() -> None:
    app = stream_scene.app()
    async with app.run_test(size=SIZE) as pilot:
        screen = await go_in(pilot)
        chart = text(screen.query_one("#stream-lines", Document))
        for name in ("lag", "pending", "in /min", "out /min", "length"):
            assert name in chart
        assert "█" in chart
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert not screen.query_one("#stream-chart").display


async def test_the_palette_knows_the_actions() -> None:
    app = stream_scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await go_in(pilot)
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert "Trim stream" in titles
        assert any(title.startswith("Overview (") for title in titles)

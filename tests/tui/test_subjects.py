"""A subject is one row: its pane, number key, page, links and screen come of it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo
from types import ModuleType

import pytest

from agentdash.core.findings.model import Finding
from agentdash.core.links.related import Link, LinkKind
from agentdash.core.snapshot import Topic
from agentdash.core.store import Store
from tests.support import until
from tests.tui import scene
from tui.app import AgentDash
from tui.dash import Dash
from tui.format.item import Cell, Column, Item, Listing, ListingView, Row
from tui.screens.board.board import Board
from tui.screens.page import PageScreen
from tui.subjects import SUBJECTS, SubjectRow, load, placed, subject_of_record
from tui.widgets.document import Document, Para
from tui.widgets.table.pane import ListPane

SIZE = (120, 40)
COLUMNS = (Column("what", "", 20, flex=1), Column("how", "HOW", 8))


def listing(snapshot: object, _now: int, _view: ListingView) -> Listing:
    findings = snapshot.findings  # type: ignore[attr-defined]
    rows = [Row(f.symptom.fingerprint, (Cell(f"trouble {n}"), Cell("bad"))) for n, f in enumerate(findings)]
    items = tuple(Item(row, finding) for row, finding in zip(rows, findings, strict=True))
    return Listing(items, f"{len(items)} troubles", ("no troubles", ""))


def page(_store: Store, _now: int, _zone: tzinfo | None, finding: Finding) -> Sequence[Para]:
    return [Para.of(f"page of {finding.symptom.category}")]


def links(_store: Store, finding: Finding) -> list[Link]:
    return [Link(LinkKind.FINDING, "itself", "a test", finding)]


def screen(_dash: Dash, finding: Finding) -> PageScreen:
    return PageScreen(("Troubles", finding.finding_id), lambda _store, _now: [Para.of("in depth")])


@pytest.fixture
def row(monkeypatch: pytest.MonkeyPatch) -> SubjectRow:
    """The row of findings, with all of its parts exchanged."""
    module = ModuleType("troubles")
    for part in (listing, page, links, screen):
        setattr(module, part.__name__, part)
    module.COLUMNS = module.WIDE = COLUMNS  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "troubles", module)
    parts = {"page": "troubles:page", "links": "troubles:links", "screen": "troubles:screen"}
    changed = replace(SUBJECTS[Topic.FINDINGS], title="Troubles", listing="troubles", place=-1, **parts)  # type: ignore[arg-type]
    monkeypatch.setitem(SUBJECTS, Topic.FINDINGS, changed)
    return changed


async def test_board_page_links_and_screen_come_of_the_row(row: SubjectRow) -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        board = app.screen
        assert isinstance(board, Board)
        pane = board.pane(Topic.FINDINGS)
        assert isinstance(pane, ListPane)
        assert placed()[0] is row
        await pilot.press("3")
        await until(lambda: "troubles" in pane.summary, what="the pane")
        assert pane.border_title == "3 Troubles"
        assert board.trail == ("Troubles",)
        assert [cell.plain for cell in pane.table.rows[0].cells] == ["trouble 0", "bad"]
        await until(
            lambda: "page of" in str(board.query_one("#detail-page", Document).paras), what="the page"
        )
        assert [link.title for link in board.links()] == ["itself"]
        await pilot.press("enter")
        assert isinstance(app.screen, PageScreen)
        assert app.screen.trail[0] == "Troubles"


def test_every_row_names_what_there_is() -> None:
    for row in SUBJECTS.values():
        load(row.record)
        for name in filter(None, (row.pane, row.page, row.links, row.screen)):
            assert callable(load(name)), name
        if row.listing:
            assert load(f"{row.listing}:COLUMNS")
            assert load(f"{row.listing}:WIDE")
            assert callable(load(row.lines or f"{row.listing}:listing"))


def test_rows_and_topics_are_the_same_with_numbers_in_order() -> None:
    assert {row.topic for row in SUBJECTS.values()} == {*Topic}
    assert [row.number for row in SUBJECTS.values()] == [*range(1, len(SUBJECTS) + 1)]
    assert len({row.place for row in SUBJECTS.values()}) == len(SUBJECTS)
    keys = {action.id: action.key for action in AgentDash.ACTIONS}
    assert all(keys[f"app.{row.topic}"] == str(row.number) for row in SUBJECTS.values())


def test_a_record_is_of_its_subject() -> None:
    app = scene.app()
    store = app.store
    assert store.runs is not None
    assert store.streams is not None
    assert subject_of_record(store.runs.runs[0]) is SUBJECTS[Topic.RUNS]
    assert subject_of_record((store.streams.streams[0], None)) is SUBJECTS[Topic.STREAMS]
    assert subject_of_record("other") is None

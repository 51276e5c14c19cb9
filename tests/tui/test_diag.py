"""The diagnostics: what the program costs, how its sources are doing, what was dropped."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agentdash.core.logs.model import LogBatch
from agentdash.core.snapshot import SourceState, Topic
from tests.support import until
from tests.tui import scene
from tui.cost import OwnCost
from tui.format import diag
from tui.screens.page import PageScreen
from tui.widgets.document import Document, Para


def text(paras: list[Para] | tuple[Para, ...]) -> str:
    return "\n".join("".join(piece for piece, _ in para.parts) for para in paras)


def test_what_is_not_known_is_said_and_what_was_dropped_is_counted() -> None:
    engine = scene.app().engine
    engine.store.put_lines(LogBatch(scene.NOW, scene.HOST, (), skipped=7))
    failed = replace(
        scene.health(Topic.REPOS, SourceState.ERROR), source="repos", error="git is not there", failures=3
    )
    page = text(diag.paras(OwnCost(), [scene.health(Topic.RUNS), failed], engine.store, scene.NOW))
    assert "cpu            not measured yet" in page
    assert "no data yet: press some" in page
    assert "7 skipped to keep up" in page
    assert "● runs      live         1 s   0.9 ms     0.4s        9       0" in page
    assert "✗ repos" in page
    assert "git is not there" in page


def test_percentiles_are_of_what_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    cost, now = OwnCost(), 100.0
    monkeypatch.setattr("tui.cost.time.perf_counter", lambda: now)
    for number in range(100):
        cost.key_shown(now - number / 1000)
    number, half, most = cost.keys()
    assert (number, half, most) == (100, pytest.approx(50), pytest.approx(99))
    for late in (0.0, 0.0, 0.02):
        cost.tick(0.1)
        now += 0.1 + late
    cost.tick(0.1)
    assert cost.stalls() == (3, pytest.approx(0), pytest.approx(20))


async def test_the_palette_leads_to_the_page_and_keys_are_measured() -> None:
    app = scene.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("j", "k")
        await until(lambda: app.own.keys()[0] >= 2, what="keys are measured")
        await pilot.press("colon", *"diag")
        await pilot.pause()
        await until(lambda: "diag" in str(app.screen.focused and getattr(app.screen.focused, "value", "")))
        await pilot.press("enter")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, PageScreen), what="the page")
        page = text(app.screen.query_one(Document).paras)
        assert "key to screen" in page
        assert "none started yet" in page
        await pilot.press("escape")
        await until(lambda: app.screen is app.board)

"""A finding is muted and unmuted by its key; what was said of it lasts beyond this session."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from agentdash.activity.mutes import read_mutes
from agentdash.core.findings.model import Finding, FindingStatus, InboxSnapshot
from agentdash.core.paths import mutes_file
from agentdash.core.settings.model import Settings
from agentdash.core.snapshot import Topic
from agentdash.runtime.analysis import Analysis
from agentdash.runtime.commands.findings import load_mutes
from agentdash.runtime.intake import Intake
from tests.support import until
from tests.tui import scene
from tui.screens.dialogs.prompt import Prompt
from tui.screens.findings.screen import FindingPage

if TYPE_CHECKING:
    from agentdash.runtime.engine import Engine
    from tui.app import AgentDash


def judged(app: AgentDash, tmp_path: Path) -> Engine:
    """The engine of *app*, its findings those of an outside agent, its files below *tmp_path*."""
    engine = app.engine
    engine.settings = replace(engine.settings, state_dir=str(tmp_path))
    engine.intake = Intake(engine.store, Analysis(Settings(), scene.HOST), engine.clock, lambda *_: None)
    shown = engine.store.findings
    assert shown is not None
    outside = tuple(replace(one, outside=True, cause=None) for one in shown.findings[:2])
    engine.intake.receive(Topic.FINDINGS, InboxSnapshot(scene.NOW, scene.HOST, outside))
    return engine


def first(app: AgentDash) -> Finding:
    assert app.store.findings is not None
    return next(one for one in app.store.findings.findings if one.finding_id == "RSA-004")


async def test_a_finding_is_muted_with_a_reason_and_speaks_again(tmp_path: Path) -> None:
    app = scene.app()
    engine = judged(app, tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3", "home", "enter")
        assert isinstance(app.screen, FindingPage)
        await pilot.press("M")
        assert isinstance(app.screen, Prompt)
        await pilot.press("home", "ctrl+k", *"soon", "enter")
        assert isinstance(app.screen, Prompt), "no time was given: one can still mend it"
        await pilot.press("home", "ctrl+k", *"8h vendor", "enter")
        await until(lambda: first(app).status is FindingStatus.MUTED, what="the outcome")
        assert (first(app).status, first(app).reason) == (FindingStatus.MUTED, "vendor")
        assert first(app).muted_until == scene.NOW + 8 * 3_600_000
        engine.intake.analysis.mutes = {}
        await load_mutes(engine)
        assert set(engine.intake.analysis.mutes) == {first(app).symptom.fingerprint}, "as after a new start"
        await pilot.press("M")
        await until(lambda: first(app).status is FindingStatus.OPEN, what="the outcome")
        assert first(app).status is FindingStatus.OPEN
        assert read_mutes(mutes_file(engine.settings)) == []


async def test_a_file_that_is_broken_is_not_written_over(tmp_path: Path) -> None:
    app = scene.app()
    engine = judged(app, tmp_path)
    mutes_file(engine.settings).write_text("{")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("3", "home", "M", *" x", "enter")
        told = await until(lambda: [one.message for one in app._notifications], what="the outcome")
        assert "correct or remove it" in told[0]
    assert mutes_file(engine.settings).read_text() == "{"
    assert first(app).status is FindingStatus.OPEN

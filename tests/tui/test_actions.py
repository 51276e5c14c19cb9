"""A key is one record: a screen with one more has it in all places that show, bind or refuse keys."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import ClassVar

import pytest
from textual.widget import Widget

from docs import keys_page
from tests.support import until
from tests.tui import scene
from tui.actions import HIDDEN, Action, actions_on, keyless
from tui.screens import base
from tui.screens.dialogs.help import sections_of
from tui.widgets.document import Document
from tui.widgets.footer import Footer

SIZE = (120, 40)


class Demo(base.FactScreen):
    """A screen as someone would add one."""

    WHERE = "a demo"
    ACTIONS: ClassVar[tuple[Action[Demo], ...]] = (
        Action("screen.wave", "w", "Wave", lambda demo: demo.done.append("wave")),
        Action(
            "screen.erase",
            "E",
            "Erase",
            lambda demo: demo.done.append("erase"),
            changes_world=True,
            why_not=lambda demo: None if demo.done else "nothing to erase",
        ),
        Action("screen.quiet", "u", "Quiet", "bell", footer=HIDDEN),
        Action("screen.never", "z", "Never", "bell", visible=lambda _demo: False),
        Action("screen.unbound", "", "Unbound", lambda demo: demo.done.append("unbound")),
    )

    def __init__(self) -> None:
        super().__init__()
        self.done: list[str] = []

    def body(self) -> Iterable[Widget]:
        yield Document(id="page")


def footer(demo: Demo) -> dict[str, str]:
    """Style of each key, by the id of its action."""
    return {word.action or "": word.parts[0][1] for word in demo.query_one(Footer).left}


def help_lines(demo: Demo) -> str:
    return "\n".join(text for section in sections_of(demo) for text, _ in section)


async def test_one_record_is_seen_in_footer_help_palette_and_reference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app, demo = scene.app(), Demo()
    async with app.run_test(size=SIZE) as pilot:
        await app.push_screen(demo)
        await until(lambda: "screen.wave" in footer(demo), what="the footer")
        assert footer(demo)["screen.wave"] == "accent bold"
        assert footer(demo)["screen.erase"] == "faint"
        assert not {"screen.quiet", "screen.never", "screen.unbound"} & footer(demo).keys()
        told = help_lines(demo)
        assert "w             Wave" in told
        assert "E             Erase (not now: nothing to erase)" in told
        assert "Quiet" in told
        assert "Never" not in told
        palette = {command.title: command for command in app.get_system_commands(demo)}
        assert palette["Wave (w)"].help == "screen.wave"
        assert palette["Erase (E)"].help == "not now: nothing to erase"
        assert "screen.unbound" in [action.id for _, action in keyless(demo)]
        palette["Unbound"].callback()
        await until(lambda: demo.done == ["unbound"], what="the command of the palette")
        await pilot.press("w", "E")
        assert demo.done == ["unbound", "wave", "erase"]
    monkeypatch.setattr(importlib.import_module("tui.screens.page"), "Demo", Demo, raising=False)
    line = next(line for line in keys_page.page().splitlines() if "`screen.erase`" in line)
    assert line == "| `E` | erase ✎ | a demo | `screen.erase` |"


async def test_a_greyed_key_says_why_when_it_is_pressed() -> None:
    app, demo = scene.app(), Demo()
    async with app.run_test(size=SIZE) as pilot:
        await app.push_screen(demo)
        await pilot.press("E")
        assert demo.done == []
        assert [toast.message for toast in app._notifications] == ["nothing to erase"]


async def test_what_changes_the_world_has_no_key_when_read_only() -> None:
    app, demo = scene.app(read_only=True), Demo()
    async with app.run_test(size=SIZE) as pilot:
        await app.push_screen(demo)
        await pilot.press("w", "E")
        assert demo.done == ["wave"]
        assert "screen.erase" not in {action.id for _, action in actions_on(demo)}
        assert "Erase" not in help_lines(demo)
        assert not any("Erase" in command.title for command in app.get_system_commands(demo))


async def test_a_key_is_remapped_by_its_id() -> None:
    app, demo = scene.app(), Demo()
    async with app.run_test(size=SIZE) as pilot:
        app.set_keymap({"screen.wave": "ctrl+k"})
        await app.push_screen(demo)
        await pilot.press("w", "ctrl+k")
        assert demo.done == ["wave"]
        assert "ctrl+k        Wave" in help_lines(demo)

"""Keys that come faster than screens do: none ends the program, and each reaches the screen it is for."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterable, Iterator

import pytest
from textual.binding import Binding
from textual.events import Key, Resize
from textual.geometry import Size
from textual.widget import Widget
from textual.widgets import Input, Static

from agentdash.core.snapshot import Topic
from tests.scenarios.fuzz_keys import KNOWN, LETTERS
from tests.support import until
from tests.tui import repo_scene, run_scene, scene, service_scene, stream_scene
from tui.app import AgentDash
from tui.screens.base import FactScreen
from tui.screens.board.board import Board
from tui.screens.dialogs.command_search import CommandSearch
from tui.screens.dialogs.prompt import Prompt
from tui.widgets.table.pane import ListPane

SIZE = (120, 40)
ROUNDS = int(os.environ.get("AGENTDASH_FUZZ", "15"))
"""Random sequences; the full number is set from outside."""
CHARACTERS = {
    ".": "full_stop",
    "/": "slash",
    "*": "asterisk",
    "!": "exclamation_mark",
    "?": "question_mark",
    ":": "colon",
}
NAMED = (
    "enter", "enter", "enter", "escape", "escape", "tab", "shift+tab", "backspace", "up", "down", "left",
    "right", "home", "end", "pageup", "pagedown", "ctrl+p", "ctrl+c", "space",
)  # fmt: skip
SCENES = {
    "fleet": scene.app,
    "run": run_scene.app,
    "stream": stream_scene.app,
    "repo": repo_scene.app,
    "service": service_scene.app,
}


class Slow(FactScreen):
    """A screen that takes its time to be composed, and notes its keys."""

    BINDINGS = [Binding(key, f"note('{key}')", show=False) for key in "xyz"]  # noqa: RUF012 - as Textual declares it

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.keys: list[str] = []

    async def _compose(self) -> None:
        await self.gate.wait()
        await super()._compose()

    def body(self) -> Iterable[Widget]:
        """Something."""
        yield Static("here", id="here")

    def action_note(self, key: str) -> None:
        """A key of this screen, which uses a part of it."""
        assert self.query_one("#here")
        self.keys.append(key)


def press(app: AgentDash, keys: Iterable[str]) -> None:
    """Type *keys* in one go."""
    for key in keys:
        app.post_message(Key(CHARACTERS.get(key, key), key if len(key) == 1 else None))


async def test_keys_wait_for_a_screen_that_is_being_opened() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE):
        slow = Slow()
        app.push_screen(slow)
        try:
            press(app, "xyzzyx")
            slow.update(frozenset(Topic), app.now())  # a refresh that comes too early
            slow.draw_footer()
            await asyncio.sleep(0)
            assert not slow.ready
        finally:
            slow.gate.set()
        await until(lambda: slow.keys == [*"xyzzyx"], what="all keys, in their order")


async def test_keys_behind_escape_reach_the_screen_beneath() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("1", "enter")
        runs = app.board.pane(Topic.RUNS)
        assert isinstance(runs, ListPane)
        at = runs.table.cursor_row
        press(app, ("escape", "j", "j"))
        await until(lambda: app.screen is app.board and runs.table.cursor_row == at + 2, what="both keys")
        press(app, ("enter", "escape", "2"))
        await until(lambda: app.screen is app.board and app.board.zoomed is Topic.STREAMS, what="the streams")


async def test_a_refresh_of_a_screen_that_was_left_does_nothing() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE) as pilot:
        for keys in (("5", "enter"), ("2", "enter"), ("1", "enter"), ("4", "enter"), ("3", "enter")):
            await pilot.press(*keys)
            left = app.screen
            assert isinstance(left, FactScreen)
            assert left.ready
            press(app, ("0",))
            await until(lambda: app.screen is app.board, what="the board")
            assert not left.ready
            left.update(frozenset(Topic), app.now())
            left.draw_footer()
            left.call_after_refresh(left.query_one, "#header")
            await pilot.pause()


async def test_a_palette_opens_again_at_once() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE):
        press(app, (":", "escape", ":", "escape", ":"))
        await until(
            lambda: isinstance(app.screen, CommandSearch) and app.screen.is_mounted, what="the palette"
        )
        press(app, ("d", "i", "a", "g"))
        await until(
            lambda: [line.value for line in app.screen.query(Input)] == ["diag"], what="what was typed"
        )


async def test_only_the_screen_on_top_is_dismissed() -> None:
    app = scene.app()
    async with app.run_test(size=SIZE):
        covered, on_top = Prompt("One"), Prompt("Two")
        await app.push_screen(covered)
        await app.push_screen(on_top)
        covered.dismiss(None)
        assert app.screen is on_top


def steps(seed: str) -> Iterator[str | Size | float]:
    """Keys, sizes of the terminal, and times to wait in seconds."""
    chance = random.Random(seed)
    slowest = chance.choice((0.0, 0.0, 0.005, 0.03))
    if chance.random() < 0.3:
        yield from chance.choice(KNOWN)
    for _ in range(chance.randint(8, 16)):
        draw = chance.random()
        if draw < 0.06:
            yield Size(chance.choice((40, 59, 80, 120, 200)), chance.choice((10, 15, 24, 33, 60)))
        else:
            yield chance.choice(NAMED) if draw < 0.4 else chance.choice(LETTERS)
        if slowest:
            yield chance.uniform(0, slowest)


@pytest.mark.parametrize("name", SCENES)
async def test_random_keys_end_nothing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The app fails the test at its end if there was any fault."""
    monkeypatch.setenv("EDITOR", "true")
    app = SCENES[name]()
    async with app.run_test(size=SIZE) as pilot:
        for number in range(ROUNDS // len(SCENES)):
            for step in steps(f"{name} {number}"):
                if isinstance(step, Size):
                    app.post_message(Resize(step, step))
                elif isinstance(step, float):
                    await asyncio.sleep(step)
                else:
                    press(app, (step,))
            press(app, ("escape",) * 4 + ("0",))
            await pilot.pause()
            assert app.faults.count == 0, f"{name}, sequence {number}: {app._exception!r}"
            assert app.is_running, f"{name}, sequence {number}"

        def at_board() -> bool:
            press(app, ("escape", "0"))  # again, where a screen was still being opened before
            return isinstance(app.screen, Board)

        await until(at_board, what="the board")

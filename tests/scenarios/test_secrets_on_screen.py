# ruff: noqa: E501 - routes: a row a line

"""One secret in every source: no screen of the dashboard shows any part of it, nor does what is copied from it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from agentdash.core.secrets.mask import MASK
from agentdash.runtime.engine import Engine
from agentdash.settings.load import load
from tests.secret_world import SecretWorld, secret_world
from tests.support import until
from tui.app import AgentDash

WHOLE = (160, 60)
"""Columns and lines of a terminal on which no page has to scroll and no line is cut."""
USUAL = (110, 34)


class Watched:
    """A dashboard whose every state is compared with the secrets."""

    def __init__(self, app: AgentDash, pilot: Pilot[int], world: SecretWorld) -> None:
        self.app = app
        self.pilot = pilot
        self.world = world
        self.leaks: dict[str, list[str]] = {}
        self.masked: set[str] = set()
        self.pressed: list[str] = []

    def text(self) -> str:
        """All that is to be seen, and what a key would copy or has copied or offered."""
        screen = self.app.screen
        strips = screen._compositor.render_strips()
        lines = ["".join(segment.text for segment in strip) for strip in strips]
        lines += [toast.message for toast in self.app._notifications]
        lines += [entry.value for entry in screen.query(Input)]
        lines += [str(widget.border_title) for widget in screen.query("*") if widget.border_title]
        return "\n".join((*lines, self.app.clipboard, self.app.title, self.app.sub_title))

    def check(self) -> None:
        """Remember what is to be seen of a secret now."""
        name = f"{type(self.app.screen).__name__} after {' '.join(self.pressed)}"
        text = self.text()
        if found := self.world.leaks(text):
            self.leaks[name] = found
        if MASK in text:
            self.masked.add(type(self.app.screen).__name__)

    async def press(self, *keys: str, shows: str = "") -> None:
        """Press keys one by one, and wait until *shows* is there; each state on the way is compared."""
        for key in keys:
            self.pressed = [*self.pressed[-7:], key]
            await self.pilot.press(key)
            await self.pilot.pause()
            self.check()
        if shows:
            await until(lambda: shows in self.text(), what=f"{shows!r} after {' '.join(self.pressed)}")
            self.check()

    async def home(self) -> None:
        """Back to the board."""
        while len(self.app.screen_stack) > 2:
            await self.press("escape")
        await self.press("escape", "0")


@asynccontextmanager
async def watched(world: SecretWorld, size: tuple[int, int]) -> AsyncIterator[Watched]:
    app = AgentDash(Engine(load(cwd=world.folder).settings, cwd=world.folder))
    async with app.run_test(size=size) as pilot:
        seen = Watched(app, pilot, world)
        await until(lambda: app.store.runs and len(app.store.runs.runs) == 2, what="the runs")
        await until(lambda: app.store.streams and len(app.store.streams.streams) >= 2, what="the streams")
        await until(lambda: app.store.repos and len(app.store.repos.repos) >= 2, what="the repositories")
        await until(lambda: app.store.services and app.store.services.services, what="the services")
        await until(lambda: app.store.findings and app.store.findings.findings, what="the findings")
        await until(lambda: "rows" in str([line.message for line in app.store.logs]), what="the log")
        yield seen
        found = seen.world.leaks("\n".join(str(line) for line in app.store.logs))
        assert not found, "the log in memory"


SHORT: dict[str, tuple[str, ...]] = {
    "board": ("1", "2", "d", "d", "3", "4", "5", "d", "d", "6", "y"),
    "run": ("1", "enter", *("v",) * 6, "y"),
    "stream": ("2", "enter", "tab", "tab", "enter", "y", "m", "t"),
    "finding": ("3", "enter", "y", "escape", "j", "enter"),
    "repo": ("4", "enter", "j", "j", "y", "v", "v", "v", "A"),
    "service": ("5", "enter", "v", "y", "x"),
    "log": ("6", "e", "enter", "y"),
    "help": ("question_mark", "escape", "colon"),
}
"""Each kind of screen once."""
ROUTES: dict[str, tuple[str, ...]] = {
    "board": ("1", "d", "z", "z", "d", "2", "d", "d", "3", "d", "d", "4", "d", "d", "5", "d", "d", "6", "y", "w", "e", "a"),
    "runs": ("1", "v", "v", "v", "v", "y", "Y", "c", "escape", "X", "escape", "F", "escape", "K", "escape", "o", "escape"),
    "run": ("1", "enter", *("v", "tab") * 7, "y", "d", "l", "m", "c", "escape", "X", "escape", "p", "F", "escape"),
    "other run": ("1", "j", "enter", *("v", "tab") * 7, "y", "d", "l", "m", "c", "escape", "X", "escape", "p", "F", "escape"),
    "event": ("1", "enter", "tab", "enter", "y", "escape", "k", "enter", "y", "escape", "k", "enter", "escape", "k", "enter"),
    "stream": ("2", "enter", "tab", "tab", "enter", "y", "m", "t", "escape", "full_stop", "escape", "d", "c", "escape"),
    "entries": ("2", "enter", "b", "y", "enter", "y", "m", "i", "escape", "slash", "escape", "t", "y", "escape", "l", "escape"),
    "other stream": ("2", "j", "enter", "tab", "tab", "enter", "y", "asterisk", "asterisk", "full_stop", "escape", "d"),
    "stream questions": ("2", "enter", "tab", "tab", "A", "escape", "C", "escape", "D", "d", "escape"),
    "findings": ("3", "enter", "y", "A", "M", "escape", "c", "escape", "escape", "j", "enter", "y", "escape", "j", "enter"),
    "repo": ("4", "enter", "j", "j", "j", "y", "v", "j", "y", "v", "v", "v", "v", "A", "escape", "C", "escape", "F", "escape"),
    "repo panes": ("4", "enter", "tab", "j", "enter", "y", "v", "enter", "y", "v", "enter", "v", "enter", "v", "enter", "c"),
    "other repo": ("4", "j", "enter", "tab", "v", "v", "v", "y", "escape", "j", "enter"),
    "service": ("5", "enter", "v", "y", "v", "t", "escape", "x", "escape", "c", "escape", "X"),
    "other service": ("5", "j", "enter", "v", "y", "X", "escape"),
    "log": ("6", "e", "enter", "y", "escape", "E", "enter", "c", "escape", "escape", "t", "y", "r", "escape", "asterisk", "escape"),
    "log keys": ("6", "x", "escape", "J", "escape", "slash", "p", "escape", "g", "space", "w", "k", "enter", "escape"),
    "help": ("question_mark", "escape", "colon", "o", "r", "d", "escape", "colon", "d", "i", "a", "g", "enter", "y"),
    "filter": ("2", "slash", "o", "r", "d", "enter", "escape", "4", "slash", "w", "enter", "y", "escape"),
}  # fmt: skip
"""Each key of each screen, where a full run is asked for."""


FULL = bool(os.environ.get("AGENTDASH_FUZZ"))


@pytest.mark.parametrize("size", [WHOLE, USUAL] if FULL else [WHOLE], ids=str)
async def test_no_screen_shows_a_secret(
    tmp_path: Path, redis_url: str, home: Path, size: tuple[int, int]
) -> None:
    with secret_world(tmp_path, redis_url) as world:
        world.run_agent()
        async with watched(world, size) as seen:
            for keys in (ROUTES if FULL else SHORT).values():
                await seen.press(*keys)
                await seen.home()
            assert seen.masked >= {
                "Board",
                "RunScreen",
                "StreamScreen",
                "FindingPage",
                "RepoScreen",
                "ServiceScreen",
            }
            assert not seen.leaks

"""Screens that are left are gone: nothing of them stays alive, however often they are opened."""

from __future__ import annotations

import gc
import os
from collections import Counter

import pytest
from textual.screen import Screen
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget
from textual.worker import Worker

from tests.tui import scene

TIMES = 50 if os.environ.get("AGENTDASH_FUZZ") else 3
"""How often each screen is opened; the full number is set from outside."""
WAYS = {
    "run": ("1", "enter", "escape"),
    "stream": ("2", "enter", "escape"),
    "finding": ("3", "enter", "escape"),
    "repository": ("4", "enter", "escape"),
    "service": ("5", "enter", "escape"),
    "line": ("6", "k", "enter", "escape"),
    "help": ("question_mark", "escape"),
    "palette": ("colon", "escape"),
}


def living() -> Counter[str]:
    """How many objects of a kind there are."""
    gc.collect()
    kinds = (Screen, Widget, Strip, Timer, Worker)
    found = (next((kind for kind in kinds if isinstance(thing, kind)), None) for thing in gc.get_objects())
    return Counter(kind.__name__ for kind in found if kind is not None)


@pytest.mark.parametrize("name", WAYS)
async def test_a_screen_that_was_left_is_gone(name: str) -> None:
    app = scene.app()
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press(*WAYS[name], *WAYS[name])
        await pilot.pause()
        before = living()
        for _ in range(TIMES):
            await pilot.press(*WAYS[name])
        await pilot.pause()
        after = living()
        assert after["Screen"] <= before["Screen"] + 2  # one or two may be on their way out, of TIMES
        assert after["Widget"] <= before["Widget"] + 25
        assert after["Timer"] <= before["Timer"] + 5
        assert after["Worker"] <= before["Worker"] + 2
        assert after["Strip"] <= before["Strip"] + 150, "about 700 are drawn of each"

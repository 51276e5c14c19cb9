"""The first frame: empty panes at once; the board takes their place, with the keys pressed meanwhile."""

from __future__ import annotations

from agentdash.core.snapshot import Topic
from tests.support import until
from tests.tui import scene
from tui.app import AgentDash
from tui.screens.board.board import Board
from tui.screens.board.opening import Opening
from tui.subjects import SUBJECTS


async def test_keys_pressed_before_the_board_is_there_reach_it() -> None:
    still = scene.app()
    app = AgentDash(still.engine, zone=still.zone, opening=True)
    async with app.run_test(size=(120, 40)) as pilot:
        opening = app.get_default_screen()
        if app.screen is opening:  # it may be there already: keys pressed from now on reach one of the two
            assert isinstance(opening, Opening)
            assert [opening.query_one(f"#{row.topic}").border_title for row in SUBJECTS.values()]
        await pilot.press("4")
        await until(lambda: isinstance(app.screen, Board) and app.screen.zoomed is Topic.REPOS)
        assert len(app.screen_stack) == 1
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, Board) and app.screen.zoomed is None)

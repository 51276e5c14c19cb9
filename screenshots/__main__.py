"""Draws the pictures of the documentation: ``python -m screenshots [FOLDER]``.

The demo's fleet is started, the real app runs on it without a terminal, and each picture waits until what it
is to show is there. It takes about four minutes.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from agentdash.core.findings.model import FindingStatus
from agentdash.core.runs.model import RunStatus
from agentdash.core.streams.model import Group, Stream
from screenshots.stage import WIDE, Stage, stage
from tui.screens.board.board import Board
from tui.screens.runs.screen import RunScreen
from tui.widgets.document import Document
from tui.widgets.log.view import LogView
from tui.widgets.table.table import LineTable

FAULTS = frozenset({"DEAD_CONSUMER", "CONSUMER_LAG", "STUCK_MESSAGE"})
PAST = 15
"""Buckets of ten seconds that the last ten minutes are to show."""


async def main(folder: Path) -> None:
    """Draw all of them into *folder*."""
    async with stage(folder) as on:
        await settled(on)
        await overviews(on)
        await streams(on)
        await runs(on)
        await on.press("3")
        await on.picture("findings")
        await on.press("0", "6")
        await on.until(lambda: on.app.screen.query_one(LogView).shown > 30, "lines of the logs")
        await on.picture("log")


async def settled(on: Stage) -> None:
    """Wait until every pane has something to say."""
    store = on.app.store
    await on.until(
        lambda: store.repos and store.repos.complete and len(store.repos.repos) >= 3, "repositories"
    )
    await on.until(lambda: store.services and len(store.services.services) >= 7, "services")
    await on.until(lambda: store.runs and len(store.runs.runs) >= 4, "runs")
    await on.until(lambda: open_faults(on) >= FAULTS, f"findings: {', '.join(sorted(FAULTS))}")
    past = store.history.messages.values
    await on.until(lambda: sum(value is not None for value in past) >= PAST, "two and a half minutes of past")


def open_faults(on: Stage) -> frozenset[str]:
    """The categories of the findings that are open."""
    found = on.app.store.findings
    return frozenset(
        finding.symptom.category
        for finding in (found.findings if found else ())
        if finding.status is FindingStatus.OPEN
    )


async def overviews(on: Stage) -> None:
    """The first screen: as it is, small, and light."""
    await on.press("g", "tab", "g", "shift+tab")
    await on.picture("overview")
    await on.resize(80, 24)
    await on.picture("overview-80x24")
    await on.resize(*WIDE)
    on.app.theme = "agentdash-light"
    await on.press("0")
    await on.picture("overview-light")
    on.app.theme = "agentdash"


async def streams(on: Stage) -> None:
    """The pane of streams, and the message that hangs."""
    await on.press("2")
    await on.picture("streams")
    await on.press("g")
    for _ in range(100):
        if group_under_cursor(on) == b"mailer":
            break
        await on.press("j")
    await on.press("enter")
    entries = on.app.screen.query_one("#entries-table", LineTable)
    await on.until(lambda: entries.cursor_key is not None, "pending entries of mailer")
    await on.press("j", "enter", "enter")
    page = on.app.screen.query_one("#message-page", Document)
    await on.until(lambda: len(page.paras) > 5, "the message")
    await on.picture("stream")
    await on.press("escape", "escape", "escape", "escape", "0")


def group_under_cursor(on: Stage) -> bytes | None:
    """The name of the group that the cursor is on."""
    board = on.app.screen
    assert isinstance(board, Board)
    match board.current.subject:
        case (Stream(), Group() as group):
            return group.name
    return None


async def runs(on: Stage) -> None:
    """A run that goes on, with its events."""
    await on.press("1")
    board = on.app.screen
    assert isinstance(board, Board)
    found = on.app.store.runs
    live = [run for run in (found.runs if found else ()) if run.status is RunStatus.RUNNING]
    told = max(live, key=lambda run: run.events or 0)
    board.query_one("#runs-table", LineTable).move_to(told.id)
    await on.press("enter")
    screen = on.app.screen
    assert isinstance(screen, RunScreen)
    await on.until(lambda: len(screen.query_one("#events-table", LineTable).rows) > 20, "events of a run")
    await on.picture("run")
    await on.press("escape", "0")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent))

"""The dashboard on a crowded server: what a key costs does not grow with what there is."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from redis.asyncio import Redis

from agentdash.core.settings.model import RedisSettings, Settings
from agentdash.core.snapshot import Topic
from agentdash.runtime.engine import Engine
from tests.support import until
from tui.app import AgentDash
from tui.format.streams.listing import MOST_GROUPS
from tui.screens.dialogs.help import Help
from tui.widgets.table.pane import ListPane
from tui.widgets.table.rows import LateRow

GROUPS, RUNS = 5000, 2000
SIZE = (120, 40)
PASSES = 4
"""Snapshots that may come while one key is waited for, on a machine that is busy otherwise."""


async def crowd(client: Redis) -> None:
    """A stream with very many groups, one of which is named apart; and very many runs."""
    await client.xadd("crowd", {"a": 1})
    names = [f"group-{number:04}" for number in range(GROUPS - 1)] + ["zebra"]
    odd = {"id": b"9" * 400, "title": b"9" * 400, "status": b"running", "current_turn": b"9" * 400}
    pipe = client.pipeline(transaction=False)
    for name in names:
        pipe.xgroup_create("crowd", name, id="0")
    await pipe.execute()
    for number in range(RUNS):
        pipe.zadd("codi:api:runs", {f"run-{number}": number})
        pipe.hset(f"codi:api:run:run-{number}:meta", mapping=odd)
        if number % 250 == 249:
            await pipe.execute()


class Work:
    """Counts the rows that are made, and the cells and sort values of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: Counter[str] = Counter()
        init, get = LateRow.__init__, LateRow.__getattr__

        def counted_init(row: LateRow, *args: object, **kwargs: object) -> None:
            self.done["rows"] += 1
            init(row, *args, **kwargs)  # type: ignore[arg-type]

        def counted_get(row: LateRow, name: str) -> object:
            self.done[name] += 1
            return get(row, name)

        monkeypatch.setattr(LateRow, "__init__", counted_init)
        monkeypatch.setattr(LateRow, "__getattr__", counted_get)

    def take(self) -> Counter[str]:
        """What was done since the last call."""
        done, self.done = self.done, Counter()
        return done


async def test_keys_cost_what_is_seen_not_what_there_is(
    client: Redis, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await crowd(client)
    (tmp_path / "projects").mkdir()
    config = Settings(
        projects=(str(tmp_path / "projects"),),
        state_dir=str(tmp_path / "state"),
        redis=RedisSettings(url=redis_url, embedded=False),
    )
    app = AgentDash(Engine(config, cwd=tmp_path))
    async with app.run_test(size=SIZE) as pilot:
        store = app.store
        await until(lambda: store.streams and store.streams.streams and store.runs, 60, "the first pass")
        assert store.streams is not None
        assert len(store.streams.streams[0].groups) == GROUPS
        pane = app.board.pane(Topic.STREAMS)
        assert isinstance(pane, ListPane)
        table = pane.table
        await pilot.press("2", "g")
        if table.row_count <= 2:
            await pilot.press("right")
        await until(lambda: table.row_count > 2, what="the groups")
        assert table.row_count == MOST_GROUPS + 2, "the stream, its worst groups, and how many more there are"
        assert table.rows[-1].cells[0].plain.strip() == f"… {GROUPS - MOST_GROUPS:,} more"

        work = Work(monkeypatch)
        for keys in (
            ["j"] * 10,
            ["G"],
            ["pageup"],
            ["question_mark"],
            ["escape"],
            ["s", "s", "S"],
            ["1", "j"],
            ["2"],
        ):
            for key in keys:
                work.take()
                await pilot.press(key)
                done = work.take()
                assert done["rows"] <= PASSES * (MOST_GROUPS + 10), (key, done)
                assert done["cells"] <= PASSES * SIZE[1] + MOST_GROUPS, (key, done)
            if keys == ["question_mark"]:
                assert isinstance(app.screen, Help)
        await pilot.press("slash", *"zebra", "enter")
        await until(lambda: table.row_of((b"crowd", b"zebra")), what="the group that was not listed")
        assert table.row_count == 2, "the stream, and the only group that matches"

"""The logs as one source: names, globs, order, floods, and what cannot be read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdash.core.clock import ManualClock
from agentdash.core.logs.model import Level, LogBatch
from agentdash.core.logs.parse.line import LogParser
from agentdash.core.settings.model import LogsSettings
from agentdash.core.snapshot import SourceError
from collectors.logs.backlog import LogBacklog
from collectors.logs.collector import LogsCollector
from collectors.logs.open_log import Piece

Make = Callable[..., LogsCollector]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def follow(clock: ManualClock) -> AsyncIterator[Make]:
    made: list[LogsCollector] = []

    def make(*sources: tuple[str, str], lines_per_second: int = 5000) -> LogsCollector:
        made.append(LogsCollector(sources, LogsSettings(), "host", clock, lines_per_second=lines_per_second))
        return made[-1]

    yield make
    for collector in made:
        await collector.close()


async def look(collector: LogsCollector, clock: ManualClock, seconds: float = 1.1) -> LogBatch | None:
    clock.advance(seconds)
    return await collector.collect()


async def test_what_is_there_at_first_is_in_the_order_of_its_times(
    tmp_path: Path, follow: Make, clock: ManualClock
) -> None:
    (tmp_path / "a.log").write_text(
        "2024-11-20T10:00:01Z INFO a1\n2024-11-20T10:00:03Z ERROR a3\n  at x (y:1)\n"
    )
    (tmp_path / "b.log").write_text('{"level":30,"time":"2024-11-20T10:00:02Z","msg":"b2"}\n')
    batch = await look(follow(("", str(tmp_path / "*.log"))), clock)
    assert batch is not None
    assert [(line.source, line.message.strip()) for line in batch.lines] == [
        ("a", "a1"),
        ("b", "b2"),
        ("a", "a3"),
        ("a", "at x (y:1)"),
    ]
    assert batch.lines[2].level is Level.ERROR
    assert batch.lines[3].continues == batch.lines[2].offset
    assert [(source.name, source.lines) for source in batch.sources] == [("a", 3), ("b", 1)]


async def test_nothing_new_is_nothing(tmp_path: Path, follow: Make, clock: ManualClock) -> None:
    (tmp_path / "a.log").write_text("x\n")
    collector = follow(("web", str(tmp_path / "a.log")))
    assert await look(collector, clock) is not None
    assert await look(collector, clock) is None
    with (tmp_path / "a.log").open("a") as file:
        file.write("y\n")
    batch = await look(collector, clock)
    assert batch is not None
    assert [(line.source, line.message, line.offset) for line in batch.lines] == [("web", "y", 2)]


async def test_a_missing_file_is_reported_and_followed_when_it_appears(
    tmp_path: Path, follow: Make, clock: ManualClock
) -> None:
    collector = follow(("web", str(tmp_path / "a.log")))
    batch = await look(collector, clock)
    assert batch is not None
    assert batch.sources[0].error == "no such file yet; it is followed as soon as it appears"
    (tmp_path / "a.log").write_text("now\n")
    batch = await look(collector, clock)
    assert batch is not None
    assert batch.sources[0].error is None
    assert [line.message for line in batch.lines] == ["now"]


async def test_a_glob_finds_new_files_and_reads_no_rotated_one_twice(
    tmp_path: Path, follow: Make, clock: ManualClock
) -> None:
    log = tmp_path / "a.log"
    log.write_text("1\n")
    collector = follow(("", str(tmp_path / "*.log*")))
    await look(collector, clock)
    seen: list[tuple[str, str]] = []

    async def gather(times: int = 1) -> None:
        for _ in range(times):
            batch = await look(collector, clock, 2)
            seen.extend((line.source, line.message) for line in (batch.lines if batch else ()))

    log.rename(tmp_path / "a.log.1")
    log.write_text("2\n")
    await gather()
    log.rename(tmp_path / "a-old.log")
    log.write_text("3\n")
    (tmp_path / "b.log").write_text("new\n")
    await gather(5)
    assert sorted(seen) == [("a", "2"), ("a", "3"), ("b", "new")]


async def test_two_names_of_one_file_are_one_source(tmp_path: Path, follow: Make, clock: ManualClock) -> None:
    (tmp_path / "a.log").write_text("1\n")
    (tmp_path / "link.log").symlink_to("a.log")
    batch = await look(follow(("", str(tmp_path / "*.log"))), clock)
    assert batch is not None
    assert [line.message for line in batch.lines] == ["1"]


async def test_a_burst_is_shown_in_full_and_a_flood_in_part(
    tmp_path: Path, follow: Make, clock: ManualClock
) -> None:
    log = tmp_path / "a.log"
    log.write_text("")
    collector = follow(("web", str(log)), lines_per_second=1000)
    await look(collector, clock)
    shown: list[int] = []
    skipped = 0

    async def pour(first: int, count: int) -> None:
        nonlocal skipped
        with log.open("a") as file:
            file.writelines(f"{number}\n" for number in range(first, first + count))
        while (batch := await look(collector, clock, 0.1)) is not None:
            shown.extend(int(line.message) for line in batch.lines)
            skipped += batch.skipped

    await pour(0, 1000)
    assert shown == list(range(1000))
    assert skipped == 0
    await pour(1000, 5000)
    assert shown[-1] == 5999
    assert shown == sorted(set(shown))
    assert len(shown) + skipped == 6000
    assert skipped > 4000


async def test_nothing_configured_is_no_fault(follow: Make) -> None:
    with pytest.raises(SourceError) as caught:
        await follow().collect()
    assert caught.value.absent


@given(
    st.lists(
        st.lists(st.binary(max_size=6).map(lambda raw: raw.replace(b"\n", b"")), min_size=1, max_size=9)
    ),
    st.integers(1, 12),
    st.integers(1, 5),
)
def test_the_backlog_against_a_plain_list(pieces: list[list[bytes]], limit: int, most: int) -> None:
    parser = LogParser("x")
    backlog = LogBacklog(limit, 2)
    expected: list[bytes] = []
    taken: list[bytes] = []
    skipped = 0
    for piece in pieces:
        backlog.add(parser, Piece(0, b"\n".join(piece) + b"\n"), 0)
        expected += piece
        if len(expected) > limit:
            skipped += len(expected) - 2
            expected = expected[-2:]
        got = [line.data for line in backlog.pop(most)]
        assert got == expected[:most]
        del expected[:most]
        taken += got
    assert len(backlog) == len(expected)
    assert backlog.pop_skipped() == skipped


def test_what_lasts_is_taken_at_its_pace_and_a_burst_at_once() -> None:
    parser = LogParser("x")
    backlog = LogBacklog(100, 2, flood_limit=100, rate=10)
    taken = added = 0
    for turn in range(200):
        backlog.add(parser, Piece(0, b"x\n" * 30), 0)
        added += 30
        taken += len(list(backlog.pop(50)))
        assert taken <= 100 + 10 * (turn + 1)
    skipped = backlog.pop_skipped()
    assert taken > 10 * 190
    assert taken + skipped + len(backlog) == added
    for _ in range(10):
        taken = len(list(backlog.pop(50)))
    backlog.add(parser, Piece(0, b"x\n" * 100), 0)
    assert [len(list(backlog.pop(50))) for _ in range(3)] == [50, 50, 0]
    assert backlog.pop_skipped() == 0

"""A flood: what is shown, what is passed over and what carries an error add up to what was written."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agentdash.core.clock import SystemClock
from agentdash.core.logs.model import Level, LogLine
from agentdash.core.logs.parse.line import LogParser
from agentdash.core.settings.model import LogsSettings
from collectors.logs import flood, followed
from collectors.logs.collector import LogsCollector
from collectors.logs.flood import FloodSearch
from collectors.logs.open_log import LINE_LIMIT

FAULTS = {Level.ERROR, Level.FATAL}


class Taken:
    """All that a collector handed out."""

    def __init__(self, collector: LogsCollector) -> None:
        self.collector = collector
        self.lines: list[LogLine] = []
        self.skipped = 0
        self.errors: Counter[str] = Counter()

    async def take(self) -> bool:
        batch = await self.collector.collect()
        if batch is None:
            return False
        self.lines += batch.lines
        self.skipped += batch.skipped
        self.errors += Counter(dict(batch.errors_skipped))
        return True

    async def all(self) -> None:
        while await self.take() or self.collector.waiting:
            pass

    def faults(self) -> int:
        return sum(line.level in FAULTS for line in self.lines) + self.errors.total()


@pytest.fixture
async def taken(tmp_path: Path) -> AsyncIterator[Taken]:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.log").write_text("")
    collector = LogsCollector((("", str(tmp_path / "*.log")),), LogsSettings(), "host", SystemClock())
    taken = Taken(collector)
    await taken.take()
    yield taken
    await collector.close()


def text(number: int, every: int) -> str:
    if number % every == 0:
        return (
            f"2024-11-20T16:28:01.123Z ERROR order {number} failed\nTraceback (most recent call last):\n"
            f'  File "a.py", line {number}\n    pay()\nValueError: order {number}\n'
        )
    return f"2024-11-20T16:28:01.123Z INFO order {number} paid, no error, 0 FATAL\n"


@pytest.mark.parametrize("every", [7, 1999])
async def test_every_error_of_a_flood_is_found(taken: Taken, tmp_path: Path, every: int) -> None:
    written = errors = 0
    for turn in range(6):
        for name in ("a", "b", "c"):
            lines = [text(number, every) for number in range(turn * 9000, turn * 9000 + 9000)]
            written += sum(line.count("\n") for line in lines)
            errors += sum("ERROR" in line for line in lines)
            with (tmp_path / f"{name}.log").open("a") as file:
                file.writelines(lines)
        await taken.take()
    await taken.all()
    assert taken.skipped > written / 2
    assert len(taken.lines) + taken.skipped == written
    assert taken.faults() == errors
    if every == 1999:
        assert not taken.errors
        heads = [line for line in taken.lines if line.level is Level.ERROR]
        for head in heads:
            below = [
                line.message
                for line in taken.lines
                if line.source == head.source and line.continues == head.offset
            ]
            assert below[-1] == f"ValueError: order {head.message.split()[1]}"
            assert len(below) == 4


async def test_errors_among_bytes_that_are_not_even_cut_into_lines(
    taken: Taken, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More came between two looks than is read at all."""
    monkeypatch.setattr(followed, "SKIP_ABOVE", 200_000)
    monkeypatch.setattr(followed, "SKIP_LEAVES", 20_000)
    with (tmp_path / "a.log").open("a") as file:
        file.write("begun ")
    await taken.take()
    with (tmp_path / "a.log").open("a") as file:
        file.writelines(["and ended\n", *(text(number, 1999) for number in range(50_000))])
    await taken.all()
    assert len(taken.lines) + taken.skipped == 1 + 50_000 + 4 * 26
    assert taken.faults() == 26
    assert taken.lines[-1].message == "order 49999 paid, no error, 0 FATAL"


async def test_a_line_without_an_end_is_kept_in_part(taken: Taken, tmp_path: Path) -> None:
    """A gigabyte without a line end is some gigabytes of reading and a megabyte of memory; here 64 of it."""
    with (tmp_path / "a.log").open("ab") as file:
        file.write(b"2024-11-20T16:28:01.123Z ERROR begun ")
        for _ in range(64):
            file.write(b"\0x" * (512 * 1024))
        file.write(b" ended\nnext\n")
    await taken.all()
    assert taken.lines[-1].message == "next"
    assert len(taken.lines) + taken.skipped == 2
    assert taken.faults() == 1
    assert all(len(line.message) < LINE_LIMIT for line in taken.lines)


def test_more_errors_than_are_kept_are_counted_by_source() -> None:
    passed = FloodSearch()
    lines = b"".join(b"ERROR number %d\n" % number for number in range(300))
    kept = passed.search(LogParser("web"), 0, lines, 0)
    assert kept == flood.MAX_KEPT
    got, errors = passed.pop()
    assert [line.message for line in got] == [f"number {number}" for number in range(kept)]
    assert got[1].offset == len(b"ERROR number 0\n")
    assert errors == (("web", 300 - kept),)
    assert passed.pop() == ([], ())


def test_after_a_gap_nothing_continues_what_was_before() -> None:
    parser = LogParser("web")
    parser.line(b"ERROR boom", 0, 0)
    FloodSearch().search(parser, 11, b"INFO x\n", 0)
    assert parser.line(b"    at f (a.js:1)", 18, 0).continues is None

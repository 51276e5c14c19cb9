"""Sources beside plain files: the journal, the activity log; and what is reported of a truncation."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agentdash.activity import Activity
from agentdash.core.clock import ManualClock
from agentdash.core.logs.model import Level, LogLine, LogSource
from agentdash.core.logs.parse.line import LogParser
from agentdash.core.settings.model import LogsSettings
from agentdash.core.snapshot import SourceError
from collectors.logs import open_log
from collectors.logs.activity import ActivityLogFile
from collectors.logs.collector import LogsCollector
from collectors.logs.order import DELAY_MS, LogOrder
from collectors.logs.sources import LogSources
from tests.support import until

# Stands for journalctl, which shows nothing without systemd: writes its format, then ends or waits.
JOURNALCTL = """#!/bin/sh
echo "$@" >>"$0.args"
case "$*" in
*--after-cursor=s=2*) cat "$0.2"; exec sleep 60 ;;
*) cat "$0.1"; printf 'Journal \\033]0;x\\007file is truncated\\n' >&2; exit 1 ;;
esac
"""


def entry(number: int, message: object, priority: int = 6, **fields: str) -> str:
    record = {
        "__CURSOR": f"s={number}", "__REALTIME_TIMESTAMP": str((1_732_112_345_000 + number) * 1000),
        "PRIORITY": str(priority), "SYSLOG_IDENTIFIER": "sshd", "_PID": "77", "MESSAGE": message, **fields,
    }  # fmt: skip
    return json.dumps(record) + "\n"


class Looks:
    """All that a collector handed out, look by look."""

    def __init__(self, collector: LogsCollector, clock: ManualClock) -> None:
        self.collector, self.clock = collector, clock
        self.lines: list[LogLine] = []
        self.sources: dict[str, LogSource] = {}

    async def look(self, seconds: float = 1.0) -> None:
        self.clock.advance(seconds)
        if (batch := await self.collector.collect()) is not None:
            self.lines += batch.lines
            self.sources = {source.name: source for source in batch.sources}

    async def until_seen(self, count: int) -> None:
        async def seen() -> str:
            await self.look()
            return "yes" if len(self.lines) >= count else ""

        _all: str = await until(seen, what=f"{count} lines")

    async def until_failed(self, source: str) -> None:
        async def failed() -> str | None:
            await self.look(0.01)
            return self.sources[source].error

        _why: str | None = await until(failed, what=f"{source} has failed")


@asynccontextmanager
async def looking(
    *paths: Path,
    journal: tuple[str, ...] = (),
    own: ActivityLogFile | None = None,
    started: Path | None = None,
) -> AsyncIterator[Looks]:
    clock = ManualClock()
    files = tuple((path.stem, str(path)) for path in paths)
    collector = LogsCollector(files, LogsSettings(journal=journal), "host", clock, own=own, started=started)
    yield Looks(collector, clock)
    await collector.close()


async def test_the_journal_continues_where_it_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "journalctl"
    program.write_text(JOURNALCTL)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    wrapped = '{"level":"error","msg":"no disk","trace_id":"abc-1"}'
    (tmp_path / "journalctl.1").write_text(entry(1, "Accepted key") + entry(2, "x\x1b]0;y\x07 down", 3))
    (tmp_path / "journalctl.2").write_text(
        entry(3, wrapped) + entry(4, list(b"caf\xe9"), SYSLOG_IDENTIFIER="") + entry(5, None, 9) + "no json\n"
    )
    async with looking(journal=("ssh", "web")) as looks:
        await looks.until_seen(2)
        await looks.until_failed("journal")
        error = looks.sources["journal"].error
        await looks.until_seen(6)
        assert looks.sources["journal"].error is None
        assert error == "journalctl exited: Journal file is truncated; restart in 1 s"
        child = looks.collector._journal._child if looks.collector._journal else None
        assert child is not None
        assert child.poll() is None
    assert child.poll() is not None
    assert [(line.service, line.level, line.message) for line in looks.lines] == [
        ("sshd", Level.INFO, "Accepted key"),
        ("sshd", Level.ERROR, "x down"),
        ("sshd", Level.ERROR, "no disk"),
        (None, Level.INFO, "caf\\xe9"),
        ("sshd", None, "(too long for the journal to show)"),
        (None, None, "no json"),
    ]
    assert looks.lines[0].at == 1_732_112_345_001
    assert (looks.lines[2].correlation_id, looks.lines[2].fields["pid"]) == ("abc-1", 77)
    first, second = (tmp_path / "journalctl.args").read_text().splitlines()
    assert "--lines=200 --unit=ssh --unit=web" in first
    assert "--after-cursor=s=2 --no-tail --unit=ssh" in second


async def test_a_machine_without_a_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    async with looking(journal=("*",)) as looks:
        await looks.look()
        error = looks.sources["journal"].error
    assert error == "journalctl not found: the journal cannot be followed on this machine"


async def test_what_a_started_service_writes_is_a_source_with_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "state [1]" / "services"
    async with looking(started=folder) as looks:
        with pytest.raises(SourceError, match="No log files are followed"):
            await looks.look()
        (folder / "shop").mkdir(parents=True)
        (folder / "shop" / "worker.log").write_text("INFO ready\n")
        (folder / "api.v1.log").write_text("INFO up\n")
        await looks.until_seen(2)
    assert {(line.source, line.message) for line in looks.lines} == {
        ("shop/worker", "ready"),
        ("api.v1", "up"),
    }
    (tmp_path / "plain").mkdir()
    own = tmp_path / "plain" / "worker.log"
    own.touch()
    named = LogSources((("api", str(own)),), own.parent).files(0)
    assert named == {own: "api"}  # one of the settings keeps the name that it has there


def test_a_trace_in_the_journal_stays_with_its_line() -> None:
    parser = LogParser("journal")
    texts = (
        "ERROR it broke",
        "Traceback (most recent call last):",
        '  File "a.py", line 1',
        "ValueError: x",
        "well",
    )
    lines = [parser.line(entry(n, text).encode(), n, 0) for n, text in enumerate(texts)]
    assert [line.continues for line in lines] == [None, 0, 0, 0, None]
    assert lines[2].message == '  File "a.py", line 1'


@pytest.mark.parametrize("depth", [3, 400, 900, 100_000])
def test_an_entry_of_a_shape_that_no_journal_writes_is_a_line_all_the_same(depth: int) -> None:
    nested = "[" * depth + '"x"' + "]" * depth
    text = f'{{"__REALTIME_TIMESTAMP":"1700000000000000","MESSAGE":{nested}}}'
    assert LogParser("web").line(text.encode(), 0, 0).message
    several = text.replace(nested, '["one",[116,119,111],null]')
    shown = LogParser("journal").line(several.encode(), 0, 0).message
    assert shown == "one two (too long for the journal to show)"


async def test_the_lines_of_other_agentdash_processes_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "agentdash.log"
    mine, worker = Activity(path), Activity(path)
    mine.write("streams", "read 3 streams")
    worker.write("run-1", "turn 1 begun", duration_ms=2)
    assert mine.flush()
    assert worker.flush()
    async with looking(own=ActivityLogFile(path, mine.wrote)) as looks:
        await looks.look()
        worker.write("run-1", "turn 1", ok=False)
        worker.write("run-1", "lease renewed", routine=True)
        mine.write("streams", "read 4 streams")
        mine.close()
        worker.close()
        await looks.until_seen(2)
        await looks.look()
    assert [(line.service, line.level, line.message) for line in looks.lines] == [
        ("agentdash", Level.INFO, "run-1: turn 1 begun in 2.0 ms"),
        ("agentdash", Level.ERROR, "run-1: turn 1"),
    ]
    assert looks.sources == {}


async def test_bytes_lost_by_a_truncation_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "web.log"
    log.write_text("")
    async with looking(log) as looks:
        await looks.look()
        monkeypatch.setattr(open_log, "READ_SIZE", 8)
        log.write_text("line 1\nline 2\nline 3\n")
        await looks.look()
        log.write_text("new\n")
        await looks.look()
        await looks.look()
    reported = "web.log was truncated without a copy: 13 unread bytes lost"
    assert (reported, Level.WARN, "agentdash") in [
        (line.message, line.level, line.service) for line in looks.lines
    ]
    assert looks.sources["web"].lost == 13


def line(source: str, at: int | None, seen_at: int, message: str) -> LogLine:
    return LogLine(source, 0, seen_at, message, at)


def test_sources_are_woven_together_over_several_looks() -> None:
    order = LogOrder()
    now = 100_000
    assert [*order.pop_settled([line("a", now - 100, now, "a1")], now)] == [line("a", now - 100, now, "a1")]
    got = order.pop_settled([line("a", now - 5, now, "a2"), line("a", None, now, "  a2 goes on")], now)
    got += order.pop_settled(
        [line("b", now - 50, now + 100, "b1"), line("b", now - 80, now + 100, "b2")], now + 100
    )
    assert [one.message for one in got] == ["a2", "  a2 goes on"]  # a was alone until then
    got = order.pop_settled([line("a", now + 150, now + 200, "a3")], now + 200)
    got += order.pop_settled(
        [line("b", now + 90, now + 300, "b3"), line("b", now + 9999, now + 300, "b4")], now + 300
    )
    assert [one.message for one in got] == []
    got = order.pop_settled([], now + 300 + DELAY_MS)
    assert [one.message for one in got] == ["b1", "b2", "b3", "a3", "b4"]
    assert len(order) == 0


def test_a_clock_that_is_set_back_holds_nothing() -> None:
    order = LogOrder()
    order.pop_settled([line("a", None, 90_000, "a"), line("b", None, 90_000, "b")], 90_000)
    assert len(order) == 2
    got = order.pop_settled([line("a", None, 10_000, "a goes on")], 10_000)
    assert [one.message for one in got] == ["a", "b", "a goes on"]
    order.pop_settled([line("a", None, 10_100, "new a"), line("b", None, 10_100, "new b")], 10_100)
    assert len(order) == 2
    assert len(order.pop_settled([], 10_100 + DELAY_MS)) == 2  # not only once it is 90 000 again

"""The journal of systemd, written and read by its own programs, where they are installed."""

from __future__ import annotations

import asyncio
import shutil
import struct
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agentdash.core.clock import ManualClock
from agentdash.core.logs.model import Level, LogLine, LogSource
from agentdash.core.settings.model import LogsSettings
from collectors.logs import journal as log_journal
from collectors.logs.collector import LogsCollector
from tests.support import until

REMOTE = Path("/lib/systemd/systemd-journal-remote")
BOOT = "0123456789abcdef0123456789abcdef"
AT = 1_732_112_345_000

pytestmark = pytest.mark.skipif(
    shutil.which("journalctl") is None or not REMOTE.exists(),
    reason="journalctl and systemd-journal-remote are not installed",
)


class Journal:
    """Real journal files in a folder, entry by entry."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written = 0
        folder.mkdir()

    async def write(self, *entries: dict[str, str | bytes]) -> None:
        """Add entries in the export format of systemd."""
        data = b"".join(map(self._export, entries))
        remote = await asyncio.create_subprocess_exec(
            REMOTE, f"--output={self.folder / 'system.journal'}", "-",
            stdin=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        await remote.communicate(data)
        assert remote.returncode == 0

    def _export(self, fields: dict[str, str | bytes]) -> bytes:
        self.written += 1
        at = (AT + self.written) * 1000
        out = f"__REALTIME_TIMESTAMP={at}\n__MONOTONIC_TIMESTAMP={self.written}\n_BOOT_ID={BOOT}\n".encode()
        for name, value in fields.items():
            raw = value.encode() if isinstance(value, str) else value
            out += name.encode() + b"\n" + struct.pack("<Q", len(raw)) + raw + b"\n"
        return out + b"\n"


class Looks:
    """All that a collector of a journal handed out."""

    def __init__(self, *units: str) -> None:
        self.clock = ManualClock()
        self.collector = LogsCollector((), LogsSettings(journal=units), "host", self.clock)
        self.lines: list[LogLine] = []
        self.sources: dict[str, LogSource] = {}

    async def look(self) -> None:
        self.clock.advance(1)
        if (batch := await self.collector.collect()) is not None:
            self.lines += batch.lines
            self.sources = {source.name: source for source in batch.sources}

    async def seen(self, count: int) -> list[LogLine]:
        async def enough() -> bool:
            await self.look()
            return len(self.lines) >= count

        await until(enough, what=f"{count} lines")
        return self.lines


@pytest.fixture
async def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
    journal = Journal(tmp_path / "journal")
    monkeypatch.setattr(log_journal, "COMMAND", (*log_journal.COMMAND, f"--directory={journal.folder}"))
    return journal


@pytest.fixture
async def looks(request: pytest.FixtureRequest) -> AsyncIterator[Looks]:
    looks = Looks(*getattr(request, "param", ("*",)))
    yield looks
    await looks.collector.close()


def web(message: str | bytes, priority: int = 6) -> dict[str, str | bytes]:
    return {
        "MESSAGE": message, "PRIORITY": str(priority), "SYSLOG_IDENTIFIER": "web",
        "_SYSTEMD_UNIT": "web.service", "_PID": "77",
    }  # fmt: skip


def db(message: str | bytes) -> dict[str, str | bytes]:
    return {"MESSAGE": message, "PRIORITY": "6", "SYSLOG_IDENTIFIER": "db", "_SYSTEMD_UNIT": "db.service"}


async def test_entries_of_every_kind(journal: Journal, looks: Looks) -> None:
    await journal.write(
        web("hello"),
        web("no disk", 3),
        web(b"caf\xe9 \x1b]0;title\x07end"),
        {"MESSAGE": "nobody said it"},
        {"PRIORITY": "4", "_SYSTEMD_UNIT": "mute.service"},
        web("x" * 100_000),
        web('{"level":"error","msg":"in JSON","trace_id":"abc-1"}'),
        web("gone with token=ghp_" + "a1" * 20, 0),
    )
    lines = await looks.seen(8)
    assert [(line.service, line.level, line.message) for line in lines[:5]] == [
        ("web", Level.INFO, "hello"),
        ("web", Level.ERROR, "no disk"),
        ("web", Level.INFO, "caf\\xe9 end"),
        (None, None, "nobody said it"),
        ("mute.service", Level.WARN, "(no message)"),
    ]
    assert lines[0].at == AT + 1
    assert lines[0].fields == {"unit": "web.service", "pid": 77}
    assert lines[5].message.startswith("xxxx")
    assert len(lines[5].message) > 10_000
    assert (lines[6].level, lines[6].message, lines[6].correlation_id) == (Level.ERROR, "in JSON", "abc-1")
    assert (lines[7].level, lines[7].masked) == (Level.FATAL, ("github-token",))


async def test_a_message_of_several_lines_is_one_with_what_belongs_to_it(
    journal: Journal, looks: Looks
) -> None:
    trace = 'Traceback (most recent call last):\n  File "a.py", line 1\nValueError: x'
    await journal.write(web("two\nlines"), web(f"\x1b[31mred\n{trace}\x1b[0m", 3), web("after"))
    lines = await looks.seen(7)
    assert [line.message for line in lines] == ["two", "lines", "red", *trace.split("\n"), "after"]
    heads = [line for line in lines if line.continues is None]
    assert [line.message for line in heads] == ["two", "red", "after"]
    assert [line.level for line in lines] == [Level.INFO, None, Level.ERROR, None, None, None, Level.INFO]
    assert [line.continues for line in lines[3:6]] == [heads[1].offset] * 3
    assert len({line.offset for line in lines}) == len(lines)


async def test_traces_of_services_that_speak_in_turns_are_kept_split_entry(
    journal: Journal, looks: Looks
) -> None:
    await journal.write(
        web("Traceback (most recent call last):"),
        db("ready"),
        web('  File "a.py", line 1'),
        db("done"),
        web("ValueError: x"),
    )
    lines = await looks.seen(5)
    assert [line.continues for line in lines] == [None, None, lines[0].offset, None, lines[0].offset]


async def test_what_comes_while_it_is_followed_and_while_its_reader_is_away(
    journal: Journal, looks: Looks
) -> None:
    await journal.write(web("first"))
    await looks.seen(1)
    await journal.write(web("second"))
    await looks.seen(2)
    child = looks.collector._journal._child if looks.collector._journal else None
    assert child is not None
    child.kill()
    await journal.write(web("third"))

    async def told() -> bool:
        await looks.look()
        return looks.sources["journal"].error is not None or len(looks.lines) > 2

    await until(told)
    await looks.seen(3)
    await journal.write(web("fourth"))
    assert [line.message for line in await looks.seen(4)] == ["first", "second", "third", "fourth"]
    assert looks.sources["journal"].error is None


@pytest.mark.parametrize("looks", [("web", "nobody.service")], indirect=True)
async def test_units_alone(journal: Journal, looks: Looks) -> None:
    await journal.write(db("not asked for"), web("asked for"), db("nor this"), web("and this"))
    assert [line.message for line in await looks.seen(2)] == ["asked for", "and this"]


async def test_an_empty_journal_is_reported_and_tried_again(journal: Journal, looks: Looks) -> None:
    async def told() -> str | None:
        await looks.look()
        return looks.sources["journal"].error

    error = await until(told)
    assert error.startswith("the journal has no entries that you may read; next attempt in ")
    await journal.write(web("first"))
    await looks.seen(1)
    assert looks.sources["journal"].error is None

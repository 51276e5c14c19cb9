"""What an untrusted settings file names is read only where it lies in its folder when it is opened."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agentdash.core.snapshot import Topic
from agentdash.files.small import OUTSIDE, OutsideError, open_within, read_descriptor
from agentdash.headless.session import full_pass
from agentdash.headless.views import gaps
from agentdash.runtime.engine import Engine
from agentdash.settings.load import load
from tests.support import until

LINE = "2026-11-29T10:00:00Z ERROR private diary\n"
FINDING = '{"title": "private diary", "severity": "high", "key": "x"}\n'


@pytest.fixture
def place(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that one is in, with links out of it and one that stays in it, beside what is private."""
    private, folder = tmp_path / "private", tmp_path / "place"
    (private / "deep").mkdir(parents=True)
    for name in ("diary.log", "deep/diary.log"):
        (private / name).write_text(LINE)
    (private / "f.jsonl").write_text(FINDING)
    (private / "pid").write_text(f"{os.getppid()}\n")
    (folder / "logs").mkdir(parents=True)
    (folder / "logs" / "own.log").write_text("2026-11-29T10:00:00Z INFO own line\n")
    (folder / "logs" / "inner.log").symlink_to("own.log")
    (folder / "logs" / "a.log").symlink_to(private / "diary.log")
    (folder / "logs" / "own.log.1").symlink_to(private / "diary.log")
    (folder / "d").symlink_to(private)
    monkeypatch.chdir(folder)
    return folder


@asynccontextmanager
async def engine_of(place: Path, text: str, topic: Topic) -> AsyncIterator[Engine]:
    (place / "agentdash.toml").write_text(text)
    loaded = load(cwd=place)
    assert loaded.guarded == ()  # nothing that looks as if it led out: it is in force unasked
    engine = Engine(loaded.settings, topics=frozenset({topic}), cwd=place)
    await engine.start()
    try:
        await full_pass(engine)
        yield engine
    finally:
        await engine.stop()


@pytest.mark.parametrize(
    "pattern", ["logs/*.log", "d*/*.log", "**/*.log", "*/*", "d*/**/*.log", "[d]/diary.log"]
)
async def test_a_pattern_leads_to_no_log_outside(pattern: str, place: Path) -> None:
    async with engine_of(place, f'[logs]\nfiles = ["{pattern}"]\nstarted = false\n', Topic.LOGS) as engine:
        await until(lambda: engine.store.log_sources)
        assert not [line.message for line in engine.store.logs if "diary" in line.message]
        assert any(OUTSIDE in gap for gap in gaps(Topic.LOGS, engine.store))
        inside = any("own line" in line.message for line in engine.store.logs)
        assert inside == (not pattern.startswith(("d", "[")))


async def test_a_file_that_becomes_a_link_later_is_not_read(place: Path) -> None:
    text = '[logs]\nfiles = ["logs/late.log"]\nstarted = false\n'
    async with engine_of(place, text, Topic.LOGS) as engine:
        (place / "logs" / "late.log").symlink_to(place.parent / "private" / "diary.log")
        engine.refresh()
        await until(lambda: any(OUTSIDE in gap for gap in gaps(Topic.LOGS, engine.store)))
        assert not [line.message for line in engine.store.logs if "diary" in line.message]


@pytest.mark.parametrize(
    "inbox", ['[findings]\ninbox = ["d*/*.jsonl"]', '[findings]\ninbox = ["in/*.jsonl"]', ""]
)
async def test_the_inbox_leads_to_no_file_outside_not_even_the_usual_one(inbox: str, place: Path) -> None:
    private = place.parent / "private"
    (place / "in").mkdir()
    (place / "in" / "f.jsonl").symlink_to(private / "f.jsonl")
    (place / "monitor-session").mkdir()
    (place / "monitor-session" / "findings").symlink_to(private)
    async with engine_of(place, inbox, Topic.FINDINGS) as engine:
        found = await until(lambda: engine.store.findings)
        assert "diary" not in str(found.findings)
        await until(lambda: engine.store.findings and engine.store.findings.bad_lines)
        assert engine.store.findings
        assert any(OUTSIDE in why for _, _, why in engine.store.findings.bad_lines)


async def test_services_lead_to_no_file_outside(place: Path) -> None:
    text = '[[services]]\nname = "a"\npid_file = "p"\n[[services]]\nname = "b"\nport = 1\nlog = "l"\n'
    async with engine_of(place, text, Topic.SERVICES) as engine:
        private = place.parent / "private"
        (place / "p").symlink_to(private / "pid")
        (place / "l").symlink_to(private / "diary.log")
        engine.refresh()
        before = engine.store.services
        await until(lambda: engine.store.services is not before and engine.store.services)
        one, other = engine.store.services.services if engine.store.services else ()
        await until(lambda: engine.store.services and engine.store.services.services[0].error)
        one, other = engine.store.services.services
        assert (one.pid, other.last_line) == (None, None)
        assert OUTSIDE in (one.error or "")
        assert one.described_in == "./agentdash.toml"


async def test_projects_lead_to_no_folder_outside(place: Path, tmp_path: Path) -> None:
    (place / "work").mkdir()
    (place / "agentdash.toml").write_text('projects = ["work", "logs"]')
    loaded = load(cwd=place)
    (place / "work").rmdir()
    (place / "work").symlink_to(tmp_path / "private")
    engine = Engine(loaded.settings, topics=frozenset({Topic.REPOS}), cwd=place)
    await engine.start()
    try:
        await until(lambda: engine.store.repos)
        assert engine.store.repos
        assert any(OUTSIDE in problem for problem in engine.store.repos.problems)
    finally:
        await engine.stop()


def test_what_is_named_by_a_trusted_person_is_followed_wherever_it_leads(place: Path) -> None:
    named = load(cwd=place, given={"logs.files": ("--log", ["logs/*.log"]), "findings.inbox": ("-", ["d/*"])})
    assert not named.settings.confined.keys() & {"logs.files", "findings.inbox"}


def read(path: Path, folder: Path) -> bytes:
    descriptor = open_within(path, folder)
    try:
        return read_descriptor(descriptor, path, 1000)
    finally:
        os.close(descriptor)


def test_links_are_followed_as_long_as_they_stay_in_the_folder(place: Path, tmp_path: Path) -> None:
    assert read(place / "logs" / "inner.log", place) == read(place / "logs" / "own.log", place)
    (tmp_path / "way").symlink_to(place)
    assert read(tmp_path / "way" / "logs" / "own.log", tmp_path / "way")
    for path in (
        place / "logs" / "a.log",
        place / "d" / "diary.log",
        place / ".." / "private" / "diary.log",
        tmp_path / "private" / "diary.log",
    ):
        with pytest.raises(OutsideError):
            read(path, place)
    for path in (place, place / "logs", place / "none"):
        with pytest.raises(OSError, match=r"regular|No such"):
            read(path, place)

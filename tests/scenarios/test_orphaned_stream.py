"""A stream that no group reads is an orphan only where no file of a repository names it, either."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from agentdash.core.clock import ManualClock
from agentdash.core.findings.model import Finding, FindingStatus
from agentdash.core.repos.model import Repo, ReposSnapshot
from agentdash.core.settings.model import RedisSettings, Settings, StreamsSettings
from agentdash.core.streams.mentions import Mention
from agentdash.git.commands import GitFailed
from agentdash.git.grep import first_occurrences
from agentdash.runtime.engine import Engine
from agentdash.runtime.queries import mentions
from tests.support import until


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A repository with a tracked, an untracked, an ignored and a binary file."""
    repo = tmp_path / "code/web"
    repo.mkdir(parents=True)
    (repo / ".gitignore").write_text("*.log\n")
    (repo / "src").mkdir()
    (repo / "src/worker.py").write_text(
        'import redis\n\nclient.xadd("jobs", {})\nclient.xadd("jobs:eu", {})\n'
    )
    subprocess.run(["git", "init", "-q"], cwd=repo, check=True)
    subprocess.run(["git", "add", "."], cwd=repo, check=True)
    (repo / "new.toml").write_text("stream = 'fresh'\n")
    (repo / "old.log").write_text("in-a-log\n")
    (repo / "a.bin").write_bytes(b"\0in-a-binary\0")
    return repo


def test_places_are_those_of_whole_names_in_files_that_are_not_ignored(code: Path) -> None:
    names = [
        b"jobs",
        b"jobs:eu",
        b"job",
        b"fresh",
        b"in-a-log",
        b"in-a-binary",
        b"-e",
        b"$(touch x)",
        b"\xff",
    ]
    assert first_occurrences(code, names, 10) == {
        b"jobs": "src/worker.py:3",
        b"jobs:eu": "src/worker.py:4",
        b"fresh": "new.toml:1",
    }
    assert first_occurrences(code, [b"nothing"], 10) == {}
    with pytest.raises(GitFailed, match=r"its \.git is gone"):
        first_occurrences(code.parent, [b"jobs"], 10)


def test_searching_runs_nothing_that_a_repository_brings(code: Path) -> None:
    trap = code.parent / "sprung"
    for name in ("core.fsmonitor", "diff.x.textconv", "core.pager", "alias.grep"):
        subprocess.run(["git", "config", name, f"touch {trap}"], cwd=code, check=True)
    (code / ".gitattributes").write_text("* diff=x\n")
    before = {path: path.stat() for path in sorted((code / ".git").rglob("*"))}
    assert first_occurrences(code, [b"jobs"], 10) == {b"jobs": "src/worker.py:3"}
    assert not trap.exists()
    assert {path: path.stat().st_ctime_ns for path in before} == {
        path: stat.st_ctime_ns for path, stat in before.items()
    }


@pytest.fixture
async def engine(tmp_path: Path, redis_url: str, code: Path) -> AsyncIterator[Engine]:
    settings = Settings(
        state_dir=str(tmp_path / "state"),
        projects=(str(tmp_path / "code"),),
        redis=RedisSettings(url=redis_url),
        streams=StreamsSettings(poll=0.05, open_after=0.1, window=0.5),
    )
    engine = Engine(settings, cwd=tmp_path)
    await engine.start()
    yield engine
    await engine.stop()


def orphans(engine: Engine) -> dict[bytes | None, Finding]:
    known = engine.store.findings.findings if engine.store.findings else ()
    return {
        of.symptom.stream: of
        for of in known
        if of.symptom.category == "ORPHANED_STREAM" and of.status is FindingStatus.OPEN
    }


async def test_an_orphan_appears_and_clears_when_a_file_names_it(
    client: Redis, engine: Engine, code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SEARCH_AGAIN_S", "MIN_COOL_DOWN_S", "COOL_DOWN_FACTOR"):
        monkeypatch.setattr(mentions, name, 0.2)
    for name in ("jobs", "fresh", "lost"):
        await client.xadd(name, {"n": "1"})
    await until(lambda: b"lost" in orphans(engine), what="the orphan")
    finding = orphans(engine)[b"lost"]
    assert any("no file of 1 repository" in line for line in finding.symptom.evidence)
    await until(lambda: engine.store.streams and len(engine.store.streams.streams) == 3)
    assert set(orphans(engine)) == {b"lost"}, "the others are named in files"
    (code / "reader.js").write_text("redis.xread('STREAMS', 'lost', '$')\n")
    await until(lambda: not orphans(engine), what="the finding clears")


async def test_names_that_come_for_ever_are_not_searched_for_without_a_rest(code: Path) -> None:
    clock = ManualClock()
    search = mentions.MentionSearch(clock)
    repos = ReposSnapshot(0, "here", (Repo(str(code), "web"),))
    search.want([b"jobs"], repos)
    await until(lambda: b"jobs" in search.found, what="the first search")
    search.want([b"jobs", b"another"], repos)
    assert search._search is not None
    assert search._search.done(), "it rests"
    clock.advance(mentions.MIN_COOL_DOWN_S)
    search.want([b"jobs", b"another"], repos)
    await until(lambda: b"another" in search.found, what="the next search")
    assert search.found == {
        b"jobs": Mention("web: src/worker.py:3", 1),
        b"another": Mention(None, 1),
    }
    await search.close()

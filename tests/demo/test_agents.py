"""The demo's agents and repositories, without a server: real git, real test runs, real output."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from agentdash.demo.folder import DemoFolder
from agentdash.demo.git import environment
from agentdash.demo.repos import AGENT_BRANCH, DemoRepos
from agentdash.demo.services.log import LIMIT, ServiceLog, logfmt, pino, plain
from agentdash.runner.agents.decoder import OutputDecoder
from agentdash.runner.agents.event import AgentEvent


@pytest.fixture
def place(tmp_path: Path) -> DemoFolder:
    folder = DemoFolder(tmp_path)
    folder.make_subfolders()
    DemoRepos(folder, environment(folder)).make_all()
    return folder


def turn(folder: DemoFolder, repo: str, work: str) -> tuple[int, list[AgentEvent], str]:
    """One turn of an agent that does not stop to think: exit code, events, output."""
    command = [sys.executable, "-S", "-m", "agentdash.demo.agents", work, "--title", "t", "--pace", "0"]
    files = ["--turn-file", str(folder.root / f"{work}.turn"), "--log", str(folder.agent_log("t"))]
    done = subprocess.run(
        [*command, *files, "--inbox", str(folder.inbox)],
        cwd=folder.projects / repo, env=environment(folder), capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert not done.stderr
    decoder = OutputDecoder()
    events = decoder.decode("stdout", done.stdout)
    assert decoder.malformed == 0
    return done.returncode, events, done.stdout.decode()


def results(events: list[AgentEvent]) -> list[object]:
    return [event.data["failed"] for event in events if event.type == "test_run_completed"]


def commits(folder: DemoFolder, repo: str) -> int:
    done = subprocess.run(
        ["git", "rev-list", "--count", "--all"],
        cwd=folder.projects / repo, env=environment(folder), capture_output=True, check=True,
    )  # fmt: skip
    return int(done.stdout)


@pytest.mark.parametrize(("repo", "work", "turns"), [("web", "token", 7), ("cli", "parser", 9)])
def test_a_coder_errs_mends_and_commits(place: DemoFolder, repo: str, work: str, turns: int) -> None:
    before = commits(place, repo)
    for number in range(1, turns + 1):
        code, events, _ = turn(place, repo, work)
        assert code == 0
        assert results(events)[-1] == 0, f"turn {number} ends with good tests"
        assert number > 1 or results(events) == [1, 0], "at first it errs"
        assert sum(event.usage.total for event in events if event.usage) > 0
        assert {"file_read", "file_written"} <= {event.type for event in events}
    assert commits(place, repo) == before + turns // 2


def test_the_migration_completes(place: DemoFolder) -> None:
    code, events, output = turn(place, "orders", "migrate")
    assert (code, results(events)) == (0, [0])
    assert "MIGRATION COMPLETE" in output


def test_the_bump_fails_its_tests_on_the_third_turn(place: DemoFolder) -> None:
    assert [turn(place, "orders", "bump")[0] for _ in range(3)] == [0, 0, 1]


def test_the_sweep_reports_links_that_lead_nowhere(place: DemoFolder) -> None:
    for _ in range(6):
        code, events, _ = turn(place, "docs", "sweep")
        assert (code, results(events)) == (0, [0])
    lines = (place.inbox / "docs-sweep.jsonl").read_text().splitlines()
    assert [json.loads(line)["findingId"] for line in lines] == ["DS-index-set-up", "DS-shipping-carriers"]
    assert "(setup.md)" in (place.projects / "docs" / "docs" / "index.md").read_text()


def test_a_repository_is_put_back_before_each_run(place: DemoFolder) -> None:
    repos = DemoRepos(place, environment(place))
    for repo in AGENT_BRANCH:
        before = commits(place, repo)
        (place.projects / repo / "left.txt").write_text("left behind\n")
        for words in (["add", "-A"], ["commit", "-qm", "left"]):
            subprocess.run(["git", *words], cwd=place.projects / repo, env=environment(place), check=True)
        (place.projects / repo / "more.txt").write_text("not committed\n")
        repos.reset(repo)
        assert commits(place, repo) == before
        status = subprocess.run(
            ["git", "status", "--porcelain", "--branch"],
            cwd=place.projects / repo, env=environment(place), capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert status.stdout.splitlines()[0].startswith(f"## {AGENT_BRANCH[repo]}")
        assert len(status.stdout.splitlines()) == 1


def test_logs_are_held_to_a_size_in_each_format(tmp_path: Path) -> None:
    for form in (pino, plain, logfmt):
        path = tmp_path / f"{form.__name__}.log"
        log = ServiceLog(path, "api", form)
        log.write("INFO", "hello", corr="ab12", took=3)
        log.failed("it broke", "Traceback (most recent call last):\n  File x\nKeyError: 1\n")
        assert "ab12" in path.read_text()
        assert "KeyError: 1" in path.read_text()
        for _ in range(25):
            log.write("INFO", "x" * (LIMIT // 20))
        assert path.stat().st_size <= LIMIT
        assert sorted(p.name for p in tmp_path.glob(f"{form.__name__}*")) == [path.name, f"{path.name}.1"]

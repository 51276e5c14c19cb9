"""Runs from the command line: started, listed, paused, resumed, cancelled."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import agentdash, document, trust
from tests.support import wait_until


@pytest.fixture
def place(tmp_path: Path, redis_url: str) -> Iterator[Path]:
    """A folder whose settings name the server; what still runs at the end is cancelled."""
    (tmp_path / "agentdash.toml").write_text(f'[redis]\nurl = "{redis_url}"\n')
    trust(tmp_path)
    yield tmp_path
    for run in document("runs", "--json", cwd=tmp_path)["items"]:
        if run["status"] in {"completed", "failed", "cancelled"}:
            continue
        agentdash("cancel", run["id"], "--wait", "--timeout", "20", cwd=tmp_path)


def run_of(place: Path, run_id: str) -> dict[str, Any]:
    return next(run for run in document("runs", "--json", cwd=place)["items"] if run["id"] == run_id)


def test_a_run_passes_its_output_on_and_is_on_record(place: Path) -> None:
    done = agentdash("run", "--title", "greeting", "--", "echo", "hello", cwd=place)
    assert (done.returncode, done.stdout) == (0, "hello\n")
    (run,) = document("runs", "--json", cwd=place)["items"]
    assert (run["title"], run["status"], run["exitCode"], run["command"]) == (
        "greeting",
        "completed",
        0,
        ["echo", "hello"],
    )


def test_a_run_that_fails_ends_with_code_1(place: Path) -> None:
    assert agentdash("run", "--", "false", cwd=place).returncode == 1
    (run,) = document("runs", "--json", cwd=place)["items"]
    assert run["status"] == "failed"
    assert run["error"]


def test_options_after_the_command_are_the_commands_own(place: Path) -> None:
    done = agentdash("run", "echo", "--json", "--turns", "x", cwd=place)
    assert done.stdout == "--json --turns x\n"


def test_a_detached_run_is_steered_by_a_prefix_of_its_id(place: Path) -> None:
    started = agentdash("run", "--detach", "--turns", "1000", "--", sys.executable, "-c", "pass", cwd=place)
    run_id = started.stdout.strip()
    assert (started.returncode, len(run_id)) == (0, 10), started.stderr
    wait_until(lambda: run_of(place, run_id)["status"] == "running", what="the run has begun")
    for action, status in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        done = agentdash(action, run_id[:6], "--reason", "test", "--wait", cwd=place)
        assert (done.returncode, done.stdout.strip()) == (0, status), done.stderr
        assert run_id in done.stderr
    assert run_of(place, run_id)["orphaned"] is not True


def test_what_the_state_does_not_allow_is_refused_with_the_state(place: Path) -> None:
    agentdash("run", "--run-id", "done1", "--", "true", cwd=place)
    done = agentdash("cancel", "done1", cwd=place)
    assert done.returncode == 2
    assert "completed" in done.stderr


def test_a_run_that_nobody_knows_is_refused(place: Path) -> None:
    done = agentdash("pause", "none", cwd=place)
    assert done.returncode == 2
    assert "none" in done.stderr
    assert "Traceback" not in done.stderr


def test_waiting_for_what_does_not_come_ends_in_time(place: Path) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    run_id = agentdash("run", "--detach", "--grace", "1", "--", *command, cwd=place).stdout.strip()
    wait_until(lambda: run_of(place, run_id)["status"] == "running", what="the run has begun")
    done = agentdash("pause", run_id, "--wait", "--timeout", "0.2", cwd=place)
    assert (done.returncode, done.stdout) == (3, "")
    assert "it remains requested" in done.stderr
    assert json.loads(agentdash("runs", "--json", cwd=place).stdout)["items"][0]["status"] == "pausing"

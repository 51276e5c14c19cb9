"""The views against a real server, real repositories and real processes."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.asyncio import Redis

from agentdash.core.snapshot import Topic
from agentdash.headless.schemas import model_of
from agentdash.headless.views import OBJECTS
from tests.command_line import PROGRAM, agentdash, document, trust
from tests.support import wait_until


@pytest.fixture
def place(tmp_path: Path, redis_url: str) -> Path:
    """A folder with a repository, a log, a service (this process) and settings that name them."""
    repo = tmp_path / "code/web"
    repo.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=repo, check=True)
    (repo / "a.txt").write_text("a")
    subprocess.run(["git", "add", "."], cwd=repo, check=True)
    subprocess.run(["git", "commit", "-q", "-m", "first"], cwd=repo, check=True)
    (repo / "b.txt").write_text("b")
    (tmp_path / "web.log").write_text('{"level":30,"msg":"listening"}\n')
    (tmp_path / "web.pid").write_text(str(os.getpid()))
    (tmp_path / "agentdash.toml").write_text(
        f'projects = ["{tmp_path}/code"]\n[redis]\nurl = "{redis_url}"\n[[services]]\nname = "web"\n'
        f'pid_file = "{tmp_path}/web.pid"\nlog = "{tmp_path}/web.log"\n'
    )
    trust(tmp_path)
    return tmp_path


@pytest.fixture
def streams(redis_url: str) -> Iterator[redis.Redis]:
    """A client on a server with one stream that has a group with a pending entry, and one odd key."""
    with redis.Redis.from_url(redis_url) as client:
        client.xadd("orders", {"n": "1"})
        client.xadd("orders", {"n": "2"})
        client.xgroup_create("orders", "billing", "0")
        client.xreadgroup("billing", "c1", {"orders": ">"}, count=1)
        client.xadd(b"odd\xff", {"n": "1"})
        yield client


@pytest.mark.parametrize("view", ["all", *(topic for topic in Topic if topic is not Topic.LOGS)])
def test_every_view_has_its_published_shape(place: Path, streams: redis.Redis, view: str) -> None:
    made = document(*(["snapshot"] if view == "all" else [view]), "--json", cwd=place)
    read = model_of(OBJECTS[view]).model_validate_json(json.dumps(made), strict=True)
    assert read.model_dump(mode="json", by_alias=True) == made


def test_a_snapshot_has_everything_at_once(place: Path, streams: redis.Redis) -> None:
    views = document("snapshot", "--json", cwd=place)["views"]
    assert {name: view["health"]["state"] for name, view in views.items()} == dict.fromkeys(views, "ok")
    (repo,) = views["repos"]["items"]
    assert (repo["name"], repo["branch"], repo["untracked"], repo["staged"]) == ("web", "main", 1, 0)
    (service,) = views["services"]["items"]
    assert (service["name"], service["state"], service["pid"]) == ("web", "up", os.getpid())
    assert "listening" in [line["message"] for line in views["logs"]["items"]]
    assert [stream["name"] for stream in views["streams"]["items"]] == ["odd\\xff", "orders"]


def test_streams_tell_group_lag_and_the_oldest_pending_entry(place: Path, streams: redis.Redis) -> None:
    odd, orders = document("streams", "--json", cwd=place)["items"]
    assert (odd["nameHex"], odd["groups"]) == ("6f6464ff", [])
    (group,) = orders["groups"]
    assert (orders["length"], group["pending"], group["lag"]["value"], group["lag"]["grade"]) == (
        2,
        1,
        1,
        "exact",
    )
    assert group["oldestPending"]["consumer"] == "c1"
    assert group["oldestPending"]["deliveries"] == 1


def test_a_table_is_plain_text_where_it_is_piped(place: Path, streams: redis.Redis) -> None:
    done = agentdash("streams", cwd=place)
    assert done.returncode == 0
    (remark,) = done.stderr.splitlines()
    assert "verdicts need a window of 60 s" in remark
    assert done.stdout.splitlines()[0].split()[:2] == ["STREAM", "LENGTH"]
    assert "\x1b" not in done.stdout
    assert agentdash("snapshot", cwd=place).stdout.count("\n\n") == len(Topic)


def test_an_empty_view_says_so_beside_the_data(place: Path) -> None:
    done = agentdash("runs", cwd=place)
    assert (done.returncode, done.stdout) == (0, "")
    assert "no runs yet" in done.stderr


def test_a_server_that_is_not_there_is_said_with_the_cure(tmp_path: Path) -> None:
    done = agentdash("streams", "--json", "--redis", f"unix://{tmp_path}/none.sock", cwd=tmp_path)
    assert done.returncode == 4
    made = json.loads(done.stdout)
    assert (made["health"]["state"], made["items"], made["takenAt"]) == ("error", [], None)
    assert made["health"]["error"] in done.stderr
    assert agentdash("pause", "x", "--redis", f"unix://{tmp_path}/none.sock", cwd=tmp_path).returncode == 4


def test_what_is_not_reached_in_time_is_in_the_document_and_in_the_code(place: Path) -> None:
    done = agentdash("snapshot", "--json", "--timeout", "0.000001", cwd=place)
    assert done.returncode == 3
    views = json.loads(done.stdout)["views"]
    assert "not read in time" in {view["health"]["error"] for view in views.values()}


def test_findings_fail_a_script_only_where_it_asks_for_it(place: Path) -> None:
    inbox = place / "monitor-session/findings"
    inbox.mkdir(parents=True)
    (inbox / "a.jsonl").write_text(
        json.dumps(
            {"findingId": "X-1", "agentId": "LINT", "category": "BUG", "severity": "HIGH", "evidence": ["x"]}
        )
        + "\n"
    )
    assert agentdash("findings", cwd=place).returncode == 0
    assert agentdash("findings", "--fail-on", "critical", cwd=place).returncode == 0
    done = agentdash("findings", "--fail-on", "high", "--json", cwd=place)
    assert done.returncode == 1
    assert [item["findingId"] for item in json.loads(done.stdout)["items"]] == ["X-1"]


async def test_one_look_waits_until_what_it_sees_has_lasted(
    place: Path, client: Redis, redis_url: str
) -> None:
    for number in range(150):
        await client.xadd("orders", {"order": number})
    await client.xgroup_create("orders", "billing", id="0")
    done = agentdash("findings", "--redis", redis_url, "--fail-on", "critical", "--json", cwd=place)
    assert done.returncode == 1
    assert {item["category"] for item in json.loads(done.stdout)["items"]} == {
        "DEAD_CONSUMER",
        "CONSUMER_LAG",
    }


def test_one_look_waits_for_every_source_of_findings(place: Path) -> None:
    lock = place / "code/web/.git/index.lock"
    lock.touch()
    os.utime(lock, (lock.stat().st_mtime - 3600,) * 2)
    assert agentdash("run", "--", "false", cwd=place).returncode == 1
    done = agentdash("findings", "--json", cwd=place)
    assert {item["category"] for item in json.loads(done.stdout)["items"]} == {"RUN_FAILED", "STALE_LOCK"}


def test_a_source_of_findings_that_cannot_be_read_is_said(place: Path) -> None:
    made = document("findings", "--json", "--projects", str(place / "none"), cwd=place)
    assert any("none does not exist" in gap for gap in made["health"]["gaps"])


@contextmanager
def watching(*args: str, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*PROGRAM, *args, "--watch"], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def next_with(process: subprocess.Popen[str], key: str, value: Any) -> dict[str, Any]:
    """The next object in which the first item (or the object itself) has *value* as *key*."""
    assert process.stdout is not None
    for text in process.stdout:
        made: dict[str, Any] = json.loads(text)
        items = made.get("items", [made])
        if items and items[-1].get(key) == value:
            return made
    raise AssertionError("it ended before that came")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_watching_tells_each_change_and_ends_cleanly(
    place: Path, streams: redis.Redis, number: signal.Signals, code: int
) -> None:
    with watching("streams", cwd=place) as process:
        assert next_with(process, "length", 2)["schema"] == "agentdash/streams/1"
        streams.xadd("orders", {"n": "3"})
        next_with(process, "length", 3)
        process.send_signal(number)
        _, said = process.communicate(timeout=20)
    assert (process.returncode, said.strip()) == (code, "")


def test_a_file_is_followed_line_by_line(place: Path) -> None:
    file = place / "new.log"
    file.write_text("first\n")
    with watching("logs", "new.log", cwd=place) as process:
        next_with(process, "message", "first")
        with file.open("a") as log:
            log.write("second\n")
        assert next_with(process, "message", "second")["offset"] == 6


def test_a_reader_that_goes_away_ends_a_watch(place: Path, streams: redis.Redis) -> None:
    with watching("streams", cwd=place) as process:
        next_with(process, "length", 2)
        assert process.stdout is not None
        process.stdout.close()

        def ended() -> bool:
            streams.xadd("orders", {"n": "x"})
            return process.poll() is not None

        wait_until(ended, what="the watch has ended")
        assert process.stderr is not None
        assert (process.returncode, process.stderr.read()) == (141, "")


def test_init_writes_a_file_that_loads_and_asks_before_it_overwrites(
    place: Path, streams: redis.Redis
) -> None:
    done = agentdash("init", "made.toml", cwd=place)
    assert (done.returncode, done.stdout.strip()) == (0, "made.toml"), done.stderr
    shown = json.loads(agentdash("config", "show", "--json", "--config", "made.toml", cwd=place).stdout)
    assert shown["projects"]["value"] == [f"{place}/code"]
    assert "# Found: odd\\xff, orders" in (place / "made.toml").read_text()
    assert agentdash("init", "made.toml", cwd=place).returncode == 2
    assert agentdash("init", "made.toml", "--force", cwd=place).returncode == 0

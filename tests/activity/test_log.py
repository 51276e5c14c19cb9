from __future__ import annotations

import fcntl
import os
import re
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdash.activity import Activity, read_activity
from agentdash.activity.line import Step, write_line
from agentdash.core.clock import ManualClock

LINE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (INFO |ERROR|DEBUG) \S+ (ok|failed) .*?( in \d+\.\d ms)?"
)


def test_a_line_has_time_level_actor_outcome_step_and_duration(tmp_path: Path) -> None:
    activity = Activity(tmp_path / "deep" / "agentdash.log", clock=ManualClock(1_732_112_345_118))
    activity.write("runs", "read 4 runs", duration_ms=0.94)
    activity.write("streams", "poll", ok=False)
    activity.write("repos", "nothing changed", routine=True, duration_ms=12)
    activity.close()
    assert read_activity(activity.path) == [
        "2024-11-20T14:19:05.118Z INFO  runs ok read 4 runs in 0.9 ms",
        "2024-11-20T14:19:05.118Z ERROR streams failed poll",
        "2024-11-20T14:19:05.118Z DEBUG repos ok nothing changed in 12.0 ms",
    ]
    assert (tmp_path / "deep").stat().st_mode & 0o777 == 0o700
    assert activity.path.stat().st_mode & 0o777 == 0o600


@given(st.text(), st.text(), st.booleans(), st.none() | st.floats(0, 1e9))
def test_whatever_the_text_it_is_one_line(actor: str, text: str, ok: bool, took: float | None) -> None:
    raw = write_line(Step(1_732_112_345_118, actor, text, ok, took))
    assert raw.endswith(b"\n")
    assert raw.decode().splitlines() == [raw.decode()[:-1]]
    assert LINE.fullmatch(raw.decode()[:-1])


def test_a_long_text_is_cut_at_a_character() -> None:
    raw = write_line(Step(0, "a", "é" * 5000))
    assert len(raw) < 2048 + 100
    assert raw.decode().endswith("…\n")


@pytest.mark.parametrize(
    "text",
    [
        "use redis://user:hunter2@host:6379/0",
        "use rediss://:hunter2@host and redis://b:hunter2@other/1",
        "bad redis://a:hun@hunter2@host",
        "bad redis://a:x/hunter2@host",
        "unix:///run/x.sock?password=hunter2&db=1",
        "https://hunter2@github.com/a/b.git",
    ],
)
def test_passwords_are_masked(text: str) -> None:
    said = write_line(Step(0, "server", text)).decode()
    assert "hunter2" not in said
    assert "***" in said


def test_a_writer_that_cannot_write_never_blocks_and_counts_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "agentdash.log"
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(fd, fcntl.LOCK_EX)
    activity = Activity(path)
    for number in range(6000):
        activity.write("test", f"step {number}")
    assert not activity.flush(timeout=0.05)
    os.close(fd)
    assert activity.flush()
    activity.close()
    lines = read_activity(path)
    (said,) = [line for line in lines if "missing" in line]
    missing = int(said.rpartition(" ")[2])
    assert missing >= 6000 - 4096 - 256
    assert len(lines) - 1 + missing == 6000


def test_an_error_is_kept_and_the_missing_steps_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "agentdash.log"
    path.mkdir()
    activity = Activity(path)
    activity.write("test", "lost")
    assert activity.flush()
    assert activity.error
    path.rmdir()
    activity.write("test", "kept")
    activity.close()
    assert activity.error is None
    lost, kept = read_activity(path)[::-1]
    assert "missing here" in lost
    assert lost.endswith(": 1")
    assert kept.endswith("test ok kept")


def test_threads_share_one_log_of_5000_lines(tmp_path: Path) -> None:
    activity = Activity(tmp_path / "agentdash.log")

    def work(name: int) -> None:
        for number in range(1500):
            activity.write(f"t{name}", f"step {number}")
            if number % 200 == 0:
                activity.flush()

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    activity.close()
    lines = activity.path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 5000
    assert all(LINE.fullmatch(line) for line in lines)


def test_what_comes_after_the_end_is_not_written(tmp_path: Path) -> None:
    activity = Activity(tmp_path / "agentdash.log")
    activity.write("test", "before")
    activity.close()
    activity.write("test", "after")
    activity.close()
    assert len(read_activity(activity.path)) == 1


def test_nothing_written_leaves_nothing(tmp_path: Path) -> None:
    activity = Activity(tmp_path / "state" / "agentdash.log")
    activity.close()
    assert list(tmp_path.iterdir()) == []

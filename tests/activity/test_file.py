from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentdash.activity.file import LineFile, read_activity
from tests.support import wait_until

STAMP = "2026-11-20T16:36:00.123Z "
WHOLE = re.compile(r"2026-11-20T16:36:00\.123Z \d+ \d+ x* end")


def line(text: object) -> bytes:
    return f"{STAMP}{text}\n".encode()


def on_disk(path: Path) -> list[str]:
    """What any program sees that ignores the spaces in front."""
    return path.read_text(encoding="utf-8").lstrip(" ").splitlines()


STEPS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.lists(st.text(alphabet="aé ", max_size=40), min_size=1, max_size=7),
        st.sampled_from(["", "", "", "close", "copy", "cut", "empty"]),
    ),
    max_size=30,
)


@given(steps=STEPS, limit=st.integers(1, 9), slack=st.sampled_from([0, 50, 400, 10_000]))
@settings(max_examples=120, deadline=None)
def test_two_writers_hold_the_newest_lines_exactly(
    steps: list[tuple[int, list[str], str]], limit: int, slack: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        writers = [LineFile(path, limit, slack=slack) for _ in range(2)]
        model: list[str] = []
        for number, texts, event in steps:
            unique = [f"{len(model) + place} {text}" for place, text in enumerate(texts)]
            writers[number].append([line(text) for text in unique])
            model += [STAMP + text for text in unique]
            assert on_disk(path) == model[-limit:]
            assert read_activity(path) == model[-limit:]
            assert read_activity(path, 2) == model[-min(2, limit) :]
            if event == "close":
                writers[number].close()
                writers[number] = LineFile(path, limit, slack=slack)
            elif event == "copy":  # somebody puts a copy in its place
                copy = path.with_name("copy")
                copy.write_bytes(path.read_bytes())
                copy.replace(path)
            elif event == "cut":  # a writer that was killed amid a line
                with path.open("ab") as file:
                    file.write(b"2026-11-20T16:36")
                assert read_activity(path) == model[-limit:]
            elif event == "empty":
                path.write_bytes(b"")
                model.clear()
        for writer in writers:
            writer.close()


def test_at_the_limit_a_line_is_two_small_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log"
    file = LineFile(path, 5000)
    file.append([line(number) for number in range(5000)])
    assert len(on_disk(path)) == 5000
    written = []
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, at: written.append(len(data)) or real(fd, data, at))
    inode = path.stat().st_ino
    for number in range(5000, 5100):
        file.append([line(number)])
    assert len(written) == 200
    assert sum(written) < 100 * 2 * 40
    assert path.stat().st_ino == inode
    assert [text.split()[-1] for text in on_disk(path)] == [str(number) for number in range(100, 5100)]
    file.close()


def test_the_padding_stays_bounded(tmp_path: Path) -> None:
    path = tmp_path / "log"
    file = LineFile(path, 10, slack=1000)
    for number in range(500):
        file.append([line(number)])
        assert path.stat().st_size < 1000 + 12 * 40
    file.close()


def test_who_wrote_a_lot_leaves_no_padding(tmp_path: Path) -> None:
    path = tmp_path / "log"
    file = LineFile(path, 10)
    for number in range(300):
        file.append([line(number)])
    assert path.read_bytes().startswith(b" ")
    file.close()
    assert path.read_bytes().startswith(STAMP.encode())
    assert sorted(found.name for found in tmp_path.iterdir()) == ["log"]


@pytest.mark.parametrize("left", [b"", b"  ", b"     of a line that was half blanked\n"])
def test_a_first_line_without_its_beginning_goes(tmp_path: Path, left: bytes) -> None:
    path = tmp_path / "log"
    path.write_bytes(b" " * 100 + left + line("whole"))
    assert read_activity(path) == [f"{STAMP}whole"]
    file = LineFile(path, 5)
    file.append([line("new")])
    assert on_disk(path) == [f"{STAMP}whole", f"{STAMP}new"]
    file.close()


def test_a_writer_finds_a_line_that_another_blanked_in_part(tmp_path: Path) -> None:
    path = tmp_path / "log"
    file = LineFile(path, 2)
    file.append([line("one"), line("two")])
    with path.open("r+b") as killed:
        killed.write(b" " * 10)
    file.append([line("three")])
    assert on_disk(path) == [f"{STAMP}two", f"{STAMP}three"]
    file.close()


def test_a_huge_foreign_file_is_cut_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x" * 3_000_000 + b"\n" + line("a") + line("b"))
    assert read_activity(path, 5) == [f"{STAMP}a", f"{STAMP}b"]
    file = LineFile(path, 5)
    file.append([line("c")])
    file.close()
    assert on_disk(path) == [f"{STAMP}{name}" for name in "abc"]


def test_no_file_is_no_lines(tmp_path: Path) -> None:
    assert read_activity(tmp_path / "none") == []


_WRITER = """
import sys
from pathlib import Path
from agentdash.activity.file import LineFile
file = LineFile(Path(sys.argv[1]), int(sys.argv[2]), slack=20_000)
number = 0
while number != int(sys.argv[4]):
    text = f"{sys.argv[3]} {number} {'x' * (number * 37 % 900)} end"
    file.append([f"2026-11-20T16:36:00.123Z {text}\\n".encode()])
    number += 1
file.close()
"""


def start_writer(path: Path, limit: int, name: int, count: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", _WRITER, *map(str, (path, limit, name, count))])


def test_four_processes_write_and_a_reader_sees_whole_lines_only(tmp_path: Path) -> None:
    path = tmp_path / "log"
    writers = [start_writer(path, 300, name, 1500) for name in range(4)]
    reads = 0
    while any(writer.poll() is None for writer in writers):
        lines = read_activity(path)
        reads += 1
        assert len(lines) <= 300
        assert all(WHOLE.fullmatch(text) for text in lines)
        newest: dict[str, int] = {}
        for text in lines:  # each writer's lines are in order, without a gap
            _, name, number, *_ = text.split()
            assert newest.get(name, int(number) - 1) == int(number) - 1
            newest[name] = int(number)
    assert [writer.returncode for writer in writers] == [0] * 4
    assert reads > 1
    lines = on_disk(path)
    assert len(lines) == 300
    assert all(WHOLE.fullmatch(text) for text in lines)


def wrote(path: Path, name: int, number: int) -> bool:
    words = (read_activity(path, 1) or ["Z -1 0"])[0].split()
    return words[1] == str(name) and int(words[2]) >= number


def test_kill_9_at_any_moment_leaves_a_readable_file(tmp_path: Path) -> None:
    path = tmp_path / "log"
    for attempt in range(12):
        writer = start_writer(path, 200, attempt, -1)
        try:
            wait_until(partial(wrote, path, attempt, 250 + attempt * 7), what="lines of this writer")
        finally:
            writer.send_signal(signal.SIGKILL)
            writer.wait()
        lines = read_activity(path)
        assert 199 <= len(lines) <= 200
        assert all(WHOLE.fullmatch(text) for text in lines)
    file = LineFile(path, 200)
    file.append([line("0 0 xx end")])
    file.append([line("0 1 xx end")])
    file.close()
    lines = on_disk(path)
    assert len(lines) == 200
    assert all(WHOLE.fullmatch(text) for text in lines)


def test_limits_of_more_than_one_process_may_differ(tmp_path: Path) -> None:
    path = tmp_path / "log"
    many, few = LineFile(path, 100), LineFile(path, 3)
    many.append([line(number) for number in range(50)])
    few.append([line(50)])
    assert [text.split()[-1] for text in on_disk(path)] == ["48", "49", "50"]
    many.append([line(51)])
    assert len(on_disk(path)) == 4
    many.close()
    few.close()

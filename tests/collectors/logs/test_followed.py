"""One followed file: every line once and in order, whatever happens to the file."""

from __future__ import annotations

import logging.handlers
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collectors.logs import followed, open_log
from collectors.logs.followed import FollowedLog
from tests.support import wait_until


class Reader:
    """Polls a followed file and keeps its lines."""

    def __init__(self, path: Path, *, fresh: bool = True) -> None:
        self.file = FollowedLog(path, fresh=fresh)
        self.now = 0.0
        self.lines: list[bytes] = []
        self.skipped = 0

    def poll(self, seconds: float = 0.1) -> list[bytes]:
        self.now += seconds
        new: list[bytes] = []
        for piece in self.file.poll(self.now):
            new += piece.data.removesuffix(b"\n").split(b"\n")
        self.lines += new
        self.skipped += self.file.pop_skipped()
        return new


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "web.log"


@pytest.fixture
def reader(log: Path) -> Iterator[Reader]:
    reader = Reader(log)
    yield reader
    reader.file.close()


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_lines_as_they_come(log: Path, reader: Reader) -> None:
    assert reader.poll() == []
    assert reader.file.error == "no such file yet; it is followed as soon as it appears"
    append(log, "one\ntw")
    assert reader.poll() == [b"one"]
    assert reader.file.error is None
    append(log, "o\nthree\n")
    assert reader.poll() == [b"two", b"three"]
    assert reader.poll() == []


def test_at_first_sight_only_the_end(log: Path) -> None:
    append(log, "".join(f"line {number:06}\n" for number in range(20_000)))
    reader = Reader(log, fresh=False)
    reader.poll()
    assert reader.lines[-1] == b"line 019999"
    assert 1000 < len(reader.lines) < followed.FIRST_READ / 12
    assert all(len(line) == 11 for line in reader.lines)
    assert reader.skipped == 0
    reader.file.close()


def test_a_slow_writer_in_mid_line_is_waited_for_then_shown(log: Path, reader: Reader) -> None:
    append(log, "Password: ")
    assert reader.poll() == []
    assert reader.poll(6) == [b"Password: "]
    append(log, "unfinished\nnext\n")
    assert reader.poll() == [b"unfinished", b"next"]


def test_rename_and_create_while_the_old_file_is_still_written(log: Path, reader: Reader) -> None:
    append(log, "1\n")
    reader.poll()
    with log.open("a") as old:
        log.rename(log.with_name("web.log.1"))
        old.write("2\n")
        old.flush()
        log.write_text("")
        reader.poll()
        old.write("3\n")
        old.flush()
        reader.poll()
    append(log, "4\n")
    reader.poll()
    assert reader.lines == [b"1", b"2", b"3", b"4"]


def test_copytruncate_with_unread_lines(log: Path, reader: Reader) -> None:
    append(log, "1\n2\n")
    reader.poll()
    append(log, "3\n4\nhal")
    shutil.copy(log, log.with_name("web.log.1"))
    os.truncate(log, 0)
    append(log, "5\n")
    reader.poll()
    reader.poll()
    assert reader.lines == [b"1", b"2", b"3", b"4", b"hal", b"5"]


def test_copytruncate_of_what_was_not_read_at_all(log: Path, reader: Reader) -> None:
    """Several generations between two looks, the inode of an old copy used again; none comes twice."""
    append(log, "")
    reader.poll()
    for turn in range(3):
        for line in range(2):
            append(log, f"{turn} {line}\n")
        wait_until(lambda: _newer(log), what="a later tick of the file system's clock")
        shutil.copy(log, log.with_name(f"web.log-2024010{turn}"))
        os.truncate(log, 0)
    append(log, "last\n")
    reader.poll()
    reader.poll(6)
    assert reader.lines == [b"0 0", b"0 1", b"1 0", b"1 1", b"2 0", b"2 1", b"last"]
    assert reader.file.pop_truncations() == []


def test_an_older_copy_and_the_renamed_log_are_not_read_again(log: Path, reader: Reader) -> None:
    log.with_name("web.log.7").write_text("long ago\n")
    append(log, "1\n")
    reader.poll()
    log.rename(log.with_name("web.log.1"))
    append(log, "")
    reader.poll()
    reader.poll(6)
    append(log.with_name("web.log.1"), "2\n")
    append(log, "3\n")
    reader.poll()
    reader.poll(6)
    assert reader.lines == [b"1", b"2", b"3"]


def test_a_writer_that_counts_rotated_files_upwards(log: Path, reader: Reader) -> None:
    append(log, "1\n")
    reader.poll()
    log.rename(log.with_name("web.log.1"))
    append(log, "2\n")
    reader.poll()
    reader.poll(6)  # the first file is let go
    append(log, "3\n")
    shutil.copy(log, log.with_name("web.log.2"))
    log.write_text("4\n")
    reader.poll()
    reader.poll(6)
    assert reader.lines == [b"1", b"2", b"3", b"4"]


def test_bytes_lost_by_a_truncation_are_reported(
    log: Path, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_log, "READ_SIZE", 8)
    append(log, "line 1\nline 2\nline 3\n")
    reader.poll()
    assert reader.file.pop_truncations() == []
    log.write_text("new\n")
    reader.poll()
    reader.poll()
    assert reader.lines == [b"line 1", b"l", b"new"]
    assert reader.file.pop_truncations() == [13]
    log.write_text("ne\n")
    reader.poll()
    assert reader.file.pop_truncations() == [0]


def test_truncated_and_longer_than_before_at_the_next_look(log: Path, reader: Reader) -> None:
    append(log, "old 1\n")
    reader.poll()
    log.write_text("new 1\nnew 2\n")
    reader.poll()
    assert reader.lines == [b"old 1", b"new 1", b"new 2"]


def test_deleted_and_recreated(log: Path, reader: Reader) -> None:
    append(log, "1\n")
    reader.poll()
    append(log, "2\n")
    log.unlink()
    append(log, "3\n")
    reader.poll()
    log.unlink()
    reader.poll()
    assert reader.file.error == "no such file yet; it is followed as soon as it appears"
    reader.poll(6)
    assert not reader.file.identities()
    append(log, "4\n")
    reader.poll()
    assert reader.lines == [b"1", b"2", b"3", b"4"]


def test_a_symlink_is_switched(log: Path, reader: Reader, tmp_path: Path) -> None:
    for day in ("mon", "tue"):
        (tmp_path / day).write_text(f"{day}\n")
    log.symlink_to("mon")
    reader.poll()
    log.unlink()
    log.symlink_to("tue")
    reader.poll()
    assert reader.lines == [b"mon", b"tue"]


def test_written_anew_without_its_oldest_lines(log: Path, reader: Reader) -> None:
    """As a log that is identities to a number of lines is: a new file is renamed over the old one."""
    lines = [f"line {number:03} of a log that is trimmed" for number in range(40)]
    append(log, "\n".join(lines[:30]) + "\n")
    reader.poll()
    append(log, "\n".join(lines[30:35]) + "\n")
    new = log.with_name("new")
    new.write_text("\n".join(lines[20:37]) + "\n")
    new.replace(log)
    append(log, "\n".join(lines[37:]) + "\n")
    reader.poll()
    assert [line.decode() for line in reader.lines] == lines


def test_several_rotations_between_two_looks(log: Path, reader: Reader) -> None:
    append(log, "1\n")
    reader.poll()
    append(log, "2\n")
    for number in range(3, 8):
        for old in range(5, 0, -1):
            if (source := log.with_name(f"web.log.{old}")).exists():
                source.rename(log.with_name(f"web.log.{old + 1}"))
        log.rename(log.with_name("web.log.1"))
        append(log, f"{number}\n")
    reader.poll()
    assert reader.lines == [b"1", b"2", b"3", b"4", b"5", b"6", b"7"]


def test_a_line_too_long_is_kept_in_part(log: Path, reader: Reader) -> None:
    with log.open("wb") as file:
        file.write(b"before\n")
        for _ in range(40):
            file.write(b"x" * 100_000)
        file.write(b"\nafter\n")
    pieces = []
    for number in range(8):
        pieces += reader.file.poll(number)
    assert b"".join(piece.data for piece in pieces).startswith(b"before\nxxx")
    assert [piece.cut for piece in pieces if piece.cut] == [4_000_000 + 1 - open_log.LINE_LIMIT]
    assert pieces[-1].data == b"after\n"
    assert pieces[-1].offset == 7 + 4_000_000 + 1


def test_a_flood_is_passed_over_and_counted_exactly(log: Path, reader: Reader) -> None:
    append(log, "first\n")
    reader.poll()
    total = 300_000
    with log.open("a") as file:
        file.writelines(f"{number:040}\n" for number in range(total))
    while reader.poll():
        pass
    assert reader.lines[-1] == f"{total - 1:040}".encode()
    assert len(reader.lines) + reader.skipped == total + 1
    assert reader.skipped > 0
    numbers = [int(line) for line in reader.lines[1:]]
    assert numbers == list(range(numbers[0], total))


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_anything_but_a_regular_file_is_an_error(log: Path, reader: Reader, kind: str) -> None:
    log.mkdir() if kind == "folder" else os.mkfifo(log)
    reader.poll()
    assert reader.file.error == "not a regular file"


def _newer(path: Path) -> bool:
    """Whether a file that is made now is of a later tick than *path*."""
    probe = path.with_name("probe")
    probe.write_text("")
    return probe.stat().st_mtime_ns > path.stat().st_mtime_ns


class Writer(threading.Thread):
    """Writes numbered lines at full speed, and rotates as it goes."""

    def __init__(self, path: Path, rotate: Callable[[Path, int], None], lines: int, every: int) -> None:
        super().__init__(daemon=True)
        self.path, self.rotate, self.total, self.every = path, rotate, lines, every

    def run(self) -> None:
        file = self.path.open("a", buffering=1)
        for number in range(self.total):
            file.write(f"numbered line {number:06} {'x' * (number % 50)}\n")
            if number % self.every == self.every - 1:
                self.rotate(self.path, number // self.every)
                if not _same(file.fileno(), self.path):
                    file.close()
                    file = self.path.open("a", buffering=1)
        file.close()


def _same(fd: int, path: Path) -> bool:
    try:
        return os.fstat(fd).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False


def _by_rename(path: Path, turn: int) -> None:
    for old in range(turn, 0, -1):
        path.with_name(f"web.log.{old}").rename(path.with_name(f"web.log.{old + 1}"))
    path.rename(path.with_name("web.log.1"))
    path.touch()


def _by_date(path: Path, turn: int) -> None:
    path.rename(path.with_name(f"web.log-20241120-{turn:06}"))


def _by_copytruncate(path: Path, turn: int) -> None:
    shutil.copy(path, path.with_name(f"web.log-2024{turn:06}"))
    os.truncate(path, 0)


@pytest.mark.parametrize("rotate", [_by_rename, _by_date, _by_copytruncate])
def test_a_numbered_writer_at_full_speed(
    log: Path, reader: Reader, rotate: Callable[[Path, int], None]
) -> None:
    """Of what is truncated a moment after it was written only the copy tells, if some was read before."""
    total, every = 20_000, 1_000

    def turn(path: Path, number: int) -> None:
        if rotate is _by_copytruncate:
            wait_until(lambda: len(reader.lines) > number * every, what="a line of this turn")
        rotate(path, number)

    writer = Writer(log, turn, total, every)
    log.touch()
    reader.poll()
    writer.start()

    def done() -> bool:
        reader.poll()
        return len(reader.lines) >= total and not writer.is_alive()

    wait_until(done, what="all lines")
    reader.poll()
    assert [int(line.split()[2]) for line in reader.lines] == list(range(total))
    assert reader.skipped == 0


def test_the_standard_librarys_rotation(log: Path, reader: Reader) -> None:
    handler = logging.handlers.RotatingFileHandler(log, maxBytes=2_000, backupCount=50)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    reader.poll()
    for number in range(1_500):
        handler.emit(logging.LogRecord("a", logging.INFO, "", 0, f"number {number}", None, None))
        if number % 97 == 0:
            reader.poll()
    reader.poll()
    reader.poll()
    handler.close()
    assert [int(line.split()[-1]) for line in reader.lines] == list(range(1_500))

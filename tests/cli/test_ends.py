"""Each way out, at any moment: the documented exit code, the terminal as it was, nothing left."""

from __future__ import annotations

import itertools
import os
import random
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from agentdash.process_end import FATAL_SIGNALS
from tests.ends import Program, ended_well
from tests.support import wait_until

INT, TERM, HUP, QUIT, USR1 = signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1
MORE = int(os.environ.get("AGENTDASH_FUZZ", "0"))
DRAWN = b"treams"
READ = b"no runs yet"
"""What the board shows of an empty server: it is there, and its first data."""

MOMENTS = {
    ("config", "show"): (
        "agentdash.cli.stdio", "click", "agentdash.cli.root", "agentdash.settings.load",
        "agentdash.headless.settings_shown", "agentdash.headless.grid",
    ),
    ("streams", "--watch"): (
        "agentdash.cli.views", "agentdash.runtime.engine", "redis", "agentdash.server.embedded",
        "collectors.repos.collector", "collectors.streams.collector",
    ),
    ("run", "--", "sleep", "60"): (
        "agentdash.cli.runs", "agentdash.runner.launch", "agentdash.server.locks", "psutil",
    ),
    ("demo", "--headless", "60"): ("agentdash.cli.demo", "agentdash.demo.fleet", "agentdash.runtime.engine"),
    (): (
        "textual.app", "tui.app", "tui.terminal", "textual.drivers.linux_driver", "tui.screens.board.board",
        "agentdash.server.embedded", "collectors.repos.collector", "tui.screens.dialogs.help",
    ),
}  # fmt: skip
"""Modules of which each command imports one after the other, from the first after the handlers are there."""
ALL = [(args, module, number) for args in MOMENTS for module in MOMENTS[args] for number in (*FATAL_SIGNALS,)]
FEW = [
    (("config", "show"), "agentdash.cli.stdio", INT),
    (("config", "show"), "click", TERM),
    (("config", "show"), "agentdash.headless.grid", QUIT),
    (("streams", "--watch"), "redis", INT),
    (("streams", "--watch"), "agentdash.server.embedded", HUP),
    (("run", "--", "sleep", "60"), "agentdash.server.locks", TERM),
    (("demo", "--headless", "60"), "agentdash.demo.fleet", INT),
    ((), "textual.drivers.linux_driver", USR1),
    ((), "agentdash.server.embedded", TERM),
]


@pytest.mark.parametrize(
    ("args", "module", "number"),
    random.Random(MORE).sample(ALL, min(MORE, len(ALL))) if MORE else FEW,
    ids=lambda value: value.name if isinstance(value, signal.Signals) else str(value),
)
def test_a_signal_at_any_moment_ends_it_with_its_code(
    tmp_path: Path, args: tuple[str, ...], module: str, number: signal.Signals
) -> None:
    program = Program(tmp_path, *args, tty=not args, signal_at=(module, number, 1))
    ended_well(program, 128 + number)


def twice(number: signal.Signals) -> Callable[[Program], None]:
    def act(program: Program) -> None:
        program.shows(DRAWN)
        program.process.send_signal(number)
        program.process.send_signal(number)

    return act


def quits_with_a_question_open(program: Program) -> None:
    program.shows(DRAWN)
    program.press(b":")
    program.shows(b"earch")
    program.process.send_signal(TERM)


@pytest.mark.parametrize(
    ("act", "code"),
    [
        pytest.param(twice(INT), 130, id="SIGINT twice"),
        pytest.param(quits_with_a_question_open, 143, id="with a dialog open"),
        *(
            pytest.param(twice(number), 128 + number, id=f"{number.name} twice")
            for number in FATAL_SIGNALS
            if MORE
        ),
    ],
)
def test_the_dashboard_ends(tmp_path: Path, act: Callable[[Program], None], code: int) -> None:
    ended_well(Program(tmp_path, tty=True), code, act)


def test_a_key_that_is_no_utf8_is_no_end_and_q_leaves_nothing(tmp_path: Path) -> None:
    def act(program: Program) -> None:
        program.shows(DRAWN)
        program.press(b"\xe9\xff")
        program.press(b"q")

    ended_well(Program(tmp_path, tty=True), 0, act)


def test_ctrl_z_suspends_with_the_terminal_put_back_and_goes_on(tmp_path: Path) -> None:
    def act(program: Program) -> None:
        program.shows(READ)
        program.press(b"\x1a")
        process = psutil.Process(program.process.pid)
        wait_until(lambda: process.status() == psutil.STATUS_STOPPED, what="it is stopped")
        program.shows(b"\x1b[?1049l")
        assert not [words for words in program.left() if "terminal" in words]
        program.written["tty"] = b""
        program.process.send_signal(signal.SIGCONT)
        program.shows(DRAWN)
        program.press(b"q")

    ended_well(Program(tmp_path, tty=True), 0, act)


@pytest.mark.parametrize("number", [QUIT] if not MORE else FATAL_SIGNALS)
def test_a_signal_ends_a_run_and_its_command(tmp_path: Path, number: signal.Signals) -> None:
    def act(program: Program) -> None:
        program.shows(b"begun")
        program.process.send_signal(number)

    program = Program(tmp_path, "run", "--", "sh", "-c", "echo begun; sleep 60; :")
    ended_well(program, 128 + number, act)


CLOSED = {"stdin": 0, "stdout": 1, "stderr": 2}
COMMANDS = (
    ("config", "show"),
    ("--help",),
    ("run", "--", "echo", "hi"),
    ("logs", "-"),
    ("streams", "--json"),
)


@pytest.mark.parametrize(
    ("args", "closed", "code", "said"),
    [
        (("config", "show"), ("stdout",), 1, b"Bad file descriptor"),
        (("run", "--", "echo", "hi"), ("stdin", "stdout", "stderr"), 0, b""),
        (("logs", "-"), ("stdin",), 4, b"cannot be read: bad file descriptor"),
    ],
)
def test_closed_streams_are_as_closed(
    tmp_path: Path, args: tuple[str, ...], closed: tuple[str, ...], code: int, said: bytes
) -> None:
    def close() -> None:
        for name in closed:
            os.close(CLOSED[name])

    program = Program(tmp_path, *args, preexec_fn=close)
    ended_well(program, code)
    assert said in program.written["err"]


@pytest.mark.skipif(not MORE, reason="the fuller run, see AGENTDASH_FUZZ")
@pytest.mark.parametrize("args", COMMANDS)
@pytest.mark.parametrize("closed", [c for n in (1, 2, 3) for c in itertools.combinations(CLOSED, n)])
def test_every_set_of_closed_streams(tmp_path: Path, args: tuple[str, ...], closed: tuple[str, ...]) -> None:
    def close() -> None:
        for name in closed:
            os.close(CLOSED[name])

    program = Program(tmp_path, *args, preexec_fn=close)
    try:
        assert program.code() in {0, 1, 4}
        assert program.left() == []
    finally:
        program.close()


@pytest.mark.parametrize("args", [("--help",), ("config", "schema")])
def test_a_reader_that_went_away_is_141(tmp_path: Path, args: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    program = Program(tmp_path, *args, stdout=writer)
    os.close(writer)
    ended_well(program, 141)
    assert program.written["err"] == b""


@pytest.mark.parametrize(
    "env",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "latin-1"},
    ],
    ids=["C", "latin-1"],
)
def test_what_the_encoding_lacks_is_drawn_with_what_it_has(tmp_path: Path, env: dict[str, str]) -> None:
    log = tmp_path / "a.log"
    log.write_text("2026-11-28 12:00:00 ERROR café → … 漢 │\n", encoding="utf-8")
    program = Program(tmp_path, "logs", str(log), env=env)
    ended_well(program, 0)
    cafe = "café" if "PYTHONIOENCODING" in env else "cafe"
    assert f"{cafe} > ~ ?? |".encode("latin-1") in program.written["out"]


def test_the_dashboard_draws_where_there_is_no_utf8(tmp_path: Path) -> None:
    def act(program: Program) -> None:
        program.shows(DRAWN)
        program.press(b"q")

    program = Program(tmp_path, tty=True, env={"PYTHONIOENCODING": "latin-1"})
    ended_well(program, 0, act)
    assert b"\\u25" not in program.written["tty"]


@pytest.mark.parametrize("zone", ["<+99>-99:59:59", "<+24>-24"])
def test_a_zone_that_is_none_is_utc(tmp_path: Path, zone: str) -> None:
    log = tmp_path / "a.log"
    log.write_text("2026-11-28T12:00:00Z ERROR it broke\n")
    program = Program(tmp_path, "logs", str(log), env={"TZ": zone})
    ended_well(program, 0)
    assert b"12:00:00 ERROR a: it broke" in program.written["out"]
    assert b"times are in UTC" in program.written["err"]


@pytest.mark.parametrize("kind", ["dumb", "unknown"])
def test_a_terminal_that_cannot_move_its_cursor_is_refused(tmp_path: Path, kind: str) -> None:
    program = Program(tmp_path, tty=True, env={"TERM": kind})
    ended_well(program, 2)
    assert f"TERM={kind} cannot move its cursor".encode() in program.written["tty"]


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [(("config", "show"), 0, ""), (("run", "--", "true"), 2, "The current folder was removed")],
)
def test_a_current_folder_that_was_removed(
    tmp_path: Path, args: tuple[str, ...], code: int, said: str
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    program = Program(tmp_path, *args, preexec_fn=lambda: (os.chdir(place), place.rmdir()))
    ended_well(program, code)
    assert said in program.written["err"].decode()


def test_nohup_keeps_what_it_ignores(tmp_path: Path) -> None:
    def act(program: Program) -> None:
        program.shows(b'"agentdash/streams/1"')
        program.process.send_signal(HUP)
        assert not program.ended
        program.process.send_signal(TERM)

    ignoring = {"preexec_fn": lambda: signal.signal(HUP, signal.SIG_IGN)}
    ended_well(Program(tmp_path, "streams", "--watch", **ignoring), 143, act)


FULL = Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="Linux has it")
@pytest.mark.parametrize(
    ("args", "stream", "code", "said"),
    [
        (("run", "--", "echo", "hi"), "stdout", 0, b"stdout could not be passed on: No space left"),
        (("streems",), "stderr", 2, b""),
        (("pause", "none"), "stderr", 2, b""),
    ],
)
def test_a_full_disk_behind_a_stream(
    tmp_path: Path, args: tuple[str, ...], stream: str, code: int, said: bytes
) -> None:
    with FULL.open("wb") as full:
        program = Program(tmp_path, *args, **{stream: full})
    ended_well(program, code)
    assert said in program.written["err"]


def test_too_few_open_files_are_named(tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))

    program = Program(tmp_path, "run", "--", "true", preexec_fn=limit)
    ended_well(program, 4)
    assert b"Allow more open files (ulimit -n)" in program.written["err"]


@pytest.mark.skipif(not MORE, reason="the fuller run, see AGENTDASH_FUZZ")
@pytest.mark.parametrize("megabytes", [800, 400])
@pytest.mark.parametrize("args", [("streams", "--json"), ("findings",), ("config", "show")])
def test_little_memory_ends_in_words(tmp_path: Path, args: tuple[str, ...], megabytes: int) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))

    program = Program(tmp_path, *args, preexec_fn=limit)
    try:
        assert program.code() in {0, 1, 3, 4}
        assert program.left() == []
    finally:
        program.close()

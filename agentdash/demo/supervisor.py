"""The supervisor of a demo: starts the fleet, restarts what exits, and stops everything with its owner.

It runs in its own session as ``python -m agentdash.demo.supervisor FOLDER``. Its standard input is a pipe
that its owner (the dashboard) keeps open and never writes to: when the owner exits in any way, the kernel
closes the pipe, and the supervisor stops every process and removes the folder. It prints one line of JSON:
``{"url": …, "ports": {…}}`` once the fleet runs, or ``{"error": …, "cure": …}``.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

from agentdash.core.snapshot import SourceError
from agentdash.demo.cleanup import own_process, remove_demo
from agentdash.demo.folder import DemoFolder
from agentdash.demo.git import environment
from agentdash.demo.process_pool import ProcessPool
from agentdash.demo.repos import DemoRepos
from agentdash.demo.seed import seed, trim_runs
from agentdash.demo.workloads import SERVICE_NAMES, WORKSPACES
from agentdash.server.embedded import EmbeddedServer, EmbeddedUse

POLL_S = 0.5
"""Poll interval of the child processes and the pipe."""

SERVER_POLL_S = 5.0
"""Poll interval of the server: long enough for a user who kills it to see the effect on the panes."""

TRIM_EVERY = 60.0
PORTS_LIMIT = 10.0


class DemoSupervisor:
    """Supervises one fleet."""

    def __init__(self, folder: DemoFolder) -> None:
        self._folder = folder
        self._env = environment(folder)
        self._use: EmbeddedUse | None = None
        self._pool: ProcessPool | None = None

    def start(self) -> dict[str, object]:
        """Start everything.

        Returns:
            The server's URL and the services' ports, for the owner.

        Raises:
            SourceError: when something that is needed is missing.
        """
        self._folder.add_owner("supervisor", own_process())
        self._folder.make_subfolders()
        self._folder.config.write_text("# The demo's workers use the defaults.\n")
        repos = DemoRepos(self._folder, self._env)
        errors: list[Exception] = []
        creating = Thread(target=_collect_error, args=(repos.make_all, errors), name="repos")
        creating.start()
        try:
            self._use = EmbeddedServer(self._folder.server).acquire()
            # Lower priority for what follows: the server and the dashboard go first.
            os.nice(5)
            seed(self._use.url)
            self._pool = ProcessPool(self._folder, self._env, self._use.url, repos)
            for name in SERVICE_NAMES:
                self._pool.start_service(name)
        finally:
            creating.join()
        if errors:
            raise SourceError(
                f"The demo's repositories could not be created: {_message(errors[0])}", "Is git installed?"
            )
        for workspace in WORKSPACES:
            self._pool.start_run(workspace)
        return {"url": self._use.url, "ports": {"api": self._port("api")}}

    def watch(self, pipe: int) -> None:
        """Supervise the fleet until the other end of *pipe* is closed."""
        assert self._pool is not None
        assert self._use is not None
        server_at = trim_at = time.monotonic() + SERVER_POLL_S
        while True:
            ready, _, _ = select.select([pipe], [], [], POLL_S)
            if ready and not os.read(pipe, 64):
                return
            self._pool.poll()
            now = time.monotonic()
            if now >= server_at:
                server_at = now + SERVER_POLL_S
                with contextlib.suppress(SourceError):
                    self._use.recover()
            if now >= trim_at:
                trim_at = now + TRIM_EVERY
                trim_runs(self._use.url)

    def stop(self) -> None:
        """Stop every process and the server, and remove every file."""
        if self._pool is not None:
            self._pool.stop()
        if self._use is not None:
            with contextlib.suppress(SourceError, OSError):
                self._use.release()
        remove_demo(self._folder)

    def _port(self, name: str) -> int | None:
        until = time.monotonic() + PORTS_LIMIT
        while time.monotonic() < until:
            with contextlib.suppress(OSError, ValueError):
                return int(self._folder.port_file(name).read_text())
            time.sleep(0.02)
        return None


def _collect_error(work: Callable[[], None], errors: list[Exception]) -> None:
    try:
        work()
    except Exception as problem:  # noqa: BLE001 - reported to the thread that joins this one
        errors.append(problem)


def _message(problem: Exception) -> str:
    stderr = getattr(problem, "stderr", None)
    return stderr.decode(errors="replace").strip() if stderr else str(problem)


def _exit(*_: object) -> None:
    sys.exit(0)


def main(root: Path) -> int:
    """Supervise the fleet in *root* until its owner exits; exit code 1 when it could not be started."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _exit)
    supervisor = DemoSupervisor(DemoFolder(root))
    try:
        try:
            ready = supervisor.start()
        except SourceError as problem:
            _print_json({"error": problem.message, "cure": problem.cure})
            return 1
        except Exception as problem:  # noqa: BLE001 - every error is reported to the owner
            _print_json(
                {"error": f"The demo could not be started: {type(problem).__name__}: {problem}", "cure": None}
            )
            return 1
        _print_json(ready)
        supervisor.watch(sys.stdin.fileno())
        return 0
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        supervisor.stop()


def _print_json(document: dict[str, object]) -> None:
    with contextlib.suppress(BrokenPipeError):  # the owner has exited
        sys.stdout.write(json.dumps(document) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

"""The keeper of a demo: starts the fleet, starts again what ends, and takes everything down with its owner.

It runs in a session of its own as ``python -m agentdash.demo.supervisor FOLDER``. Its standard input is a
pipe that its owner (the dashboard) keeps open and never writes to: when the owner ends, however it ends, the
kernel closes the pipe, and the supervisor ends every process and removes the folder. It prints one
line of JSON: ``{"url": …, "ports": {…}}`` once the fleet runs, or ``{"error": …, "cure": …}``.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import time
from pathlib import Path
from threading import Thread

from agentdash.core.snapshot import SourceError
from agentdash.demo.folder import Folder
from agentdash.demo.git import environment
from agentdash.demo.members import DESKS, SERVICE_NAMES
from agentdash.demo.processes import Staff
from agentdash.demo.repos import Workshop
from agentdash.demo.seed import forget_old_runs, seed
from agentdash.demo.sweep import clear, whoami
from agentdash.server.embedded import EmbeddedServer, EmbeddedUse

LOOK = 0.5
"""Seconds between two looks at the children and the pipe."""

SERVER_LOOK = 5.0
"""Seconds between two looks at the server: long enough that a person who kills it sees what the panes say."""

FORGET_EVERY = 60.0
PORTS_LIMIT = 10.0


class Keeper:
    """Looks after one fleet."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._env = environment(folder)
        self._use: EmbeddedUse | None = None
        self._staff: Staff | None = None

    def start(self) -> dict[str, object]:
        """Start everything.

        Returns:
            What the owner must know: the server's URL and the services' ports.

        Raises:
            SourceError: in words, when something that is needed is not there.
        """
        self._folder.add_keeper("keeper", whoami())
        self._folder.make()
        self._folder.config.write_text("# The demo's workers use the defaults.\n")
        workshop = Workshop(self._folder, self._env)
        trouble: list[Exception] = []
        repos = Thread(target=_noting, args=(workshop.make_all, trouble), name="repos")
        repos.start()
        try:
            self._use = EmbeddedServer(self._folder.server).acquire()
            # What follows may wait: the server and the dashboard go first.
            os.nice(5)
            seed(self._use.url)
            self._staff = Staff(self._folder, self._env, self._use.url, workshop)
            for name in SERVICE_NAMES:
                self._staff.start_service(name)
        finally:
            repos.join()
        if trouble:
            raise SourceError(
                f"The demo's repositories could not be made: {_words(trouble[0])}", "Is git there?"
            )
        for desk in DESKS:
            self._staff.start_run(desk)
        return {"url": self._use.url, "ports": {"api": self._port("api")}}

    def watch(self, pipe: int) -> None:
        """Look after the fleet until the other end of *pipe* is closed."""
        assert self._staff is not None
        assert self._use is not None
        server_at = forget_at = time.monotonic() + SERVER_LOOK
        while True:
            ready, _, _ = select.select([pipe], [], [], LOOK)
            if ready and not os.read(pipe, 64):
                return
            self._staff.look()
            now = time.monotonic()
            if now >= server_at:
                server_at = now + SERVER_LOOK
                with contextlib.suppress(SourceError):
                    self._use.recover()
            if now >= forget_at:
                forget_at = now + FORGET_EVERY
                forget_old_runs(self._use.url)

    def end(self) -> None:
        """End every process, stop the server, remove every file."""
        if self._staff is not None:
            self._staff.end()
        if self._use is not None:
            with contextlib.suppress(SourceError, OSError):
                self._use.release()
        clear(self._folder)

    def _port(self, name: str) -> int | None:
        until = time.monotonic() + PORTS_LIMIT
        while time.monotonic() < until:
            with contextlib.suppress(OSError, ValueError):
                return int(self._folder.port_file(name).read_text())
            time.sleep(0.02)
        return None


def _noting(work: object, trouble: list[Exception]) -> None:
    try:
        work()  # type: ignore[operator]
    except Exception as problem:  # noqa: BLE001 - told to the one who waits for the thread
        trouble.append(problem)


def _words(problem: Exception) -> str:
    said = getattr(problem, "stderr", None)
    return said.decode(errors="replace").strip() if said else str(problem)


def _leave(*_: object) -> None:
    sys.exit(0)


def main(root: Path) -> int:
    """Keep the fleet in *root* until its owner ends; exit code 1 when it could not be started."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _leave)
    keeper = Keeper(Folder(root))
    try:
        try:
            ready = keeper.start()
        except SourceError as problem:
            _tell({"error": problem.message, "cure": problem.cure})
            return 1
        except Exception as problem:  # noqa: BLE001 - the owner must hear of whatever it is
            _tell(
                {"error": f"The demo could not be started: {type(problem).__name__}: {problem}", "cure": None}
            )
            return 1
        _tell(ready)
        keeper.watch(sys.stdin.fileno())
        return 0
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        keeper.end()


def _tell(words: dict[str, object]) -> None:
    # Where the owner is gone already, nobody listens.
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(words) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

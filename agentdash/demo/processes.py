"""The processes of the fleet: started, started again when they end, ended all together."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from agentdash.demo.folder import Folder
from agentdash.demo.members import DESKS, SERVICE_NAMES, Desk, memory, run_command, service_command
from agentdash.demo.repos import Workshop

RESTART_AFTER = 2.0
"""Seconds before a service that ended is started again."""

RESTART_SLOWER = 1.5
RESTART_SLOWEST = 30.0
STEADY = 20.0
"""Seconds after which a service that lives is forgiven its earlier crashes."""

TERM_PATIENCE = 1.5


@dataclass(slots=True)
class Post:
    """A service's or a desk's place, with who holds it now.

    Attributes:
        began: When `process` was started, monotonic seconds.
        again_at: When it is started again, monotonic seconds; None while it runs.
        wait: Seconds before the next restart of a service.
        done: How many have held the place before.
    """

    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    again_at: float | None = None
    wait: float = RESTART_AFTER
    done: int = 0


@dataclass(slots=True)
class Staff:
    """All processes that the keeper has started."""

    folder: Folder
    env: dict[str, str]
    url: str
    workshop: Workshop
    services: dict[str, Post] = field(default_factory=lambda: {name: Post() for name in SERVICE_NAMES})
    desks: dict[Desk, Post] = field(default_factory=lambda: {desk: Post() for desk in DESKS})

    def start_service(self, name: str) -> None:
        """Start a service, and write its process id where the dashboard looks for it."""
        post = self.services[name]
        command = service_command(name, self.url, self.folder)
        self._start(post, command, self.folder.root, self.folder.root / "state" / f"{name}.err")
        note = self.folder.pid_file(name)
        new = note.with_suffix(".new")
        new.write_text(f"{post.process.pid if post.process else ''}\n")
        new.replace(note)

    def start_run(self, desk: Desk) -> None:
        """Start the next run of a desk, in a repository put back to where runs begin."""
        post = self.desks[desk]
        job = desk.jobs[post.done % len(desk.jobs)]
        if post.done:
            self.workshop.restore(desk.repo)
        memory(self.folder, job).unlink(missing_ok=True)
        self.folder.agent_log(job.title).write_text("")
        command = run_command(desk, job, self.url, self.folder)
        self._start(post, command, self.folder.root, self.folder.state / f"{job.title}.out")

    def look(self) -> None:
        """Notice who has ended; start again whose time has come."""
        now = time.monotonic()
        for name, post in self.services.items():
            if self._ended(post):
                steady = now - post.began > STEADY
                post.wait = RESTART_AFTER if steady else min(post.wait * RESTART_SLOWER, RESTART_SLOWEST)
                post.again_at = now + post.wait
            if post.again_at is not None and now >= post.again_at:
                self.start_service(name)
        for desk, post in self.desks.items():
            if self._ended(post):
                post.again_at = now + desk.rest
            if post.again_at is not None and now >= post.again_at:
                post.again_at = now + desk.rest  # in case it fails
                with contextlib.suppress(subprocess.SubprocessError, OSError):
                    self.start_run(desk)

    def end(self) -> None:
        """Ask all to end, wait a moment, and kill the process groups of those that are left."""
        living = [
            post.process
            for post in (*self.services.values(), *self.desks.values())
            if post.process is not None and post.process.poll() is None
        ]
        for process in living:
            _signal(process, signal.SIGTERM)
        until = time.monotonic() + TERM_PATIENCE
        for process in living:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, until - time.monotonic()))
        for process in living:
            if process.returncode is None:
                _signal(process, signal.SIGKILL)
                process.wait()

    def _start(self, post: Post, command: list[str], cwd: Path, out: Path) -> None:
        with out.open("wb") as file:
            post.process = subprocess.Popen(
                command,
                cwd=cwd,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        post.began = time.monotonic()
        post.again_at = None

    @staticmethod
    def _ended(post: Post) -> bool:
        if post.process is None or post.process.poll() is None:
            return False
        post.process = None
        post.done += 1
        return True


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to the process and its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)

"""The processes of the fleet: starts them, restarts them when they exit, and stops them all."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from agentdash.demo.folder import DemoFolder
from agentdash.demo.repos import DemoRepos
from agentdash.demo.workloads import (
    SERVICE_NAMES,
    WORKSPACES,
    Workspace,
    run_command,
    service_command,
    turn_file,
)

RESTART_AFTER = 2.0
"""Seconds before a service that exited is restarted."""

RESTART_SLOWER = 1.5
RESTART_SLOWEST = 30.0
STEADY = 20.0
"""Seconds of uptime after which the restart delay is reset."""

TERM_PATIENCE = 1.5


@dataclass(slots=True)
class ManagedProcess:
    """The process of a service or workspace.

    Attributes:
        began: When `process` was started, monotonic seconds.
        restart_at: When it is restarted, monotonic seconds; None while it runs.
        wait: Seconds before the next restart of a service.
        done: Number of processes that have exited.
    """

    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    restart_at: float | None = None
    wait: float = RESTART_AFTER
    done: int = 0


@dataclass(slots=True)
class ProcessPool:
    """All processes that the supervisor starts."""

    folder: DemoFolder
    env: dict[str, str]
    url: str
    repos: DemoRepos
    services: dict[str, ManagedProcess] = field(
        default_factory=lambda: {name: ManagedProcess() for name in SERVICE_NAMES}
    )
    workspaces: dict[Workspace, ManagedProcess] = field(
        default_factory=lambda: {workspace: ManagedProcess() for workspace in WORKSPACES}
    )

    def start_service(self, name: str) -> None:
        """Start a service and write its pid file."""
        managed = self.services[name]
        command = service_command(name, self.url, self.folder)
        self._start(managed, command, self.folder.root, self.folder.root / "state" / f"{name}.err")
        note = self.folder.pid_file(name)
        new = note.with_suffix(".new")
        new.write_text(f"{managed.process.pid if managed.process else ''}\n")
        new.replace(note)

    def start_run(self, workspace: Workspace) -> None:
        """Start the next run of a workspace, in a repository reset to its base."""
        managed = self.workspaces[workspace]
        job = workspace.jobs[managed.done % len(workspace.jobs)]
        if managed.done:
            self.repos.reset(workspace.repo)
        turn_file(self.folder, job).unlink(missing_ok=True)
        self.folder.agent_log(job.title).write_text("")
        command = run_command(workspace, job, self.url, self.folder)
        self._start(managed, command, self.folder.root, self.folder.state / f"{job.title}.out")

    def poll(self) -> None:
        """Find processes that have exited, and restart those that are due."""
        now = time.monotonic()
        for name, managed in self.services.items():
            if self._ended(managed):
                steady = now - managed.began > STEADY
                managed.wait = (
                    RESTART_AFTER if steady else min(managed.wait * RESTART_SLOWER, RESTART_SLOWEST)
                )
                managed.restart_at = now + managed.wait
            if managed.restart_at is not None and now >= managed.restart_at:
                self.start_service(name)
        for workspace, managed in self.workspaces.items():
            if self._ended(managed):
                managed.restart_at = now + workspace.pause
            if managed.restart_at is not None and now >= managed.restart_at:
                managed.restart_at = now + workspace.pause  # in case it fails
                with contextlib.suppress(subprocess.SubprocessError, OSError):
                    self.start_run(workspace)

    def stop(self) -> None:
        """SIGTERM for all, and SIGKILL for the process groups that are left after `TERM_PATIENCE`."""
        running = [
            managed.process
            for managed in (*self.services.values(), *self.workspaces.values())
            if managed.process is not None and managed.process.poll() is None
        ]
        for process in running:
            _signal(process, signal.SIGTERM)
        until = time.monotonic() + TERM_PATIENCE
        for process in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, until - time.monotonic()))
        for process in running:
            if process.returncode is None:
                _signal(process, signal.SIGKILL)
                process.wait()

    def _start(self, managed: ManagedProcess, command: list[str], cwd: Path, out: Path) -> None:
        with out.open("wb") as file:
            managed.process = subprocess.Popen(
                command,
                cwd=cwd,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        managed.began = time.monotonic()
        managed.restart_at = None

    @staticmethod
    def _ended(managed: ManagedProcess) -> bool:
        if managed.process is None or managed.process.poll() is None:
            return False
        managed.process = None
        managed.done += 1
        return True


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to the process and its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)

"""Starts and stops services: a command runs in its own session and is terminated with its descendants."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import psutil

from agentdash.core.commands import Outcome, Refused
from agentdash.core.file_names import file_name
from agentdash.core.paths import service_log
from agentdash.core.secrets.safe_text import safe_text
from agentdash.core.services.commands import ControlService, ServiceAction
from agentdash.core.services.model import exit_text
from agentdash.core.settings.model import ServiceSettings
from agentdash.core.text import printable
from agentdash.files.small import open_regular
from agentdash.files.state import make_folder, open_state
from agentdash.processes import EXIT_CODES, SAME_MS

STARTUP_S = 0.5
"""Seconds within which a command that exits has failed to start."""

_KILLED_S = 2.0


async def control(service: ServiceSettings, command: ControlService, log_folder: Path) -> Outcome:
    """Start, stop or restart a service.

    Raises:
        Refused: when it has no command, or its process has changed since it was shown.
    """
    if service.command is None:
        raise Refused(
            f"{service.name} has no command: write `command` under its [[services]] in the settings"
        )
    done: list[str] = []
    if command.action is ServiceAction.START and command.pid is not None:
        raise Refused(f"{service.name} runs already, as process {command.pid}")
    if command.action is not ServiceAction.START:
        if command.pid is None or command.created_at is None:
            if command.action is ServiceAction.STOP:
                raise Refused(f"{service.name} is not running")
        else:
            done.append(await asyncio.to_thread(stop, command.pid, command.created_at, command.grace))
    if command.action is not ServiceAction.STOP:
        outcome = await asyncio.to_thread(start, service, log_folder)
        return Outcome(outcome.ok, f"{service.name}: {'; '.join([*done, outcome.message])}")
    return Outcome(True, f"{service.name}: {done[0]}")


def start(service: ServiceSettings, log_folder: Path) -> Outcome:
    """Start its command, detached: it keeps running after agentdash exits. Blocks for `STARTUP_S`.

    The command is split as by a shell, but no shell is used. Its output is appended to its log.
    """
    try:
        arguments = shlex.split(service.command or "")
    except ValueError as problem:
        raise Refused(f"the command of {service.name} cannot be read: {problem}") from problem
    if not arguments:
        raise Refused(f"the command of {service.name} is empty")
    cwd = Path(service.cwd).expanduser() if service.cwd else None
    log = service_log(service, log_folder) or log_folder / f"{file_name(service.name)}.log"
    try:
        with _open_log(log, ours=log.is_relative_to(log_folder)) as output:
            process = subprocess.Popen(
                arguments,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
    except ValueError as problem:  # NUL in its command or folder
        return Outcome(False, f"cannot be started: {problem}")
    except OSError as problem:
        what = printable(str(problem.filename or arguments[0]))
        return Outcome(False, f"cannot be started: {what}: {problem.strerror}")
    with suppress(subprocess.TimeoutExpired):
        code = process.wait(STARTUP_S)
        if code == 0:
            return Outcome(
                True,
                "its command exited at once with code 0: it continues in the background, or had nothing"
                f" to do; output in {log}",
            )
        return Outcome(False, f"exited at once with {_exit(code)}; output in {log}")
    EXIT_CODES.watch(process)
    shown = safe_text(shlex.join(arguments))
    return Outcome(True, f"started as process {process.pid}: {shown}; output in {log}")


def _open_log(log: Path, *, ours: bool) -> BinaryIO:
    """A log, opened to append; *ours*: whether it is in the state folder.

    Raises:
        OSError: when it is a link or not a regular file; the service's own may be the null device.
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    if ours:
        make_folder(log.parent.parent)  # the state folder itself
        return os.fdopen(open_state(log, flags), "ab")
    if log == Path(os.devnull):
        return log.open("ab")
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.fdopen(open_regular(log, flags | os.O_NOFOLLOW), "ab")


def stop(pid: int, created_at: int, grace: float) -> str:
    """Terminate a process and its descendants: SIGTERM, then SIGKILL for those left after *grace* s. Blocks.

    *created_at* is its start time, Unix ms.

    Raises:
        Refused: when that process does not exist, may not be signalled, or does not exit.
    """
    try:
        leader = psutil.Process(pid)
        same = abs(leader.create_time() * 1000 - created_at) <= SAME_MS
    except psutil.NoSuchProcess:
        same = False
    if not same or pid in {os.getpid(), os.getppid(), 1}:
        raise Refused(f"process {pid} no longer exists. Try again.")
    family = [leader]
    with suppress(psutil.Error):
        family += leader.children(recursive=True)
    started = time.monotonic()
    for process in family:
        _signal(process, leader, "terminate")
    created = {process.pid: round(process.create_time() * 1000) for process in family if process.is_running()}

    def ended(process: psutil.Process) -> None:
        if (code := getattr(process, "returncode", None)) is not None and process.pid in created:
            EXIT_CODES.put(process.pid, created[process.pid], int(code))  # our own child

    _, left = psutil.wait_procs(family, grace, ended)
    for process in left:
        _signal(process, leader, "kill")
    _, stuck = psutil.wait_procs(left, _KILLED_S, ended)
    if stuck:
        raise Refused(f"process {stuck[0].pid} is still running after SIGKILL (uninterruptible sleep)")
    how = f"SIGKILL after {grace:g} s, for {len(left)} of {len(family)}" if left else "SIGTERM"
    return f"stopped process {pid} by {how}, in {time.monotonic() - started:.1f} s"


def _signal(process: psutil.Process, leader: psutil.Process, verb: str) -> None:
    try:
        (process.terminate if verb == "terminate" else process.kill)()
    except psutil.NoSuchProcess:
        return
    except psutil.AccessDenied as problem:
        if process == leader:
            raise Refused(f"process {process.pid} belongs to another user") from problem


def _exit(code: int) -> str:
    return f"exit code {code}" if code >= 0 else exit_text(code)

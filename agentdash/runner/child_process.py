"""One execution of the command: its process and all descendants."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from agentdash.processes import ProcessFamily, created_at, signal_group, terminate_family
from agentdash.runner.spec import open_prompt


class CannotStart(Exception):  # noqa: N818 - a result, not a fault
    """The command cannot be executed; the text says why and what to do."""


class ChildProcess:
    """A process in a session and process group of its own, so that signals reach its descendants too.

    Attributes:
        pid: Also the id of its process group and session.
        created_at: Its start time as the system reports it, Unix ms; None where it has exited already.
        stdout: File descriptor to read from.
        stderr: File descriptor to read from.
        frozen: Whether `freeze` has stopped it.
    """

    def __init__(self, process: subprocess.Popen[bytes], loop: asyncio.AbstractEventLoop) -> None:
        assert process.stdout is not None
        assert process.stderr is not None
        self._process = process
        self.created_at = created_at(process.pid)
        self._born = time.time() - 1
        self.pid = process.pid
        self.stdout = process.stdout.fileno()
        self.stderr = process.stderr.fileno()
        self.frozen = False
        self.exited: asyncio.Future[int] = loop.create_future()
        threading.Thread(target=self._wait, args=(loop,), name=f"wait-{self.pid}", daemon=True).start()

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        *,
        cwd: str | None,
        env: Mapping[str, str],
        prompt_file: str | None = None,
        pipe_stdin: bool = False,
    ) -> ChildProcess:
        """Execute *command*.

        Args:
            command: Program and arguments.
            cwd: Its working folder; None: the current one.
            env: Added to the environment.
            prompt_file: Its standard input; None: none, or the worker's own.
            pipe_stdin: Whether it inherits the worker's standard input.

        Raises:
            CannotStart: when it does not exist, may not be executed, or its folder or prompt is missing.
        """
        process = await asyncio.to_thread(_spawn, list(command), cwd, env, prompt_file, pipe_stdin)
        return cls(process, asyncio.get_running_loop())

    def freeze(self) -> None:
        """Stop its process group (SIGSTOP)."""
        self.frozen = True
        signal_group(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Continue its process group (SIGCONT)."""
        self.frozen = False
        signal_group(self.pid, signal.SIGCONT)

    async def end(self, grace: float, escalated: Callable[[str], None], no_wait: asyncio.Event) -> int:
        """Terminate it and its descendants, see `terminate_family`; returns its exit code, see `wait`."""
        family = ProcessFamily(self.pid, self._born)
        self.frozen = False
        await terminate_family(family, grace, escalated, no_wait, self.exited)
        return await self.wait()

    def kill(self) -> None:
        """Kill its process group (SIGKILL) without waiting."""
        signal_group(self.pid, signal.SIGKILL)

    async def wait(self) -> int:
        """Wait for its exit code; negative: the signal that terminated it."""
        return await asyncio.shield(self.exited)

    def close(self) -> None:
        """Close its pipes; remaining writers get SIGPIPE."""
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        code = self._process.wait()
        try:
            loop.call_soon_threadsafe(self._set_exited, code)
        except RuntimeError:
            return  # the loop is closed

    def _set_exited(self, code: int) -> None:
        if not self.exited.done():
            self.exited.set_result(code)


def _spawn(
    command: list[str], cwd: str | None, env: Mapping[str, str], prompt_file: str | None, pipe_stdin: bool
) -> subprocess.Popen[bytes]:
    prompt = None
    try:
        if prompt_file is not None:
            prompt = os.fdopen(open_prompt(prompt_file), "rb")
        return subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **env},
            stdin=prompt or (None if pipe_stdin else subprocess.DEVNULL),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise CannotStart(_why(error, command[0], cwd, prompt_file)) from error
    finally:
        if prompt is not None:
            prompt.close()


def _why(error: OSError | ValueError, program: str, cwd: str | None, prompt_file: str | None) -> str:
    if isinstance(error, ValueError):
        return f"The command cannot be executed: {error}."
    if prompt_file is not None and error.filename == prompt_file:
        return f"The prompt file {prompt_file} cannot be read: {error.strerror}."
    if cwd is not None and not Path(cwd).is_dir():
        return f"The folder {cwd} does not exist."
    if isinstance(error, FileNotFoundError):
        return f"The command {program!r} was not found; give its path, or add its folder to PATH."
    return f"The command {program!r} cannot be executed: {error.strerror}."

"""Desktop notifications, by a program of the person's choice: ``notify-send``, a script."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import tempfile

from agentdash.core.text import printable
from agentdash.runtime.notes import Note

TIMEOUT_S = 10.0
MAX_RUNNING = 4
"""Programs that run at the same time; further notifications are dropped, which is noted."""
_PRINTED = 200
"""Bytes of its stderr that are noted."""


class Notifier:
    """Starts the program with the message as its last argument, without a shell.

    Args:
        command: The program and its arguments, split as a shell would.
        note: Writes a line to the activity log.
    """

    def __init__(self, command: str, note: Note) -> None:
        self._command = shlex.split(command)
        self._note = note
        self._running = 0

    async def send(self, message: str) -> None:
        """Run it once for *message*; the result is noted and never raised."""
        if self._running >= MAX_RUNNING:
            self._note("notify", f"dropped, {MAX_RUNNING} notifications are still running: {message}", False)
            return
        self._running += 1
        try:
            problem = await self._run(printable(message))
        finally:
            self._running -= 1
        sent = f"{self._command[0]}: {message}"
        self._note("notify", f"{sent}: {problem}" if problem else sent, problem is None)

    async def _run(self, message: str) -> str | None:
        """The error message; None after success."""
        try:
            # Not a pipe: a process that the program leaves running, as a window, would keep it open.
            with tempfile.TemporaryFile() as stderr:
                code = await self._exit_code(message, stderr.fileno())
                stderr.seek(0)
                printed = stderr.read(_PRINTED)
        except TimeoutError:
            return f"did not end within {TIMEOUT_S:.0f} s"
        except OSError as fault:
            return fault.strerror or str(fault)
        if code == 0:
            return None
        more = printable(printed.decode(errors="replace").strip())
        return f"exit {code}" + (f": {more}" if more else "")

    async def _exit_code(self, message: str, stderr: int) -> int:
        """The program's exit code.

        Raises:
            TimeoutError: where it had to be killed.
            OSError: where it cannot be started.
        """
        # A leading dash, as in the title of a run, would make it an option.
        argument = f" {message}" if message.startswith("-") else message
        child = await asyncio.create_subprocess_exec(
            *self._command,
            argument,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=stderr,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await child.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):
                if child.returncode is None:
                    os.killpg(child.pid, 9)
                    await child.wait()

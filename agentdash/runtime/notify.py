"""Tells a person who looks elsewhere, by a program of their own choice: ``notify-send``, a script."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import tempfile
from collections.abc import Callable

from agentdash.core.text import printable

PATIENCE_S = 10.0
MOST = 4
"""Programs that run at the same time; what comes beyond is not told, and that is noted."""
_SAID = 200

Note = Callable[[str, str, bool], None]
"""(actor, step, whether it worked): one line for the activity log."""


class Notifier:
    """Starts the program, with the message as its last argument; no shell has a part in it.

    Args:
        command: The program and its arguments, split as a shell would.
        note: Writes a line to the activity log.
    """

    def __init__(self, command: str, note: Note) -> None:
        self._command = shlex.split(command)
        self._note = note
        self._running = 0

    async def tell(self, words: str) -> None:
        """Run it once, for *words*; whatever becomes of it, it is a line in the log and no more."""
        if self._running >= MOST:
            self._note("notify", f"not told, {MOST} of them are still at work: {words}", False)
            return
        self._running += 1
        try:
            problem = await self._run(printable(words))
        finally:
            self._running -= 1
        told = f"{self._command[0]}: {words}"
        self._note("notify", f"{told}: {problem}" if problem else told, problem is None)

    async def _run(self, words: str) -> str | None:
        """What went wrong, in words."""
        try:
            # Not a pipe: what the program leaves running, as a window, may hold that, and write to it later.
            with tempfile.TemporaryFile() as complaint:
                code = await self._code(words, complaint.fileno())
                complaint.seek(0)
                said = complaint.read(_SAID)
        except TimeoutError:
            return f"did not end within {PATIENCE_S:.0f} s"
        except OSError as fault:
            return fault.strerror or str(fault)
        if code == 0:
            return None
        more = printable(said.decode(errors="replace").strip())
        return f"ended with {code}" + (f": {more}" if more else "")

    async def _code(self, words: str, complaint: int) -> int:
        """The program's exit code.

        Raises:
            TimeoutError: where it had to be killed.
            OSError: where it cannot be started.
        """
        # What begins with a dash, as the title of a run may, would be an option to it.
        message = f" {words}" if words.startswith("-") else words
        child = await asyncio.create_subprocess_exec(
            *self._command,
            message,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=complaint,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await child.wait()
        finally:
            with contextlib.suppress(ProcessLookupError):
                if child.returncode is None:
                    os.killpg(child.pid, 9)
                    await child.wait()

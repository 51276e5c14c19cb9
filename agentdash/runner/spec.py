"""The options of ``agentdash run``."""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Literal, Self

from agentdash.core.bounded_json import read_json
from agentdash.core.paths import current_folder
from agentdash.files.small import open_regular

PauseMode = Literal["boundary", "freeze"]


MOST_PROMPT = 16 * 1024 * 1024
"""Bytes of a prompt file at most; more than any agent accepts."""


def open_prompt(path: str) -> int:
    """A descriptor of a prompt file.

    Raises:
        OSError: when it is missing, not a regular file, larger than `MOST_PROMPT`, or cannot be read.
    """
    descriptor = open_regular(path)
    if os.fstat(descriptor).st_size > MOST_PROMPT:
        os.close(descriptor)
        raise OSError(errno.EFBIG, f"it is larger than {MOST_PROMPT >> 20} MiB, the limit of a prompt", path)
    os.set_blocking(descriptor, True)
    return descriptor


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """One run, as requested.

    Attributes:
        command: The program and its arguments; never shell text, never read from Redis.
        turns: Number of executions; None: one, or those of a run that is taken over.
        until: A regular expression; the run completes after a turn in whose output a line matches.
        stop_file: If it exists after a turn, the run is complete.
        prompt_file: The command's standard input, read again for each turn.
        logs: Files watched for appended text.
        cwd: The command's working folder; None: the current one.
        title: Display name; None: the command.
        detach: Return at once and work in the background.
        grace: Seconds between SIGTERM and SIGKILL.
        pause: ``boundary`` waits for the end of the turn, ``freeze`` stops the processes at once.
        pipe_stdin: Whether the command inherits the worker's standard input; else it reads nothing.
        run_id: The id to use; None: a new one. The id of a run without a worker takes the run over.
    """

    command: tuple[str, ...]
    turns: int | None = None
    until: str | None = None
    stop_file: str | None = None
    prompt_file: str | None = None
    logs: tuple[str, ...] = ()
    cwd: str | None = None
    title: str | None = None
    detach: bool = False
    grace: float = 10.0
    pause: PauseMode = "boundary"
    pipe_stdin: bool = False
    run_id: str | None = None

    def check(self) -> str | None:
        """What is wrong, and how to fix it, in one sentence; None when it can be run."""
        if not self.command or not self.command[0]:
            return "There is no command: give it after --, as in: agentdash run -- make test"
        if self.turns is not None and self.turns < 1:
            return f"--turns {self.turns}: must be at least 1."
        if not 0 <= self.grace <= 3600:
            return f"--grace {self.grace:g}: must be between 0 and 3600 seconds."
        if self.run_id is not None and not re.fullmatch(r"[\w.-]{1,100}", self.run_id):
            return f"The run id {self.run_id!r} may hold letters, digits, '_', '.' and '-' only."
        if self.cwd is not None and not Path(self.cwd).is_dir():
            return f"--cwd {self.cwd}: no such folder."
        if self.cwd is None and not current_folder().is_dir():
            return "The current folder was removed: change to another one, or give --cwd."
        return self._check_prompt() or self._check_pattern()

    def _check_prompt(self) -> str | None:
        if self.prompt_file is None:
            return None
        try:
            os.close(open_prompt(self.prompt_file))
        except FileNotFoundError:
            return f"--prompt-file {self.prompt_file}: no such file."
        except OSError as problem:
            return f"--prompt-file {self.prompt_file}: {problem.strerror}."
        return None

    def _check_pattern(self) -> str | None:
        try:
            re.compile(self.until or "")
        except re.error as error:
            return f"--until {self.until!r} is not a regular expression: {error}."
        return None

    def resolved(self) -> Self:
        """A copy with an id and absolute paths."""
        return replace(
            self,
            run_id=self.run_id or new_id(),
            cwd=str((current_folder() / (self.cwd or "")).resolve()),
            stop_file=_absolute(self.stop_file),
            prompt_file=_absolute(self.prompt_file),
            logs=tuple(str(Path(log).absolute()) for log in self.logs),
        )

    def dump(self) -> str:
        """As JSON, for a background worker."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, text: str) -> Self:
        """What `dump` wrote.

        Raises:
            ValueError: when it is not such a document.
        """
        values = read_json(text)
        if not isinstance(values, dict) or not values.keys() <= {field.name for field in fields(cls)}:
            raise ValueError("not a run specification")
        values["command"] = tuple(values["command"])
        values["logs"] = tuple(values["logs"])
        return cls(**values)


def new_id() -> str:
    """A new run id: ten hexadecimal digits."""
    return secrets.token_hex(5)


def _absolute(path: str | None) -> str | None:
    return None if path is None else str(Path(path).absolute())

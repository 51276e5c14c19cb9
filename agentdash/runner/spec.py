"""What a person asks of a worker: the options of ``agentdash run``."""

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
"""Bytes of a prompt file; no agent takes as many."""


def open_prompt(path: str) -> int:
    """A descriptor of a prompt file.

    Raises:
        OSError: where it is missing, no regular file, larger than `MOST_PROMPT`, or cannot be read.
    """
    descriptor = open_regular(path)
    if os.fstat(descriptor).st_size > MOST_PROMPT:
        os.close(descriptor)
        raise OSError(errno.EFBIG, f"it is larger than {MOST_PROMPT >> 20} MiB, the most of a prompt", path)
    os.set_blocking(descriptor, True)
    return descriptor


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """One run, as it was asked for.

    Attributes:
        command: The program and its arguments; never a shell's text, never read from Redis.
        turns: How often the command is executed; None: once, or as often as a run that is taken over was to.
        until: A regular expression; a line of output that it matches completes the run after that turn.
        stop_file: If it exists after a turn, the run is complete.
        prompt_file: Fed to the command on its standard input, read anew for each turn.
        logs: Files that are watched for what is appended.
        cwd: The command's working folder; None: the current one.
        title: Shown to people; None: the command itself.
        detach: Return at once and work in the background.
        grace: Seconds between SIGTERM and SIGKILL.
        pause: ``boundary`` waits for the end of the turn, ``freeze`` stops the processes at once.
        pipe_stdin: Let the command read the worker's own standard input; else it reads nothing.
        run_id: The id to use; None: a new one. That of a run without a worker takes the run over.
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
        """What is wrong with it, one sentence with the cure; None when it can be run."""
        if not self.command or not self.command[0]:
            return "There is no command: give it after --, as in: agentdash run -- make test"
        if self.turns is not None and self.turns < 1:
            return f"--turns {self.turns}: a run has at least one turn."
        if not 0 <= self.grace <= 3600:
            return f"--grace {self.grace:g}: give seconds from 0 to 3600."
        if self.run_id is not None and not re.fullmatch(r"[\w.-]{1,100}", self.run_id):
            return f"The run id {self.run_id!r} may hold letters, digits, '_', '.' and '-' only."
        if self.cwd is not None and not Path(self.cwd).is_dir():
            return f"--cwd {self.cwd}: there is no such folder."
        if self.cwd is None and not current_folder().is_dir():
            return "The current folder was removed: enter one that is there, or name it with --cwd."
        return self._check_prompt() or self._check_pattern()

    def _check_prompt(self) -> str | None:
        if self.prompt_file is None:
            return None
        try:
            os.close(open_prompt(self.prompt_file))
        except FileNotFoundError:
            return f"--prompt-file {self.prompt_file}: there is no such file."
        except OSError as problem:
            return f"--prompt-file {self.prompt_file}: {problem.strerror}."
        return None

    def _check_pattern(self) -> str | None:
        try:
            re.compile(self.until or "")
        except re.error as error:
            return f"--until {self.until!r} is no regular expression: {error}."
        return None

    def rooted(self) -> Self:
        """The same with an id and absolute paths, so that it means the same in any folder."""
        return replace(
            self,
            run_id=self.run_id or new_id(),
            cwd=str((current_folder() / (self.cwd or "")).resolve()),
            stop_file=_absolute(self.stop_file),
            prompt_file=_absolute(self.prompt_file),
            logs=tuple(str(Path(log).absolute()) for log in self.logs),
        )

    def dump(self) -> str:
        """As JSON, for the worker in the background."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, text: str) -> Self:
        """What `dump` wrote.

        Raises:
            ValueError: when it is something else.
        """
        values = read_json(text)
        if not isinstance(values, dict) or not values.keys() <= {field.name for field in fields(cls)}:
            raise ValueError("this is no description of a run")
        values["command"] = tuple(values["command"])
        values["logs"] = tuple(values["logs"])
        return cls(**values)


def new_id() -> str:
    """A new run id: ten hexadecimal digits, so that a few of them are a unique prefix."""
    return secrets.token_hex(5)


def _absolute(path: str | None) -> str | None:
    return None if path is None else str(Path(path).absolute())

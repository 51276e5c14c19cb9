"""Decodes a command's output into events: envelopes, and the JSON rows of a recognised agent program.

The program is recognised by the first lines of JSON on its standard output. All lines are still forwarded as
output; malformed ones are counted and never stop a run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

from agentdash.core.bounded_json import read_json
from agentdash.runner.agents.claude import ClaudeDecoder
from agentdash.runner.agents.codex import CodexDecoder
from agentdash.runner.agents.envelope import ENVELOPE, read_envelope
from agentdash.runner.agents.event import AgentEvent
from agentdash.runner.agents.rollout import Rollouts
from agentdash.runner.agents.usage import UsageCounters

RECOGNITION_LINES = 200
"""Lines of possible JSON within which a program must be recognised."""

_CANDIDATE = re.compile(rb"^[ \t]*\{.*$", re.MULTILINE)
_ENVELOPE = ENVELOPE.encode()


class ProgramDecoder(Protocol):
    """Decodes the rows of one agent program.

    Attributes:
        unknown: Number of rows of unknown types.
    """

    unknown: int

    @staticmethod
    def recognises(row: Mapping[str, object]) -> bool:
        """Whether *row* was printed by this program."""
        ...

    def decode_row(self, row: Mapping[str, object]) -> list[AgentEvent]:
        """The events in one row. Never raises."""
        ...


class OutputDecoder:
    """Decodes the output of one execution of the command.

    Args:
        threads: Tokens of agent threads counted in earlier turns.
        rollouts: For the tokens of threads that began outside of the run.

    Attributes:
        malformed: Number of malformed envelopes, and of lines of a recognised program that are not JSON.
    """

    def __init__(self, threads: UsageCounters | None = None, rollouts: Rollouts | None = None) -> None:
        self._programs: tuple[type[CodexDecoder | ClaudeDecoder], ...] = (CodexDecoder, ClaudeDecoder)
        self._threads = threads if threads is not None else UsageCounters()
        self._rollouts = rollouts
        self._program: ProgramDecoder | None = None
        self._tries = RECOGNITION_LINES
        self.malformed = 0

    @property
    def recognised(self) -> bool:
        """Whether the agent program is known."""
        return self._program is not None

    @property
    def unknown(self) -> int:
        """Number of the program's rows of unknown types."""
        return 0 if self._program is None else self._program.unknown

    def decode(self, stream: str, lines: bytes) -> list[AgentEvent]:
        """The events in a block of whole lines, in order.

        Args:
            stream: ``stdout`` or ``stderr``; rows are expected on the former only.
            lines: Raw bytes; need not be text.
        """
        rows = stream == "stdout" and self._expects_rows()
        if b"{" not in lines or (not rows and _ENVELOPE not in lines):
            return []
        found: list[AgentEvent] = []
        for match in _CANDIDATE.finditer(lines):
            line = match.group()
            rows = rows and self._expects_rows()
            if rows or _ENVELOPE in line:
                found += self._line(line, rows=rows)
        return found

    def _expects_rows(self) -> bool:
        """Whether a program is recognised, or may still be."""
        return self._program is not None or self._tries > 0

    def _line(self, line: bytes, *, rows: bool) -> list[AgentEvent]:
        try:
            row = read_json(line)
        except ValueError:
            self.malformed += _ENVELOPE in line or (rows and self._program is not None)
            self._tries -= rows
            return []
        if not isinstance(row, dict):
            return []
        if ENVELOPE in row:
            event = read_envelope(row[ENVELOPE])
            self.malformed += event is None
            return [] if event is None else [event]
        if not rows:
            return []
        if self._program is None:
            self._recognise(row)
        return [] if self._program is None else self._program.decode_row(row)

    def _recognise(self, row: Mapping[str, object]) -> None:
        self._tries -= 1
        for program in self._programs:
            if program.recognises(row):
                self._program = program(self._threads, self._rollouts)
                return

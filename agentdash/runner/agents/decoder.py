"""Events out of a child's output: envelopes of ours anywhere, and the rows of a program that is recognised.

Which program it is shows in the first lines of JSON on its standard output. Lines are forwarded as output all
the same; what is not understood is counted and never stops a run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

from agentdash.core.bounded_json import read_json
from agentdash.runner.agents.claude import ClaudeDecoder
from agentdash.runner.agents.codex import CodexDecoder
from agentdash.runner.agents.envelope import ENVELOPE, read_envelope
from agentdash.runner.agents.reported import Told
from agentdash.runner.agents.rollout import Rollouts
from agentdash.runner.agents.usage import UsageSoFar

LOOKED_AT = 200
"""Lines that look like JSON among which a program must have made itself known."""

_CANDIDATE = re.compile(rb"^[ \t]*\{.*$", re.MULTILINE)
_ENVELOPE = ENVELOPE.encode()


class ProgramDecoder(Protocol):
    """Understands the rows of one program.

    Attributes:
        unknown: Rows of types that it does not know.
    """

    unknown: int

    @staticmethod
    def knows(row: Mapping[str, object]) -> bool:
        """Whether *row* shows that the program is this one."""
        ...

    def row(self, row: Mapping[str, object]) -> list[Told]:
        """What one row tells; nothing in it makes this fail."""
        ...


class OutputDecoder:
    """Decodes the output of one child.

    Args:
        threads: Tokens of agents' threads that were counted before, in earlier turns.
        rollouts: Tell what threads had used that began outside of the run.

    Attributes:
        malformed: Envelopes that could not be understood, and lines of a known program that are no JSON.
    """

    def __init__(self, threads: UsageSoFar | None = None, rollouts: Rollouts | None = None) -> None:
        self._programs: tuple[type[CodexDecoder | ClaudeDecoder], ...] = (CodexDecoder, ClaudeDecoder)
        self._threads = threads if threads is not None else UsageSoFar()
        self._rollouts = rollouts
        self._program: ProgramDecoder | None = None
        self._tries = LOOKED_AT
        self.malformed = 0

    @property
    def recognised(self) -> bool:
        """Whether it is known which program it is."""
        return self._program is not None

    @property
    def unknown(self) -> int:
        """Rows of the program whose types are not known here."""
        return 0 if self._program is None else self._program.unknown

    def decode(self, stream: str, lines: bytes) -> list[Told]:
        """All that a block of whole lines tells, in order.

        Args:
            stream: ``stdout`` or ``stderr``; programs tell on the former only.
            lines: As they came; need not be text.
        """
        rows = stream == "stdout" and self._may_tell()
        if b"{" not in lines or (not rows and _ENVELOPE not in lines):
            return []
        found: list[Told] = []
        for match in _CANDIDATE.finditer(lines):
            line = match.group()
            rows = rows and self._may_tell()
            if rows or _ENVELOPE in line:
                found += self._line(line, rows=rows)
        return found

    def _may_tell(self) -> bool:
        """Whether a program is known, or may still make itself known."""
        return self._program is not None or self._tries > 0

    def _line(self, line: bytes, *, rows: bool) -> list[Told]:
        try:
            row = read_json(line)
        except ValueError:
            self.malformed += _ENVELOPE in line or (rows and self._program is not None)
            self._tries -= rows
            return []
        if not isinstance(row, dict):
            return []
        if ENVELOPE in row:
            told = read_envelope(row[ENVELOPE])
            self.malformed += told is None
            return [] if told is None else [told]
        if not rows:
            return []
        if self._program is None:
            self._recognise(row)
        return [] if self._program is None else self._program.row(row)

    def _recognise(self, row: Mapping[str, object]) -> None:
        self._tries -= 1
        for program in self._programs:
            if program.knows(row):
                self._program = program(self._threads, self._rollouts)
                return

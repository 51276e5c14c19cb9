"""What agents tell in their output: lines with a ``__cody_event__`` object.

Such a line is JSON: ``{"__cody_event__": {"type": "file_written", "path": "src/a.py"}}``. Everything beside
``type`` is the event's payload; it may as well stand in ``data``. The line is still forwarded as output. What
cannot be understood is counted and never stops a run. A child cannot speak for its worker: the types of the
run's own life (``run_…``, ``turn_…``) are refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from agentdash.core import run_event as ev
from agentdash.runner.usage import Usage, read_usage

ENVELOPE = "__cody_event__"
PAYLOAD_LIMIT = 16 * 1024
"""Bytes of JSON that one event may carry."""

_CANDIDATE = re.compile(rb"^[ \t]*\{.*$", re.MULTILINE)
_TYPE = re.compile(r"[A-Za-z][\w.-]{0,63}")
_OWN = ("run_", "turn_", ev.OUTPUT, ev.DROPPED)


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that the child told.

    Attributes:
        type: The event's name.
        data: Its payload.
        usage: Tokens that it adds to the run's.
        completes: Whether the agent says that the whole work is done.
    """

    type: str
    data: dict[str, object] = field(default_factory=dict)
    usage: Usage | None = None
    completes: bool = False


class TelemetryDecoder:
    """Finds and decodes such lines.

    Attributes:
        malformed: Envelopes that could not be understood.
    """

    def __init__(self) -> None:
        self.malformed = 0

    def decode(self, lines: bytes) -> list[Told]:
        """All events in a block of whole lines, in their order."""
        if ENVELOPE.encode() not in lines:
            return []
        found: list[Told] = []
        for match in _CANDIDATE.finditer(lines):
            line = match.group()
            if ENVELOPE.encode() in line:
                found += self._line(line)
        return found

    def _line(self, line: bytes) -> list[Told]:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            self.malformed += 1
            return []
        if not isinstance(row, dict) or ENVELOPE not in row:
            return []  # the word stands somewhere else in a line of JSON
        told = _decode(row[ENVELOPE])
        if told is None:
            self.malformed += 1
            return []
        return [told]


def _decode(envelope: object) -> Told | None:
    if not isinstance(envelope, dict):
        return None
    name = envelope.get("type")
    if not isinstance(name, str) or not _TYPE.fullmatch(name) or name.startswith(_OWN):
        return None
    data = _payload(envelope)
    if len(ev.dump_data(data)) > PAYLOAD_LIMIT:
        return None
    if name == ev.TOKEN_USAGE:
        usage = read_usage(data)
        return None if usage is None else Told(name, {**data, **usage.as_data()}, usage=usage)
    return Told(name, data, completes=name == ev.COMPLETION)


def _payload(envelope: Mapping[str, object]) -> dict[str, object]:
    data = envelope.get("data")
    if isinstance(data, dict):
        return data
    return {key: value for key, value in envelope.items() if key not in {"type", "at", "turn"}}

"""The entries of a run's event stream: their names, parsing and encoding.

Fields: ``type``, ``at`` (Unix ms), ``turn`` and ``data`` (a JSON object). Unknown types are kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from agentdash.core.bounded_json import read_json
from agentdash.core.bounds import bounded_int, bounded_time_ms, is_number
from agentdash.core.runs.model import RunEvent
from agentdash.core.secrets.safe_text import as_text, masked_data, safe_text

RUN_QUEUED = "run_queued"
RUN_STARTED = "run_started"
RUN_PAUSING = "run_pausing"
RUN_PAUSED = "run_paused"
RUN_RESUMED = "run_resumed"
RUN_CANCELLING = "run_cancelling"
RUN_CANCELLED = "run_cancelled"
RUN_COMPLETED = "run_completed"
RUN_FAILED = "run_failed"
TURN_STARTED = "turn_started"
TURN_COMPLETED = "turn_completed"
OUTPUT = "subprocess_output"
FILE_READ = "file_read"
FILE_WRITTEN = "file_written"
FILE_DELETED = "file_deleted"
LOG_UPDATED = "log_updated"
TESTS_STARTED = "test_run_started"
TESTS_COMPLETED = "test_run_completed"
TOKEN_USAGE = "token_usage"  # noqa: S105 - a count of tokens, no secret
COMPLETION = "completion_detected"
SIGNAL = "signal_sent"
AGENT_SESSION = "agent_session"
AGENT_MESSAGE = "agent_message"
AGENT_RETRY = "agent_retry"
AGENT_WARNING = "agent_warning"
AGENT_FAILED = "agent_failed"
TOOL_CALL = "tool_call"
TOOL_FAILED = "tool_failed"
PLAN = "plan_updated"
DROPPED = "events_dropped"
"""Replaces events that were dropped because the store was unavailable for too long."""

ENVELOPE = "__cody_event__"
"""The key of an event in a line of JSON output; see `is_telemetry`."""
TELEMETRY = "(telemetry)"
"""Replaces output that consists of events only."""

TERMINAL = frozenset({RUN_CANCELLED, RUN_COMPLETED, RUN_FAILED})
"""The last event of a run is one of these."""


SHORT_LIMIT = 8000
"""Characters kept of an event for the one line of a run's activity."""
_TEXT_LIMIT = 4000
_TEXT_ROOM = 4 * _TEXT_LIMIT
"""Characters of a text that are masked before it is cut to `_TEXT_LIMIT`, for a secret at the cut."""
_ITEMS = 40
_ITEM_TEXT = 100


@dataclass(frozen=True, slots=True)
class StreamTrimmed:
    """Replaces events that were trimmed before a reader has read them.

    Attributes:
        after: The last id that it has read.
        first: The first id that is left.
    """

    after: str
    first: str


def parse_event(entry_id: bytes | str, fields: Mapping[bytes, bytes]) -> RunEvent:
    """One entry as a `RunEvent`. Never raises."""
    name = entry_id.decode("ascii", "replace") if isinstance(entry_id, bytes) else entry_id
    at = fields.get(b"at")
    ms = bounded_time_ms(at)
    return RunEvent(
        id=name,
        type=as_text(fields.get(b"type", b"unknown")[:100]) or "unknown",
        at=ms,
        turn=bounded_int(fields.get(b"turn")),
        data=_payload(fields.get(b"data")),
        at_out_of_range=ms is None and is_number(at),
    )


def masked_event(event: RunEvent) -> RunEvent:
    """The event with secrets masked: other programs write events too, and do not mask."""
    return replace(event, type=safe_text(event.type), data=masked_data(event.data))


def shortened_event(event: RunEvent) -> RunEvent:
    """The masked event, with as much of its data as one line of it needs.

    Of a long text the beginning and the last lines are kept; `SHORT_LIMIT` characters in total.
    """
    cut = {
        name: _in_short(value, _TEXT_ROOM)
        for name, value in list(event.data.items())[:_ITEMS]
        if len(name) <= _ITEM_TEXT
    }
    masked = masked_event(replace(event, data=cut))
    left, kept = SHORT_LIMIT, {}
    for name, value in masked.data.items():
        short = _in_short(value, min(left, _TEXT_LIMIT))
        left -= len(name) + _length(short)
        if left < 0:
            break
        kept[name] = short
    return replace(masked, data=kept)


def _length(value: object) -> int:
    return len(value if isinstance(value, str) else str(value))


def _in_short(value: object, most: int) -> object:
    """Texts cut; large lists and objects, which no line shows, replaced by ``…``."""
    if isinstance(value, str) and len(value) > most:
        head, tail = value[: most // 4], value[len(value) - most * 3 // 4 :]
        line, end, rest = tail.partition("\n")
        return f"{head}…\n{rest if end else line}"
    if isinstance(value, dict | list) and _is_larger(value, _ITEMS):
        return "…"
    return value


def _is_larger(value: object, most: int) -> bool:
    """Whether *value* has more than *most* parts, or a long text."""
    waiting, seen = [value], 0
    while waiting:
        part = waiting.pop()
        inner = list(part.values()) if isinstance(part, dict) else part if isinstance(part, list) else []
        names = list(part) if isinstance(part, dict) else []
        seen += len(inner)
        long = isinstance(part, str) and len(part) > _ITEM_TEXT
        if long or seen > most or any(len(name) > _ITEM_TEXT for name in names):
            return True
        waiting += inner
    return False


def is_telemetry(line: str) -> bool:
    """Whether a line of output is an event, see `agentdash.runner.agents.envelope`."""
    if ENVELOPE not in line:
        return False
    try:
        value = read_json(line)
    except ValueError:
        return False
    envelope = value.get(ENVELOPE) if isinstance(value, dict) else None
    return isinstance(envelope, dict) and isinstance(envelope.get("type"), str)


def dump_data(data: Mapping[str, object]) -> bytes:
    """The payload as JSON in UTF-8; unpaired surrogates stay JSON escapes."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=str)
    return text.encode("utf-8", "backslashreplace")


def _payload(raw: bytes | None) -> dict[str, object]:
    if not raw:
        return {}
    try:
        value = read_json(raw)
    except ValueError:
        value = None
    if isinstance(value, dict):
        return value
    return {} if value is None and raw.strip() == b"null" else {"raw": raw.decode("utf-8", "replace")}

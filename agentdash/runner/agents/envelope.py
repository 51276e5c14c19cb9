"""Events in a command's output: lines of JSON with a ``__cody_event__`` object.

For example ``{"__cody_event__": {"type": "file_written", "path": "src/a.py"}}``. The payload is either in
``data`` or everything beside ``type``. The line is still forwarded as output. Malformed envelopes are counted
and never stop a run. Types of the worker's own events (``run_…``, ``turn_…``) are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from agentdash.core.runs import event as ev
from agentdash.runner.agents.event import AgentEvent
from agentdash.runner.agents.usage import read_usage

ENVELOPE = ev.ENVELOPE
PAYLOAD_LIMIT = 16 * 1024
"""Bytes of JSON that one event may carry."""

_TYPE = re.compile(r"[A-Za-z][\w.-]{0,63}")
_RESERVED = ("run_", "turn_", ev.OUTPUT, ev.DROPPED)


def read_envelope(envelope: object) -> AgentEvent | None:
    """The event in the value of ``__cody_event__``; None where it is malformed or refused."""
    if not isinstance(envelope, dict):
        return None
    name = envelope.get("type")
    if not isinstance(name, str) or not _TYPE.fullmatch(name) or name.startswith(_RESERVED):
        return None
    data = _payload(envelope)
    if len(ev.dump_data(data)) > PAYLOAD_LIMIT:
        return None
    if name == ev.TOKEN_USAGE:
        usage = read_usage(data)
        return None if usage is None else AgentEvent(name, {**data, **usage.as_data()}, usage=usage)
    return AgentEvent(name, data, completes=name == ev.COMPLETION)


def _payload(envelope: Mapping[str, object]) -> dict[str, object]:
    data = envelope.get("data")
    if isinstance(data, dict):
        return data
    return {key: value for key, value in envelope.items() if key not in {"type", "at", "turn"}}

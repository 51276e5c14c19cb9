"""What agents tell in their output: lines with a ``__cody_event__`` object.

Such a line is JSON: ``{"__cody_event__": {"type": "file_written", "path": "src/a.py"}}``. Everything beside
``type`` is the event's payload; it may as well stand in ``data``. The line is still forwarded as output. What
cannot be understood is counted and never stops a run. A child cannot speak for its worker: the types of the
run's own life (``run_…``, ``turn_…``) are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from agentdash.core.runs import event as ev
from agentdash.runner.agents.reported import Told
from agentdash.runner.agents.usage import read_usage

ENVELOPE = ev.ENVELOPE
PAYLOAD_LIMIT = 16 * 1024
"""Bytes of JSON that one event may carry."""

_TYPE = re.compile(r"[A-Za-z][\w.-]{0,63}")
_OWN = ("run_", "turn_", ev.OUTPUT, ev.DROPPED)


def read_envelope(envelope: object) -> Told | None:
    """What the value of ``__cody_event__`` tells; None where it cannot be understood or is refused."""
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

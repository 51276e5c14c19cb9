"""The parts of a line, as the readers of the formats return them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from agentdash.core.logs.model import Level

_CORRELATION = re.compile(
    r"(?<![A-Za-z0-9])(?:x-)?(?:corr(?:elation)?[_-]?(?:id)?|trace[_-]?id|req(?:uest)?[_-]?id)[\"']?\s?[=:]\s?[\"']?"
    r"(?P<id>[A-Za-z0-9][\w.:/-]{2,127})",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Parts:
    """The parts of one line. Texts are raw: they are made safe and masked once, at the end.

    Attributes:
        at: Unix ms.
        message: The line without time, level and the other parts.
    """

    message: str
    at: int | None = None
    level: Level | None = None
    service: str | None = None
    correlation_id: str | None = None
    fields: dict[str, object] = field(default_factory=dict)


def correlation_in(text: str) -> str | None:
    """The correlation id in a text, as ``corr=…`` or ``request_id: …``."""
    low = text.lower()
    if "corr" not in low and "trace" not in low and "req" not in low:
        return None
    match = _CORRELATION.search(text)
    return match["id"].rstrip(".:") if match else None

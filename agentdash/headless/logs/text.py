"""Log lines as text: time, level, source, message."""

from __future__ import annotations

from agentdash.core.clock import time_text
from agentdash.core.logs.model import Level, LogLine
from agentdash.core.text import printable

_TONES = {Level.ERROR: "31", Level.FATAL: "31", Level.WARN: "33", Level.DEBUG: "2", Level.TRACE: "2"}


def log_text(line: LogLine, *, color: bool = False) -> str:
    """One line with local time; a line that continues another is indented."""
    message = printable(line.message)
    if line.continues is not None:
        return f"{'':<14} {message}"
    at = line.at if line.at is not None else line.seen_at
    clock = time_text(at, None)
    level = line.level.value.upper() if line.level else ""
    text = f"{clock} {level:<5} {printable(line.service or line.source)}: {message}"
    tone = _TONES.get(line.level) if line.level else None
    return f"\x1b[{tone}m{text}\x1b[0m" if color and tone else text

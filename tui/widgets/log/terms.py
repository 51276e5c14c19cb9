"""The filter of the log as it is typed: terms, then a text or a pattern."""

from __future__ import annotations

import re

from agentdash.core.logs.model import Level
from tui.widgets.log.index import LogFilter

SYNTAX = "a text · /a pattern/ · level:warn · from:web · -hidden; terms first"
"""The syntax in one line."""

_TERM = re.compile(r"(level|from):(\S+)(?:\s+|$)|-([^\W\d]\S*)(?:\s+|$)", re.IGNORECASE)
_LEVELS = {level.value: level for level in Level} | {"warning": Level.WARN}


def parse_filter(typed: str, level: Level | None = None, source: str = "") -> LogFilter:
    """The filter of a text such as ``from:web level:warn -health timed out``.

    ``level:`` is the least level, ``from:`` the beginning of a source's or service's name, ``-word`` hides
    lines with that word. The first word that is none of these begins the text.

    Args:
        typed: The text.
        level: A least level in addition.
        source: The whole name of a source or service in addition.
    """
    rest, prefix, hidden = typed, "", []
    levels = [level] if level is not None else []
    while (term := _TERM.match(rest)) is not None:
        key, value, word = (term[1] or "").lower(), term[2], term[3]
        if word:
            hidden.append(word)
        elif key == "from":
            prefix = value
        elif value.lower() in _LEVELS:
            levels.append(_LEVELS[value.lower()])
        else:
            break
        rest = rest[term.end() :]
    ranks = list(Level)
    least = max(levels, key=ranks.index, default=None)
    return LogFilter(rest, least, source, prefix, tuple(hidden))

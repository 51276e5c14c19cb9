"""What a person types to filter the log: terms in front, then a text or a pattern."""

from __future__ import annotations

import re

from agentdash.core.logs.model import Level
from tui.widgets.log.index import LogFilter

WAYS = "a text · /a pattern/ · level:warn · from:web · -hidden; terms first"
"""What can be typed, in words."""

_TERM = re.compile(r"(level|from):(\S+)(?:\s+|$)|-([^\W\d]\S*)(?:\s+|$)", re.IGNORECASE)
_LEVELS = {level.value: level for level in Level} | {"warning": Level.WARN}


def asked(typed: str, level: Level | None = None, source: str = "") -> LogFilter:
    """The filter that *typed* means: ``from:web level:warn -health timed out``.

    ``level:`` takes the least level, ``from:`` the beginning of a source's or service's name, ``-word`` hides
    lines that say it. The first word that is none of these begins the text.

    Args:
        typed: As it stands in the line.
        level: The least level that is asked for besides.
        source: The whole name of a source or service that is asked for besides.
    """
    rest, began, hidden = typed, "", []
    levels = [level] if level is not None else []
    while (term := _TERM.match(rest)) is not None:
        key, value, word = (term[1] or "").lower(), term[2], term[3]
        if word:
            hidden.append(word)
        elif key == "from":
            began = value
        elif value.lower() in _LEVELS:
            levels.append(_LEVELS[value.lower()])
        else:
            break
        rest = rest[term.end() :]
    ranks = list(Level)
    least = max(levels, key=ranks.index, default=None)
    return LogFilter(rest, least, source, began, tuple(hidden))

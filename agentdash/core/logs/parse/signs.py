"""The bytes that show that a line may be an error: derived from the tables of levels, fields and formats."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

from agentdash.core.logs.model import Level
from agentdash.core.logs.parse import journal, json_line, levels
from agentdash.core.logs.parse.formats import LogFormat

FAULTS = frozenset({Level.ERROR, Level.FATAL})

_LETTERS = re.compile(r"\(\?P<letter>\[(\w+)\]\)")
_GROUP = re.compile(r"\(\?P<\w+>")
_UPPER_CASE = re.compile(r"(?<!\\)[A-Z]+")
_BARE_TRACES = r"traceback \(most|exception in thread"


def _alternatives(words: Iterable[str]) -> bytes:
    return "|".join(map(re.escape, sorted(words, key=lambda word: (-len(word), word)))).encode()


def _shortest(words: Iterable[str]) -> list[str]:
    """The words that contain no other of them, sorted."""
    every = sorted(words)
    return [word for word in every if not any(other in word for other in every if other != word)]


_FAULT_WORDS = _shortest(word for word, level in levels.LEVELS.items() if level in FAULTS)
_OTHER_WORDS = [
    word for word, level in levels.LEVELS.items() if level not in FAULTS and word not in levels.PROSE
]

FAULT_WORD = re.compile(_alternatives(_FAULT_WORDS))
EACH_FAULT_WORD = tuple(
    re.compile(first.encode() + rb"(?:" + _alternatives(word[1:] for word in words) + rb")")
    for first, words in groupby(_FAULT_WORDS, lambda word: word[0])
)
"""Their search one after the other is twice as fast as that of all at once: a pattern that begins with one
certain byte is searched for with memchr."""
LEVEL_WORD = re.compile(
    _alternatives(_FAULT_WORDS)
    + b"|"
    + _alternatives(_shortest(word for word in _OTHER_WORDS if len(word) > 3))
    + rb"|(?:"
    + _alternatives(word for word in _OTHER_WORDS if len(word) == 3)
    + rb")\b"
)
"""A word for any level."""

_FIELDS = _alternatives(
    {name.lower() for name in (*json_line.LEVEL, *json_line.LEVEL_OF_PYTHON, journal.LEVEL)}
)
_FIRSTS = bytes({field[0] for field in _FIELDS.split(b"|")})
LEVEL_FIELD = {
    b"{": re.compile(rb"\"(?P<name>" + _FIELDS + rb")\"\s{0,2}:\s{0,2}(?P<value>\"?[\w{]+)"),
    b"": re.compile(rb"(?:^|\s)(?P<name>" + _FIELDS + rb")=(?P<value>\"?\w+)"),
}
"""The level of a record, for JSON and for logfmt, in lower-case bytes."""
_NUMBERED = re.compile(rb"\"(?=[" + _FIRSTS + rb"])(?:" + _FIELDS + rb")\"\s?:\s?\"?\d")


def signs(rows: Sequence[LogFormat]) -> tuple[re.Pattern[bytes], ...]:
    """Patterns over lower-case bytes that find levels that are a letter or a number, and traces without one.

    Each begins with bytes that are found quickly.
    """
    heads = [_sign(row) for row in rows if _is_coded(row) and row.sign is None]
    at_begin = "\n(?:" + "|".join([*dict.fromkeys(heads), _BARE_TRACES]) + ")"
    others = [
        re.compile(row.sign % letter)
        for row in rows
        if row.sign is not None
        for letter in sorted(_fault_letters(row.head).encode().lower())
    ]
    return re.compile(at_begin.encode()), _NUMBERED, *others


def ambiguous(rows: Sequence[LogFormat]) -> re.Pattern[bytes] | None:
    """What lines of a format may begin with while a line of a general one begins with it too."""
    prefixes = [row.prefix for row in rows if row.prefix is not None]
    return re.compile(b"|".join(prefixes)) if prefixes else None


def _is_coded(row: LogFormat) -> bool:
    return "(?P<letter>" in row.head or "(?P<priority>" in row.head


def _sign(row: LogFormat) -> str:
    head = _LETTERS.sub(f"[{_fault_letters(row.head)}]", row.head)
    return _UPPER_CASE.sub(lambda found: found[0].lower(), _GROUP.sub("(?:", head))


def _fault_letters(head: str) -> str:
    found = _LETTERS.search(head)
    return "" if found is None else "".join(one for one in found[1] if levels.LETTERS[one] in FAULTS)

"""Secrets on the line after their name, as in YAML (``password: |``, ``- name:`` and ``value:``) and JSON.

What is kept is the name on the last line, never the line.
"""

from __future__ import annotations

import re

from agentdash.core.secrets.assigned import HINTS, assigned_spans
from agentdash.core.secrets.names import meaning_of
from agentdash.core.secrets.view import Span, View

# A name, an assignment, and nothing after it but the sign of a text of several lines.
_OPENS = re.compile(
    r"(?<![\w.-])(?P<name>[\w.-]{2,80})\\{0,31}[\"'`]?[*]{0,2}[ \t]{0,60}(?:[:=]|=>)[*]{0,2}[ \t]{0,8}"
    r"(?P<block>[|>][+-]?\d?)?[ \t]*$"
)
_NAMES = re.compile(
    r"(?i)(?<![\w.-])(?:name|key)[\"']?[ \t]{0,8}[:=][ \t]{0,8}[\"']?(?P<name>[\w.-]{2,80})[\"']?,?[ \t]*$"
)
_ALONE = re.compile(r"[ \t\\{,\"'`*-]*$")
_VALUE = re.compile(r"[\"']?(?:value|val)[\"']?[ \t]{0,8}[:=][ \t]{0,8}", re.IGNORECASE)
_ASKS = re.compile(r"(?i)enter|type|for .{1,60}$")
_ENDS = frozenset(":=|>-+*")
_MOST = 64
"""Lines of a text in YAML that are followed."""
_LONGEST = 400
"""Characters of a line that may end in a name."""


def _may_open(line: str) -> bool:
    """A quick check that lets most lines pass."""
    return line.rstrip()[-1:] in _ENDS or "ame" in line or "ey" in line or "\x1b" in line


class NameFollower:
    """Says of each line of one source what of it belongs to the name on the line before."""

    def __init__(self) -> None:
        self._name = ""
        self._named = self._amid = False
        self._block = -1
        self._left = 0

    def spans(self, line: str) -> list[Span]:
        """Secrets of the next line whose name was before it, in the view of *line* (see `View`)."""
        if not self._name and (len(line) > _LONGEST or not _may_open(line)):
            return []
        seen = View(line).text
        found = self._found(seen) if self._name else []
        if self._left <= 0 or not found:
            self._opened(seen)
        return found

    def _found(self, seen: str) -> list[Span]:
        start = len(seen) - len(seen.lstrip(" \t"))
        if start == len(seen):
            return []
        if self._block >= 0:
            return self._of_block(seen, start)
        name = self._name
        if self._amid:
            name = f"in {name}"
        if self._named:
            value = _VALUE.match(seen, start)
            if value is None:
                return []
            start = value.end()
        beside = f"{name}: {seen[start:]}"
        shift = start - len(name) - 2
        return [
            Span(span.start + shift, span.end + shift, span.kind)
            for span in assigned_spans(beside, beside.lower())
            if span.start >= len(name) + 2
        ]

    def _of_block(self, seen: str, start: int) -> list[Span]:
        meaning = meaning_of(self._name)
        self._left -= 1
        if start <= self._block or meaning is None:
            self._left = 0
            return []
        return [Span(start, len(seen.rstrip()), meaning.kind)]

    def _opened(self, seen: str) -> None:
        blank = not seen.strip()
        if blank and self._name and not self._named:
            self._left = 0 if self._block >= 0 else self._left
            return
        self._name, self._block, self._left = "", -1, 0
        low = seen.lower()
        if not any(hint in low for hint in HINTS):
            return
        self._named = (match := _NAMES.search(seen)) is not None
        match = match or _OPENS.search(seen)
        meaning = meaning_of(match["name"]) if match is not None else None
        if match is None or meaning is None or meaning.weak:
            return
        before = seen[: match.start()]
        self._amid = not self._named and _ALONE.match(before) is None
        if self._amid and _ASKS.search(before) is not None:
            return
        self._name = match["name"]
        if not self._named and match["block"]:
            self._block = len(seen) - len(seen.lstrip(" \t"))
            self._left = _MOST

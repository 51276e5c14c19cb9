"""Secrets on the line after their name, as in YAML (``password: |``, ``- name:`` and ``value:``) and JSON.

Only the name on the last line is kept, never the line. See `columns` for rows below names, and `wrapped` for
lines that a terminal has wrapped.
"""

from __future__ import annotations

import re

from agentdash.core.secrets.assigned import assigned_spans, may_contain_name
from agentdash.core.secrets.columns import ColumnFollower
from agentdash.core.secrets.names import meaning_of
from agentdash.core.secrets.view import Span
from agentdash.core.secrets.wrapped import WrapFollower

# A name, an assignment, and nothing after it but the sign of a text of several lines.
_OPENS = re.compile(
    r"(?<![\w.-])(?P<name>[\w.-]{2,80})\\{0,31}[\"'`]?[*]{0,2}[ \t]{0,60}(?:[:=]|=>)[*]{0,2}[ \t]{0,8}"
    r"(?:(?P<block>[|>][+-]?\d?)|(?P<scheme>(?i:bearer|basic|token))|\\)?[ \t]*$"
)
# The same with an option at the end of a continued shell line.
_OPTION = re.compile(r"(?:^|\s)--?(?P<name>[A-Za-z][\w.-]{1,60})[= \t]{1,8}\\$")
_BARE_SCHEME = re.compile(r"(?:^|[\s\"':])Bearer[ \t]*$")
_NAMES = re.compile(r"[ \t]{0,8}[\"']?(?P<name>[\w.-]{2,80})[\"']?,?[ \t]*")
_NAME_FIELD = re.compile(r"(?i)(?<![\w.-])(?:name|key)[\"']?[ \t]{0,8}$")
_ALONE = re.compile(r"[ \t\\{,\"'`*-]*$")
_VALUE = re.compile(r"[\"']?(?:value|val)[\"']?[ \t]{0,8}[:=][ \t]{0,8}", re.IGNORECASE)
_ASKS = re.compile(r"(?i)enter|type|for .{1,60}$")
_ENDS = frozenset(":=|>-+*\\")
_ENDS_OF_SCHEMES = frozenset("rRcCnN")
_SCHEMES = frozenset({"earer", "basic", "token"})
_MAX = 64
"""Lines of a text in YAML that are followed."""
_LONGEST = 400
"""Characters of a line that may end in a name."""


def _may_open(line: str) -> bool:
    """A quick check for most lines."""
    if line[-1:] in _ENDS or line[-1:].isspace():
        return line.rstrip()[-1:] in _ENDS or line.rstrip()[-5:].lower() in _SCHEMES
    if ("ame" in line or "ey" in line) and (":" in line or "=" in line):
        return True
    return line[-5:].lower() in _SCHEMES


class LineFollower:
    """Finds in each line of one source what belongs to a name on a line before."""

    def __init__(self) -> None:
        self._names = NameFollower()
        self._columns = ColumnFollower()
        self._wrapped = WrapFollower()

    @property
    def follows(self) -> bool:
        """Whether the next line may have the secret of a name on a line before."""
        return self._names.follows or self._columns.follows or self._wrapped.follows

    def may_name(self, seen: str) -> bool:
        """Whether `spans` must be called for this line: a quick check."""
        if self.follows:
            return True
        return len(seen) <= _LONGEST and (_may_open(seen) or ColumnFollower.may_open(seen))

    def spans(self, seen: str, indent: int = 0) -> list[Span]:
        """Secrets of the next line, in its view, whose name or beginning was before it.

        Args:
            seen: The text of its `View`.
            indent: Blanks before it that are not in *seen*.
        """
        spans = self._wrapped.spans(seen) if self._wrapped.follows else []
        spans += self._names.spans(seen, indent)
        if self._columns.follows or len(seen) <= _LONGEST:
            spans += self._columns.spans(seen)
        return spans

    def end_line(self, seen: str, spans: list[Span]) -> None:
        """Set the secrets of a whole line, those of `spans` included, in order."""
        self._wrapped.end_line(seen, spans)


class NameFollower:
    """Finds in each line of one source what belongs to the name on the line before."""

    def __init__(self) -> None:
        self._name = self._scheme = ""
        self._named = self._in_sentence = False
        self._block = -1
        self._left = 0

    @property
    def follows(self) -> bool:
        """Whether the last line ended with a name."""
        return bool(self._name)

    def spans(self, seen: str, indent: int = 0) -> list[Span]:
        """Secrets of the next line whose name was before it; see `LineFollower.spans`."""
        found = self._found(seen, indent) if self._name else []
        if (self._left <= 0 or not found) and len(seen) <= _LONGEST:
            self._opened(seen, indent)
        elif not found:
            self._name = ""
        return found

    def _found(self, seen: str, indent: int) -> list[Span]:
        start = len(seen) - len(seen.lstrip(" \t"))
        if start == len(seen):
            return []
        if self._block >= 0:
            return self._of_block(seen, start, indent)
        name = self._name
        if self._in_sentence:
            name = f"in {name}"
        if self._named:
            value = _VALUE.match(seen, start)
            if value is None:
                return []
            start = value.end()
        before = f"{name}: {self._scheme} " if self._scheme else f"{name}: "
        beside = f"{before}{seen[start:]}"
        shift = start - len(before)
        return [
            Span(span.start + shift, span.end + shift, span.kind)
            for span in assigned_spans(beside, beside.lower())
            if span.start >= len(before)
        ]

    def _of_block(self, seen: str, start: int, indent: int) -> list[Span]:
        meaning = meaning_of(self._name)
        self._left -= 1
        if start + indent <= self._block or meaning is None:
            self._left = 0
            return []
        return [Span(start, len(seen.rstrip()), meaning.kind)]

    def _opened(self, seen: str, indent: int) -> None:
        blank = not seen.strip()
        if blank and self._name and not self._named:
            self._left = 0 if self._block >= 0 else self._left
            return
        self._name, self._scheme, self._block, self._left = "", "", -1, 0
        if not may_contain_name(seen.lower()):
            return
        self._named = (match := _named(seen)) is not None
        if match is None and seen.rstrip()[-1:] in _ENDS | _ENDS_OF_SCHEMES:
            match = _OPENS.search(seen) or _OPTION.search(seen)
        if match is None and _BARE_SCHEME.search(seen) is not None:
            self._name, self._scheme, self._in_sentence = "Authorization", "Bearer", False
            return
        meaning = meaning_of(match["name"]) if match is not None else None
        if match is None or meaning is None or meaning.weak:
            return
        before = seen[: match.start()]
        self._in_sentence = not self._named and _ALONE.match(before) is None
        if self._in_sentence and _ASKS.search(before) is not None:
            return
        self._name = match["name"]
        found = match.groupdict()
        self._scheme = found.get("scheme") or ""
        if found.get("block"):
            self._block = indent + len(seen) - len(seen.lstrip(" \t"))
            self._left = _MAX


def _named(seen: str) -> re.Match[str] | None:
    """The name at the end of a line such as ``- name: DB_PASSWORD``."""
    place = max(seen.rfind(":"), seen.rfind("="))
    if place < 0 or _NAME_FIELD.search(seen, max(0, place - 16), place) is None:
        return None
    return _NAMES.fullmatch(seen, place + 1)

"""Secrets in rows below a line of names: CSV and the tables of database clients (``user,password``).

Only the numbers of the columns are kept, never a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agentdash.core.secrets.names import Meaning, meaning_of
from agentdash.core.secrets.values import is_secret_value
from agentdash.core.secrets.view import Span

_NAME = r"[ \t]{0,40}[\"'`]?[A-Za-z_][\w.-]{0,60}[\"'`]?[ \t]{0,40}"
_FIRST = re.compile(rf"\|?{_NAME}[,;\t|│]")
_HEADER = re.compile(
    rf"[|│]?{_NAME}(?:(?P<sign>[,;\t|│])[ \t]{{0,40}}{_NAME}(?:(?P=sign){_NAME}){{0,60}})[|│]?\s*"
)
_RULE = re.compile(r"[-+=|:_ \t─┼├┤│]*")
_QUOTED = re.compile(r"[ \t]{0,40}\"(?P<inner>(?:[^\"]|\"\"){0,8192})\"?[ \t]{0,40}")


class ColumnFollower:
    """Finds in each line of one source what is below the name of a secret."""

    def __init__(self) -> None:
        self._sign = ""
        self._columns: dict[int, Meaning] = {}
        self._count = 0

    @property
    def follows(self) -> bool:
        """Whether the next line may be a row."""
        return bool(self._columns)

    @staticmethod
    def may_open(line: str) -> bool:
        """A quick check for most lines."""
        return _FIRST.match(line) is not None

    def spans(self, seen: str) -> list[Span]:
        """Secrets of the next line, in its view."""
        if self._columns:
            fields = list(_fields(seen, self._sign))
            if len(fields) >= self._count and not self._opens(seen):
                return [span for number in self._columns for span in self._of_field(seen, number, fields)]
            if seen.strip() and _RULE.fullmatch(seen) is not None:
                return []
        self._columns = {}
        self._opens(seen)
        return []

    def _opens(self, seen: str) -> bool:
        """Whether a line consists of names, at least one of a secret; then its columns are followed."""
        header = _HEADER.fullmatch(seen)
        if header is None:
            return False
        names = [seen[start:end].strip(" \t\"'`") for start, end in _fields(seen, header["sign"])]
        columns = {
            number: meaning
            for number, name in enumerate(names)
            if (meaning := meaning_of(name)) is not None and not meaning.weak
        }
        if not columns or len(set(names)) < len([name for name in names if name]):
            return False
        self._sign, self._columns, self._count = header["sign"], columns, len(names)
        return True

    def _of_field(self, seen: str, number: int, fields: list[tuple[int, int]]) -> list[Span]:
        start, end = fields[number]
        if number == self._count - 1:
            end = max(end, fields[-1][1])  # a value with the separator in it, not quoted
        text = seen[start:end]
        quote = text.strip()[:1] in {'"', "'"}
        start += len(text) - len(text.lstrip(" \t\"'`"))
        value = text.strip(" \t\"'`|│")
        meaning = self._columns[number]
        if not value or not is_secret_value(value, meaning, assigned=True, quoted=quote):
            return []
        return [Span(start, start + len(value), meaning.kind)]


def _fields(line: str, sign: str) -> Iterator[tuple[int, int]]:
    """Where each field of a line begins and ends; separators in double quotes do not count."""
    place = 0
    while True:
        quoted = _QUOTED.match(line, place)
        end = line.find(sign, quoted.end() if quoted is not None else place)
        yield place, len(line) if end < 0 else end
        if end < 0:
            return
        place = end + 1

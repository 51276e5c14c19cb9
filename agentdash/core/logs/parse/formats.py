"""What a log format is: the shape of its lines, and where level, time, service and message are in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from agentdash.core.logs.model import Level
from agentdash.core.logs.parse import levels, times
from agentdash.core.logs.parse.parts import Parts

Reader = Callable[[str, int], Parts | None]

_NOT_FIELDS = frozenset(["time", "level", "letter", "priority", "service"]) | times.GROUPS
_NOTHING = frozenset({None, "", "-"})


@dataclass(frozen=True, slots=True)
class LogFormat:
    r"""One format.

    A format with a shape gives it as two regular expressions: `head`, up to where the level is decided, and
    `rest`, up to where the message begins. Their groups name the parts:

    | group | part |
    | :- | :- |
    | `time`, or those of a shape of `times` | the time |
    | `level`, `letter` or `priority` | the level: a word, a letter of `levels.LETTERS`, a syslog priority |
    | `service` | who wrote the line |
    | any other | a field of that name |

    Attributes:
        name: For people.
        example: A line of it.
        first: The characters that its lines begin with; empty: any.
        contains: A text that its lines contain, where testing that first is faster than the shape.
        integers: Fields that are numbers.
        finish: Changes the parts that the shape gave.
        read: Reads a line instead, where the format has no fixed shape: None for a line of another format.
        structured: Whether a line is a record of fields.
        sign: A pattern over lower-case bytes, ``%c`` for the letter, that finds lines that may be errors
            quickly because it begins with certain bytes; None: it is made of `head`.
        prefix: A pattern of the bytes before the level that a line of a general format may begin with too.
    """

    name: str
    example: str
    first: str = ""
    head: str = ""
    rest: str = ""
    contains: str = ""
    integers: frozenset[str] = frozenset({"pid", "status"})
    finish: Callable[[Parts, int], Parts] | None = None
    read: Reader | None = None
    structured: bool = False
    sign: bytes | None = None
    prefix: bytes | None = None

    def reader(self) -> Reader:
        """What reads a line of this format; it returns None for a line of another."""
        return self.read or self._by_shape()

    def _by_shape(self) -> Reader:
        shape = re.compile(self.head + self.rest)
        contains, finish, integers = self.contains, self.finish, self.integers
        level_of = _level_reader(shape)
        names = tuple(name for name in shape.groupindex if name not in _NOT_FIELDS)
        dated = not times.GROUPS.isdisjoint(shape.groupindex)
        timed, named = "time" in shape.groupindex, "service" in shape.groupindex

        def read(text: str, read_at: int) -> Parts | None:
            if contains and contains not in text:
                return None
            match = shape.match(text)
            if match is None:
                return None
            at = None
            if dated and (at := times.of_match(match, read_at)) is None:
                return None
            if timed:
                at = times.of_value(match["time"], read_at)
            fields: dict[str, object] = {
                name: int(value) if name in integers else value
                for name in names
                if (value := match[name]) not in _NOTHING
            }
            service = match["service"] if named else None
            parts = Parts(
                text[match.end() :], at, level_of(match), None if service in _NOTHING else service,
                fields=fields,
            )  # fmt: skip
            return parts if finish is None else finish(parts, read_at)

        return read


def _level_reader(shape: re.Pattern[str]) -> Callable[[re.Match[str]], Level | None]:
    for group, read in LEVEL_GROUPS.items():
        if group in shape.groupindex:
            return lambda match: read(match[group])
    return lambda match: None  # noqa: ARG005 - a format without levels


LEVEL_GROUPS: dict[str, Callable[[str], Level | None]] = {
    "level": levels.of_word,
    "letter": levels.LETTERS.__getitem__,
    "priority": lambda text: levels.SYSLOG[int(text) & 7],
}
"""How the groups of the level are read."""


@dataclass(frozen=True, slots=True, eq=False)
class LogFormats:
    """Formats in the order in which they are tried, the most general last.

    Args:
        rows: The last of them must accept every line.
    """

    rows: Sequence[LogFormat]
    _by_first: dict[str, tuple[tuple[Reader, bool], ...]] = field(init=False)
    _by_others: tuple[tuple[Reader, bool], ...] = field(init=False)

    def __post_init__(self) -> None:
        readers = [(row, (row.reader(), row.structured)) for row in self.rows]
        firsts = {character for row in self.rows for character in row.first}
        by_first = {
            first: tuple(reader for row, reader in readers if not row.first or first in row.first)
            for first in firsts
        }
        object.__setattr__(self, "_by_first", by_first)
        object.__setattr__(self, "_by_others", tuple(reader for row, reader in readers if not row.first))

    def read(self, text: str, read_at: int) -> tuple[Parts, bool]:
        """The parts of a line, and whether it is structured.

        Args:
            text: The line, trimmed.
            read_at: When it was read, Unix ms.
        """
        for reader, structured in self._by_first.get(text[:1], self._by_others):
            parts = reader(text, read_at)
            if parts is not None:
                return parts, structured
        return Parts(text), False

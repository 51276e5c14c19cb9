"""Errors among lines that are too many to be parsed: an exact search over their bytes.

Four steps, each of which leaves less to the next: lines that begin like one that was no error are left out in
one pass; a few patterns over the rest find what may be the level of an error; what is before it, without
digits, is looked up among earlier decisions; only what is new is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from agentdash.core.logs.model import Level
from agentdash.core.logs.parse import signs
from agentdash.core.logs.parse.formats import LEVEL_GROUPS, LogFormats
from agentdash.core.logs.parse.line import level_of
from agentdash.core.logs.parse.prefixes import DIGITS, MAX_LENGTH, HarmlessPrefixes, Prefix, SelectedLines
from agentdash.core.logs.parse.signs import EACH_FAULT_WORD, FAULT_WORD, FAULTS, LEVEL_FIELD, LEVEL_WORD
from agentdash.core.logs.parse.table import FORMATS

MEMORY = 4096
"""Heads whose level is remembered."""

_LONGEST = 1024 * 1024
_LONGEST_HEAD = 512

_PAIRED = re.compile(rb"[a-z_@][\w.@/-]*=")
_BARE_TRACE = (b"Traceback (most recent", b"Exception in thread")
_COLOUR = re.compile(rb"\x1b\[[\d;]*m")
_NO_PREFIX = frozenset({b"", b" ", b"\t", b"\r", b"\0"})
_DIGITS_OF_TIME = re.compile(rb"\d{8}|\d\d:\d\d")
# After a head that ends so, nothing later in the line can make it a line of another format.
_ENDS = frozenset({b" ", b"]", b":", b"|", b")", b">", b"\t"})


class FaultSearch:
    """Finds the lines whose level is error or fatal, and traces without a level; remembers what it decided.

    Args:
        formats: The formats that lines may have.
    """

    def __init__(self, formats: LogFormats = FORMATS) -> None:
        self.parsed = 0
        """Lines that had to be parsed."""
        self._formats = formats
        self._signs = signs.signs(formats.rows)
        self._heads = _heads(formats)
        self._levels: dict[bytes, Level | None] = {}
        self._harmless = HarmlessPrefixes(self._harmless_prefix, signs.ambiguous(formats.rows))

    def find(self, data: bytes, read_at: int) -> Iterator[tuple[int, int]]:
        """Where each such line begins and ends in *data*, in order, without its line end.

        A trace right below such a line belongs to it.

        Args:
            data: Whole lines.
            read_at: When they were read, Unix ms.
        """
        places = self._harmless.unknown(data)
        if places is None:
            yield from self._search(data, read_at)
        elif places:
            selected = SelectedLines(data, places)
            for start, end in self._search(selected.data, read_at):
                yield selected.offset_in_piece(start), selected.offset_in_piece(end)

    def _search(self, data: bytes, read_at: int) -> Iterator[tuple[int, int]]:
        small = b"\n" + data.lower()
        done = below = 0
        for place in self._places(small):
            if place < done:
                continue
            start = small.rfind(b"\n", 0, place + 1) + 1
            end = small.find(b"\n", start)
            done = end = len(small) if end < 0 else end
            if start == below and data.startswith(_BARE_TRACE, start - 1):
                continue
            if self.is_fault(data[start - 1 : end - 1], read_at):
                below = end + 1
                yield start - 1, end - 1

    def _places(self, small: bytes) -> list[int]:
        """Where the level of an error may be, ascending."""
        places = [hit.start() for word in EACH_FAULT_WORD for hit in word.finditer(small)]
        places += [hit.end() - 1 for sign in self._signs for hit in sign.finditer(small)]
        places.sort()
        return places

    def is_fault(self, line: bytes, read_at: int) -> bool:
        """Whether one whole line is an error, or the begin of a trace."""
        line = line.strip(b" \t\r\0")
        if b"\x1b" in line:
            line = _COLOUR.sub(b"", line)
        if line.startswith(_BARE_TRACE):
            return True
        small = line[:_LONGEST].lower()
        if _is_record(small):
            return self._is_structured_fault(small, line, read_at)
        if (head := self._head_of(line)) is not None:
            return _level_in(head) in FAULTS and self._parse(line, read_at) in FAULTS
        return self._is_plain_fault(small, line, read_at)

    def _head_of(self, line: bytes) -> re.Match[bytes] | None:
        """What decides the level of a line of a format of `_heads`; None for a line of another."""
        for head in self._heads.get(line[:1], ()):
            if (match := head.match(line)) is not None:
                return match
        return None

    def _is_structured_fault(self, small: bytes, line: bytes, read_at: int) -> bool:
        """By its level field: where none can be an error, the line is not decoded."""
        level_field = LEVEL_FIELD[b"{" if small.startswith(b"{") else b""]
        if b'"stream"' not in small and not any(
            _may_be_fault(m["value"]) for m in level_field.finditer(small)
        ):
            return False
        first = level_field.search(small)
        head = b""
        if first is not None and first["name"] == b"level":
            before = small[: first.start("value")]
            if before.count(b"{") == small.startswith(b"{") and not before.count(b'"') % 2:
                head = before.translate(DIGITS) + first["value"]
        return self._level(head, line, read_at) in FAULTS

    def _is_plain_fault(self, small: bytes, line: bytes, read_at: int) -> bool:
        """By the first word that is its level, which what is before it decides; what is after it is prose."""
        for word in LEVEL_WORD.finditer(small, 0, 4 * _LONGEST_HEAD):
            level = self._level_by_word(small, line, word, read_at)[0]
            if level is not None:
                return level in FAULTS
        return False

    def _level_by_word(
        self, small: bytes, line: bytes, word: re.Match[bytes], read_at: int
    ) -> tuple[Level | None, int]:
        """The level of a plain line by one of its words, and where that word ends."""
        end = word.end()
        while line[end : end + 1].isalpha():
            end += 1
        head = small[: word.start()].translate(DIGITS) + line[word.start() : end + 1]
        return self._level(head, _begin(line, end), read_at), end

    def _harmless_prefix(self, line: bytes) -> Prefix | None:
        """How a line begins that is no error by that alone; None where it does not show."""
        exact = False
        small = line[: 2 * MAX_LENGTH].lower()
        if small[:1] in _NO_PREFIX or line.startswith(_BARE_TRACE):
            return None
        if _is_record(small):
            end = 0 if self.is_fault(line, 0) else _level_end(small)
            exact = small[:end].rstrip(b'", }')[-1:].isdigit()
        elif (head := self._head_of(line)) is not None:
            end = 0 if head.lastgroup == "priority" or _level_in(head) in FAULTS else head.end()
        elif (word := LEVEL_WORD.search(small)) is not None:
            level, end = self._level_by_word(small, line, word, 0)
            end = end + 1 if level is not None and level not in FAULTS and line[end : end + 1] in _ENDS else 0
        else:
            return None
        prefix = line[:end]
        if not 0 < end <= MAX_LENGTH or b"\x1b" in prefix:
            return None
        return Prefix(prefix, exact=True) if exact else Prefix(prefix.translate(DIGITS))

    def _level(self, head: bytes, line: bytes, read_at: int) -> Level | None:
        """The level of a line, by its head where that is known."""
        if not head or len(head) > _LONGEST_HEAD:
            return self._parse(line, read_at)
        if head not in self._levels:
            if len(self._levels) >= MEMORY:
                self._levels.clear()
            self._levels[head] = self._parse(line, read_at)
        return self._levels[head]

    def _parse(self, line: bytes, read_at: int) -> Level | None:
        self.parsed += 1
        return level_of(line[:_LONGEST], read_at, self._formats)


@cache
def _heads(formats: LogFormats) -> dict[bytes, tuple[re.Pattern[bytes], ...]]:
    """By their first byte, patterns of what decides the level of a line.

    Only of formats that need it: of others the word of the level and what is before it are enough.
    """
    found: dict[bytes, dict[re.Pattern[bytes], None]] = {}
    for row in formats.rows:
        head = re.compile(row.head.encode())
        if LEVEL_GROUPS.keys().isdisjoint(head.groupindex):
            continue
        example = head.match(row.example.encode())
        end = example.end("level") if example is not None and "level" in head.groupindex else 0
        if end and level_of(_begin(row.example.encode(), end), 0, formats) is not None:
            continue
        for first in row.first:
            found.setdefault(first.encode(), {})[head] = None
    return {first: tuple(heads) for first, heads in found.items()}


def _begin(line: bytes, end: int) -> bytes:
    """What decides the level of a line whose level ends at *end*, with a message without any meaning."""
    while line[end : end + 1] in _ENDS:
        end += 1
    return line[:end] + b" ."


def _is_record(small: bytes) -> bool:
    """Whether a line begins as JSON or logfmt does."""
    return small.startswith(b"{") or _PAIRED.match(small) is not None


def _level_in(head: re.Match[bytes]) -> Level | None:
    group = next(group for group in LEVEL_GROUPS if group in head.re.groupindex)
    return LEVEL_GROUPS[group](head[group].decode())


def _may_be_fault(value: bytes) -> bool:
    """Whether the value of a level field, in small letters, may mean one: a word, a number, a record."""
    word = value.lstrip(b'"')
    return not word.isalpha() or FAULT_WORD.search(word) is not None


def _level_end(small: bytes) -> int:
    """Where the level of a structured line ends, with its closing sign; 0 where it does not decide alone."""
    first = LEVEL_FIELD[b"{" if small.startswith(b"{") else b""].search(small)
    if first is None or first["name"] != b"level":
        return 0
    before, value = small[: first.start("value")], first["value"].lstrip(b'"')
    if before.count(b"{") != small.startswith(b"{") or before.count(b'"') % 2 or FAULT_WORD.search(value):
        return 0
    if not (value.isalpha() or (value.isdigit() and _DIGITS_OF_TIME.search(before) is None)):
        return 0  # of a number the digits count, and no two lines have those of their time in common
    end = first.end("value")
    closing = {b'"'} if first["value"].startswith(b'"') else {b",", b"}"} if before[:1] == b"{" else {b" "}
    return end + 1 if small[end : end + 1] in closing else 0

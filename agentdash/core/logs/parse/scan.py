"""Errors among lines that nobody has time to parse: a search over their bytes, exact and cheap.

Four steps, each sparing the next: lines that begin like one that was no fault are left out in one pass; a few
patterns over the rest find what could be a level that is a fault; what stands before it, digits aside, is
looked up among the heads that were decided before; only what is new is parsed. A line without any of the
words and signs below cannot have the level error or fatal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agentdash.core.logs.model import Level
from agentdash.core.logs.parse.heads import DIGITS, LONGEST, Gathered, Head, QuietHeads
from agentdash.core.logs.parse.line import level_of

FAULTS = frozenset({Level.ERROR, Level.FATAL})
MEMORY = 4096
"""Heads that are remembered."""

_LONGEST = 1024 * 1024
_LONGEST_HEAD = 512

# The words of `log_parse_levels` for error and fatal, in small letters.
_WORDS = (rb"e(?:rr|ror|merg)", rb"f(?:atal|tl)", rb"crit", rb"p(?:anic|nc)", rb"severe", rb"alert")
_WORD = re.compile(b"|".join(_WORDS))
# One after the other they are found twice as fast as all at once: a pattern that begins with one certain byte
# is searched for with memchr.
_EACH_WORD = tuple(map(re.compile, _WORDS))
# Levels that are a letter or a number, and traces without one; each begins with what is quickly looked for.
_SIGNS = (
    re.compile(rb"\n(?:[ef](?:\d{4}){1,2} |[ef]/|\[[ec] |<\d|traceback \(most|exception in thread)"),
    re.compile(rb"\"(?:level(?:_?no)?|severity|lvl|loglevel|log\.level|@l|l|priority)\"\s?:\s?\"?\d"),
    *(re.compile(rb" %c [^\n:]{1,80}:" % letter) for letter in b"efa"),
)
# The words for any level.
_ANY = re.compile(
    rb"trac|trc|debu|dbg|info|inf\b|noti|warn|wrn|succ|verb|e(?:rr|ror|merg)|fatal|ftl|crit|panic|pnc|severe|alert"
)
_NAMES = rb"(?P<name>level(?:_?n(?:o|ame))?|severity|lvl|loglevel|log\.level|@l|l|priority)"
_KEYED = {
    b"{": re.compile(rb"\"" + _NAMES + rb"\"\s{0,2}:\s{0,2}(?P<value>\"?[\w{]+)"),
    b"": re.compile(rb"(?:^|\s)" + _NAMES + rb"=(?P<value>\"?\w+)"),
}
_PAIRED = re.compile(rb"[a-z_@][\w.@/-]*=")
_LETTERED = re.compile(rb"(?P<glog>[a-z])(?:\d{4}){1,2} \d|(?P<brief>[vdiwefa])/|\[(?P<tornado>[a-z]) \d")
_LOGCAT = re.compile(rb"[\d-]{5,10} [\d:.]{8,15}(?:\s+\w+)?\s+\d+\s+\d+ (?P<letter>[vdiwefa]) ")
_PRIORITY = re.compile(rb"<(\d{1,3})>")
_BARE_TRACE = (b"Traceback (most recent", b"Exception in thread")
_COLOUR = re.compile(rb"\x1b\[[\d;]*m")
_NO_HEAD = frozenset({b"", b" ", b"\t", b"\r", b"\0", b"<"})
_MOMENT = re.compile(rb"\d{8}|\d\d:\d\d")
# After a head that ends so, nothing that stands later in the line can make it a line of another format.
_ENDS = frozenset({b" ", b"]", b":", b"|", b")", b">", b"\t"})


class FaultSearch:
    """Finds the lines whose level is error or fatal, and traces without one; remembers what heads mean."""

    def __init__(self) -> None:
        self.parsed = 0
        """Lines that had to be parsed."""
        self._known: dict[bytes, Level | None] = {}
        self._quiet = QuietHeads(self._quiet_head)

    def find(self, data: bytes, near: int) -> Iterator[tuple[int, int]]:
        """Where each such line begins and ends in *data*, in order, without its line end.

        A trace that stands right below such a line belongs to it.

        Args:
            data: Whole lines.
            near: When they were read, Unix ms.
        """
        places = self._quiet.others(data)
        if places is None:
            yield from self._search(data, near)
        elif places:
            gathered = Gathered(data, places)
            for start, end in self._search(gathered.data, near):
                yield gathered.place(start), gathered.place(end)

    def _search(self, data: bytes, near: int) -> Iterator[tuple[int, int]]:
        small = b"\n" + data.lower()
        done = below = 0
        for place in _places(small):
            if place < done:
                continue
            start = small.rfind(b"\n", 0, place + 1) + 1
            end = small.find(b"\n", start)
            done = end = len(small) if end < 0 else end
            if start == below and data.startswith(_BARE_TRACE, start - 1):
                continue
            if self.is_fault(data[start - 1 : end - 1], near):
                below = end + 1
                yield start - 1, end - 1

    def is_fault(self, line: bytes, near: int) -> bool:
        """Whether one line, whole, is such a one."""
        line = line.strip(b" \t\r\0")
        if b"\x1b" in line:
            line = _COLOUR.sub(b"", line)
        if line.startswith(_BARE_TRACE):
            return True
        small = line[:_LONGEST].lower()
        if small.startswith(b"<") and (priority := _PRIORITY.match(small)) is not None:
            return int(priority[1]) & 7 <= 3 and self._parse(line, near) in FAULTS
        if small.startswith(b"{") or _PAIRED.match(small) is not None:
            return self._structured(small, line, near)
        lettered = _LETTERED.match(small) or _LOGCAT.match(small)
        if lettered is not None:
            return lettered[lettered.lastgroup or 0] in b"efac" and self._parse(line, near) in FAULTS
        return self._plain(small, line, near)

    def _structured(self, small: bytes, line: bytes, near: int) -> bool:
        """By its level field: where none could be a fault, the line is not even decoded."""
        keyed = _KEYED[b"{" if small.startswith(b"{") else b""]
        if b'"stream"' not in small and not any(_may_be_fault(m["value"]) for m in keyed.finditer(small)):
            return False
        first = keyed.search(small)
        head = b""
        if first is not None and first["name"] == b"level":
            before = small[: first.start("value")]
            if before.count(b"{") == small.startswith(b"{") and not before.count(b'"') % 2:
                head = before.translate(DIGITS) + first["value"]
        return self._level(head, line, near) in FAULTS

    def _plain(self, small: bytes, line: bytes, near: int) -> bool:
        """By the first word that is its level: what stands before it decides that; after it comes prose."""
        for word in _ANY.finditer(small, 0, 4 * _LONGEST_HEAD):
            level = self._worded(small, line, word, near)[0]
            if level is not None:
                return level in FAULTS
        return False

    def _worded(
        self, small: bytes, line: bytes, word: re.Match[bytes], near: int
    ) -> tuple[Level | None, int]:
        """The level of a plain line by one of its words, and where that word ends."""
        end = word.end()
        while line[end : end + 1].isalpha():
            end += 1
        head = small[: word.start()].translate(DIGITS) + line[word.start() : end + 1]
        after = end
        while line[after : after + 1] in _ENDS:
            after += 1
        return self._level(head, line[:after] + b" .", near), end

    def _quiet_head(self, line: bytes) -> Head | None:
        """How a line begins that is no fault by that alone; None where it cannot be told."""
        exact = False
        small = line[: 2 * LONGEST].lower()
        if small[:1] in _NO_HEAD or small.startswith((b"traceback (most", b"exception in thread")):
            return None
        if small.startswith(b"{") or _PAIRED.match(small) is not None:
            end = 0 if self.is_fault(line, 0) else _level_end(small)
            exact = small[:end].rstrip(b'", }')[-1:].isdigit()
        elif (lettered := _LETTERED.match(small) or _LOGCAT.match(small)) is not None:
            end = 0 if lettered[lettered.lastgroup or 0] in b"efac" else lettered.end()
        elif (word := _ANY.search(small)) is not None:
            level, end = self._worded(small, line, word, 0)
            end = end + 1 if level is not None and level not in FAULTS and line[end : end + 1] in _ENDS else 0
        else:
            return None
        head = line[:end]
        if not 0 < end <= LONGEST or b"\x1b" in head:
            return None
        return Head(head, exact=True) if exact else Head(head.translate(DIGITS))

    def _level(self, head: bytes, line: bytes, near: int) -> Level | None:
        """The level of a line, by its head where that is known."""
        if not head or len(head) > _LONGEST_HEAD:
            return self._parse(line, near)
        if head not in self._known:
            if len(self._known) >= MEMORY:
                self._known.clear()
            self._known[head] = self._parse(line, near)
        return self._known[head]

    def _parse(self, line: bytes, near: int) -> Level | None:
        self.parsed += 1
        return level_of(line[:_LONGEST], near)


def _places(small: bytes) -> list[int]:
    """Where a level may be a fault, ascending."""
    places = [hit.start() for word in _EACH_WORD for hit in word.finditer(small)]
    places += [hit.end() - 1 for sign in _SIGNS for hit in sign.finditer(small)]
    places.sort()
    return places


def _may_be_fault(value: bytes) -> bool:
    """Whether the value of a level field, in small letters, may mean one: a word, a number, a record."""
    word = value.lstrip(b'"')
    return not word.isalpha() or _WORD.search(word) is not None


def _level_end(small: bytes) -> int:
    """Where the level of a structured line ends, with its closing sign; 0 where it does not decide alone."""
    first = _KEYED[b"{" if small.startswith(b"{") else b""].search(small)
    if first is None or first["name"] != b"level":
        return 0
    before, value = small[: first.start("value")], first["value"].lstrip(b'"')
    if before.count(b"{") != small.startswith(b"{") or before.count(b'"') % 2 or _WORD.search(value):
        return 0
    if not (value.isalpha() or (value.isdigit() and _MOMENT.search(before) is None)):
        return 0  # of a number the digits count, and no two lines have those of their time in common
    end = first.end("value")
    closing = {b'"'} if first["value"].startswith(b'"') else {b",", b"}"} if before[:1] == b"{" else {b" "}
    return end + 1 if small[end : end + 1] in closing else 0

"""The output of one stream, masked line by line, however small the pieces are in which it comes.

A secret is recognised only when all of it and its name are there. So a line is masked when its end is there.
Of a line that waits for its end (a prompt, a row of dots) only that is let out which cannot be the beginning
of a secret; the line is kept, so that what follows is still read together with it.
"""

from __future__ import annotations

import re

from agentdash.core.secrets.following_lines import LineFollower
from agentdash.core.secrets.mask import MASK, mask_from, mask_line, spans_in
from agentdash.core.secrets.pem import KeyFollower
from agentdash.core.secrets.unfinished import unfinished_secret

LINE_HELD = 16 * 1024
"""Bytes of a line that are kept while its end is not there; of more the beginning is let out or dropped."""
CONTEXT = 2 * 1024
"""Bytes of an endless line that are kept of what was let out, as they may name what follows."""
WORDS_LOST = 4
"""Words that go with a piece that was dropped amid a line: its name may have been in there."""

_BLANK = re.compile(rb"[ \t]")
_KEY_EDGE = re.compile(rb"(BEGIN|END)[ A-Z0-9]{0,60}PRIVATE KEY")
_ENDS_SECRET = re.compile(rb"[\s\"'`]")


class HeldLines:
    """Masks one stream. Not for several threads at once.

    Attributes:
        lost: Bytes of endless words that are in no output; who counts them sets it back.
    """

    def __init__(self) -> None:
        self._key = KeyFollower()
        self._before = LineFollower()
        self._line = bytearray()
        self._shown = 0
        self._passing = 0
        self._swallowing = False
        self.lost = 0

    @property
    def held(self) -> int:
        """Bytes of the unfinished line that were not let out."""
        return len(self._line) - self._shown

    def feed(self, data: bytes) -> bytes:
        """Take *data*; returns what became whole lines with it, masked."""
        end = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        if not end:
            self._line += data
            return b""
        whole = bytes(self._line) + data[:end]
        shown, self._shown = self._shown, 0
        self._line[:] = data[end:]
        masked = bytearray()
        for line in whole.splitlines(keepends=True):
            masked += self._masked(line, shown)
            shown = 0
        return bytes(masked)

    def rest(self) -> bytes:
        """The stream has ended: the last line, without its end."""
        line, shown = bytes(self._line), self._shown
        self._line.clear()
        self._shown = 0
        return self._masked(line, shown) if line else b""

    def let_out(self, *, moving: bool) -> bytes:
        """What can be shown of the unfinished line, and was not.

        Args:
            moving: Whether more came a moment ago: then its last word stays, whatever it is.
        """
        if self._swallowing:
            stop = _ENDS_SECRET.search(self._line)
            gone = len(self._line) if stop is None else stop.start()
            self.lost += gone
            del self._line[:gone]
            self._swallowing = stop is None
        size = len(self._line) - half_character(self._line)
        text = self._line[:size].decode("utf-8", "surrogateescape")
        if self._key.inside(text) or self._before.follows:
            return b"" if len(self._line) <= LINE_HELD else self._swallow()
        end = unfinished_secret(text, moving=moving)
        out = mask_from(text[:end], self._chars())
        self._shown = max(self._shown, len(text[:end].encode("utf-8", "surrogateescape")))
        if len(self._line) > LINE_HELD:
            out += self._shorten()
        return out.encode("utf-8", "surrogateescape")

    def lose(self, dropped: bytes, *, amid_line: bool) -> None:
        """*dropped*, which came next, is not kept; what follows begins a line, or goes on amid one."""
        self._key, self._before = KeyFollower(), LineFollower()
        edges = _KEY_EDGE.findall(bytes(self._line) + dropped)
        if edges and edges[-1] == b"BEGIN":
            self._key.mask("-----BEGIN PRIVATE KEY-----", MASK)
        self._line.clear()
        self._shown = 0
        self._passing = WORDS_LOST if amid_line else 0

    def pass_over(self, data: bytes) -> int:
        """Bytes at the beginning of *data* that go with what was lost before them."""
        place = 0
        while self._passing and place < len(data):
            line = data.find(b"\n", place)
            blank = _BLANK.search(data, place)
            if line >= 0 and (blank is None or line < blank.start()):
                self._passing = 0
                return line + 1
            if blank is None:
                return len(data)
            place = blank.end()
            self._passing -= 1
        return place

    def _masked(self, raw: bytes, shown: int) -> bytes:
        """One line with its end; *shown* bytes of it were let out before."""
        body = raw.rstrip(b"\r\n")
        if self._swallowing:
            end = _ENDS_SECRET.search(raw)
            self._swallowing = end is None
            gone = len(body) if end is None else min(end.start(), len(body))
            self.lost += gone
            body, shown = body[gone:], 0
        text = body.decode("utf-8", "surrogateescape")
        start = len(raw[:shown].decode("utf-8", "surrogateescape"))
        masked, of_key = self._key.mask(text, MASK)
        if of_key:
            out = MASK if start else mask_from(masked, 0)
        else:
            out = mask_line(text, self._before, begin=start)[0]
        return out.encode("utf-8", "surrogateescape") + raw[len(raw.rstrip(b"\r\n")) :]

    def _swallow(self) -> bytes:
        """A line that belongs to a secret before it has no end: none of it is kept."""
        self.lost += len(self._line) - self._shown
        self._line.clear()
        self._shown, self._swallowing = 0, True
        return b""

    def _chars(self) -> int:
        return len(self._line[: self._shown].decode("utf-8", "surrogateescape"))

    def _shorten(self) -> str:
        """Keep less of an endless line; a secret that is as long is masked as far as it goes."""
        if len(self._line) - self._shown > LINE_HELD // 2:
            text = self._line.decode("utf-8", "surrogateescape")
            sure = any(span.end == len(text) for span in spans_in(text))
            self.lost += 0 if sure else len(self._line) - self._shown
            self._line.clear()
            self._shown = 0
            self._swallowing = True
            return MASK if sure else ""
        gone = max(0, self._shown - CONTEXT)
        while gone < self._shown and self._line[gone] & 0xC0 == 0x80:
            gone += 1
        del self._line[:gone]
        self._shown -= gone
        return ""


def half_character(data: bytearray) -> int:
    """Bytes of a character at the end whose rest may still come."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC0:  # leads a character of 2, 3 or 4 bytes
            need = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return back if back < need else 0
        if byte < 0x80:
            break
    return 0

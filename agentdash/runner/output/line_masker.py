"""Masks the output of one stream line by line, however small the chunks in which it arrives.

A secret is recognised only as a whole and with its name, so a line is masked when it is complete. Of an
incomplete line (a prompt, a row of dots) only what cannot be the beginning of a secret is released; the line
is kept, so that the rest is still read together with it.
"""

from __future__ import annotations

import re

from agentdash.core.secrets.following_lines import LineFollower
from agentdash.core.secrets.mask import MASK, mask_from, mask_line, spans_in
from agentdash.core.secrets.pem import KeyFollower
from agentdash.core.secrets.unfinished import unfinished_secret

LINE_LIMIT = 16 * 1024
"""Bytes of an incomplete line that are kept; beyond it the beginning is released or dropped."""
CONTEXT = 2 * 1024
"""Bytes already released of an overlong line that are kept, as they may contain the name of a secret."""
WORDS_LOST = 4
"""Words dropped after a gap inside a line: the name of a secret may have been in the gap."""

_BLANK = re.compile(rb"[ \t]")
_KEY_EDGE = re.compile(rb"(BEGIN|END)[ A-Z0-9]{0,60}PRIVATE KEY")
_ENDS_SECRET = re.compile(rb"[\s\"'`]")


class LineMasker:
    """Masks one stream. Not thread-safe.

    Attributes:
        lost: Bytes of overlong words that were dropped; reset by the caller.
    """

    def __init__(self) -> None:
        self._key = KeyFollower()
        self._before = LineFollower()
        self._line = bytearray()
        self._shown = 0
        self._words_to_drop = 0
        self._swallowing = False
        self.lost = 0

    @property
    def pending(self) -> int:
        """Bytes of the incomplete line that were not released."""
        return len(self._line) - self._shown

    def feed(self, data: bytes) -> bytes:
        """Add *data*; returns the lines that it completed, masked."""
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

    def finish(self) -> bytes:
        """The last, incomplete line, masked, once the stream has ended."""
        line, shown = bytes(self._line), self._shown
        self._line.clear()
        self._shown = 0
        return self._masked(line, shown) if line else b""

    def release(self, *, growing: bool) -> bytes:
        """What can be shown of the incomplete line and was not yet.

        Args:
            growing: Whether more arrived a moment ago: then its last word is kept back.
        """
        if self._swallowing:
            stop = _ENDS_SECRET.search(self._line)
            gone = len(self._line) if stop is None else stop.start()
            self.lost += gone
            del self._line[:gone]
            self._swallowing = stop is None
        size = len(self._line) - partial_character(self._line)
        text = self._line[:size].decode("utf-8", "surrogateescape")
        if self._key.inside(text) or self._before.follows:
            return b"" if len(self._line) <= LINE_LIMIT else self._swallow()
        end = unfinished_secret(text, moving=growing)
        out = mask_from(text[:end], self._chars())
        self._shown = max(self._shown, len(text[:end].encode("utf-8", "surrogateescape")))
        if len(self._line) > LINE_LIMIT:
            out += self._shorten()
        return out.encode("utf-8", "surrogateescape")

    def skip(self, dropped: bytes, *, inside_line: bool) -> None:
        """Account for *dropped*, which is not masked; *inside_line*: whether its last line continues."""
        self._key, self._before = KeyFollower(), LineFollower()
        edges = _KEY_EDGE.findall(bytes(self._line) + dropped)
        if edges and edges[-1] == b"BEGIN":
            self._key.mask("-----BEGIN PRIVATE KEY-----", MASK)
        self._line.clear()
        self._shown = 0
        self._words_to_drop = WORDS_LOST if inside_line else 0

    def bytes_to_drop(self, data: bytes) -> int:
        """Bytes at the beginning of *data* to be dropped after a gap before them; see `WORDS_LOST`."""
        place = 0
        while self._words_to_drop and place < len(data):
            line = data.find(b"\n", place)
            blank = _BLANK.search(data, place)
            if line >= 0 and (blank is None or line < blank.start()):
                self._words_to_drop = 0
                return line + 1
            if blank is None:
                return len(data)
            place = blank.end()
            self._words_to_drop -= 1
        return place

    def _masked(self, raw: bytes, shown: int) -> bytes:
        """One complete line; *shown* bytes of it were released before."""
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
        """Drop an overlong line that continues a secret of the line before it."""
        self.lost += len(self._line) - self._shown
        self._line.clear()
        self._shown, self._swallowing = 0, True
        return b""

    def _chars(self) -> int:
        return len(self._line[: self._shown].decode("utf-8", "surrogateescape"))

    def _shorten(self) -> str:
        """Keep less of an overlong line; an overlong secret is masked to its end."""
        if len(self._line) - self._shown > LINE_LIMIT // 2:
            text = self._line.decode("utf-8", "surrogateescape")
            is_secret = any(span.end == len(text) for span in spans_in(text))
            self.lost += 0 if is_secret else len(self._line) - self._shown
            self._line.clear()
            self._shown = 0
            self._swallowing = True
            return MASK if is_secret else ""
        gone = max(0, self._shown - CONTEXT)
        while gone < self._shown and self._line[gone] & 0xC0 == 0x80:
            gone += 1
        del self._line[:gone]
        self._shown -= gone
        return ""


def partial_character(data: bytearray) -> int:
    """Bytes of an incomplete UTF-8 character at the end of *data*."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC0:  # leads a character of 2, 3 or 4 bytes
            need = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return back if back < need else 0
        if byte < 0x80:
            break
    return 0

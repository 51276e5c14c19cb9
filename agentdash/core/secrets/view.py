r"""The visible characters of a text, to search for secrets, with their offsets in the text.

Colours, links, zero-width marks and other control sequences may be anywhere in a secret, also escaped as in
JSON (``\u001b[36m``). They are left out for the search, and kept in the masked text. Escaped characters
(``\u0022``, ``%22``, ``&quot;``) and wide ones (``＝``) are decoded.
"""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

MASK = "••••••••"


class Span(NamedTuple):
    """A secret: where it begins and ends (exclusive), and its kind."""

    start: int
    end: int
    kind: str


_HIDDEN = re.compile(
    r"\x1b\][^\x07\x1b\x9c]{0,2048}(?:\x07|\x1b\\|\x9c)"  # OSC: titles, links
    r"|\x1b[PX^_][^\x1b]{0,2048}\x1b\\"  # DCS, SOS, PM, APC
    r"|(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]?"  # CSI: colours, cursor
    r"|\x1b[ -/]{0,8}[0-~]?"
    r"|[^\x08\n]\x08"  # typed over
    r"|\\(?:u00(?:1[bB]|9[bB])|x1[bB]|x9[bB]|033|e)\[[0-9;:?]{0,64}[ -/]{0,8}[@-~]"  # CSI, written out
    r"|(?P<sign>\\{1,16}u00[2-7][0-9a-fA-F]|%(?:2[27]|3[aA]|7[bBdD])|&(?:quot|apos|#3[49]|#x2[27]);)"
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe0f\ufeff]"
)

_WIDE = "\u00a0\u2000-\u200a\u202f\u205f\u3000\ufe50-\ufe6b\uff01-\uff5e\u2236\ua789\U0001d400-\U0001d7ff"
_HAS_WIDE = re.compile(f"[{_WIDE}]")


class View:
    """The visible characters of a text.

    Attributes:
        text: Without hidden characters, escaped ones decoded; the original where there are none.
    """

    def __init__(self, original: str) -> None:
        self._original = original
        self._places: list[int] = []
        self._shifts: list[int] = []
        self.text = original
        if (
            not original.isprintable()
            or "\\" in original
            or "%22" in original
            or "&quot;" in original
            or "&#" in original
        ):
            self._remove_hidden()
        if not original.isascii() and _HAS_WIDE.search(self.text) is not None:
            self.text = _HAS_WIDE.sub(_narrow, self.text)

    def masked(self, spans: Iterable[Span], begin: int = 0) -> str:
        """The original from *begin* with `MASK` in place of each span of the view; hidden characters stay."""
        pieces: list[str] = []
        done = begin
        for span in spans:
            start, end = self._origin(span.start), self._origin(span.end - 1) + 1
            if end <= begin:
                continue
            pieces += (self._original[done : max(start, done)], MASK)
            if end - start > span.end - span.start:
                pieces += self._unseen(max(start, done), end)
            done = end
        return "".join((*pieces, self._original[done:]))

    def origin(self, place: int) -> int:
        """The offset in the original of the character at *place* of the view."""
        return self._origin(place) if place < len(self.text) else len(self._original)

    def _origin(self, place: int) -> int:
        at = bisect_right(self._places, place)
        return place + (self._shifts[at - 1] if at else 0)

    def _unseen(self, start: int, end: int) -> list[str]:
        """Whole control sequences within a span, such as the one that ends its colour."""
        found = (match[0] for match in _HIDDEN.finditer(self._original, start, end) if not match["sign"])
        return [one for one in found if len(one) > 2]

    def _remove_hidden(self) -> None:
        kept: list[str] = []
        done = size = 0
        for match in _HIDDEN.finditer(self._original):
            kept.append(self._original[done : match.start()])
            size += match.start() - done
            done = match.end()
            if match["sign"]:  # its last character has its offset
                kept.append(_read(match["sign"]))
                done -= 1
            if self._places and self._places[-1] == size:
                self._shifts[-1] = done - size
            else:
                self._places.append(size)
                self._shifts.append(done - size)
            if match["sign"]:
                size += 1
                done += 1
        if kept:
            self.text = "".join((*kept, self._original[done:]))


def _read(sign: str) -> str:
    """The character of an escape."""
    return html.unescape(sign) if sign[0] == "&" else chr(int(sign[-2:], 16))


def _narrow(match: re.Match[str]) -> str:
    """The usual form of a wide character or a special blank, if it is one character."""
    plain = {"\u2236": ":", "\ua789": ":"}.get(match[0]) or unicodedata.normalize("NFKC", match[0])
    return plain if len(plain) == 1 else match[0]

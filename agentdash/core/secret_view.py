r"""A text as a person sees it, for the search for secrets, and the way back to the text as it is.

Colours, links, zero-width marks and other control sequences may stand anywhere in a secret, also written out
as JSON does (``\u001b[36m``). They are left out for the search, and kept in the text that is masked.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

MASK = "••••••••"


class Span(NamedTuple):
    """A secret: where it begins, where it ends (exclusive), and what kind it is."""

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
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe0f\ufeff]"
)


class View:
    """What is seen of a text.

    Attributes:
        text: Without what is not seen; the text itself where all of it is.
    """

    def __init__(self, original: str) -> None:
        self._original = original
        self._places: list[int] = []
        self._shifts: list[int] = []
        self.text = original
        if not original.isprintable() or "\\" in original:
            self._leave_out()

    def masked(self, spans: Iterable[Span], begin: int = 0) -> str:
        """The original from *begin* with `MASK` in place of each span of the view; what is not seen stays."""
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
        """Where the character at *place* of the view is in the original; its end for the end."""
        return self._origin(place) if place < len(self.text) else len(self._original)

    def _origin(self, place: int) -> int:
        at = bisect_right(self._places, place)
        return place + (self._shifts[at - 1] if at else 0)

    def _unseen(self, start: int, end: int) -> list[str]:
        """Whole sequences of a span, such as the one that ends its colour."""
        found = (match[0] for match in _HIDDEN.finditer(self._original, start, end))
        return [one for one in found if len(one) > 2]

    def _leave_out(self) -> None:
        kept: list[str] = []
        done = size = 0
        for match in _HIDDEN.finditer(self._original):
            kept.append(self._original[done : match.start()])
            size += match.start() - done
            done = match.end()
            if self._places and self._places[-1] == size:
                self._shifts[-1] = done - size
            else:
                self._places.append(size)
                self._shifts.append(done - size)
        if kept:
            self.text = "".join((*kept, self._original[done:]))

"""Secrets that a terminal has broken into lines: what goes on in the first column of the next line.

What is kept is that the last line ended in a secret, never the line.
"""

from __future__ import annotations

import re

from agentdash.core.secrets.view import MASK, Span

LEAST = 24
"""Characters of the shortest line that was broken because it was too long."""
_PART = re.compile(r"[A-Za-z0-9_+/=.~-]{1,4096}")
_PLAIN = re.compile(r"\d{4}-\d\d|\d+[.:/-]\d|/|[A-Za-z_-]+\d{0,5}=?$|[a-z]+(?:[A-Z][a-z]+)+$|\[?[A-Z]+[=:]|-")
_MOST = 64
"""Lines that one secret goes on for."""


class WrapFollower:
    """Says of each line of one source how much of it goes on with the secret before it."""

    def __init__(self) -> None:
        self._kind = ""
        self._left = 0

    @property
    def follows(self) -> bool:
        """Whether the next line may go on with a secret."""
        return bool(self._kind)

    def spans(self, seen: str) -> list[Span]:
        """What of the next line goes on with the secret, in its view."""
        kind, part = self._kind, _PART.match(seen)
        if part is None or not _goes_on(part[0], len(seen)):
            self._kind = ""
            return []
        self._left -= 1
        if part.end() < max(len(seen), LEAST) or self._left <= 0:
            self._kind = ""
        return [Span(0, part.end(), kind)]

    def ended(self, seen: str, spans: list[Span]) -> None:
        """The secrets of a whole line: one that ends with the line may go on in the next.

        Args:
            seen: The view of the line.
            spans: All of its secrets, those of `spans` included, in any order.
        """
        if seen.endswith(MASK):
            self._kind, self._left = "secret", _MOST  # it was masked before
            return
        if self._kind or len(seen) < LEAST:
            return
        for span in spans:
            if span.end == len(seen) and _PART.fullmatch(seen, span.start) is not None:
                self._kind, self._left = span.kind, _MOST


def _goes_on(part: str, size: int) -> bool:
    """Whether a first word goes on with a token: all of a long line, or no date, number or word of people."""
    if len(part) == size >= LEAST:
        return True
    if _PLAIN.match(part) is not None:
        return False
    digit = any(sign.isdigit() for sign in part)
    letter = any(sign.isalpha() for sign in part)
    mixed = any(sign.isupper() for sign in part[1:]) and any(sign.islower() for sign in part)
    return (digit and letter) or mixed or part[-1] == "="

"""Secrets that a terminal has wrapped: they continue in the first column of the next line.

Only whether the last line ended in a secret is kept, never the line.
"""

from __future__ import annotations

import re

from agentdash.core.secrets.view import MASK, Span

MIN_LINE = 24
"""Characters of the shortest line that was wrapped."""
_PART = re.compile(r"[A-Za-z0-9_+/=.~-]{1,4096}")
_PLAIN = re.compile(r"\d{4}-\d\d|\d+[.:/-]\d|/|[A-Za-z_-]+\d{0,5}=?$|[a-z]+(?:[A-Z][a-z]+)+$|\[?[A-Z]+[=:]|-")
_MAX = 64
"""Lines of one secret at most."""


class WrapFollower:
    """Finds in each line of one source how much of it continues the secret before it."""

    def __init__(self) -> None:
        self._kind = ""
        self._left = 0

    @property
    def follows(self) -> bool:
        """Whether the next line may continue a secret."""
        return bool(self._kind)

    def spans(self, seen: str) -> list[Span]:
        """The part of the next line that continues the secret, in its view."""
        kind, part = self._kind, _PART.match(seen)
        if part is None or not _continues(part[0], len(seen)):
            self._kind = ""
            return []
        self._left -= 1
        if part.end() < max(len(seen), MIN_LINE) or self._left <= 0:
            self._kind = ""
        return [Span(0, part.end(), kind)]

    def end_line(self, seen: str, spans: list[Span]) -> None:
        """Set the secrets of a whole line: one at its end may continue on the next.

        Args:
            seen: The view of the line.
            spans: All of its secrets, those of `spans` included, in any order.
        """
        if seen.endswith(MASK):
            self._kind, self._left = "secret", _MAX  # it was masked before
            return
        if self._kind or len(seen) < MIN_LINE:
            return
        for span in spans:
            if span.end == len(seen) and _PART.fullmatch(seen, span.start) is not None:
                self._kind, self._left = span.kind, _MAX


def _continues(part: str, size: int) -> bool:
    """Whether a first word continues a token: all of a long line, or no date, number or word."""
    if len(part) == size >= MIN_LINE:
        return True
    if _PLAIN.match(part) is not None:
        return False
    digit = any(sign.isdigit() for sign in part)
    letter = any(sign.isalpha() for sign in part)
    mixed = any(sign.isupper() for sign in part[1:]) and any(sign.islower() for sign in part)
    return (digit and letter) or mixed or part[-1] == "="

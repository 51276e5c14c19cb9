"""An incomplete line: how much of it is certainly not the beginning of a secret."""

from __future__ import annotations

import re

from agentdash.core.secrets.mask import spans_in
from agentdash.core.secrets.shapes import may_begin
from agentdash.core.secrets.view import View

_SEARCHED = 16 * 1024
"""Characters at the end of a line that are searched."""
# Possible continuations: a text that becomes a secret with one may be the beginning of one.
_ENDINGS = (
    "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "0123456789abcdef" * 4,
    "a1B2c3D4@host.example/x",
)
_OF_TOKENS = frozenset("_+/=.~:$|%-")
_PARTS = re.compile(r"[=:/@,|]")
_LONGEST_WORD = 20
_HALF_SEQUENCE = re.compile(
    r"\x1b(?:[\[\]PX^_][^\x07\x1b]{0,200})?$|\\[ux0e]?[0-9a-f]{0,4}(?:\[[0-9;]{0,20})?$"
)
_WHOLE_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


def unfinished_secret(text: str, *, moving: bool) -> int:
    """Where an incomplete secret may begin in *text*; its length without one.

    Args:
        text: The line so far.
        moving: Whether more is expected soon: then its last word counts as one.
    """
    shift = max(0, len(text) - _SEARCHED)
    near = text[shift:]
    half = _HALF_SEQUENCE.search(near)
    if half is not None and _WHOLE_SEQUENCE.match(near, half.start()) is None:
        near = near[: half.start()]
    view = View(near)
    seen = view.text
    place = min(len(seen), _last_word(seen, moving=moving))
    for ending in _ENDINGS:
        for span in spans_in(seen + ending):
            if span.start < len(seen) < span.end:
                place = min(place, span.start)
    for span in spans_in(seen):
        if span.end == len(seen):
            place = min(place, span.start)
    return shift + (len(near) if place >= len(seen) else view.origin(place))


def _last_word(seen: str, *, moving: bool) -> int:
    """Where the last word begins if it may be the beginning of a token; else the length of *seen*."""
    word = seen[max(seen.rfind(blank) for blank in " \t\n") + 1 :]
    start = len(word)
    while start and (word[start - 1].isalnum() or word[start - 1] in _OF_TOKENS):
        start -= 1
    last = word[start:]
    if not any(sign.isalnum() for sign in last):
        return len(seen)
    if moving:
        return len(seen) - len(word)
    incomplete = _may_be_token(last) or _may_be_token(_PARTS.split(last)[-1])
    return len(seen) - len(last) if incomplete else len(seen)


def _may_be_token(word: str) -> bool:
    if not word:
        return False
    if len(word) > _LONGEST_WORD or may_begin(word):
        return True
    digit = any(sign.isdigit() for sign in word)
    mixed = any(sign.isupper() for sign in word[1:]) and any(sign.islower() for sign in word)
    return len(word) >= 4 and (digit or mixed)

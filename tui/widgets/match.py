"""What a person types to search or filter: plain text, or a pattern between slashes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from tui.widgets.cells import Part

Matcher = Callable[[str], "list[tuple[int, int]]"]
"""Gives the spans of a text that match, ``(start, end)`` in characters."""

_LONGEST = 4000
"""Characters of one text that are searched: more of it is never seen on a line."""


def matcher(text: str) -> Matcher | None:
    """A function that finds *text*; None where there is nothing to find.

    Capitals matter only if *text* has some. ``/pattern`` or ``/pattern/`` is a regular expression, if it is a
    valid one that cannot run away; else it is searched for literally.
    """
    if not text:
        return None
    flags = re.NOFLAG if any(c.isupper() for c in text) else re.IGNORECASE
    pattern = _pattern(text, flags) or re.compile(re.escape(text), flags)

    def find(subject: str) -> list[tuple[int, int]]:
        found = pattern.finditer(subject[:_LONGEST])
        return [hit.span() for hit in found if hit.end() > hit.start()]

    return find


def condition(text: str) -> Callable[[str], bool] | None:
    """Like `matcher`, where only whether there is a match is asked; quick for plain text."""
    if not text:
        return None
    exact = any(c.isupper() for c in text)
    pattern = _pattern(text, re.NOFLAG if exact else re.IGNORECASE)
    if pattern is not None:
        search = pattern.search
        return lambda subject: search(subject[:_LONGEST]) is not None
    if exact:
        return lambda subject: text in subject
    folded = text.lower()
    return lambda subject: folded in subject.lower()


def is_pattern(text: str) -> bool:
    """Whether *text* is taken as a regular expression."""
    return _pattern(text, re.NOFLAG) is not None


def _pattern(text: str, flags: re.RegexFlag) -> re.Pattern[str] | None:
    if len(text) < 2 or not text.startswith("/"):
        return None
    source = text[1:].removesuffix("/")
    if not source or _may_run_away(source):
        return None
    try:
        return re.compile(source, flags)
    except (re.error, OverflowError, RecursionError):
        return None


def _may_run_away(source: str) -> bool:
    """Whether a repeat holds another, as in ``(a+)+``: such a pattern can take longer than anyone waits."""
    open_groups = [False]
    index = 0
    while index < len(source):
        character = source[index]
        if character == "\\":
            index += 1
        elif character == "[":
            closing = source.find("]", index + 2)
            index = len(source) if closing < 0 else closing
        elif character == "(":
            open_groups.append(False)
        elif character == ")" and len(open_groups) > 1:
            repeats = open_groups.pop()
            open_groups[-1] |= repeats
            if repeats and source[index + 1 : index + 2] in {"*", "+", "{"}:
                return True
        elif character in "*+{":
            open_groups[-1] = True
        index += 1
    return False


def mark_matches(parts: Sequence[Part], find: Matcher) -> list[Part]:
    """*parts* with `` match`` added to the style of what *find* finds in their joined text."""
    spans = find("".join(text for text, _ in parts))
    if not spans:
        return list(parts)
    marked: list[Part] = []
    at = 0
    for text, style in parts:
        end = at + len(text)
        done = at
        for start, stop in spans:
            left, right = max(start, done), min(stop, end)
            if left < right:
                marked.append((text[done - at : left - at], style))
                marked.append((text[left - at : right - at], f"{style} match"))
                done = right
        marked.append((text[done - at :], style))
        at = end
    return [part for part in marked if part[0]]

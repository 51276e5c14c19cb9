"""Where a value ends, quoted or not, and what of a header is secret: ``Authorization``, ``Cookie``."""

from __future__ import annotations

import re

from agentdash.core.secrets.names import Meaning
from agentdash.core.secrets.values import is_placeholder

_BARE = re.compile(r"[^\s\"'`<>]{1,8192}")
_CUT = re.compile(
    r"[&;,](?=\\{0,31}[\"']?[\w.-]{1,60}\\{0,31}[\"']?\s?[=:])|%26|\\u0026|[,;](?=[\"'])|\\[nrt](?![A-Za-z0-9+/]{6})"
)
_REST_OF_LINE = re.compile(r"[^\"'\r\n]{1,8192}")
_LINE = re.compile(r"[^\r\n]{1,8192}")
_SCHEME = re.compile(
    r"(?i)(?P<name>basic|bearer|token|digest|api-?(?:key|token)|negotiate|ntlm|aws4-hmac-sha256|hmac|key|oauth|jwt|splunk"
    r"|sso-key|genie-?key|ssws|hawk|mac|pat|dpop|snippet|bot)(?:[ \t]{1,4}|=(?=[\"']?[\w+/.-]{8}))"
)
_MANY = frozenset({"digest", "aws4-hmac-sha256", "hawk", "oauth", "mac", "hmac"})
"""Schemes whose credentials are several parts with names."""
_LEFT = ",;.:)]}\\|"


def header_value(text: str, begin: int, opening: str, meaning: Meaning, start: int) -> tuple[int, int] | None:
    """The value of an ``Authorization`` or ``Cookie`` header; None where it is read as any other value.

    Args:
        text: All that is searched.
        begin: Where the value begins, after its quote.
        opening: That quote, empty where it has none.
        meaning: Of the header's name.
        start: Where its name begins.
    """
    end = quoted_end(text, begin, opening) if opening else len(text)
    if meaning.kind == "cookie":
        rest = _REST_OF_LINE.match(text, begin, end)
        if rest is None or "=" not in rest[0] or is_placeholder(rest[0].partition("=")[2][:64] or "<"):
            return begin, begin
        return (begin, end) if opening else rest.span()
    scheme = _SCHEME.match(text, begin, end)
    if scheme is None:
        return None
    first = scheme.end()
    if opening:
        stop = end
    elif scheme["name"].lower() in _MANY:
        stop = _end_of_parts(text, start, first)
    else:
        stop = min(bare_end(text, first), end)
    value = text[first:stop]
    if len(value) < 6 or is_placeholder(value) or (value.isalpha() and value.islower() and len(value) < 24):
        return begin, begin
    return first, stop


def quoted_end(text: str, begin: int, opening: str) -> int:
    """Where the closing quote is, the same as *opening*; the end of the line where there is none."""
    place = text.find(opening, begin)
    while place > 0 and opening[0] != "\\" and _is_escaped(text, place):
        place = text.find(opening, place + 1)
    while place > 0 and opening[0] == "\\" and text[place - 1] == "\\":
        place = text.find(opening, place + len(opening))
    if place >= 0:
        return place
    line = text.find("\n", begin)
    return len(text) if line < 0 else line


def bare_end(text: str, begin: int) -> int:
    """Where a value without quotes ends."""
    value = _BARE.match(text, begin)
    if value is None:
        return begin
    cut = _CUT.search(text, begin, value.end())
    end = value.end() if cut is None else cut.start()
    while end > begin and text[end - 1] in _LEFT:
        end -= 1
    return end


def _end_of_parts(text: str, start: int, first: int) -> int:
    """Where a header of several parts ends: at the quote before its name, or with the line."""
    quote = text[start - 1 : start]
    if quote in {'"', "'"}:
        return quoted_end(text, first, quote)
    line = _LINE.match(text, first)
    return first if line is None else line.end()


def _is_escaped(text: str, place: int) -> bool:
    back = place
    while back and text[back - 1] == "\\":
        back -= 1
    return (place - back) % 2 == 1

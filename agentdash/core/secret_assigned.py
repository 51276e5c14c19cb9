"""Secrets that are assigned to a name: ``dbPassword=…``, ``"token": "…"``, ``--api-key …``, headers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agentdash.core.secret_names import Meaning, meaning_of
from agentdash.core.secret_values import is_secret_value, looks_made, stands_for_one
from agentdash.core.secret_view import Span

HINTS = (
    "pass", "pwd", "secret", "token", "key", "auth", "cookie", "cred", "sig=", "signature", "sessid", "pw",
)  # fmt: skip
"""A text without any of them, in small letters, holds no name that means a secret."""

_AFTER = re.compile(
    r"(?P<rest>[\w-]{0,48}(?:\.[\w-]{1,40}){0,4})"
    r"(?P<closing>\\{0,6}[\"'`]?\]?)"
    r"(?:[ \t]{0,8}(?P<sign>:{1,3}=|=>|->|\.=|\?=|\+=|=(?!=)|:{1,2}(?![:/])|\|\||%3[DdAa]|\\u003[dD])"
    r"[ \t]{0,32}"
    r"|(?P<pair>,?\s{0,4}\\{0,6}[\"']?[vV]alue\\{0,6}[\"']?\s{0,4}[:=]\s{0,4}|[ \t]{0,4},[ \t]{0,4}(?=[\"']))"
    r"|(?P<element>>)"
    r"|(?P<gap>[ \t]{1,8}))"
    r"(?:(?:Secret|SecretStr|SecretBytes|Password|Token|str|String|quote)\((?=[\"'bru]))?"
    r"(?:[bBuUrRfF]{1,2}(?=\\{0,6}[\"']))?"
    r"(?P<open>\\{0,6}(?:\"\"\"|'''|[\"'`]))?"
)
_LONGEST = 8192
_BARE = re.compile(rf"[^\s\"'`<>]{{1,{_LONGEST}}}")
_BARE_ON = re.compile(r"[^\s\"'`<>]+")
_MARKUP = re.compile(r"[^<]{1,8192}")
_CUT = re.compile(
    r"[&;,](?=\\{0,6}[\"']?[\w.-]{1,60}\\{0,6}[\"']?\s?[=:])|%26|\\u0026|[,;](?=[\"'])|\\[nrt](?![A-Za-z0-9+/]{6})"
)
_REST_OF_LINE = re.compile(r"[^\"'\r\n]{1,8192}")
_SCHEME = re.compile(
    r"(?i)(?P<name>basic|bearer|token|digest|api-?(?:key|token)|negotiate|ntlm|aws4-hmac-sha256|hmac|key|oauth|jwt|splunk"
    r"|sso-key|genie-?key|ssws|hawk|mac|pat|dpop|snippet|bot)(?:[ \t]{1,4}|=(?=[\"']?[\w+/.-]{8}))"
)
_MANY = frozenset({"digest", "aws4-hmac-sha256", "hawk", "oauth", "mac", "hmac"})
_FREE_SCHEME = re.compile(r"(?i)(?<![A-Za-z0-9])(?:bearer|basic)\s{1,4}([A-Za-z0-9+/_.~=-]{8,8192})")
_YAML = re.compile(r"[ \t]*(?:-[ \t]+)?[\"']?$")
_LEFT = ",;.:)]}\\|"
_BEFORE = 64
_SAID = ("unexpected ", "invalid ", "expected ", "illegal ")


def assigned_spans(text: str, low: str) -> Iterator[Span]:
    """Where such secrets are; *low* is *text* in small letters."""
    if "bearer" in low or "basic" in low:
        for free in _FREE_SCHEME.finditer(text):
            if looks_made(free[1], 8) and not stands_for_one(free[1]):
                yield Span(*free.span(1), "authorization")
    done = 0
    for place in _hits(low):
        if place < done:
            continue
        match = _AFTER.match(text, place)
        if match is None:
            continue
        start = _name_start(text, place)
        done = max(place + 1, match.end("rest"))
        meaning = meaning_of(text[start : match.end("rest")])
        if meaning is None:
            continue
        found = _value(text, start, match, meaning)
        if found is not None and found[0] < found[1]:
            yield Span(*found, meaning.kind)
            done = found[1]


def _hits(low: str) -> list[int]:
    """Where names may be, in order."""
    hits: list[int] = []
    for hint in HINTS:
        place = low.find(hint) if hint in low else -1
        while place >= 0:
            hits.append(place)
            place = low.find(hint, place + len(hint))
    hits.sort()
    return hits


def _name_start(text: str, place: int) -> int:
    start, least = place, max(0, place - _BEFORE)
    while start > least and (text[start - 1].isalnum() or text[start - 1] in "_-."):
        start -= 1
    if start and text[start - 1] == "\\" and text[start] in "nrtbf" and start < place:
        start += 1  # a newline that is written out
    return start


def _value(text: str, start: int, match: re.Match[str], meaning: Meaning) -> tuple[int, int] | None:
    """Where the secret beside the name at *start* begins and ends; None where there is none."""
    before = text[start - 1 : start]
    sign, opening = match["sign"], match["open"]
    begin = match.end()
    if match["element"]:
        return _within_markup(text, begin, before, meaning)
    if match["gap"]:
        if text[start] != "-" or match["closing"] or "." in text[start : match.end("rest")]:
            return None
        if text[begin : begin + 1] == "-":
            return None
    colon = sign is not None and sign[0] == ":" and sign[-1] != "="
    if colon and before == "/":
        return None
    if meaning.kind in {"authorization", "cookie"} and (colon or opening or match["sign"]):
        special = _header(text, begin, opening, meaning)
        if special is not None:
            return special if special[0] < special[1] else None
    end = _quoted_end(text, begin, opening) if opening else _bare_end(text, begin)
    value = text[begin:end]
    if sign == "||" and not (opening and looks_made(value, 8)):
        return None
    if not value or (match["pair"] and value.isalpha() and not meaning.spoken):
        return None
    named = text[match.start("closing") : match.end("closing")] != ""
    number = colon and named and value.isdigit()
    alone = colon and _YAML.fullmatch(text[text.rfind("\n", 0, start) + 1 : start]) is not None
    alone = alone and meaning.spoken and text[end : end + 1] in {"", "\n", "\r"}
    assigned = not colon or bool(opening) or number or alone
    if colon and not opening and _is_said(text, start):
        return None
    if is_secret_value(value, meaning, assigned=assigned, quoted=bool(opening)):
        longer = _BARE_ON.match(text, end) if len(value) >= _LONGEST and not opening else None
        return begin, end if longer is None else longer.end()
    return None


def _is_said(text: str, start: int) -> bool:
    """Whether the words before a name say that it is no name: ``unexpected token: x``."""
    return text[max(0, start - 12) : start].lower().endswith(_SAID)


def _within_markup(text: str, begin: int, before: str, meaning: Meaning) -> tuple[int, int] | None:
    if before not in {"<", ":"}:
        return None
    value = _MARKUP.match(text, begin)
    if value is None or not is_secret_value(value[0].strip(), meaning, assigned=True, quoted=True):
        return None
    return value.span()


def _header(text: str, begin: int, opening: str | None, meaning: Meaning) -> tuple[int, int] | None:
    """The value of an ``Authorization`` or ``Cookie`` header; None where it is read as any other value."""
    end = _quoted_end(text, begin, opening) if opening else len(text)
    if meaning.kind == "cookie":
        rest = _REST_OF_LINE.match(text, begin, end)
        if rest is None or "=" not in rest[0] or stands_for_one(rest[0].partition("=")[2][:64] or "<"):
            return begin, begin
        return rest.span() if opening is None else (begin, end)
    scheme = _SCHEME.match(text, begin, end)
    if scheme is None:
        return None
    start = scheme.end()
    if scheme["name"].lower() in _MANY or opening:
        rest = _REST_OF_LINE.match(text, start, end)
        stop = start if rest is None else end if opening else rest.end()
    else:
        stop = min(_bare_end(text, start), end)
    value = text[start:stop]
    if len(value) < 6 or stands_for_one(value) or (value.isalpha() and value.islower() and len(value) < 24):
        return begin, begin
    return start, stop


def _quoted_end(text: str, begin: int, opening: str) -> int:
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


def _is_escaped(text: str, place: int) -> bool:
    back = place
    while back and text[back - 1] == "\\":
        back -= 1
    return (place - back) % 2 == 1


def _bare_end(text: str, begin: int) -> int:
    value = _BARE.match(text, begin)
    if value is None:
        return begin
    cut = _CUT.search(text, begin, value.end())
    end = value.end() if cut is None else cut.start()
    while end > begin and text[end - 1] in _LEFT:
        end -= 1
    return end

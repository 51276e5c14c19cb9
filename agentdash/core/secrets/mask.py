"""Masks secrets in texts from outside, before anything shows or stores them.

A secret of a known shape is masked anywhere; one that is known by a name where it is assigned to that name.
Prose about a token ("token: expired") is not masked. The text is searched without colours and other control
sequences, see `view`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from agentdash.core.secrets.assigned import assigned_spans, may_contain_name
from agentdash.core.secrets.commands import command_spans, may_contain_command
from agentdash.core.secrets.following_lines import LineFollower
from agentdash.core.secrets.languages import IN_ASCII
from agentdash.core.secrets.names import meaning_of
from agentdash.core.secrets.pem import KeyFollower
from agentdash.core.secrets.shapes import token_spans
from agentdash.core.secrets.statements import statement_spans, word_spans
from agentdash.core.secrets.values import is_placeholder, looks_generated
from agentdash.core.secrets.view import MASK, Span, View

__all__ = [
    "MASK", "NO_VALUES", "Span", "cut", "is_secret_name", "mask", "mask_from", "mask_lines",
    "masked_field", "masked_text", "spans_in",
]  # fmt: skip

# A password in a URL, up to the last @ of what may be its login, also where / or @ in it are not quoted.
_URL = re.compile(
    r"(?<![A-Za-z0-9+.-])(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{1,20})://"
    r"(?P<login>[^\s/@:\"'<>`]{0,256}:[^\s/@\"'<>`]{1,1024}(?=@)"
    r"|[^\s/@:\"'<>`]{0,256}:(?!\d{1,5}[/?#\s])[^\s\"'<>`@]{1,256}(?:@[^\s\"'<>`@/]{1,64})?(?=@[\w.\[-]+(?:[:/?\s]|$))"
    r"|[^\s/@:\"'<>`]{16,1024}(?=@))"
)
_OF_HOST = re.compile(r"[^\s\"'<>`/?#]{1,1024}")
_OF_URL = re.compile(r"[^\s\"'<>`]{1,1024}")
_HOST = re.compile(r"@(?:[\w.-]+(?::\d+)?,?)+(?:/[\w.-]*)?(?:\?|$)")
_NO_PASSWORDS = frozenset({"password", "pass", "passwd", "pw", "pwd"})
_NAMED_STATEMENTS = (
    "passw",
    "auth ",
    '"auth',
    "authenticate ",
    "pass ",
    "key is ",
    "token is ",
    "access key",
)
_OTHER_STATEMENTS = ("identified ", " >", ":*:", ":5432:", "\ttrue\t", "\tfalse\t")
"""What a text must contain for one of `statements`: the first only together with a secret's name."""
_MIN_TOKEN = 14
"""Letters and digits of the shortest token without any other sign."""
_MIN_VALUE = 3
"""Characters of the shortest value beside a secret's name that is one."""


def mask(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with each secret replaced, and the kinds of secrets, in order, without duplicates."""
    if len(text) < _MIN_TOKEN and text.isalnum() and text.isascii():
        return text, ()
    view = View(text)
    spans = _joined(spans_in(view.text))
    if not spans:
        return text, ()
    return view.masked(spans), tuple(dict.fromkeys(span.kind for span in spans))


def masked_field(name: str, value: str) -> tuple[str, tuple[str, ...]]:
    """The same for a field of a record, all of which is a secret if its name says so."""
    meaning = meaning_of(name)
    if (
        meaning is not None
        and len(value) >= _MIN_VALUE
        and (not meaning.weak or looks_generated(value))
        and value.lower() not in NO_VALUES
        and not is_placeholder(value)
    ):
        return MASK, (meaning.kind,)
    return masked_text(value)


def is_secret_name(name: str) -> bool:
    """Whether a field of this name is a secret: ``password``, ``apiKey``, ``X-Auth-Token``."""
    meaning = meaning_of(name)
    return meaning is not None and not meaning.weak


def mask_from(text: str, begin: int) -> str:
    """*text* from *begin* on, masked as a part of all of it."""
    view = View(text)
    return view.masked(_joined(spans_in(view.text)), begin)


def mask_line(text: str, before: LineFollower, *, begin: int = 0, indent: int = 0) -> tuple[str, list[str]]:
    """As `mask`, of the next line of one source: also secrets that lines before it have named or begun.

    Args:
        text: The line, without its end.
        before: The state of the lines before it; updated with this one.
        begin: Characters at its beginning that are left out of the result.
        indent: Blanks before it that are not in *text*.
    """
    view = View(text)
    spans = spans_in(view.text)
    spans = _joined(spans + before.spans(view.text, indent)) if before.may_name(view.text) else _joined(spans)
    if spans or view.text.endswith(MASK):
        before.end_line(view.text, spans)
    elif not begin:
        return text, []
    return view.masked(spans, begin), [span.kind for span in spans]


def mask_lines(text: str) -> str:
    """A text of several lines, masked; also secrets on another line than their name."""
    return masked_text(text)[0]


def masked_text(text: str) -> tuple[str, tuple[str, ...]]:
    """As `mask_lines`, and the kinds of secrets."""
    text, kinds = mask(text)
    if "\n" not in text and len(text) < _ROW:
        return text, kinds
    key, lines_before = KeyFollower(), LineFollower()
    lines: list[str] = []
    found = dict.fromkeys(kinds)
    for line in text.splitlines(keepends=True):
        body = line.rstrip("\r\n")
        shown, of_key = key.mask(body, MASK)
        in_line = ["private-key"]
        if not of_key:
            shown, in_line = mask_line(body, lines_before)
        found |= dict.fromkeys(in_line)
        lines.append(shown + line[len(body) :])
    return "".join(lines), tuple(found)


def cut(text: str, limit: int) -> str:
    """The first *limit* characters; up to a secret that would be cut in two."""
    if len(text) <= limit:
        return text
    shift = max(0, limit - _NEAR)
    view = View(text[shift : limit + _NEAR])
    for span in _joined(spans_in(view.text)):
        start, end = view.origin(span.start) + shift, view.origin(span.end) + shift
        if start < limit < end:
            return text[:start]
    return text[:limit]


_ROW = 60
"""Characters of the shortest row of a private key without its header."""
_NEAR = 4096
NO_VALUES = frozenset({"none", "null", "true", "false", "undefined", "nil", "bearer", "basic", "***"})


def spans_in(text: str) -> list[Span]:
    """The secrets in *text*, the text of a `View`, in any order; they may overlap."""
    low = text.lower()
    if len(low) != len(text):
        low = "".join(small if len(small := sign.lower()) == 1 else sign for sign in text)
    spans = token_spans(text, low)
    if "://" in low and "@" in low:
        spans += _logins(text)
    named = may_contain_name(low)
    if named:
        spans += assigned_spans(text, low)
    if (":" in low or "=" in low) and _has_word(low):
        spans += word_spans(text)
    if (named and _has_any(low, _NAMED_STATEMENTS)) or _has_any(low, _OTHER_STATEMENTS):
        spans += statement_spans(text, low)
    if may_contain_command(low):
        spans += command_spans(text, low)
    return spans


def _has_any(low: str, signs: tuple[str, ...]) -> bool:
    for sign in signs:  # noqa: SIM110 - a generator costs more than the search
        if sign in low:
            return True
    return False


def _has_word(low: str) -> bool:
    return not low.isascii() or _has_any(low, IN_ASCII)


def _logins(text: str) -> Iterable[Span]:
    for match in _URL.finditer(text):
        login = match["login"]
        name, colon, password = login.partition(":")
        if not colon and not looks_generated(name):
            continue
        end = _login_end(text, match)
        password = text[match.start("login") + len(name) + 1 : end]
        if not colon or not (is_placeholder(password) or password.lower() in _NO_PASSWORDS):
            yield Span(match.start("login"), end, "url-password")


def _login_end(text: str, match: re.Match[str]) -> int:
    """Where a login ends: at the last @ before its host, for a database also after a path."""
    web = match["scheme"].lower().endswith(("http", "https", "ws", "wss", "git"))
    rest = (_OF_HOST if web else _OF_URL).match(text, match.end("login"))
    parts = rest[0] if rest is not None else "@"
    if "://" in parts:
        parts = parts[: parts.index("://")].rpartition(",")[0] or "@"
    if _HOST.match(parts) is not None:
        return match.end("login")
    return match.end("login") + max(parts.rfind("@"), 0)


def _joined(spans: list[Span]) -> list[Span]:
    """In order; overlapping spans are one, of the kind that begins first."""
    if len(spans) < 2:
        return spans
    spans.sort()
    joined = [spans[0]]
    for span in spans[1:]:
        last = joined[-1]
        if span.start < last.end:
            joined[-1] = Span(last.start, max(last.end, span.end), last.kind)
        else:
            joined.append(span)
    return joined

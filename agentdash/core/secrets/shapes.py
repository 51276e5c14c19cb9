"""Tokens of a known shape: the table of issuers, and the detectors of detect-secrets.

A pattern is tried only on a text with a long run of letters and digits and one of the signs without which it
cannot match: all of them on every line would cost several times the rest of parsing. Of detect-secrets those
detectors are used that know the shape of an issuer; those that guess from entropy or names match too many
ordinary lines.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from agentdash.core.secrets.issuers import INNER, ISSUERS, NAMES
from agentdash.core.secrets.values import is_label, is_placeholder, looks_generated
from agentdash.core.secrets.view import Span

_HEAD = 3
# Not within a word; the letter of an escaped newline does not count.
_BEGINS = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrtbf]))"
_HEADS = re.compile(rf"{_BEGINS}(?=([a-z0-9][^\s]{{2}}))")
_LONG = re.compile(r"[A-Za-z0-9_-]{14}|[A-Za-z0-9_+/-]{28}")
_WITHOUT_SIGN = re.compile(r"[A-Za-z0-9_-]{24}")
"""What a text must contain for a token without a sign."""
_BESIDE_ISSUER = re.compile(
    r"(?P<rest>(?![a-z])[ \t\w.-]{0,30})[\\\s'\"]{0,6}(?:=>|:{1,3}=|\?=|\|\||[=>:])[\\`'\"\s=]{0,6}"
    r"(?P<value>[\w.+/%:-]{12,200}={0,2})"
)
_PIECE = re.compile(r"[=:>][\\`'\"\s=]{0,6}[A-Za-z0-9]{20}")
_ASSIGNED = re.compile(r"[=:>|][\\`'\"\s=]{0,6}[\w.+/%:-]{12}")
_SECRET_WORD = re.compile(
    r"(?i)token|secret|passw|pwd|cred|webhook|(?:api|app|auth|access|private|license|account|service|admin|user|org)[_.-]?key"
)
_NUMBERED = re.compile(r"(?i)[0-9a-f]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ONE_PIECE = re.compile(r"\w{20,200}")
_PLUGINS = "detect_secrets.plugins"
# module, class, kind, signs; a sign of "" asks for nothing but the long run.
_DETECTORS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("aws", "AWSKeyDetector", "aws-key", ("aws",)),
    ("cloudant", "CloudantDetector", "cloudant-key", ("cloudant",)),
    ("ibm_cloud_iam", "IbmCloudIamDetector", "ibm-key", ("ibm",)),
    ("gitlab_token", "GitLabTokenDetector", "gitlab-token", ("glcbt-", "glimt-", "glptt-", "glagent-")),
    ("openai", "OpenAIDetector", "api-key", ("t3blbkfj",)),
    ("slack", "SlackDetector", "slack-token", ("xox", "hooks.slack")),
    ("softlayer", "SoftlayerDetector", "softlayer-key", ("softlayer",)),
    ("square_oauth", "SquareOAuthDetector", "square-token", ("sq0csp-",)),
)

# The dashes before it may have been removed with those between a level and a message.
_KEY_BEGIN = re.compile(r"-{0,5} ?BEGIN [A-Z0-9 ]{0,60}PRIVATE KEY(?: BLOCK)? ?-{4,5}")
_KEY_END = re.compile(r"-{0,5} ?END [A-Z0-9 ]{0,60}KEY(?: BLOCK)? ?-{4,5}")
_KEY_REST = re.compile(r"(?:[A-Za-z0-9+/=\s]|\\[nr]|\n(?:Proc-Type|DEK-Info|Comment|Subject): [^\n]*)*")
# The private part of a key of PuTTY where several lines are one text.
_PUTTY = re.compile(
    r"Private-Lines: ?\d{1,4}(?:\r?\n|\\r|\\n)+((?:[A-Za-z0-9+/=]{1,80}(?:\r?\n|\\r|\\n|\"|$)+)+)"
)


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of token: lower-case texts of which one must be there, and its pattern."""

    kind: str
    signs: tuple[str, ...]
    pattern: re.Pattern[str]


def token_spans(text: str, low: str) -> list[Span]:
    """The tokens in a text.

    Args:
        text: The text.
        low: It in lower case.
    """
    spans = _key_spans(text) if "private" in low else []
    if _LONG.search(text) is None:
        return spans
    for shape in _candidates(text, low):
        for match in shape.pattern.finditer(text):
            group = 1 if shape.pattern.groups and match[1] else 0
            start, end = match.span(group)
            if _ends(text, end) and not is_placeholder(match[group]):
                spans.append(Span(start, end, shape.kind))
    if _may_name_issuer(text, low):
        for name in NAMES:
            if name in low:
                spans += _beside(name, text, low)
    return spans


def _may_name_issuer(text: str, low: str) -> bool:
    """Whether anything that an issuer's name may name is assigned: spares most lines the search for names."""
    if _PIECE.search(text) is not None:
        return True
    says = "key" in low or "token" in low or "secret" in low or "pass" in low or "pwd" in low or "cred" in low
    return (says or "webhook" in low) and _ASSIGNED.search(text) is not None


def _beside(name: str, text: str, low: str) -> Iterator[Span]:
    """What is assigned to a name that holds the issuer's *name* as a word, where it looks like a token.

    The name must say that it is one, or the value be one piece that is no checksum.
    """
    place = low.find(name)
    while place >= 0:
        match = _BESIDE_ISSUER.match(text, place + len(name)) if _is_word(text, place) else None
        if match is not None:
            value = match["value"].rstrip(".:,")
            if _SECRET_WORD.search(match["rest"]) is not None or name == "co_api_key":
                made = len(value) >= 14 and not is_label(value)
            else:
                made = _ONE_PIECE.fullmatch(value) is not None and looks_generated(value, 20)
                made = made and _NUMBERED.fullmatch(value) is None and "_" not in value
            if made and not is_placeholder(value):
                yield Span(match.start("value"), match.start("value") + len(value), "api-key")
        place = low.find(name, place + len(name))


def _is_word(text: str, place: int) -> bool:
    """Whether a word begins at *place*: after a sign, or with a capital letter after a small one."""
    before = text[place - 1 : place]
    return not before.isalnum() or (text[place].isupper() and not before.isupper())


def may_begin(text: str) -> bool:
    """Whether *text* is what a token of an issuer begins with, or a part of that."""
    low = text.lower()
    return any(
        sign.startswith(low) or low.startswith(sign) for signs in _shapes().heads.values() for sign in signs
    )


def _candidates(text: str, low: str) -> dict[Shape, None]:
    """The shapes of which *low* holds a sign, each once."""
    shapes = _shapes()
    found: dict[Shape, None] = {}
    if _WITHOUT_SIGN.search(text) is not None:
        found = dict.fromkeys(shapes.by_sign[""])
    signs = [sign for sign in shapes.inner if sign in low]
    for head in shapes.heads.keys() & set(_HEADS.findall(low)):
        signs += (sign for sign in shapes.heads[head] if sign in low)
    for sign in signs:
        found |= dict.fromkeys(shapes.by_sign[sign])
    return found


def _ends(text: str, end: int) -> bool:
    after = text[end : end + 1]
    return not (after.isascii() and after.isalnum())


def _key_spans(text: str) -> list[Span]:
    """Private keys, each to its end; one without an end as far as it goes."""
    spans: list[Span] = []
    done, ends = 0, True
    for begin in _KEY_BEGIN.finditer(text):
        if begin.start() < done:
            continue
        end = _KEY_END.search(text, begin.end()) if ends else None
        ends = end is not None
        rest = end or _KEY_REST.match(text, begin.end())
        done = begin.end() if rest is None else rest.end()
        spans.append(Span(begin.start(), done, "private-key"))
    spans += (Span(*putty.span(1), "private-key") for putty in _PUTTY.finditer(text))
    return spans


@dataclass(frozen=True, slots=True)
class _Shapes:
    """The shapes by sign; signs that tokens begin with, by their first three characters; other signs."""

    by_sign: dict[str, list[Shape]]
    heads: dict[str, list[str]]
    inner: tuple[str, ...]


@lru_cache(maxsize=1)
def _shapes() -> _Shapes:
    """All of them; detect-secrets is loaded when a line first needs it, which is after the first paint."""
    by_sign: dict[str, list[Shape]] = {"": []}
    ours = (Shape(row.kind, row.signs, re.compile(f"{_BEGINS}(?:{row.pattern})")) for row in ISSUERS)
    for shape in (*ours, *_detectors()):
        for sign in shape.signs:
            by_sign.setdefault(sign, []).append(shape)
    heads: dict[str, list[str]] = {}
    inner: list[str] = []
    for sign in by_sign:
        if len(sign) < _HEAD or sign in INNER or not sign[0].isalnum():
            inner += [sign] if sign else []
        else:
            heads.setdefault(sign[:_HEAD], []).append(sign)
    return _Shapes(by_sign, heads, tuple(inner))


def _detectors() -> Iterator[Shape]:
    for module, name, kind, signs in _DETECTORS:
        detector = getattr(importlib.import_module(f"{_PLUGINS}.{module}"), name)
        for pattern in detector.denylist:
            yield Shape(kind, signs, re.compile(f"{_BEGINS}(?:{pattern.pattern})", pattern.flags))

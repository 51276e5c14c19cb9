"""Secrets in log lines, masked before anything else sees them.

What is known by its shape goes wherever it stands; what is known by its name goes where a value is assigned
to that name. Prose about a token ("token: expired") stays as it is.
"""

from __future__ import annotations

import re

from agentdash.core.log_parse_shapes import replace_tokens

MASK = "••••••••"

# One quick look that lets most lines pass untouched.
_HINTS = (
    "pass",
    "pwd",
    "secret",
    "token",
    "api",
    "auth",
    "bearer",
    "basic",
    "cookie",
    "private",
    "cred",
    "key",
)

_URL = re.compile(r"(\b[a-z][a-z0-9+.-]{1,20}://)([^\s/@:\"']*:[^\s/@\"']+)@", re.IGNORECASE)
_SCHEME = re.compile(r"\b(bearer|basic)\s+(?=[A-Za-z+/_.~=-]*\d)([A-Za-z0-9+/_.~=-]{12,})", re.IGNORECASE)

_NAMES = (
    r"pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|apikey|authorization|credentials?|"
    r"private[_-]?key|secret[_-]?key|access[_-]?key|session[_-]?key|set-cookie|cookie"
)
_NAMED = re.compile(
    r"(?P<before>(?<![A-Za-z0-9])(?:[A-Za-z0-9]{1,24}[_-]){0,3}(?P<name>"
    + _NAMES
    + r")\\?[\"']?\s{0,2}(?P<sign>=|:)\s{0,2}\\?)"
    r"(?P<value>\"[^\"\\]{3,512}|'[^']{3,512}|[^\s\"',;&|)\]}{\[(]{3,512})",
    re.IGNORECASE,
)
_FIELD = re.compile(r"(?:^|[_.-])(?:" + _NAMES + r")$", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PLAIN = {"none", "null", "true", "false", "undefined", "nil", "bearer", "basic", "***", MASK}


def mask(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with each secret replaced, and the kinds that were found, in order, once each."""
    low = text.lower()
    text, kinds = replace_tokens(text, low, MASK)
    if "://" in low and "@" in low:
        text, found = _URL.subn(rf"\1{MASK}@", text)
        if found:
            kinds.append("url-password")
    if _has_hint(low):
        text = _mask_named(text, kinds)
    return text, tuple(dict.fromkeys(kinds))


def _has_hint(low: str) -> bool:
    for hint in _HINTS:  # noqa: SIM110 - a generator costs more than all of the looking
        if hint in low:
            return True
    return False


def _mask_named(text: str, kinds: list[str]) -> str:
    """Mask what is assigned to a name that means a secret; adds the kinds to *kinds*."""
    text, found = _SCHEME.subn(rf"\1 {MASK}", text)
    if found:
        kinds.append("authorization")

    def named(match: re.Match[str]) -> str:
        value = match["value"]
        quote = value[0] if value[0] in "\"'" else ""
        if not _is_secret(value.lstrip("\"'"), assigned=match["sign"] == "=" or bool(quote)):
            return match[0]
        kinds.append(_kind(match["name"]))
        return f"{match['before']}{quote}{MASK}"

    return _NAMED.sub(named, text)


def mask_field(name: str, value: str) -> tuple[str, tuple[str, ...]]:
    """The same for one field of a structured line, whose name may say that all of it is a secret."""
    if (
        len(value) >= 3
        and is_secret_name(name)
        and value.lower() not in _PLAIN
        and not value.startswith(MASK)
    ):
        return MASK, (_kind(name),)
    return mask(value)


def is_secret_name(name: str) -> bool:
    """Whether a field of this name holds a secret: ``password``, ``apiKey``, ``X-Auth-Token``."""
    return len(name) < 80 and _FIELD.search(_CAMEL.sub("_", name)) is not None


def _is_secret(value: str, *, assigned: bool) -> bool:
    lower = value.lower()
    if lower in _PLAIN or lower.startswith(("***", MASK[:3], "<", "$", "%", "bearer", "basic")):
        return False
    if assigned:
        return True
    # After a colon it may be prose; a secret is longer, and not letters alone.
    return (
        len(value) >= 8 and any(sign.isdecimal() for sign in value) and any(sign.isalpha() for sign in value)
    )


def _kind(name: str) -> str:
    name = name.lower()
    for part, kind in (
        ("pass", "password"), ("pwd", "password"), ("secret", "secret"), ("token", "token"),
        ("auth", "authorization"), ("cookie", "cookie"), ("cred", "credentials"),
    ):  # fmt: skip
        if part in name:
            return kind
    return "api-key" if "api" in name else "key"

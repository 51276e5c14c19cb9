"""Secrets in log lines, masked before anything else sees them.

What is known by its shape goes wherever it stands; what is known by its name goes where a value is assigned
to that name. Prose about a token ("token: expired") stays as it is.
"""

from __future__ import annotations

import re

MASK = "••••••••"

# One quick look that lets most lines pass untouched.
_HINT = re.compile(
    r"pass|pwd|secret|token|api|author|auth|bearer|cookie|private|cred|"
    r"gh[pousr]_|github_pat|glpat|sk-|[sr]k_|akia|asia|xox|eyj|aiza|npm_|hf_|sg\.|pypi-|://[^/\s]*@",
    re.IGNORECASE,
)

# Published shapes of tokens: the prefix is what the issuer reserved for them.
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "private-key",
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)"),
    ),
    ("github-token", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{22,255})")),
    ("gitlab-token", re.compile(r"\bglpat-[\w-]{20,64}")),
    ("stripe-key", re.compile(r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,128}")),
    ("api-key", re.compile(r"\bsk-[A-Za-z0-9][\w-]{18,255}")),
    ("aws-key", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("slack-token", re.compile(r"\bxox[abeoprs]-[\w-]{10,255}")),
    ("google-key", re.compile(r"\bAIza[\w-]{35}")),
    ("npm-token", re.compile(r"\bnpm_[A-Za-z0-9]{36}\b")),
    ("pypi-token", re.compile(r"\bpypi-[\w-]{32,255}")),
    ("hf-token", re.compile(r"\bhf_[A-Za-z0-9]{30,64}\b")),
    ("sendgrid-key", re.compile(r"\bSG\.[\w-]{16,32}\.[\w-]{16,64}")),
    ("jwt", re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{4,}\.[\w-]*")),
)
_URL = re.compile(r"(\b[a-z][a-z0-9+.-]{1,20}://)([^\s/@:\"']*:[^\s/@\"']+)@", re.IGNORECASE)
_SCHEME = re.compile(r"\b(bearer|basic)\s+([A-Za-z0-9+/_.~=-]{12,})", re.IGNORECASE)

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
    if _HINT.search(text) is None:
        return text, ()
    kinds: list[str] = []
    for kind, shape in _SHAPES:
        text, found = shape.subn(MASK, text)
        if found:
            kinds.append(kind)
    text, found = _URL.subn(rf"\1{MASK}@", text)
    if found:
        kinds.append("url-password")
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

    text = _NAMED.sub(named, text)
    return text, tuple(dict.fromkeys(kinds))


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

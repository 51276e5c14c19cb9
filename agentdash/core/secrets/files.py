"""Secrets in files and diffs: of known shapes, or written out beside a name that says so. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from agentdash.core.secrets.mask import MASK, cut, mask

_SHAPES = frozenset({
    "private-key", "github-token", "gitlab-token", "stripe-key", "aws-key", "slack-token",
    "google-key", "npm-token", "pypi-token", "hf-token", "sendgrid-key", "jwt",
})  # fmt: skip
# A literal in quotes beside such a name, or a line of an env file; a placeholder does not count.
_LITERAL = re.compile(
    r"(?i)(?:^|[^a-z])(?P<name>pass(?:word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|credentials?)"
    r"[a-z0-9_]*[\"']?\s{0,3}(?::|=|:=|=>)\s{0,3}(?P<quote>[\"'])(?P<value>[^\"'\s]{12,200})(?P=quote)"
)
_ASSIGNED = re.compile(
    r"(?i)^\s*(?:export\s+)?[A-Z0-9_]*(?P<name>PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY)[A-Z0-9_]*=(?P<value>\S{12,200})\s*$"
)
_MODEL_KEY = re.compile(r"\bsk-[A-Za-z0-9][\w-]{18,255}")
_PLACEHOLDER = re.compile(r"(?i)^[<${%*]|example|changeme|placeholder|dummy|xxxx|your[_-]|\.\.\.|^test")
_LONGEST = 4096
_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?!.*-----END )")
_SIGNS = frozenset("+- ")


def first_secret(lines: Iterable[str]) -> tuple[int, str] | None:
    """The number (from 1) and the kind of the first secret in *lines*; None without one."""
    for number, line in enumerate(lines, 1):
        text = line[:_LONGEST]
        for kind in mask(text)[1]:
            if kind in _SHAPES:
                return number, kind
        if _MODEL_KEY.search(text):
            return number, "api-key"
        for pattern in (_LITERAL, _ASSIGNED):
            found = pattern.search(text)
            if found is not None and _looks_real(found["value"]):
                return number, found["name"].lower().replace("_", "-")
    return None


def masked_diff(lines: Iterable[str]) -> tuple[tuple[str, ...], int]:
    """The lines of a diff with their secrets masked, and the number of lines with one.

    Of a private key all lines are masked, from its head to its end.
    """
    shown: list[str] = []
    masked, in_key = 0, False
    for line in lines:
        sign, text = line[:1], line[1:]
        begins, ends = _KEY.search(text, 0, _LONGEST) is not None, text[:9] == "-----END "
        safe = _masked(text) if sign in _SIGNS else mask(line[:_LONGEST])[0][1:] + line[_LONGEST:]
        secret = in_key or begins or safe != text
        in_key = (in_key or begins) and not ends
        masked += secret
        shown.append(sign + (MASK if begins or in_key or ends else safe) if secret else line)
    return tuple(shown), masked


def _masked(text: str) -> str:
    rest = mask(text[_LONGEST:])[0] if len(text) > _LONGEST else ""
    text = _MODEL_KEY.sub(MASK, mask(cut(text, _LONGEST))[0])
    for pattern in (_LITERAL, _ASSIGNED):
        text = pattern.sub(_without, text)
    return text + rest


def _without(found: re.Match[str]) -> str:
    return found[0].replace(found["value"], MASK) if _looks_real(found["value"]) else found[0]


def _looks_real(value: str) -> bool:
    """Whether it looks generated: letters and digits, and not a placeholder."""
    return (
        _PLACEHOLDER.search(value) is None
        and any(sign.isdigit() for sign in value)
        and any(sign.isalpha() for sign in value)
    )

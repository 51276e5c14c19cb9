"""Secrets in what would be committed: of known shapes, or written out beside a name that says so. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from agentdash.core.log_parse_secrets import mask

_SHAPES = frozenset({
    "private-key", "github-token", "gitlab-token", "stripe-key", "aws-key", "slack-token",
    "google-key", "npm-token", "pypi-token", "hf-token", "sendgrid-key", "jwt",
})  # fmt: skip
# A literal in quotes beside such a name, or a line of an env file; what stands for a value is none.
_WRITTEN = re.compile(
    r"(?i)(?:^|[^a-z])(?P<name>pass(?:word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|credentials?)"
    r"[a-z0-9_]*[\"']?\s{0,3}(?::|=|:=|=>)\s{0,3}(?P<quote>[\"'])(?P<value>[^\"'\s]{12,200})(?P=quote)"
)
_ASSIGNED = re.compile(
    r"(?i)^\s*(?:export\s+)?[A-Z0-9_]*(?P<name>PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY)[A-Z0-9_]*=(?P<value>\S{12,200})\s*$"
)
_MODEL_KEY = re.compile(r"\bsk-[A-Za-z0-9][\w-]{18,255}")
_STAND_IN = re.compile(r"(?i)^[<${%*]|example|changeme|placeholder|dummy|xxxx|your[_-]|\.\.\.|^test")
_LONGEST = 4096


def secret_in(lines: Iterable[str]) -> tuple[int, str] | None:
    """The number (from 1) and the kind of the first secret in *lines*; None where there is none."""
    for number, line in enumerate(lines, 1):
        text = line[:_LONGEST]
        for kind in mask(text)[1]:
            if kind in _SHAPES:
                return number, kind
        if _MODEL_KEY.search(text):
            return number, "api-key"
        for pattern in (_WRITTEN, _ASSIGNED):
            found = pattern.search(text)
            if found is not None and _real(found["value"]):
                return number, found["name"].lower().replace("_", "-")
    return None


def _real(value: str) -> bool:
    """Whether it looks made by a machine: letters and digits, and no word that stands for a value."""
    return (
        _STAND_IN.search(value) is None
        and any(sign.isdigit() for sign in value)
        and any(sign.isalpha() for sign in value)
    )

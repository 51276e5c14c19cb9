"""Tokens that are known by their shape: the detectors of detect-secrets, and a few that it lacks.

A detector is asked only about a text that holds one of the signs without which it cannot match: all of them
on every line would cost several times what the rest of parsing does. Of detect-secrets those are taken that
know an issuer's own shape; what it guesses from entropy or from names touches too many ordinary lines.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

# A sign is in small letters; RUN stands for as many letters, digits, - and _ in a row as the shortest has.
RUN = "\0"
_RUN = re.compile(r"[A-Za-z0-9_-]{27}")

PRIVATE_KEY = (
    r"(?s:-{0,5}BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*KEY(?: BLOCK)?-----|\Z))"
)
_GITHUB = ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_")
_GITLAB = (
    "glpat-", "gldt-", "glft-", "glsoat-", "glrt-", "glcbt-", "glimt-", "glptt-", "glagent-", "gloas-",
    "gr1348941",
)  # fmt: skip
_PLUGINS = "detect_secrets.plugins"
# module, class, kind, signs
_DETECTORS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("aws", "AWSKeyDetector", "aws-key", ("akia", "asia", "abia", "acca", "a3t", "aws")),
    ("azure_storage_key", "AzureStorageKeyDetector", "azure-key", ("accountkey=",)),
    ("cloudant", "CloudantDetector", "cloudant-key", ("cloudant",)),
    ("discord", "DiscordBotTokenDetector", "discord-token", (RUN,)),
    ("github_token", "GitHubTokenDetector", "github-token", _GITHUB),
    ("gitlab_token", "GitLabTokenDetector", "gitlab-token", _GITLAB),
    ("ibm_cloud_iam", "IbmCloudIamDetector", "ibm-key", ("ibm",)),
    ("jwt", "JwtTokenDetector", "jwt", ("eyj",)),
    ("mailchimp", "MailchimpDetector", "mailchimp-key", ("-us",)),
    ("npm", "NpmDetector", "npm-token", ("_authtoken=",)),
    ("openai", "OpenAIDetector", "api-key", ("t3blbkfj",)),
    ("pypi_token", "PypiTokenDetector", "pypi-token", ("pypi-age",)),
    ("sendgrid", "SendGridDetector", "sendgrid-key", ("sg.",)),
    ("slack", "SlackDetector", "slack-token", ("xox", "hooks.slack")),
    ("softlayer", "SoftlayerDetector", "softlayer-key", ("softlayer",)),
    ("square_oauth", "SquareOAuthDetector", "square-token", ("sq0csp-",)),
    ("stripe", "StripeDetector", "stripe-key", ("k_live_",)),
    ("telegram_token", "TelegramBotTokenDetector", "telegram-token", (RUN,)),
    ("twilio", "TwilioKeyDetector", "twilio-key", (RUN,)),
)  # fmt: skip

# What it does not know, or only in an older form: kind, signs, the prefix that the issuer reserved for them.
_OURS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("private-key", ("private key",), PRIVATE_KEY),
    ("github-token", _GITHUB, r"\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_[A-Za-z0-9_]{22,255})"),
    ("gitlab-token", ("glpat-",), r"\bglpat-[\w-]{20,64}"),
    ("stripe-key", ("k_live_", "k_test_"), r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,128}"),
    ("api-key", ("sk-",), r"\bsk-[A-Za-z0-9][\w-]{18,255}"),
    ("slack-token", ("xox", "xapp-"), r"\b(?:xox[abeoprs]|xapp)-[\w-]{10,255}"),
    ("google-key", ("aiza", "ya29."), r"\b(?:AIza[\w-]{35}|ya29\.[\w-]{20,512})"),
    ("npm-token", ("npm_",), r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("pypi-token", ("pypi-",), r"\bpypi-[\w-]{32,255}"),
    ("hf-token", ("hf_",), r"\bhf_[A-Za-z0-9]{30,64}\b"),
    ("sendgrid-key", ("sg.",), r"\bSG\.[\w-]{16,32}\.[\w-]{16,64}"),
    ("docker-token", ("dckr_pat_",), r"\bdckr_pat_[\w-]{20,64}"),
    ("vault-token", ("hvs.",), r"\bhvs\.[\w-]{24,256}"),
    ("age-key", ("age-secret-key-",), r"\bAGE-SECRET-KEY-1[0-9A-Z]{40,80}"),
    ("jwt", ("eyj",), r"\beyJ[\w-]{8,}\.eyJ[\w-]{4,}\.[\w-]*"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of token: what a text must hold to have one, in small letters, and what it looks like."""

    kind: str
    signs: tuple[str, ...]
    pattern: re.Pattern[str]


_SIGNS = tuple(
    {
        sign: None
        for signs in (*(e[3] for e in _DETECTORS), *(e[1] for e in _OURS))
        for sign in signs
        if sign != RUN
    }
)
# By a mark that all of them have: most lines have few marks.
_MARKED = tuple(
    (mark, tuple(sign for sign in _SIGNS if (next((m for m in "_-.=" if m in sign), "")) == mark))
    for mark in ("_", "-", ".", "=", "")
)


def replace_tokens(text: str, low: str, by: str) -> tuple[str, list[str]]:
    """The text with each token replaced, and the kinds that were found.

    Args:
        text: What is searched.
        low: The same in small letters.
        by: What stands in place of a token.
    """
    run = _RUN.search(text) is not None
    if not run and not _has_sign(low):
        return text, []
    kinds: list[str] = []
    for shape in _shapes():
        if any(run if sign == RUN else sign in low for sign in shape.signs):
            text, found = shape.pattern.subn(by, text)
            if found:
                kinds.append(shape.kind)
    return text, kinds


def _has_sign(low: str) -> bool:
    for mark, signs in _MARKED:
        if mark in low:
            for sign in signs:
                if sign in low:
                    return True
    return False


@lru_cache(maxsize=1)
def _shapes() -> tuple[Shape, ...]:
    """All of them; detect-secrets is loaded when a line first needs it, which is after the first paint."""
    ours = (Shape(kind, signs, re.compile(pattern)) for kind, signs, pattern in _OURS)
    return (*ours, *_detectors())


def _detectors() -> Iterator[Shape]:
    for module, name, kind, signs in _DETECTORS:
        detector = getattr(importlib.import_module(f"{_PLUGINS}.{module}"), name)
        for pattern in detector.denylist:
            yield Shape(kind, signs, pattern)

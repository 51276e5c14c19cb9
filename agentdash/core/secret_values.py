"""What is written beside a name that means a secret: a secret, or what stands for one."""

from __future__ import annotations

import re

from agentdash.core.secret_names import Meaning
from agentdash.core.secret_view import MASK

_PLAIN = frozenset({
    "none", "null", "true", "false", "undefined", "nil", "nan", "yes", "no", "on", "off", "empty",
    "required", "missing", "invalid", "valid", "unset", "set", "changed", "reset", "expired",
    "revoked", "provided", "ok", "incorrect", "wrong", "correct", "redacted", "masked", "hidden",
    "removed", "filtered", "secret", "default", "password", "passwd", "token", "unknown", "enabled",
    "disabled", "optional", "prompt", "failed", "success", "accepted", "denied", "rejected",
    "string", "bearer", "basic", "digest", "is", "was", "and", "or", "not", "must", "for", "with",
    "from", "has", "the", "your", "may", "can", "should", "will", "option", "flag", "updated",
    "created", "deleted", "found", "rotated", "refreshed", "verified", "mismatch", "anonymous",
    "value", "never", "only", "to", "in", "if", "are", "sent", "used", "needed", "given", "absent",
    "present", "cookie",
})  # fmt: skip
_STANDS_FOR = re.compile(
    r"(?i)^(?:[<%]|\*{3}|\$[{(A-Za-z_]|\{\{|\{[a-z_.]*\}|\.{3}|…|\[(?:redacted|filtered|masked|hidden|secret|removed))"
    r"|example|changeme|change[_-]me|placeholder|dummy|x{4}|your[_-]|[_-]here$|^:[a-z_]+$|^(?:sha\d+|md5)[:-]"
    r"|redacted|\*{4}|^to-?do"
)
_SAME = re.compile(r"(.)\1{4,}")
_SAME_LIMIT = 60
"""Characters above which five equal ones in a row may be chance; a quarter of all of them is none."""
_WORD = re.compile(r"[A-Za-z_-]+")
_SHOUTED = re.compile(r"[A-Z]+_[A-Z_]+")
_CODE = re.compile(
    r"[A-Za-z_]\w{0,60}(?:[.:]{1,2}[A-Za-z_]\w{0,60}){0,8}[({\[]"  # getToken(), Token{…}, environ[…]
    r"|[A-Za-z_]+(?:\.[A-Za-z_]+)+$"  # settings.api_key
)
_KNOWN_ROOT = re.compile(
    r"(?i)(?:self|this|os|process|config|cfg|settings|ctx|req|request|env|args|params|options|opts|data|user"
    r"|event|node|obj|row|app|props|state|secrets|vars?|local|module|credentials?|auth)\."
)
_PATH = re.compile(r"(?:~|\.{1,2})?(?:/[a-z0-9@._-]+)+/?|[A-Z]:\\[\w\\. -]+|(?:[a-z][a-z0-9+]+)://\S*")
_DOTTED = re.compile(r"[a-z][a-z0-9-]*(?:\.[a-z][A-Za-z0-9_-]*){2,}")
_UUID = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def stands_for_one(value: str) -> bool:
    """Whether it is a placeholder: ``<token>``, ``${TOKEN}``, ``changeme``, five equal characters."""
    if value.startswith(MASK[:3]) or _STANDS_FOR.search(value[:512]) is not None:
        return True
    run = _SAME.search(value)
    return run is not None and (len(value) <= _SAME_LIMIT or len(run[0]) * 4 >= len(value))


def looks_made(value: str, least: int = 16) -> bool:
    """Whether it looks made by a machine: long, of several kinds of characters, no words."""
    if len(value) < least:
        return False
    digit = any(sign.isdigit() for sign in value)
    upper = any(sign.isupper() for sign in value[1:])
    lower = any(sign.islower() for sign in value)
    return (digit and (upper or lower)) or (upper and lower and _WORD.fullmatch(value) is None)


def is_secret_value(value: str, meaning: Meaning, *, assigned: bool, quoted: bool) -> bool:
    """Whether *value* beside a name of *meaning* is a secret.

    Args:
        value: Without quotes.
        meaning: Of the name.
        assigned: By ``=``, an option or quotes; after a colon it may be prose.
        quoted: Whether it is in quotes.
    """
    low = value.lower().strip("[]()!.-")
    if low in _PLAIN or stands_for_one(value) or (not quoted and _is_code(value, meaning)):
        return False
    if _PATH.fullmatch(value) is not None or _DOTTED.fullmatch(value) is not None:
        return False
    if meaning.weak:
        return looks_made(value) and _UUID.fullmatch(value) is None and "/" not in value[:3]
    if value.isdigit():
        return len(value) >= (4 if meaning.spoken else 8)
    if not assigned:
        return _is_no_prose(value, meaning)
    if meaning.spoken:
        return len(value) >= 3 and _SHOUTED.fullmatch(value) is None
    if _WORD.fullmatch(value) is not None:
        return len(value) >= 16 and "_" not in value.strip("_") and not (value.islower() and "-" in value)
    return len(value) >= 6


def _is_code(value: str, meaning: Meaning) -> bool:
    if _CODE.match(value) is None:
        return False
    return not meaning.spoken or _KNOWN_ROOT.match(value) is not None or value[-1] in ")}]({["


def _is_no_prose(value: str, meaning: Meaning) -> bool:
    digit = any(sign.isdecimal() for sign in value)
    letter = any(sign.isalpha() for sign in value)
    if len(value) >= 8 and digit and letter:
        return True
    odd = any(sign in "!@#$%^&*?~+" for sign in value[:-1])
    return meaning.spoken and len(value) >= 6 and letter and (digit or odd)

"""Whether the value of a secret's name is a secret, or a placeholder, code or prose."""

from __future__ import annotations

import re

from agentdash.core.secrets.names import Meaning, meaning_of
from agentdash.core.secrets.view import MASK

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
    "present", "cookie", "await", "new", "this", "self", "return", "function", "async", "lambda",
    "pass", "object",
})  # fmt: skip
_PLACEHOLDER = re.compile(
    r"(?i)^(?:[<%]|\*{3}|\$[{(A-Za-z_]|\{\{|\{[a-z_.]*\}|\.{3}|…|\[(?:redacted|filtered|masked|hidden|secret|removed))"
    r"|example|changeme|change[_-]me|placeholder|dummy|x{4}|your[_-]|[_-]here$|^:[a-z_]+$|^(?:sha\d+|md5)[:-]"
    r"|^#[0-9a-f]{3,8}$|^!(?:vault|ref|sub|getatt|secret|env|reference|base64)\b|^\{[a-z_]\w*[.(\[}]"
    r"|redacted|\*{4}|^to-?do"
)
_SAME = re.compile(r"(.)\1{4,}")
_SAME_LIMIT = 60
"""Characters above which five equal ones in a row may be chance; a quarter of them is not."""
_WORD = re.compile(r"[A-Za-z_-]+")
_SHOUTED = re.compile(r"[A-Z]+_[A-Z_]+")
_CODE = re.compile(
    r"[A-Za-z_]\w{0,60}(?:[.:]{1,2}[A-Za-z_]\w{0,60}){0,8}[({\[]"  # getToken(), Token{…}, environ[…]
    r"|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$"  # settings.api_key
)
_KNOWN_ROOT = re.compile(
    r"(?i)(?:self|this|os|process|config|cfg|settings|ctx|req|request|env|args|params|options|opts|data|user"
    r"|event|node|obj|row|app|props|state|secrets|vars?|local|modules?|credentials?|auth|random_password)\."
)
_PATH = re.compile(r"(?:~|\.{1,2})?(?:/[a-z0-9@._-]+)+/?|[A-Z]:\\[\w\\. -]+|(?:[a-z][a-z0-9+]+)://\S*")
_DOTTED = re.compile(r"[a-z][a-z0-9_-]*(?:\.[a-z][A-Za-z0-9_-]*){2,}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
# Names that people give: Ident12345, billing-service-v2, test_login_works_2, a/b.
_LABEL = re.compile(r"[A-Za-z_]+\d{0,5}")
_NAME_OF_WORDS = re.compile(r"(?:[a-z]+\d{0,2}|v?\d{1,3})(?:[-_.](?:[a-z]+\d{0,2}|v?\d{1,3}))+")
_SNAKE = re.compile(r"[a-z]+(?:_[a-z0-9]+){2,}")
_RELATIVE = re.compile(r"[a-z][a-z0-9._-]*(?:/[a-z0-9._-]+)+")
_CALL = re.compile(r"\(?[A-Za-z_][\w.:]*[(\[{]|[a-z_]+=$")
_TYPE = re.compile(r"[A-Z][A-Za-z]*\d{0,4}")
_AFTER_TYPE = re.compile(r" ?[=|;?{]")
_UUID = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_placeholder(value: str) -> bool:
    """Whether it is a placeholder: ``<token>``, ``${TOKEN}``, ``changeme``, five equal characters."""
    if value.startswith(MASK[:3]) or _PLACEHOLDER.search(value[:512]) is not None:
        return True
    run = _SAME.search(value)
    return run is not None and (len(value) <= _SAME_LIMIT or len(run[0]) * 4 >= len(value))


def looks_generated(value: str, least: int = 16) -> bool:
    """Whether it looks generated: long, of several kinds of characters, no words."""
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
        meaning: That of the name.
        assigned: Whether by ``=``, an option or quotes; after a colon it may be prose.
        quoted: Whether it is in quotes.
    """
    low = value.lower().strip("[]()!.-")
    if low in _PLAIN or is_placeholder(value) or (not quoted and _is_code(value, meaning)):
        return False
    if _PATH.fullmatch(value) is not None or _DOTTED.fullmatch(value) is not None:
        return False
    if meaning.weak:
        return _is_generated(value)
    if value.isdigit():
        return len(value) >= (4 if meaning.chosen else 8) and (assigned or meaning.chosen)
    if not assigned:
        return _is_not_prose(value, meaning)
    if meaning.chosen:
        return len(value) >= 3 and _SHOUTED.fullmatch(value) is None
    if _WORD.fullmatch(value) is not None:
        return len(value) >= 16 and "_" not in value.strip("_") and not (value.islower() and "-" in value)
    return len(value) >= 6 and not _is_words(value)


def is_label(value: str) -> bool:
    """Whether it is a date, a path, or a name of several words: ``prod/db/main-v2``, ``test_login_2``."""
    return bool(_DATE.match(value) or _SNAKE.fullmatch(value) or _RELATIVE.fullmatch(value))


def is_expression(value: str, after: str) -> bool:
    """Whether a value without quotes is a call or an access whose end is *after* it: ``str(password)``."""
    if after[:1] not in {")", "]", "}", '"', "'"}:
        return value.endswith("=") and _CALL.fullmatch(value) is not None
    opened = any(value.count(left) > value.count(right) for left, right in ("()", "[]", "{}"))
    return opened and _CALL.match(value) is not None


def is_own_name(name: str, value: str) -> bool:
    """Whether a value is the variable of the same name: ``password=password``, ``secret=self_secret``."""
    last = name.rpartition(".")[2].lstrip("-")
    if value == last:
        return True
    return "_" in value and value.islower() and value.isidentifier() and meaning_of(value) is not None


def is_type(value: str, after: str) -> bool:
    """Whether what is after a colon is a type in a program: ``token: Token2 = …``."""
    return _TYPE.fullmatch(value) is not None and _AFTER_TYPE.match(after) is not None


def _is_generated(value: str) -> bool:
    plain = _UUID.fullmatch(value) is not None or _NAME_OF_WORDS.fullmatch(value) is not None
    return looks_generated(value) and not plain and "/" not in value[:3]


def _is_words(value: str) -> bool:
    """Whether a person wrote it: several words, a label, letters of other scripts."""
    if not value.isascii() or " " in value.strip():
        return not looks_generated(value, 24)
    return len(value) < 16 and _LABEL.fullmatch(value) is not None


def _is_code(value: str, meaning: Meaning) -> bool:
    if _CODE.match(value) is None:
        return False
    return not meaning.chosen or _KNOWN_ROOT.match(value) is not None or value[-1] in ")}]({["


def _is_not_prose(value: str, meaning: Meaning) -> bool:
    digit = any(sign.isdecimal() for sign in value)
    letter = any(sign.isalpha() for sign in value)
    if is_label(value):
        return False
    if not meaning.chosen and _is_words(value):
        return False
    if len(value) >= 8 and digit and letter:
        return True
    odd = any(sign in "!@#$%^&*?~+" for sign in value[:-1])
    return meaning.chosen and len(value) >= 6 and letter and (digit or odd)

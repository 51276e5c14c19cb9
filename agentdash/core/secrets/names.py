"""Names that say that their value is a secret, in any case and form: ``dbPassword``, ``PGPASSWORD``.

A name is read by its words, so that ``max_tokens``, ``tokenizer`` and ``compass`` are none. The words are
those of the generic rules of gitleaks and detect-secrets (see `core.secret_issuers`), and what logs hold.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple


class Meaning(NamedTuple):
    """What a name says of its value.

    Attributes:
        kind: What it is called where it was masked.
        weak: Whether the value must look made by a machine, too.
        spoken: Whether people choose such values: a word alone may be one.
    """

    kind: str
    weak: bool = False
    spoken: bool = False


_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LONGEST = 80
# A signature lets one in where it is a part of a URL; most others are checksums.
_SIGNED = re.compile(r"(?i)^[?&]|amz|goog")
_GLUED: tuple[tuple[str, Meaning], ...] = (
    ("password", Meaning("password", spoken=True)),
    ("passwords", Meaning("password", spoken=True)),
    ("passwd", Meaning("password", spoken=True)),
    ("passphrase", Meaning("password", spoken=True)),
    ("passwort", Meaning("password", spoken=True)),
    ("passcode", Meaning("password", spoken=True)),
    ("pwd", Meaning("password", spoken=True)),
    ("secret", Meaning("secret", spoken=True)),
    ("apikey", Meaning("api-key")),
    ("secretkey", Meaning("secret")),
    ("accesskey", Meaning("key")),
    ("privatekey", Meaning("key")),
    ("authkey", Meaning("authorization")),
    ("token", Meaning("token")),
    ("authorization", Meaning("authorization")),
    ("credential", Meaning("credentials")),
    ("credentials", Meaning("credentials")),
    ("creds", Meaning("credentials")),
    ("cookie", Meaning("cookie")),
    ("cookies", Meaning("cookie")),
)  # fmt: skip
_WHOLE = {
    "pass": Meaning("password", spoken=True),
    "psk": Meaning("password", spoken=True),
    "requirepass": Meaning("password", spoken=True),
    "masterauth": Meaning("password", spoken=True),
    "pw": Meaning("password", spoken=True),
    "dbpass": Meaning("password", spoken=True),
    "userpass": Meaning("password", spoken=True),
    "sshpass": Meaning("password", spoken=True),
    "auth": Meaning("authorization", weak=True),
    "jsessionid": Meaning("cookie", weak=True),
    "phpsessid": Meaning("cookie", weak=True),
    "sessid": Meaning("cookie", weak=True),
}
# What makes a secret of a key.
_KEYS = {
    "api": "api-key", "access": "key", "secret": "secret", "private": "key", "auth":
    "authorization", "authorization": "authorization", "encryption": "key", "encrypt": "key",
    "signing": "key", "master": "key", "hmac": "key", "jwt": "key", "storage": "key", "account":
    "key", "shared": "key", "session": "key", "service": "key", "deploy": "key", "webhook": "key",
    "license": "key", "app": "key", "application": "key", "client": "key", "consumer": "key",
    "subscription": "key", "admin": "key", "root": "key", "server": "key", "integration": "key",
    "ssh": "key", "cipher": "key", "crypt": "key", "decryption": "key", "aes": "key",
}  # fmt: skip
_WEAK_KEYS = frozenset({
    "app", "application", "client", "account", "storage", "service", "session", "shared", "server",
    "root", "integration", "ssh", "consumer", "admin", "subscription", "license", "deploy",
    "webhook", "jwt",
})  # fmt: skip
# What may stand after the word that says it.
_AFTER = frozenset({
    "value", "val", "raw", "plain", "plaintext", "text", "string", "str", "header", "base", "env",
    "var", "prod", "production", "dev", "development", "test", "testing", "staging", "live",
    "local", "old", "new", "current", "previous", "default", "hex", "hash", "confirm",
    "confirmation", "primary", "secondary", "main",
})  # fmt: skip
# A token of a language model, of a parser, of a page.
_NO_SECRET = frozenset({
    "max", "min", "num", "total", "prompt", "completion", "input", "output", "next", "page", "stop",
    "eos", "bos", "pad", "unk", "mask", "per", "first", "last", "count", "cached", "reasoning",
    "special", "start", "end", "unexpected", "sep", "cls", "expected", "cancellation", "cancel",
    "fencing", "lock", "public", "syntax", "lexer", "parser", "thinking", "no", "is", "has", "use",
    "with", "without", "missing", "continuation", "trace", "sync",
})  # fmt: skip


@lru_cache(maxsize=4096)
def meaning_of(name: str) -> Meaning | None:
    """What *name* says of its value; None where it says nothing of a secret."""
    if len(name) > _LONGEST:
        name = name[-_LONGEST:]
    words = [word.lower() for word in _WORDS.findall(name)]
    while words and (words[-1].isdigit() or (len(words) > 1 and words[-1] in _AFTER)):
        words.pop()
    if not words or not _NO_SECRET.isdisjoint(words):
        return None
    last = words[-1]
    if last in {"key", "keys"} and len(words) > 1:
        return _key(words[-2])
    if last == "id" and words[-2:-1] == ["sess"]:
        return _WHOLE["sessid"]
    if last in {"sig", "signature"} and _SIGNED.search(name) is not None:
        return Meaning("signature", weak=True)
    if last in _WHOLE:
        return _WHOLE[last]
    if len(words) > 1 and last in {"phrase", "word", "code"} and words[-2] == "pass":
        return Meaning("password", spoken=True)
    for ending, meaning in reversed(_GLUED):
        if last.endswith(ending):
            return meaning
    return None


def _key(before: str) -> Meaning | None:
    for word, kind in _KEYS.items():
        if before == word or (len(word) > 5 and before.endswith(word)):
            return Meaning(kind, weak=word in _WEAK_KEYS)
    return None

"""Names of secrets, in any case and form: ``dbPassword``, ``PGPASSWORD``.

A name is split into words, so that ``max_tokens``, ``tokenizer`` and ``compass`` do not count. The
words are those of the generic rules of gitleaks and detect-secrets (see `issuers`), and others from logs.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple


class Meaning(NamedTuple):
    """What a name means for its value.

    Attributes:
        kind: The name of this kind of secret.
        weak: Whether the value must look generated, too.
        chosen: Whether people choose such values: a word alone may be one.
    """

    kind: str
    weak: bool = False
    chosen: bool = False


_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LONGEST = 80
# A signature lets one in where it is a part of a URL; most others are checksums.
_SIGNED = re.compile(r"(?i)^[?&]|amz|goog")
_GLUED: tuple[tuple[str, Meaning], ...] = (
    ("password", Meaning("password", chosen=True)),
    ("passwords", Meaning("password", chosen=True)),
    ("passwd", Meaning("password", chosen=True)),
    ("passphrase", Meaning("password", chosen=True)),
    ("passwort", Meaning("password", chosen=True)),
    ("passcode", Meaning("password", chosen=True)),
    ("pwd", Meaning("password", chosen=True)),
    ("secret", Meaning("secret", chosen=True)),
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
    "pass": Meaning("password", chosen=True),
    "psk": Meaning("password", chosen=True),
    "requirepass": Meaning("password", chosen=True),
    "masterauth": Meaning("password", chosen=True),
    "pw": Meaning("password", chosen=True),
    "dbpass": Meaning("password", chosen=True),
    "userpass": Meaning("password", chosen=True),
    "sshpass": Meaning("password", chosen=True),
    "auth": Meaning("authorization", weak=True),
    "jsessionid": Meaning("cookie", weak=True),
    "phpsessid": Meaning("cookie", weak=True),
    "sessid": Meaning("cookie", weak=True),
}
# Words before key that make it a secret.
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
# Words that may follow the decisive one.
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
    """The meaning of a name; None for one that is not a secret's."""
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
        return Meaning("password", chosen=True)
    for ending, meaning in reversed(_GLUED):
        if last.endswith(ending):
            return meaning
    return None


def _key(before: str) -> Meaning | None:
    for word, kind in _KEYS.items():
        if before == word or (len(word) > 5 and before.endswith(word)):
            return Meaning(kind, weak=word in _WEAK_KEYS)
    return None

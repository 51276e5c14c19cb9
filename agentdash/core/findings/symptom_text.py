"""Fingerprints of symptoms, and the redis-cli command lines that show them."""

from __future__ import annotations

import hashlib
import shlex

from agentdash.core.secrets.mask import mask
from agentdash.core.text import is_utf8, printable

_LONGEST = 1000
"""Bytes of a name in a command, and of one in a fingerprint, that are written whole."""


def identity(category: str, stream: bytes, group: bytes | None = None) -> str:
    """A fingerprint: the same for the same cause, different for any other, also where names are not text."""
    parts = [category, *(_exact(name) for name in (stream, group) if name is not None)]
    return "/".join(parts)


def redis_cli(*words: str | bytes) -> str:
    """A command line for a shell, exact also for names with quotes, spaces or bytes that are no text.

    A name of more than `_LONGEST` bytes is shown in part, and the line says so: nobody could paste it.
    """
    raw = [word if isinstance(word, bytes) else _encoded(word) for word in words]
    line = mask(" ".join(["redis-cli", *map(_shortened, raw)]))[0]
    longest = max(map(len, raw))
    return line if longest <= _LONGEST else f"{line}  # incomplete: a name has {longest:,} bytes"


def _shortened(word: bytes) -> str:
    return shell_word(word if len(word) <= _LONGEST else word[:200] + "…".encode() + word[-100:])


def shell_word(word: str | bytes) -> str:
    """*word* quoted for bash; what cannot be typed is written in ``$'…'``."""
    raw = word if isinstance(word, bytes) else _encoded(word)
    text = raw.decode("utf-8", "replace")
    if is_utf8(raw) and printable(text) == text:
        return shlex.quote(text)
    typed = "".join(
        chr(byte) if 0x20 <= byte < 0x7F and byte not in b"'\\" else f"\\x{byte:02x}" for byte in raw
    )
    return f"$'{typed}'"


def shell_path(path: str) -> str:
    """The path of a file, quoted for a shell, that no program reads as an option or as standard input."""
    return shell_word(f"./{path}" if path.startswith("-") else path)


def shell_command(command: str) -> str:
    """*command*, which is split as a shell would and never given to one, so that a shell does the same."""
    try:
        words = shlex.split(command)
    except ValueError:
        return shell_word(command)
    return " ".join(shell_word(word) for word in words)


def _encoded(word: str) -> bytes:
    """Its bytes, also where it is the name of a file that is no UTF-8."""
    try:
        return word.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a pair: no name in a file system
        return word.encode("utf-8", "replace")


def _exact(name: bytes) -> str:
    if len(name) > _LONGEST:
        return f"{_exact(name[:40])}…sha256:{hashlib.sha256(name).hexdigest()}"
    text = name.decode("utf-8", "replace")
    if mask(text)[1]:
        return f"sha256:{hashlib.sha256(name).hexdigest()}"
    plain = is_utf8(name) and printable(text) == text and "/" not in text and not text.startswith("0x")
    return text if plain else f"0x{name.hex()}"

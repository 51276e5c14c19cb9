"""Text from outside on its way into a snapshot, a message or a file: secrets masked, nothing in it acts.

This is the one function for it. What an action needs as it is (a path, a key's name) is kept beside the
text as bytes, and is never written out.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from agentdash.core.log_parse_secrets import MASK, cut, mask, mask_field, mask_lines
from agentdash.core.secret_commands import masked_words
from agentdash.core.secret_names import meaning_of
from agentdash.core.text import mask_urls_in, printable

_DEEPEST = 20
_LONG_NUMBER = 100_000
"""The least number that is a secret beside the name of one."""


def safe_text(text: str, limit: int | None = None) -> str:
    """One line, printable, secrets masked; the first *limit* characters, where a limit is given."""
    if limit is not None:
        text = cut(text[: 2 * limit + 8192], limit)
    return _safe(text) if len(text) <= _REMEMBERED else printable(mask(text)[0])


def safe_decode(raw: bytes, limit: int | None = None) -> str:
    r"""Bytes as `safe_text`; bytes that are no UTF-8 are shown as ``\xNN``."""
    return safe_text(raw.decode("utf-8", "backslashreplace"), limit)


def safe_message(text: str) -> str:
    """Lines of a message, such as an error: as `safe_text`, and all logins of URLs masked."""
    return "\n".join(mask_urls_in(safe_text(line)) for line in text.split("\n"))


def masked_data(data: Mapping[str, object]) -> dict[str, object]:
    """A payload: texts in it however deep, and what is under a name such as ``password``."""
    return {mask(name)[0]: _value(name, value, 0) for name, value in data.items()}


def _value(name: str, value: object, depth: int) -> object:
    if depth > _DEEPEST:
        return MASK
    match value:
        case str():
            masked = mask_field(name, value)[0]
            return masked if masked == MASK else mask_lines(value)
        case bool():
            return value
        case int() if abs(value) >= _LONG_NUMBER:
            meaning = meaning_of(name)
            return value if meaning is None or meaning.weak else MASK
        case dict():
            return {mask(str(key))[0]: _value(str(key), inner, depth + 1) for key, inner in value.items()}
        case list() | tuple() if all(isinstance(word, str) for word in value):
            return _list(name, [str(word) for word in value])
        case list() | tuple():
            return [_value(name, inner, depth + 1) for inner in value]
    return value


def _list(name: str, words: list[str]) -> list[str]:
    """Texts of a list: a command line, where its name does not say that each of them is a secret."""
    meaning = meaning_of(name)
    if meaning is not None and not meaning.weak:
        return [str(_value(name, word, 0)) for word in words]
    return masked_words(words, mask_lines)


_REMEMBERED = 1024


@lru_cache(maxsize=2048)
def _safe(text: str) -> str:
    return printable(mask(text)[0])

"""Secrets in structured data: a name applies to everything below it, in pairs and lists too."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from agentdash.core.secrets.commands import masked_words
from agentdash.core.secrets.mask import MASK, NO_VALUES, masked_field, masked_text
from agentdash.core.secrets.names import Meaning, meaning_of
from agentdash.core.secrets.values import is_placeholder, is_secret_value, looks_generated

_MAX_DEPTH = 20
_LONG_NUMBER = 100_000
"""The least number that is a secret beside the name of one."""
_MIN_VALUE = 3
_NAMES = ("name", "key", "header", "variable", "field", "k")
_VALUES = ("value", "val", "data", "default", "text", "plain", "v")
_DESCRIBES = frozenset({"type", "format", "kind", "$ref"})
"""Names below one that describe it rather than contain it."""
_NAME = re.compile(r"[\w.-]{1,80}")
_WORD = re.compile(r"[a-z$#/]{1,20}")


class DataMask:
    """Masks values of one payload.

    Attributes:
        kinds: The kinds of secrets, in order, with duplicates.
    """

    def __init__(self) -> None:
        self.kinds: list[str] = []

    def items(self, data: Mapping[str, object]) -> dict[str, object]:
        """A payload masked, names included."""
        return self._dict(data, None, 0)

    def value(self, name: str, value: object) -> object:
        """The value of *name* masked: all of it where the name is that of a secret."""
        return self._value(name, value, None, 0)

    def _value(self, name: str, value: object, above: Meaning | None, depth: int) -> object:
        if depth > _MAX_DEPTH:
            return MASK
        own = meaning_of(name)
        match value:
            case str():
                return self._text(name, value, own, above)
            case bool():
                return value
            case int() | float() if abs(value) >= _LONG_NUMBER:
                meaning = own or (above if name.lower() in _VALUES else None)
                return value if meaning is None or meaning.weak else self._masked(meaning)
            case Mapping():
                texts = {str(key): inner for key, inner in value.items()}
                return self._dict(texts, own or _of_many(name) or above, depth + 1)
            case list() | tuple():
                return self._list(name, value, own or above, depth + 1)
        return value

    def _text(self, name: str, value: str, own: Meaning | None, above: Meaning | None) -> str:
        if above is not None and (own is None or own.weak) and self._is_below(name, value, above):
            return self._masked(above)
        masked, kinds = masked_field(name, value)
        self.kinds += kinds
        return masked

    def _is_below(self, name: str, value: str, above: Meaning) -> bool:
        """Whether a text below the name of a secret is one."""
        if len(value) < _MIN_VALUE or value.lower() in NO_VALUES or is_placeholder(value):
            return False
        if name.lower() in _DESCRIBES and _WORD.fullmatch(value) is not None:
            return False
        return not above.weak or (
            looks_generated(value) and is_secret_value(value, above, assigned=True, quoted=True)
        )

    def _masked(self, meaning: Meaning) -> str:
        self.kinds.append(meaning.kind)
        return MASK

    def _dict(self, data: Mapping[str, object], above: Meaning | None, depth: int) -> dict[str, object]:
        named = _named(data)
        found: dict[str, object] = {}
        for name, inner in data.items():
            meaning = named if named is not None and name.lower() in _VALUES else above
            shown, kinds = masked_text(name)
            self.kinds += kinds
            found[shown] = self._value(name, inner, meaning, depth)
        return found

    def _list(self, name: str, values: Sequence[object], above: Meaning | None, depth: int) -> list[object]:
        pairs = _is_pairs(values)
        if pairs:
            return [self._pair(pair, above, depth) for pair in values if isinstance(pair, list | tuple)]
        if not all(isinstance(word, str) for word in values):
            return [self._value(name, inner, above, depth) for inner in values]
        words = [str(word) for word in values]
        if above is not None and not above.weak:
            return [self._value(name, word, above, depth) for word in words]
        if len(words) == 2 and _is_pair(words[0], words[1], sure=False):
            return [words[0], self._masked(meaning_of(words[0]) or Meaning("secret"))]
        found = masked_words(words, self._word)
        if found != words and not self.kinds:
            self.kinds.append("password")
        return list(found)

    def _pair(self, pair: Sequence[object], above: Meaning | None, depth: int) -> list[object]:
        name, value = pair
        if isinstance(name, str) and isinstance(value, str) and _is_pair(name, value, sure=True):
            return [name, self._text(name, value, meaning_of(name), above)]
        if isinstance(name, str) and not isinstance(value, str):
            return [self._word(name), self._value(name, value, above, depth + 1)]
        return self._list("", [name, value], above, depth + 1)

    def _word(self, word: str) -> str:
        masked, kinds = masked_text(word)
        self.kinds += kinds
        return masked


def _named(data: Mapping[str, object]) -> Meaning | None:
    """The meaning of the value in an object such as ``{"name": "DB_PASSWORD", "value": …}``."""
    for key, inner in data.items():
        if isinstance(inner, str) and key.lower() in _NAMES and _NAME.fullmatch(inner) is not None:
            meaning = meaning_of(inner)
            if meaning is not None:
                return meaning
    return None


def _of_many(name: str) -> Meaning | None:
    """The meaning of all values of an object such as ``secrets``; of ``tokens`` only generated ones."""
    meaning = meaning_of(name[:-1]) if name[-1:] in {"s", "S"} else None
    return meaning._replace(weak=meaning.weak or not meaning.chosen) if meaning is not None else None


def _is_pairs(values: Sequence[object]) -> bool:
    return len(values) > 0 and all(
        isinstance(pair, list | tuple) and len(pair) == 2 and isinstance(pair[0], str) for pair in values
    )


def _is_pair(name: str, value: str, *, sure: bool) -> bool:
    """Whether two texts are a secret's name and its value; unless *sure* they may be two words of a list."""
    meaning = meaning_of(name) if _NAME.fullmatch(name) is not None else None
    return meaning is not None and is_secret_value(value, meaning, assigned=sure, quoted=True)

"""Secrets on their way to the store: masked where they are recognised, by the same detectors as in logs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from agentdash.core.log_parse_secrets import MASK, is_secret_name, mask, mask_field

_BODY = r"(?:[A-Za-z0-9+/=\s]|\\[nr])*"
_END = r"(?:-----END [A-Z ]*PRIVATE KEY-----)?"
_KEY = re.compile(rf"-----BEGIN [A-Z ]*PRIVATE KEY-----{_BODY}{_END}")
_REST_OF_KEY = re.compile(rf"{_BODY}{_END}")
_DEPTH = 20


class SecretMask:
    """Masks texts, command lines and payloads.

    Args:
        on: Whether anything is masked at all (setting ``runs.mask``).
    """

    def __init__(self, on: bool = True) -> None:
        self.on = on

    def text(self, text: str) -> str:
        """*text* with the secrets that are recognised in it masked."""
        return mask(_KEY.sub(MASK, text))[0] if self.on else text

    def output(self, text: str, inside: bool) -> tuple[str, bool]:
        """A piece of output.

        Args:
            text: What follows the piece before.
            inside: Whether the piece before ended within a private key.

        Returns:
            The masked piece, and whether it ends within a private key.
        """
        if not self.on:
            return text, False
        if inside:
            rest = _REST_OF_KEY.match(text)
            end = rest.end() if rest else 0
            if end == len(text) and "-----" not in text:
                return (MASK if text.strip() else text), True
            text = (MASK + "\n" if text[:end].strip() else "") + text[end:]
        last = max(_KEY.finditer(text), key=lambda match: match.end(), default=None)
        open_key = last is not None and last.end() == len(text) and last.group().count("-----") < 4
        return self.text(text), open_key

    def words(self, words: Sequence[str]) -> list[str]:
        """A command line: also what follows an option such as ``--api-key``."""
        if not self.on:
            return list(words)
        found: list[str] = []
        for place, word in enumerate(words):
            option = words[place - 1] if place else ""
            named = option.startswith("-") and "=" not in option and is_secret_name(option.lstrip("-"))
            found.append(MASK if named else self.text(word))
        return found

    def data(self, data: Mapping[str, object]) -> dict[str, object]:
        """A payload: texts in it however deep, and what stands under a name such as ``password``."""
        if not self.on:
            return dict(data)
        return {name: self._value(name, value, 0) for name, value in data.items()}

    def _value(self, name: str, value: object, depth: int) -> object:
        if depth > _DEPTH:
            return MASK
        match value:
            case str():
                return mask_field(name, _KEY.sub(MASK, value))[0]
            case dict():
                return {str(key): self._value(str(key), inner, depth + 1) for key, inner in value.items()}
            case list() | tuple() if all(isinstance(word, str) for word in value):
                return self.words([str(word) for word in value])
            case list() | tuple():
                return [self._value(name, inner, depth + 1) for inner in value]
        return value

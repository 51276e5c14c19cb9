"""Masks recognised secrets before they are written to the store, with the same detectors as for logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agentdash.core.secrets.commands import masked_words
from agentdash.core.secrets.mask import mask_lines
from agentdash.core.secrets.safe_text import masked_data


class SecretMask:
    """Masks texts, command lines and payloads.

    Args:
        on: Whether anything is masked at all (setting ``runs.mask``).
    """

    def __init__(self, on: bool = True) -> None:
        self.on = on

    def text(self, text: str) -> str:
        """*text* with recognised secrets masked."""
        return mask_lines(text) if self.on else text

    def words(self, words: Sequence[str]) -> list[str]:
        """A command line with secrets masked, also the argument of an option such as ``--api-key``."""
        return masked_words(words, mask_lines) if self.on else list(words)

    def data(self, data: Mapping[str, object]) -> dict[str, object]:
        """A payload with secrets masked at any depth, also values under a name such as ``password``."""
        return masked_data(data) if self.on else dict(data)

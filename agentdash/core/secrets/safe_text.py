"""Text from outside for a snapshot, a message or a file: secrets masked, safe to print.

All such text goes through here. What an action needs unchanged (a path, the name of a key) is kept beside the
text as bytes, and is never shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from agentdash.core.secrets.data import DataMask
from agentdash.core.secrets.mask import cut, mask
from agentdash.core.text import mask_urls_in, printable


def safe_text(text: str, limit: int | None = None) -> str:
    """One line, printable, secrets masked; the first *limit* characters, where a limit is given."""
    if limit is not None:
        text = cut(text[: 2 * limit + 8192], limit)
    return _safe(text) if len(text) <= _CACHED else printable(mask(text)[0])


def safe_decode(raw: bytes, limit: int | None = None) -> str:
    r"""Bytes as `safe_text`; bytes that are not UTF-8 are shown as ``\xNN``."""
    return safe_text(raw.decode("utf-8", "backslashreplace"), limit)


def safe_message(text: str) -> str:
    """Lines of a message, such as an error: as `safe_text`, and all logins of URLs masked."""
    return "\n".join(mask_urls_in(safe_text(line)) for line in text.split("\n"))


def masked_data(data: Mapping[str, object]) -> dict[str, object]:
    """A payload with all its texts masked, and everything below a name such as ``password``."""
    return DataMask().items(data)


_CACHED = 1024


@lru_cache(maxsize=2048)
def _safe(text: str) -> str:
    return printable(mask(text)[0])

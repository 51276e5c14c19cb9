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

LONGEST_NAME = 200
"""Bytes of a name that are shown whole within a sentence."""
_NAME_PART = 4096
"""Bytes of each end of a longer name that are searched for secrets."""


def safe_text(text: str, limit: int | None = None) -> str:
    """One line, printable, secrets masked; the first *limit* characters, where a limit is given."""
    if limit is not None:
        text = cut(text[: 2 * limit + 8192], limit)
    return _safe(text) if len(text) <= _CACHED else printable(mask(text)[0])


def as_text(raw: bytes, limit: int | None = None) -> str:
    r"""Bytes as `safe_text`; bytes that are not UTF-8 are shown as ``\xNN``."""
    return safe_text(raw.decode("utf-8", "backslashreplace"), limit)


def safe_name(raw: bytes) -> str:
    """The name of a stream, group or consumer within a sentence: `as_text`, shortened in the middle."""
    if len(raw) <= LONGEST_NAME:
        return as_text(raw)
    return f"{as_text(raw[:_NAME_PART])[:80]}…{as_text(raw[-_NAME_PART:])[-60:]} ({len(raw):,} bytes)"


def safe_message(text: str) -> str:
    """Lines of a message, such as an error: as `safe_text`, and all logins of URLs masked."""
    return "\n".join(mask_urls_in(safe_text(line)) for line in text.split("\n"))


def masked_data(data: Mapping[str, object]) -> dict[str, object]:
    """A payload with all its texts masked, and everything below a name such as ``password``."""
    return DataMask().items(data)


_CACHED = 1024


@lru_cache(maxsize=8192)
def _safe(text: str) -> str:
    return printable(mask(text)[0])

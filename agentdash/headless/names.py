"""Names that are bytes, as JSON holds them."""

from __future__ import annotations

from agentdash.core.text import decode


def named(key: str, raw: bytes | None) -> dict[str, object]:
    """*raw* as ``key`` (printable) and ``keyHex``, which is null where the printable text is the very name.

    Hex stands beside names that are not UTF-8, and beside those with control characters: what is printed for
    these could not be turned back into the name.
    """
    if raw is None:
        return {key: None, f"{key}Hex": None}
    text = decode(raw)
    return {key: text, f"{key}Hex": None if text.encode(errors="replace") == raw else raw.hex()}

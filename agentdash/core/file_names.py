"""Names from outside as file names, and back."""

from __future__ import annotations

import os
import re

_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_-+@.")
_LONGEST = 180
_CUT_ESCAPE = re.compile(r"%[0-9A-F]?$")
_ESCAPE = re.compile(rb"%([0-9A-F]{2})")


def file_name(name: str) -> str:
    """A file name for any *name*; `name_of` is its inverse.

    Everything but lower-case letters, digits and ``_-+@.`` is written as ``%XX`` (RFC 3986), also a dot
    at its beginning and capital letters, so that names differ where case does not count. A name that becomes
    longer than 180 characters is cut, and ends with ``~`` and 12 digits of its SHA-256.
    """
    raw = name.encode("utf-8", "surrogatepass")
    coded = "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in raw)
    coded = f"%2E{coded[1:]}" if coded.startswith(".") else coded or "%"
    if len(coded) <= _LONGEST:
        return coded
    import hashlib  # 10 ms, and few names need it

    return f"{_CUT_ESCAPE.sub('', coded[: _LONGEST - 20])}~{hashlib.sha256(raw).hexdigest()[:12]}"


def name_of(file: str) -> str:
    """The name that `file_name` made *file* of, as far as it was not cut; of other file names themselves."""
    raw = _ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode()), os.fsencode(file))
    return "" if file == "%" else raw.decode("utf-8", "backslashreplace")

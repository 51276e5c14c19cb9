"""The three standard streams: open, and able to write any text in the terminal's encoding."""

from __future__ import annotations

import codecs
import os
import sys
from io import TextIOWrapper
from typing import IO

LIKE = {
    **dict.fromkeys("–—−─━", "-"), **dict.fromkeys("·○◌□", "."), **dict.fromkeys("●◐↻", "o"),
    **dict.fromkeys("→▸›▶↪⇢≥", ">"), **dict.fromkeys("←◀≤", "<"), **dict.fromkeys("↑▲▴", "^"),
    **dict.fromkeys("↓▼▾✓", "v"), **dict.fromkeys("•◆", "*"), **dict.fromkeys("‖│┃", "|"),
    **dict.fromkeys("“”„", '"'), **dict.fromkeys("‘’", "'"), **dict.fromkeys("✗×", "x"),
    **dict.fromkeys("…≈", "~"), "■": "#", "⏎": "/",
}  # fmt: skip
"""ASCII replacements, of the same width, for the symbols that the program draws."""
ERRORS = "agentdash.alike"


def prepare() -> None:
    """Ensure that the three standard streams are usable.

    A closed descriptor (``>&-``) would be reused by the next file or connection that is opened, and output
    would go there. The replacement fails like the closed one: with EBADF.
    """
    codecs.register_error(ERRORS, alike)
    for descriptor, other_way in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            opened = os.open(os.devnull, other_way)  # the lowest that is free: this one
            if opened != descriptor:
                os.dup2(opened, descriptor)
                os.close(opened)
    sys.stdin = sys.stdin or _on(0, "r")
    sys.stdout = sys.stdout or _on(1, "w")
    sys.stderr = sys.stderr or _on(2, "w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=ERRORS)


def _on(descriptor: int, mode: str) -> IO[str]:
    return os.fdopen(descriptor, mode, encoding="utf-8", closefd=False)


def alike(error: UnicodeError) -> tuple[str, int]:
    """Replacements for characters that an encoding lacks: similar ASCII of the same width.

    An error handler, see `codecs.register_error`.
    """
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_alike, error.object[error.start : error.end])), error.end


def _alike(character: str) -> str:
    import unicodedata

    if (like := LIKE.get(character)) is not None:
        return like
    if "\u2500" <= character < "\u2580":
        return "+"  # corners and crossings of lines
    if "\u2580" <= character < "\u25a0":
        return "#"  # blocks
    plain = unicodedata.normalize("NFKD", character)[0]  # é is e and an accent
    if plain.isascii():
        return plain
    if unicodedata.combining(character):
        return ""
    return "??" if unicodedata.east_asian_width(character) in {"W", "F"} else "?"


def discard_stdout() -> None:
    """Redirect stdout to the null device, so that Python does not write to a closed pipe when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

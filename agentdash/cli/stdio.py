"""The three standard streams: all there, and able to write any text in the terminal's own encoding."""

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
"""ASCII of the same width for the signs that the program draws with."""
ERRORS = "agentdash.alike"


def prepare() -> None:
    """Have three usable standard streams, whatever this process was given.

    A descriptor that is closed (``>&-``) would be given to the next file or connection that is opened, and
    what is printed would go there. What is put in its place fails as the closed one does: with EBADF.
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
    """What is written for characters that an encoding does not have: ASCII that looks like them, as wide.

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
    """Nothing can be written there any more: keep Python from trying once more on its way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

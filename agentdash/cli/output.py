"""Printing: data on stdout, everything else on stderr."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress

import click


def data(text: str) -> None:
    """A line of data; flushed, so that who reads a pipe has it at once.

    Raises:
        BrokenPipeError: when nobody reads any more.
    """
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def words(text: str) -> None:
    """A line of data with text from outside in it, such as a path: nothing in it acts on a terminal."""
    from agentdash.core.secrets.safe_text import safe_message  # few commands print a path

    data(safe_message(text))


def say(text: str) -> None:
    """A remark for a person, on stderr; where that cannot be written, nobody is there to read it."""
    from agentdash.core.secrets.safe_text import safe_message  # most commands have nothing to remark

    with suppress(OSError):
        click.echo(f"agentdash: {safe_message(text)}", err=True)


def no_terminal() -> str | None:
    """What is no terminal, in words; None where all three are: Textual reads stdin and draws on stderr.

    One that cannot move its cursor is none either: ``TERM`` is ``dumb`` or ``unknown``, see terminfo(5).
    """
    streams = (("stdin", sys.stdin), ("stdout", sys.stdout), ("stderr", sys.stderr))
    missing = [name for name, stream in streams if not stream.isatty()]
    if missing:
        return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} none"
    kind = os.environ.get("TERM", "")
    return f"TERM={kind} cannot move its cursor" if kind in {"dumb", "unknown"} else None


def width() -> int | None:
    """Cells of the terminal that stdout is, or None where it is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None

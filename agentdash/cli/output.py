"""Printing: data on stdout, everything else on stderr."""

from __future__ import annotations

import shutil
import sys

import click


def data(text: str) -> None:
    """A line of data; flushed, so that who reads a pipe has it at once.

    Raises:
        BrokenPipeError: when nobody reads any more.
    """
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """A remark for a person, on stderr."""
    from agentdash.core.safe_text import safe_message  # most commands have nothing to remark

    click.echo(f"agentdash: {safe_message(text)}", err=True)


def no_terminal() -> str | None:
    """What is no terminal, in words; None where all three are: Textual reads stdin and draws on stderr."""
    streams = (("stdin", sys.stdin), ("stdout", sys.stdout), ("stderr", sys.stderr))
    missing = [name for name, stream in streams if not stream.isatty()]
    return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} none" if missing else None


def width() -> int | None:
    """Cells of the terminal that stdout is, or None where it is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None

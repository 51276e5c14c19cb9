"""Output: data on stdout, messages on stderr."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress

import click


def print_data(text: str) -> None:
    """Print a line on stdout and flush it.

    Raises:
        BrokenPipeError: when the reader has closed the pipe.
    """
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def print_text(text: str) -> None:
    """Print a line with text from outside in it, such as a path: nothing in it acts on a terminal."""
    from agentdash.core.secrets.safe_text import safe_message  # few commands print a path

    print_data(safe_message(text))


def print_message(text: str) -> None:
    """Print a message on stderr, if it can be written."""
    from agentdash.core.secrets.safe_text import safe_message  # most commands print no message

    with suppress(OSError):
        click.echo(f"agentdash: {safe_message(text)}", err=True)


def no_terminal() -> str | None:
    """Why there is no usable terminal; None where there is: Textual reads stdin and draws on stderr.

    ``TERM`` as ``dumb`` or ``unknown`` means that the cursor cannot be moved, see terminfo(5).
    """
    streams = (("stdin", sys.stdin), ("stdout", sys.stdout), ("stderr", sys.stderr))
    missing = [name for name, stream in streams if not stream.isatty()]
    if missing:
        return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not"
    kind = os.environ.get("TERM", "")
    return f"TERM={kind} cannot move its cursor" if kind in {"dumb", "unknown"} else None


def width() -> int | None:
    """Cells of the terminal; None where stdout is not one."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None

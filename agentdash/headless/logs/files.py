"""Reads files and standard input as log lines, in bounded memory for lines of any length."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

from agentdash.core.clock import Clock, SystemClock
from agentdash.core.logs.model import LogLine
from agentdash.core.logs.parse.line import LogParser

MAX_LINE_BYTES = 1024 * 1024
"""Maximum number of bytes of a line; the rest is skipped and counted in the message."""


def lines_of(file: str, clock: Clock | None = None) -> Iterator[LogLine]:
    """The lines of *file* (``-``: standard input) as they are read.

    Raises:
        OSError: when the file cannot be read.
    """
    clock = clock or SystemClock()
    name = "stdin" if file == "-" else Path(file).stem
    with nullcontext(sys.stdin.buffer) if file == "-" else Path(file).open("rb") as source:
        parser = LogParser(name)
        for raw, offset, cut in _whole_lines(source):
            yield parser.line(raw, offset, clock.now_ms(), cut=cut)


def _whole_lines(source: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Each line with its offset, and how many of its bytes were skipped."""
    offset = 0
    while raw := source.readline(MAX_LINE_BYTES):
        rest = 0
        end = raw
        while len(end) == MAX_LINE_BYTES and not end.endswith(b"\n"):
            end = source.readline(MAX_LINE_BYTES)
            rest += len(end)
        yield raw, offset, rest
        offset += len(raw) + rest

"""Exit codes, the same for every command."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit code of a command; 128 + n after signal n."""

    SUCCESS = 0
    CHECK_FAILED = 1
    REFUSED = 2
    TIMED_OUT = 3
    UNAVAILABLE = 4
    UNSURE = 5
    INTERRUPTED = 130
    PIPE_CLOSED = 141

"""Exit codes, the same for every command."""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """What a command ends with."""

    FINE = 0
    BAD = 1
    REFUSED = 2
    NOT_IN_TIME = 3
    NO_SERVICE = 4
    UNSURE = 5
    INTERRUPTED = 130
    PIPE_CLOSED = 141
    TERMINATED = 143

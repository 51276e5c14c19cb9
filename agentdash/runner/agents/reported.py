"""What a child told, whichever way it tells: an envelope of ours, or the rows of a program that we know."""

from __future__ import annotations

from dataclasses import dataclass, field

from agentdash.core.secrets.mask import cut
from agentdash.core.text import printable, strip_escapes
from agentdash.runner.agents.usage import Usage

NEAR = 4096
"""Characters beyond a limit that are read, so that no secret is cut in two."""
TEXT_LIMIT = 2000
"""Characters kept of what an agent said, and of the names of files and commands."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A turn failed by the program's own account, whatever its exit code.

    Attributes:
        message: The program's words.
        retryable: Whether the same could work at another time.
    """

    message: str
    retryable: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that the child told.

    Attributes:
        type: The event's name.
        data: Its payload.
        usage: Tokens that it adds to the run's.
        uncounted: Whether tokens were used of which it is not known how many.
        completes: Whether the agent says that the whole work is done.
        words: What the agent said, for `--until`.
        done: The last words of an agent that has done what it was asked to, in this turn.
        failure: That it could not.
    """

    type: str
    data: dict[str, object] = field(default_factory=dict)
    usage: Usage | None = None
    uncounted: bool = False
    completes: bool = False
    words: str | None = None
    done: str | None = None
    failure: Failure | None = None


def text_of(value: object, limit: int = TEXT_LIMIT) -> str:
    """*value* where it is text, without escape sequences and at most *limit* characters; else nothing."""
    return cut(strip_escapes(value[: 4 * limit + NEAR]), limit).strip() if isinstance(value, str) else ""


def line_of(value: object, limit: int = 500) -> str:
    """The first line of a text that says something, printable."""
    lines = (line.strip() for line in text_of(value).splitlines())
    return cut(printable(next((line for line in lines if line), "")), limit)


def number_of(value: object) -> int | None:
    """*value* where it is a whole number; a truth value is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def known(**values: object) -> dict[str, object]:
    """A payload without what is not known: None and empty texts are left out."""
    return {name: value for name, value in values.items() if value is not None and value != ""}

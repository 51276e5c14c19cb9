"""Events that a command reports: in a `__cody_event__` envelope, or in rows of a known agent program."""

from __future__ import annotations

from dataclasses import dataclass, field

from agentdash.core.secrets.mask import cut
from agentdash.core.text import printable, strip_escapes
from agentdash.runner.agents.usage import TokenUsage

NEAR = 4096
"""Characters read beyond a limit, so that no secret is cut in two."""
TEXT_LIMIT = 2000
"""Characters kept of an agent's messages, file names and commands."""


@dataclass(frozen=True, slots=True)
class TurnFailure:
    """The agent program reported that its turn failed, whatever its exit code.

    Attributes:
        message: The program's error message.
        retryable: Whether a retry may succeed.
    """

    message: str
    retryable: bool = False


@dataclass(frozen=True, slots=True)
class AgentEvent:
    """One event that the command reported.

    Attributes:
        type: The event's name.
        data: Its payload.
        usage: Tokens that it adds to the run.
        uncounted: Whether an unknown number of tokens was used as well.
        completes: Whether the agent reports that the whole run is complete.
        message: Text that the agent printed, matched against `--until`.
        final_message: The last message of an agent whose turn has succeeded; may be empty.
        failure: Set where the agent reports that the turn failed.
    """

    type: str
    data: dict[str, object] = field(default_factory=dict)
    usage: TokenUsage | None = None
    uncounted: bool = False
    completes: bool = False
    message: str | None = None
    final_message: str | None = None
    failure: TurnFailure | None = None


def text_of(value: object, limit: int = TEXT_LIMIT) -> str:
    """*value* without escape sequences, at most *limit* characters; ``""`` where it is not a string."""
    return cut(strip_escapes(value[: 4 * limit + NEAR]), limit).strip() if isinstance(value, str) else ""


def line_of(value: object, limit: int = 500) -> str:
    """The first non-empty line of a text, printable."""
    lines = (line.strip() for line in text_of(value).splitlines())
    return cut(printable(next((line for line in lines if line), "")), limit)


def number_of(value: object) -> int | None:
    """*value* where it is an int and not a bool; else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def known(**values: object) -> dict[str, object]:
    """A payload without unknown values: None and ``""`` are left out."""
    return {name: value for name, value in values.items() if value is not None and value != ""}

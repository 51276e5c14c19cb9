"""The result of a turn, and the totals of a run over all turns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agentdash.runner.agents.event import TurnFailure
from agentdash.runner.agents.usage import TokenUsage, UsageCounters


@dataclass(slots=True)
class TurnResult:
    """The result of a turn.

    Attributes:
        exit_code: Negative: the signal; None when the command could not be executed.
        error: Why it could not.
        completion: The line that completes the run.
        final_message: See `AgentEvent.final_message`.
        failure: See `AgentEvent.failure`.
        undelivered: Why output was no longer passed on, by stream.
    """

    exit_code: int | None = None
    error: str | None = None
    completion: str | None = None
    final_message: str | None = None
    failure: TurnFailure | None = None
    undelivered: Mapping[str, OSError] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        """Whether the command exited with 0 and the agent reported no failure."""
        return self.exit_code == 0 and self.failure is None


@dataclass(slots=True)
class RunTotals:
    """Totals of a run over all turns.

    Attributes:
        began: When the run began, Unix ms.
        counted: Whether the command has reported any tokens.
        uncounted: Whether an unknown number of tokens was used beside `usage`.
        threads: Last reported tokens of agent threads: a thread may continue over several turns.
        retries: None until an agent program is recognised that reports them.
    """

    usage: TokenUsage = field(default_factory=TokenUsage)
    began: int = 0
    counted: bool = False
    uncounted: bool = False
    turns: int = 0
    threads: UsageCounters = field(default_factory=UsageCounters)
    retries: int | None = None

    @property
    def known_tokens(self) -> dict[str, object] | None:
        """All tokens, for an event; None where unknown."""
        return self.usage.as_data() if self.counted and not self.uncounted else None

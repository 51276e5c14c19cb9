"""Token counts, added up over a run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from agentdash.core.bounded_json import read_json

_LARGEST = 10**12
_THREADS = 20
_INPUT = ("input", "input_tokens", "inputTokens")
_OUTPUT = ("output", "output_tokens", "outputTokens")
_CACHED = ("cached", "cache_read_input_tokens", "cacheReadInputTokens", "cacheRead")
_STORED = ("cache_creation_input_tokens", "cacheCreationInputTokens", "cacheWrite")
_WITHIN = ("cached_input_tokens", "cachedInputTokens")
_TOTAL = ("total", "total_tokens", "totalTokens", "tokens")


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Token counts. `input` excludes tokens read from a cache; `total` is the sum of all."""

    total: int = 0
    input: int = 0
    output: int = 0
    cached: int = 0

    def __add__(self, other: Self) -> TokenUsage:
        return TokenUsage(
            self.total + other.total,
            self.input + other.input,
            self.output + other.output,
            self.cached + other.cached,
        )

    def exceeds(self, other: TokenUsage) -> bool:
        """Whether any of its counts is greater than that of *other*."""
        return self.input > other.input or self.output > other.output or self.cached > other.cached

    def as_data(self) -> dict[str, object]:
        """As an event's payload."""
        return {"total": self.total, "input": self.input, "output": self.output, "cached": self.cached}

    def as_meta(self) -> dict[str, object]:
        """As fields of the run's record."""
        return {
            "stats.tokens": self.total,
            "stats.tokens.input": self.input,
            "stats.tokens.output": self.output,
            "stats.tokens.cached": self.cached,
        }


def read_usage(data: Mapping[str, object]) -> TokenUsage | None:
    """Token counts under any of their common names; None where there are none.

    ``cached_input_tokens`` is a part of the input; the other names for cached tokens are not. Tokens written
    to a cache count as input.
    """
    inputs, outputs = _first(data, _INPUT), _first(data, _OUTPUT)
    cached, within = _first(data, _CACHED), _first(data, _WITHIN)
    total = _first(data, _TOTAL)
    stored = _first(data, _STORED)
    if all(value is None for value in (inputs, outputs, cached, within, total, stored)):
        return None
    fresh = (inputs or 0) + (stored or 0)
    if cached is None and within is not None:
        cached, fresh = within, max(0, fresh - within)
    known = fresh + (outputs or 0) + (cached or 0)
    return TokenUsage(known if total is None else total, fresh, outputs or 0, cached or 0)


class UsageCounters:
    """The increments of named monotonic counters, such as the tokens of an agent's thread.

    Args:
        restarts: Whether a counter lower than before has restarted from 0; else it adds nothing.
    """

    def __init__(self, *, restarts: bool = False) -> None:
        self._restarts = restarts
        self._of: dict[str, TokenUsage] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._of

    def advance(self, name: str, total: TokenUsage) -> TokenUsage:
        """Set the counter *name* to *total*; returns the increment."""
        before = self._of.pop(name, TokenUsage())
        self._of[name] = total
        while len(self._of) > _THREADS:
            del self._of[next(iter(self._of))]
        if self._restarts and before.exceeds(total):
            return total
        return TokenUsage(
            max(0, total.total - before.total),
            max(0, total.input - before.input),
            max(0, total.output - before.output),
            max(0, total.cached - before.cached),
        )

    def dump(self) -> str:
        """As JSON, for a worker that takes the run over: ``{name: [total, input, output, cached]}``."""
        return json.dumps({name: [u.total, u.input, u.output, u.cached] for name, u in self._of.items()})

    def load(self, text: str) -> None:
        """Restore what `dump` wrote; anything else is ignored."""
        try:
            known = read_json(text)
        except ValueError:
            return
        for name, counts in list(known.items())[:_THREADS] if isinstance(known, dict) else ():
            if isinstance(counts, list) and len(counts) == 4 and all(type(count) is int for count in counts):
                self._of[name] = TokenUsage(*counts)


def _first(data: Mapping[str, object], names: tuple[str, ...]) -> int | None:
    for name in names:
        value = data.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST:
            return value
    return None

"""Tokens, added up over a run."""

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
class Usage:
    """Tokens. `input` is what was not read from a cache; `total` is all of them together."""

    total: int = 0
    input: int = 0
    output: int = 0
    cached: int = 0

    def __add__(self, other: Self) -> Usage:
        return Usage(
            self.total + other.total,
            self.input + other.input,
            self.output + other.output,
            self.cached + other.cached,
        )

    def exceeds(self, other: Usage) -> bool:
        """Whether any of its counts is greater than that of *other*."""
        return self.input > other.input or self.output > other.output or self.cached > other.cached

    def as_data(self) -> dict[str, object]:
        """For an event."""
        return {"total": self.total, "input": self.input, "output": self.output, "cached": self.cached}

    def as_meta(self) -> dict[str, object]:
        """For the record."""
        return {
            "stats.tokens": self.total,
            "stats.tokens.input": self.input,
            "stats.tokens.output": self.output,
            "stats.tokens.cached": self.cached,
        }


def read_usage(data: Mapping[str, object]) -> Usage | None:
    """The tokens that an event adds, by the names that are common for them; None where it names none.

    ``cached_input_tokens`` is a part of the input; tokens under the other names for cached ones are not.
    Those that were put into a cache were not read from one, and count as input.
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
    return Usage(known if total is None else total, fresh, outputs or 0, cached or 0)


class UsageSoFar:
    """Counters that only rise, such as the tokens of an agent's thread: what each reading adds.

    Args:
        restarts: Whether a counter that is lower than before has begun anew; else it adds nothing.
    """

    def __init__(self, *, restarts: bool = False) -> None:
        self._restarts = restarts
        self._of: dict[str, Usage] = {}

    def knows(self, name: str) -> bool:
        """Whether there was a reading of the counter *name*."""
        return name in self._of

    def risen_to(self, name: str, total: Usage) -> Usage:
        """What was used since the last reading of the counter *name*, which stands at *total* now."""
        before = self._of.pop(name, Usage())
        self._of[name] = total
        while len(self._of) > _THREADS:
            del self._of[next(iter(self._of))]
        if self._restarts and before.exceeds(total):
            return total
        return Usage(
            max(0, total.total - before.total),
            max(0, total.input - before.input),
            max(0, total.output - before.output),
            max(0, total.cached - before.cached),
        )

    def dump(self) -> str:
        """As JSON, for a worker that takes over: ``{name: [total, input, output, cached]}``."""
        return json.dumps({name: [u.total, u.input, u.output, u.cached] for name, u in self._of.items()})

    def load(self, text: str) -> None:
        """Take what `dump` wrote; what is something else is left."""
        try:
            known = read_json(text)
        except ValueError:
            return
        for name, counts in list(known.items())[:_THREADS] if isinstance(known, dict) else ():
            if isinstance(counts, list) and len(counts) == 4 and all(type(count) is int for count in counts):
                self._of[name] = Usage(*counts)


def _first(data: Mapping[str, object], names: tuple[str, ...]) -> int | None:
    for name in names:
        value = data.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST:
            return value
    return None

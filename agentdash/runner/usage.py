"""Tokens, added up over a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

_LARGEST = 10**12
_INPUT = ("input", "input_tokens", "inputTokens")
_OUTPUT = ("output", "output_tokens", "outputTokens")
_CACHED = ("cached", "cache_read_input_tokens", "cacheReadInputTokens", "cacheRead")
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
    """
    inputs, outputs = _first(data, _INPUT), _first(data, _OUTPUT)
    cached, within = _first(data, _CACHED), _first(data, _WITHIN)
    total = _first(data, _TOTAL)
    if inputs is None and outputs is None and cached is None and within is None and total is None:
        return None
    fresh = inputs or 0
    if cached is None and within is not None:
        cached, fresh = within, max(0, fresh - within)
    known = fresh + (outputs or 0) + (cached or 0)
    return Usage(known if total is None else total, fresh, outputs or 0, cached or 0)


def _first(data: Mapping[str, object], names: tuple[str, ...]) -> int | None:
    for name in names:
        value = data.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST:
            return value
    return None

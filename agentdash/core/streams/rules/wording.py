"""Numbers of a stream as its symptoms write them. Pure."""

from __future__ import annotations

from agentdash.core.secrets.safe_text import safe_name
from agentdash.core.streams.model import GroupJudgement, Lag, LagGrade, Stream
from agentdash.core.units import age, count

_MARKS = {LagGrade.EXACT: "", LagGrade.BOUNDED: "≥", LagGrade.ESTIMATED: "≈", LagGrade.UNKNOWN: "?"}


def lag_text(lag: Lag) -> str:
    """``212``, ``≥100``, ``≈40`` or ``?``."""
    return _MARKS[lag.grade] if lag.value is None else f"{_MARKS[lag.grade]}{lag.value}"


def forecast_text(of: GroupJudgement, rate_in: float | None) -> str:
    """``drains in 12m00``, ``never drains`` or, while rates are not known, ``watching``."""
    if of.forecast_s is not None:
        return f"drains in {age(of.forecast_s * 1000)}"
    if rate_in is None or of.rate_out is None:
        return "watching"
    return f"never drains ({count(rate_in)}/min in, {count(of.rate_out)}/min out)"


def evidence_line(stream: Stream) -> str:
    """The counts of the stream, as the server names them."""
    added = "" if stream.entries_added is None else f", entries-added {stream.entries_added}"
    return f"{safe_name(stream.name)}: length {stream.length}, last-generated-id {stream.last_id}{added}"

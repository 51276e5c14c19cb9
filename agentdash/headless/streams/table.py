"""The table of ``agentdash streams``."""

from __future__ import annotations

from collections.abc import Iterator

from agentdash.core.store import Store
from agentdash.core.streams.model import Group, Lag, LagGrade, Stream, StreamJudgement, Verdict
from agentdash.core.text import decode
from agentdash.core.units import UNKNOWN, age, count
from agentdash.headless.grid import GridCell, Row

COLUMNS = "~STREAM | >LENGTH | >/MIN | STATUS | ~GROUP | >CONS | >LAG | >PENDING | >OLDEST | VERDICT"
_TONES = {"HEALTHY": "good", "DEGRADED": "warn", "CRITICAL": "bad"}
_LAG_SIGNS = {LagGrade.EXACT: "", LagGrade.BOUNDED: "≥", LagGrade.ESTIMATED: "≈"}


def rows(store: Store, _: int) -> Iterator[Row]:
    """One row per group; the first of a stream names it."""
    for stream, judgement in store.streams.judged if store.streams else ():
        head: Row = (
            decode(stream.name),
            count(stream.length),
            count(judgement.rate_in),
            GridCell(judgement.status, _TONES.get(judgement.status, "dim")),
        )
        if not stream.groups:
            yield (*head, GridCell(stream.error or _no_group(stream), "dim"), "", "", "", "", "")
        for number, group in enumerate(stream.groups):
            yield (*(head if number == 0 else ("", "", "", "")), *_group(group, judgement))


def _no_group(stream: Stream) -> str:
    return "no group" if stream.groups_known else "groups: unknown"


def _group(group: Group, judgement: StreamJudgement) -> Row:
    oldest = group.oldest_pending
    return (
        decode(group.name),
        count(len(group.consumers)),
        _lag(group.lag),
        count(group.pending),
        age(oldest.idle_ms) if oldest else UNKNOWN,
        _verdict(group, judgement),
    )


def _verdict(group: Group, judgement: StreamJudgement) -> str:
    """The verdict; before there is one, what can be said against the group at once."""
    judged = judgement.group(group.name)
    if judged is None:
        return UNKNOWN
    if judged.verdict is not Verdict.WATCHING or judgement.status not in {"CRITICAL", "DEGRADED"}:
        return judged.verdict.value
    if judged.active == 0 and (group.lag.value or group.pending):
        return f"{judged.verdict}: nobody reads"
    return f"{judged.verdict}: {_lag(group.lag)} behind" if group.lag.value else judged.verdict.value


def _lag(lag: Lag) -> str:
    return "?" if lag.value is None else _LAG_SIGNS.get(lag.grade, "") + count(lag.value)

"""``agentdash streams``: the fields of its JSON, and its table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from agentdash.core.secrets.safe_text import as_text
from agentdash.core.store import Store
from agentdash.core.streams.model import (
    Cap,
    Group,
    GroupJudgement,
    Lag,
    LagGrade,
    Stream,
    StreamJudgement,
    Verdict,
    id_age_ms,
)
from agentdash.core.text import printable
from agentdash.core.units import UNKNOWN, age, count
from agentdash.headless.envelope import Moment, view_of
from agentdash.headless.grid import GridCell, Row
from agentdash.headless.json_object import Field, Getter, JsonObject, name_fields


class Judged(NamedTuple):
    """The judgement of the stream or the group whose fields are read, and when it was read."""

    judgement: StreamJudgement | GroupJudgement | None
    taken_at: int


def _judged(name: str) -> Getter:
    return lambda _, judged: getattr(judged.judgement, name, None)


LAG = JsonObject(
    "Lag",
    "Entries that were not delivered to a group yet; for ``bounded`` the minimum.",
    (Field("value", int | None), Field("grade", LagGrade), Field("reason", str | None)),
)
OLDEST_PENDING = JsonObject(
    "OldestPending",
    "The entry of a group that has been pending the longest.",
    (
        Field("id", str),
        *name_fields("consumer", str),
        Field("idleMs", int, "since its last delivery"),
        Field(
            "entryAgeMs",
            int | None,
            "since it was added, where its id is a time",
            lambda entry, judged: id_age_ms(entry.id, judged.taken_at),
        ),
        Field("deliveries", int),
    ),
)
CONSUMER = JsonObject(
    "Consumer",
    "One consumer of a group.",
    (
        *name_fields("name", str),
        Field("pending", int),
        Field("idleMs", int | None, "since its last attempt to read (before Redis 7.2: success)"),
        Field("inactiveMs", int | None, "since its last success; -1 never; null before Redis 7.2"),
    ),
)
GROUP = JsonObject(
    "Group",
    "One consumer group.",
    (
        *name_fields("name", str),
        Field("pending", int),
        Field("lag", LAG),
        Field("lastDeliveredId", str),
        Field("entriesRead", int | None),
        Field("verdict", Verdict | None, get=_judged("verdict")),
        Field("verdictSince", int | None, get=_judged("since")),
        Field("why", str | None, get=lambda _, judged: getattr(judged.judgement, "why", None) or None),
        Field("drainPerMin", float | None, "entries delivered per minute", _judged("rate_out")),
        Field(
            "forecastSeconds",
            float | None,
            "until it has caught up; null: never, or unknown",
            _judged("forecast_s"),
        ),
        Field("activeConsumers", int | None, get=_judged("active")),
        Field("oldestPending", (OLDEST_PENDING, None)),
        Field("consumersKnown", bool, "false: the server's ACL denies reading them; there may be any"),
        Field("consumers", [CONSUMER]),
    ),
    lambda group, judged: Judged(judged.judgement.group(group.name), judged.taken_at),
)
STREAM = JsonObject(
    "Stream",
    "One stream.",
    (
        *name_fields("name", str, "printable", "the key, where `name` is not exactly it"),
        Field("length", int),
        Field("firstId", str | None),
        Field("lastId", str | None),
        Field("entriesAdded", int | None),
        Field("maxDeletedId", str | None),
        Field("memoryBytes", int | None),
        Field("ratePerMin", float | None, "entries added per minute", _judged("rate_in")),
        Field("cap", Cap, get=_judged("cap")),
        Field(
            "fields",
            list[str] | None,
            get=lambda stream, _: None if stream.fields is None else _printable(stream.fields),
        ),
        Field("producers", list[str] | None, get=lambda stream, _: _printable(stream.producers) or None),
        Field("status", Literal["HEALTHY", "DEGRADED", "CRITICAL", "UNKNOWN"], get=_judged("status")),
        Field("sampled", bool, "false: memory, fields and producers were not read yet"),
        Field("groupsKnown", bool, "false: the server's ACL denies reading them; there may be any"),
        Field("groups", [GROUP]),
        Field("error", str | None),
    ),
    lambda stream, judged: judged[stream.name],
)


def _printable(names: tuple[str, ...]) -> list[str]:
    return [printable(name) for name in names]


def _judgements(moment: Moment, _: object) -> dict[bytes, Judged]:
    """By name, for each stream of the snapshot."""
    streams = moment.store.streams
    if streams is None:
        return {}
    return {stream.name: Judged(judgement, streams.taken_at) for stream, judgement in streams.judged}


VIEW = view_of(
    "streams",
    STREAM,
    Field("server", str | None, get=lambda moment, _: getattr(moment.snapshot, "server", None) or None),
    Field("known", int | None, "more than `items` while some are not read yet"),
    Field("scanComplete", bool | None, "whether the key space was scanned in full"),
    context=_judgements,
)


def gaps(store: Store) -> tuple[str, ...]:
    """What could not be read."""
    return store.streams.gaps if store.streams else ()


COLUMNS = "~STREAM | >LENGTH | >/MIN | STATUS | ~GROUP | >CONS | >LAG | >PENDING | >OLDEST | VERDICT"
EMPTY = "no streams on this server"
_TONES = {"HEALTHY": "good", "DEGRADED": "warn", "CRITICAL": "bad"}
_LAG_SIGNS = {LagGrade.EXACT: "", LagGrade.BOUNDED: "≥", LagGrade.ESTIMATED: "≈"}


def rows(store: Store, _: int) -> Iterator[Row]:
    """One row per group; the first of a stream names it."""
    for stream, judgement in store.streams.judged if store.streams else ():
        head: Row = (
            as_text(stream.name),
            count(stream.length),
            count(judgement.rate_in),
            GridCell(judgement.status, _TONES.get(judgement.status, "dim")),
        )
        if not stream.groups:
            yield (*head, GridCell(stream.error or _no_group(stream), "dim"), "", "", "", "", "")
        for number, group in enumerate(stream.groups):
            yield (*(head if number == 0 else ("", "", "", "")), *_group_cells(group, judgement))


def _no_group(stream: Stream) -> str:
    return "no group" if stream.groups_known else "groups: unknown"


def _group_cells(group: Group, judgement: StreamJudgement) -> Row:
    oldest = group.oldest_pending
    return (
        as_text(group.name),
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

"""What all views have in common: host, time, health, and the items of a snapshot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from agentdash.core.snapshot import SourceHealth, SourceState
from agentdash.core.store import Store
from agentdash.core.text import printable
from agentdash.headless.json_object import Field, Getter, JsonObject

NOT_READ = "not read in time"
_STATES = {
    SourceState.LIVE: "ok",
    SourceState.STALE: "stale",
    SourceState.ERROR: "error",
    SourceState.ABSENT: "absent",
    SourceState.LOADING: "error",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """What a view is made from: the record of its document, and the context of its items.

    Attributes:
        snapshot: Of the topic; None where nothing was read yet, and for logs.
        now: Unix ms, for ages.
        host: This machine; a snapshot names its own.
        health: Of the topic.
        gaps: What could not be read, each with the reason.
    """

    store: Store
    now: int
    host: str
    snapshot: object = None
    health: SourceHealth | None = None
    gaps: list[str] = field(default_factory=list)

    @property
    def taken_at(self) -> int | None:
        """When the snapshot was taken; without one, when the source was last read."""
        taken_at: int | None = getattr(self.snapshot, "taken_at", None)
        return taken_at or (self.health.last_success if self.health else None)


@dataclass(frozen=True, slots=True)
class HealthNow:
    """How a source is doing, as a document shows it."""

    state: str
    error: str | None = None
    cure: str | None = None
    age_ms: int | None = None
    gaps: list[str] = field(default_factory=list)


HEALTH = JsonObject(
    "Health",
    "The state of the source of a view.",
    (
        Field("state", Literal["ok", "stale", "error", "absent"]),
        Field("error", str | None, "what failed"),
        Field("cure", str | None, "how to fix it"),
        Field("ageMs", int | None, "since the last successful pass"),
        Field("gaps", list[str], "what could not be read, each with the reason"),
    ),
)


def health_at(health: SourceHealth | None, now: int, gaps: Iterable[str] = ()) -> HealthNow:
    """The state of a source at *now*; one that was not read yet counts as an error."""
    if health is None or (health.state is SourceState.LOADING and health.error is None):
        return HealthNow("error", NOT_READ, gaps=list(gaps))
    return HealthNow(
        _STATES[health.seen_at(now)],
        printable(health.error) if health.error else None,
        health.cure,
        health.age_ms(now),
        list(gaps),
    )


def view_of(
    name: str, item: JsonObject, *extra: Field, items: Getter | None = None, context: Getter | None = None
) -> JsonObject:
    """The document of a view: the envelope, *extra* fields, and the items.

    Args:
        name: Of the view and of the list in its snapshot.
        item: The object of each record.
        extra: Fields between the envelope and the items. Attributes are those of the snapshot, null without
            one; a `Getter` receives the `Moment`.
        items: The records, from the `Moment`; by default those of the snapshot.
        context: See `JsonObject`; by default the `Moment`.
    """
    return JsonObject(
        f"{name.capitalize()}View",
        f"``agentdash {name} --json``.",
        (
            Field("schema", Literal[f"agentdash/{name}/1"], get=lambda *_: f"agentdash/{name}/1"),
            Field("host", str, get=lambda moment, _: getattr(moment.snapshot, "host", moment.host)),
            Field("takenAt", int | None, "when the newest snapshot was taken"),
            Field("health", HEALTH, get=lambda moment, _: health_at(moment.health, moment.now, moment.gaps)),
            *map(_of_snapshot, extra),
            Field("items", [item], get=items or (lambda moment, _: getattr(moment.snapshot, name, ()))),
        ),
        context or (lambda moment, _: moment),
    )


def _of_snapshot(field: Field) -> Field:
    if callable(field.get):
        return field
    get = field.getter
    return replace(
        field, get=lambda moment, _: None if (read := moment.snapshot) is None else get(read, None)
    )

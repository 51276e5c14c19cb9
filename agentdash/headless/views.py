"""The store as documents: one per view, ``agentdash/<view>/1``, and all of them together.

Fields are only added within a version. Pydantic is not needed here, so that a one-shot view answers soon.
"""

from __future__ import annotations

import json
from typing import Literal

from agentdash.core.snapshot import Topic
from agentdash.core.store import Store
from agentdash.core.text import printable
from agentdash.headless.envelope import Moment
from agentdash.headless.grid import Grid, columns_of
from agentdash.headless.json_object import Document, Field, JsonObject
from agentdash.headless.logs.view import LOG_LINE
from agentdash.headless.subjects import SUBJECTS

VIEWS = JsonObject(
    "Views",
    "The views of a snapshot.",
    tuple(
        Field(topic.value, subject.module.VIEW, get=lambda moment, _, topic=topic: _at(topic, moment))  # type: ignore[misc]
        for topic, subject in SUBJECTS.items()
    ),
)
ALL = JsonObject(
    "AllViews",
    "``agentdash snapshot`` and ``agentdash demo --headless``.",
    (
        Field("schema", Literal["agentdash/all/1"], get=lambda *_: "agentdash/all/1"),
        Field("host", str),
        Field("takenAt", int, get="now"),
        Field("server", str | None, get=lambda moment, _: moment.store.server_label or None),
        Field("views", VIEWS, get=lambda moment, _: moment),
    ),
)
OBJECTS: dict[str, JsonObject] = {
    "all": ALL,
    **{topic.value: SUBJECTS[topic].module.VIEW for topic in SUBJECTS},
    "logline": LOG_LINE,
}
"""What ``agentdash config schema`` publishes, by its name there."""


def document(topic: Topic, store: Store, now: int, host: str) -> Document:
    """One view at *now* (Unix ms), read on *host*."""
    view: JsonObject = SUBJECTS[topic].module.VIEW
    return view.document(_at(topic, Moment(store, now, host)))


def all_views(store: Store, now: int, host: str) -> Document:
    """Every view in one document."""
    return ALL.document(Moment(store, now, host))


def gaps(topic: Topic, store: Store) -> list[str]:
    """What could not be read for a view, each with the reason: permissions, folders, files."""
    return [printable(gap) for gap in SUBJECTS[topic].module.gaps(store)]


def table(topic: Topic, store: Store, now: int) -> Grid:
    """The table of a view. Logs have none, see `headless.logs.text`."""
    view = SUBJECTS[topic].module
    empty = view.EMPTY.format(roots=", ".join(store.repos.roots if store.repos else ()))
    return Grid(columns_of(view.COLUMNS), tuple(view.rows(store, now)), empty)


def dumps(value: object, *, indent: int | None = None) -> str:
    """JSON in plain ASCII, so that nothing in it can act on a terminal that shows it."""
    return json.dumps(value, indent=indent, ensure_ascii=True, allow_nan=False)


def _at(topic: Topic, moment: Moment) -> Moment:
    store, now, host = moment.store, moment.now, moment.host
    snapshot = None if topic is Topic.LOGS else getattr(store, topic.value)
    return Moment(store, now, host, snapshot, store.health.get(topic), gaps(topic, store))

"""Answers queries: one row per subject, from the types of its queries to the module that reads them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, cast, get_args

from agentdash.core.queries import (
    Answer,
    LagOf,
    MessageAt,
    MessagesAt,
    NewestMessages,
    PendingOf,
    Query,
    RunEventsOf,
    TraceOf,
    WhyOf,
)
from agentdash.core.repos.commands import StagePlanQuery
from agentdash.core.repos.queries import RepoQuery
from agentdash.core.streams.queries import StreamQuery
from agentdash.runtime.loading import load

if TYPE_CHECKING:
    from agentdash.runtime.engine import Engine

MODULES: dict[str, Any] = {
    f"{__package__}.repos": RepoQuery | StagePlanQuery,
    f"{__package__}.runs": WhyOf | RunEventsOf,
    f"{__package__}.streams": (
        PendingOf | MessageAt | MessagesAt | NewestMessages | LagOf | TraceOf | StreamQuery
    ),
}
"""By module, the queries that its ``answer(engine, query)`` reads; imported when first needed."""
BY_TYPE = {kind: module for module, queries in MODULES.items() for kind in get_args(queries)}


async def answer_of(engine: Engine, query: Query) -> Answer:
    """Read details on demand.

    Raises:
        SourceError: when the source cannot be read.
    """
    module = BY_TYPE[type(query)]
    await load(module)
    return cast("Answer", await sys.modules[module].answer(engine, query))

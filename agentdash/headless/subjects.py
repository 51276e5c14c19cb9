"""One row per subject: its view as JSON and as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from agentdash.core.snapshot import Topic
from agentdash.core.store import Store
from agentdash.headless.findings import table as findings_table
from agentdash.headless.findings import view as findings
from agentdash.headless.grid import Row
from agentdash.headless.json_object import JsonObject
from agentdash.headless.logs import view as logs
from agentdash.headless.repos import table as repos_table
from agentdash.headless.repos import view as repos
from agentdash.headless.runs import table as runs_table
from agentdash.headless.runs import view as runs
from agentdash.headless.services import table as services_table
from agentdash.headless.services import view as services
from agentdash.headless.streams import table as streams_table
from agentdash.headless.streams import view as streams


@dataclass(frozen=True, slots=True)
class Subject:
    """How a topic is printed.

    Attributes:
        view: The fields of its document.
        gaps: What could not be read, each with the reason.
        table: A module with ``COLUMNS`` (see `grid.columns_of`) and ``rows(store, now)``; None for logs.
        empty: What is printed where the table has no rows.
    """

    topic: Topic
    view: JsonObject
    gaps: Callable[[Store], Iterable[str]]
    table: Any = None
    empty: Callable[[Store], str] = lambda _: ""

    def rows(self, store: Store, now: int) -> tuple[Row, ...]:
        """The rows of the table."""
        return tuple(self.table.rows(store, now))


SUBJECTS = {
    subject.topic: subject
    for subject in (
        Subject(
            Topic.RUNS,
            runs.RUNS,
            runs.gaps,
            runs_table,
            lambda _: "no runs yet: start one with `agentdash run -- COMMAND`",
        ),
        Subject(
            Topic.STREAMS, streams.STREAMS, streams.gaps, streams_table, lambda _: "no streams on this server"
        ),
        Subject(Topic.FINDINGS, findings.FINDINGS, findings.gaps, findings_table, lambda _: "no findings"),
        Subject(
            Topic.REPOS,
            repos.REPOS,
            repos.gaps,
            repos_table,
            lambda store: "no repositories below " + ", ".join(store.repos.roots if store.repos else ()),
        ),
        Subject(
            Topic.SERVICES,
            services.SERVICES,
            services.gaps,
            services_table,
            lambda _: "no services are set or found: name them as [[services]] in agentdash.toml",
        ),
        Subject(Topic.LOGS, logs.LOGS, logs.gaps),
    )
}

"""One row per subject: panes, number keys, and where Enter and `c` lead, are derived from it.

It is loaded before the first paint, so rows name what belongs to them as ``module:name``, loaded when needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from agentdash.core.snapshot import Topic

if TYPE_CHECKING:
    from datetime import tzinfo

    from textual.screen import Screen

    from agentdash.core.links.related import Link
    from agentdash.core.store import Store


@dataclass(frozen=True, slots=True)
class SubjectRow:
    """One kind of thing that is shown. A record of it is one object, or a tuple that begins with one.

    Attributes:
        topic: Its slice of the store, and the id of its pane. What needs a person carries it, too.
        number: The key of its pane.
        title: Of its pane.
        place: The position of its pane on the board, line by line; see also `HISTORY_PLACE`.
        record: The class of one record, or of its first part.
        pane: (subject, app) → its pane.
        listing: A module with ``COLUMNS``, ``WIDE`` and ``listing(snapshot, now, view)``; empty: no table.
        lines: A class whose instances list (store, now, view) in place of that: they keep rows between calls.
        page: (store, now, zone, *record) → the page beside the zoomed pane; empty: none, or `pane` writes it.
        links: (store, *record) → what is connected with it; empty: nothing.
        screen: (app, *record) → its own screen; empty: Enter does nothing.
        marks: Whether rows can be marked.
    """

    topic: Topic
    number: int
    title: str
    place: int
    record: str
    links: str = ""
    screen: str = ""
    page: str = ""
    listing: str = ""
    lines: str = ""
    pane: str = "tui.screens.pane:BoardPane"
    marks: bool = False

    @property
    def heading(self) -> str:
        """``1 Runs``."""
        return f"{self.number} {self.title}"

    def links_of(self, store: Store, record: object) -> list[Link]:
        """What is connected with *record*."""
        found: list[Link] = load(self.links)(store, *parts(record)) if self.links else []
        return found

    def page_of(self, store: Store, now: int, zone: tzinfo | None, record: object) -> list[Any]:
        """The paragraphs of the page beside the pane."""
        found: list[Any] = load(self.page)(store, now, zone, *parts(record)) if self.page else []
        return found

    def screen_of(self, app: object, record: object) -> Screen[None] | None:
        """A screen that shows *record*."""
        found: Screen[None] | None = load(self.screen)(app, *parts(record)) if self.screen else None
        return found


_ROWS = (
    SubjectRow(
        Topic.RUNS,
        1,
        "Runs",
        place=0,
        record="agentdash.core.runs.model:Run",
        pane="tui.screens.runs.pane:RunsPane",
        listing="tui.format.runs.listing",
        lines="tui.format.runs.listing:RunListing",
        page="tui.format.board.pages:of_run",
        links="agentdash.core.links.related:of_run",
        screen="tui.screens.factories:run_screen",
        marks=True,
    ),
    SubjectRow(
        Topic.STREAMS,
        2,
        "Streams",
        place=2,
        record="agentdash.core.streams.model:Stream",
        listing="tui.format.streams.listing",
        lines="tui.format.streams.lines:StreamLines",
        page="tui.format.board.pages:of_stream",
        links="agentdash.core.links.related:of_stream",
        screen="tui.screens.factories:stream_screen",
    ),
    SubjectRow(
        Topic.FINDINGS,
        3,
        "Findings",
        place=1,
        record="agentdash.core.findings.model:Finding",
        listing="tui.format.findings.listing",
        page="tui.format.board.pages:of_finding",
        links="agentdash.core.links.related:of_finding",
        screen="tui.screens.factories:finding_screen",
    ),
    SubjectRow(
        Topic.REPOS,
        4,
        "Repos",
        place=3,
        record="agentdash.core.repos.model:Repo",
        pane="tui.screens.repos.pane:ReposPane",
        listing="tui.format.repos.listing",
        links="agentdash.core.links.related:of_repo",
        screen="tui.screens.factories:repo_screen",
    ),
    SubjectRow(
        Topic.SERVICES,
        5,
        "Services",
        place=4,
        record="agentdash.core.services.model:Service",
        pane="tui.screens.services.pane:ServicesPane",
        listing="tui.format.services.listing",
        page="tui.format.board.pages:of_service",
        links="agentdash.core.links.related:of_service",
        screen="tui.screens.factories:service_screen",
    ),
    SubjectRow(
        Topic.LOGS,
        6,
        "Log",
        place=6,
        record="agentdash.core.logs.model:LogLine",
        pane="tui.screens.logs.pane:BoardLogPane",
        links="agentdash.core.links.related:of_line",
        screen="tui.screens.factories:line_screen",
    ),
)
SUBJECTS = {row.topic: row for row in _ROWS}
"""In the order of their numbers."""
HISTORY = "Last 10 min"
"""The title of the pane that is of all subjects; it has no number."""
HISTORY_PLACE = 5


def placed() -> list[SubjectRow | None]:
    """The panes in the order in which they are placed; None is `HISTORY`."""
    found: list[SubjectRow | None] = [*sorted(SUBJECTS.values(), key=lambda subject: subject.place)]
    at = sum(subject.place < HISTORY_PLACE for subject in SUBJECTS.values())
    return [*found[:at], None, *found[at:]]


def subject_of_record(record: object) -> SubjectRow | None:
    """The row that *record* is one of; None where it is of no subject."""
    first = parts(record)[0]
    return next((subject for subject in SUBJECTS.values() if isinstance(first, load(subject.record))), None)


def parts(record: object) -> tuple[Any, ...]:
    """What a record consists of."""
    return record if isinstance(record, tuple) else (record,)


def load(name: str) -> Any:
    """What ``module:name`` names."""
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)

"""The panes of the board: what each lists and in which columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding, BindingType

from agentdash.core.runs import Run
from agentdash.core.snapshot import Topic
from agentdash.core.store import Store
from tui.format import findings, repos, runs, services, streams
from tui.format.item import Listing, View
from tui.widgets.listpane import ListPane

if TYPE_CHECKING:
    from tui.app import AgentDash

TITLES = {
    Topic.RUNS: "Runs",
    Topic.STREAMS: "Streams",
    Topic.FINDINGS: "Findings",
    Topic.REPOS: "Repos",
    Topic.SERVICES: "Services",
    Topic.LOGS: "Log",
}
"""In the order of their numbers."""
NUMBERS = {topic: number for number, topic in enumerate(TITLES, 1)}


def title(topic: Topic) -> str:
    """``1 Runs``."""
    return f"{NUMBERS[topic]} {TITLES[topic]}"


class RunsPane(ListPane):
    """Runs, with the keys that steer them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "control('pause')", "Pause", id="runs.pause"),
        Binding("r", "control('resume')", "Resume", id="runs.resume"),
        Binding("X", "control('cancel')", "Cancel", id="runs.cancel"),
    ]

    def action_control(self, verb: str) -> None:
        """Pause, resume or cancel the marked runs, else the one under the cursor."""
        chosen = tuple(subject for subject in self.subjects if isinstance(subject, Run))
        cast("AgentDash", self.app).control(chosen, verb)


def board_panes() -> list[ListPane]:
    """The five panes with tables, in the order in which they are placed."""
    return [
        RunsPane(Topic.RUNS, title(Topic.RUNS), _runs, runs.COLUMNS, runs.WIDE, marks=True),
        ListPane(Topic.FINDINGS, title(Topic.FINDINGS), _findings, findings.COLUMNS, findings.WIDE),
        ListPane(Topic.STREAMS, title(Topic.STREAMS), _streams, streams.COLUMNS, streams.WIDE),
        ListPane(Topic.REPOS, title(Topic.REPOS), _repos, repos.COLUMNS, repos.WIDE),
        ListPane(Topic.SERVICES, title(Topic.SERVICES), _services, services.COLUMNS, services.WIDE),
    ]


def _runs(store: Store, now: int, _view: View) -> Listing | None:
    return runs.listing(store.runs, now) if store.runs else None


def _findings(store: Store, now: int, _view: View) -> Listing | None:
    return findings.listing(store.findings, now) if store.findings else None


def _streams(store: Store, now: int, view: View) -> Listing | None:
    return streams.listing(store.streams, now, view) if store.streams else None


def _repos(store: Store, now: int, _view: View) -> Listing | None:
    return repos.listing(store.repos, now) if store.repos else None


def _services(store: Store, now: int, _view: View) -> Listing | None:
    return services.listing(store.services, now) if store.services else None

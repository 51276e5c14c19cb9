"""The panes of the board: what each lists and in which columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

from agentdash.core.runs.model import Run
from agentdash.core.services.model import Service
from agentdash.core.snapshot import Topic
from agentdash.core.store import Store
from tui.actions import HIDDEN, Action, HasActions
from tui.format.board.titles import title
from tui.format.findings import listing as findings
from tui.format.item import Listing, View
from tui.format.repos import listing as repos
from tui.format.runs import listing as runs
from tui.format.services import listing as services
from tui.format.streams import listing as streams
from tui.format.streams.lines import StreamLines
from tui.screens.runs.controls import RUN_CONTROLS
from tui.screens.services.controls import SERVICE_CONTROLS
from tui.widgets.table.pane import Lister, ListPane

if TYPE_CHECKING:
    from tui.dash import Dash


class ActionPane(HasActions, ListPane):
    """A pane with keys of its own."""

    @property
    def dash(self) -> Dash:
        """The app, as what it is."""
        return cast("Dash", self.app)


class ServicesPane(ActionPane):
    """Services, with the keys that start and stop them."""

    WHERE = "the services"
    ACTIONS = SERVICE_CONTROLS

    @property
    def service(self) -> Service | None:
        """The one under the cursor."""
        return self.subject if isinstance(self.subject, Service) else None


class RunsPane(ActionPane):
    """Runs, with the keys that control them."""

    WHERE = "the runs"
    ACTIONS: ClassVar[tuple[Action[Any], ...]] = (
        *RUN_CONTROLS,
        Action("runs.kind", "v", "Live/all", "next_kind"),
        Action("run.why", "m", "Why", "open_view('why')"),
        Action("run.repo", "o", "Repository", "repo", footer=HIDDEN),
        Action("run.log", "l", "Its log", "open_view('log')", footer=HIDDEN),
    )

    @property
    def chosen(self) -> tuple[Run, ...]:
        """The marked runs, else the one under the cursor."""
        return tuple(subject for subject in self.subjects if isinstance(subject, Run))

    @property
    def just_moved(self) -> str | None:
        """Why a key may be meant for another run: this one came under the cursor a moment ago."""
        if self.table.has_slid and not self.table.marks and (run := next(iter(self.chosen), None)):
            return f"{run.title or run.id} has just come under the cursor: press again"
        return None

    def action_next_kind(self) -> None:
        """Only the live ones, only those that need a person, only the finished ones, all."""
        at = runs.KINDS.index(self.view.kind)
        self.view = replace(self.view, kind=runs.KINDS[(at + 1) % len(runs.KINDS)])
        self.present(self.dash.store, self.dash.store.health.get(self.topic), self.dash.now())

    def action_repo(self) -> None:
        """The repository that it works in."""
        from tui.screens.runs import steering

        steering.open_repo(self.dash, next(iter(self.chosen), None))

    def action_open_view(self, view: str) -> None:
        """Open the run under the cursor at *view*."""
        from tui.screens.runs.screen import RunScreen

        if not isinstance(self.subject, Run):
            self.dash.say("no run is selected", good=False)
        else:
            self.dash.push_screen(RunScreen(self.subject.id, self.subject.title or self.subject.id, view))


def board_panes() -> list[ListPane]:
    """The five panes with tables, in the order in which they are placed."""
    return [
        RunsPane(Topic.RUNS, title(Topic.RUNS), runs.RunLines(), runs.COLUMNS, runs.WIDE, marks=True),
        ListPane(Topic.FINDINGS, title(Topic.FINDINGS), _findings, findings.COLUMNS, findings.WIDE),
        ListPane(Topic.STREAMS, title(Topic.STREAMS), _streams(), streams.COLUMNS, streams.WIDE),
        ListPane(Topic.REPOS, title(Topic.REPOS), _repos, repos.COLUMNS, repos.WIDE),
        ServicesPane(Topic.SERVICES, title(Topic.SERVICES), _services, services.COLUMNS, services.WIDE),
    ]


def _findings(store: Store, now: int, _view: View) -> Listing | None:
    return findings.listing(store.findings, now) if store.findings else None


def _streams() -> Lister:
    lines = StreamLines()
    return lambda store, now, view: lines(store.streams, now, view) if store.streams else None


def _repos(store: Store, now: int, _view: View) -> Listing | None:
    return repos.listing(store.repos, now) if store.repos else None


def _services(store: Store, now: int, _view: View) -> Listing | None:
    return services.listing(store.services, now) if store.services else None

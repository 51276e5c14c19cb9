"""The panes of the board: what each lists and in which columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding, BindingType

from agentdash.core.runs.model import Run
from agentdash.core.services.model import Service
from agentdash.core.snapshot import Topic
from agentdash.core.store import Store
from tui.format.board.titles import title
from tui.format.findings import listing as findings
from tui.format.item import Listing, View
from tui.format.repos import listing as repos
from tui.format.runs import listing as runs
from tui.format.services import listing as services
from tui.format.streams import listing as streams
from tui.format.streams.lines import StreamLines
from tui.widgets.table.pane import Lister, ListPane

if TYPE_CHECKING:
    from tui.dash import Dash


class SteeredPane(ListPane):
    """A pane with keys that change something: they are not there where everything is only read."""

    CHANGES: ClassVar[frozenset[str]] = frozenset({"control"})

    @property
    def dash(self) -> Dash:
        """The app, as what it is."""
        return cast("Dash", self.app)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing changes what is read-only."""
        if action in self.CHANGES and self.dash.engine.read_only:
            return False
        return super().check_action(action, parameters)


class ServicesPane(SteeredPane):
    """Services, with the keys that start and stop them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("U", "control('start')", "Start", id="services.start"),
        Binding("X", "control('stop')", "Stop", id="services.stop"),
        Binding("B", "control('restart')", "Restart", id="services.restart"),
    ]

    def action_control(self, verb: str) -> None:
        """Start, stop or restart the one under the cursor."""
        from tui.screens.services import actions as service_acts

        subject = self.subject
        service_acts.control(self.dash, subject if isinstance(subject, Service) else None, verb)


class RunsPane(SteeredPane):
    """Runs, with the keys that steer them."""

    CHANGES = frozenset({"control", "mark_failed", "end_child"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "control('pause')", "Pause", id="runs.pause"),
        Binding("r", "control('resume')", "Resume", id="runs.resume"),
        Binding("X", "control('cancel')", "Cancel", id="runs.cancel"),
        Binding("v", "next_kind", "Live/all", id="runs.kind"),
        Binding("m", "why", "Why", id="run.why"),
        Binding("o", "repo", "Repository", show=False, id="run.repo"),
        Binding("l", "log", "Its log", show=False, id="run.log"),
        Binding("F", "mark_failed", "Mark failed", show=False, id="runs.mark_failed"),
        Binding("K", "end_child", "End its process", show=False, id="runs.end_child"),
    ]

    @property
    def chosen(self) -> tuple[Run, ...]:
        """The marked runs, else the one under the cursor."""
        return tuple(subject for subject in self.subjects if isinstance(subject, Run))

    def action_control(self, verb: str) -> None:
        """Pause, resume or cancel them; not one that came under the cursor a moment ago, by itself."""
        if self.table.has_slid and not self.table.marks and (run := next(iter(self.chosen), None)):
            self.dash.say(f"{run.title or run.id} has just come under the cursor: press again", good=False)
        else:
            self.dash.control(self.chosen, verb)

    def action_mark_failed(self) -> None:
        """Record runs without a worker as failed."""
        from tui.screens.runs import steering

        steering.mark_failed(self.dash, self.chosen)

    def action_end_child(self) -> None:
        """End the process that a run without a worker left behind."""
        from tui.screens.runs import steering

        steering.end_child(self.dash, self.chosen)

    def action_next_kind(self) -> None:
        """Only the live ones, only those that need a person, only the finished ones, all."""
        at = runs.KINDS.index(self.view.kind)
        self.view = replace(self.view, kind=runs.KINDS[(at + 1) % len(runs.KINDS)])
        self.present(self.dash.store, self.dash.store.health.get(self.topic), self.dash.now())

    def action_why(self) -> None:
        """Why it does not move."""
        self._go_in("why")

    def action_log(self) -> None:
        """The lines of its log."""
        self._go_in("log")

    def action_repo(self) -> None:
        """The repository that it works in."""
        from tui.screens.runs import steering

        steering.open_repo(self.dash, next(iter(self.chosen), None))

    def _go_in(self, view: str) -> None:
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

"""The pane of the runs on the board, with the keys that control them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from agentdash.core.runs.model import Run
from tui.actions import HIDDEN, Action
from tui.format.runs import listing as runs
from tui.screens.pane import BoardPane
from tui.screens.runs.controls import RUN_CONTROLS


class RunsPane(BoardPane):
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
        """Why a key may be meant for another run: the cursor has just moved to this one."""
        if self.table.model.row_changed and not self.table.marks and (run := next(iter(self.chosen), None)):
            return f"{run.title or run.id} was just moved under the cursor: press again"
        return None

    def action_next_kind(self) -> None:
        """Filter: live, needs you, finished, all."""
        at = runs.KINDS.index(self.view.kind)
        self.view = replace(self.view, kind=runs.KINDS[(at + 1) % len(runs.KINDS)])
        self.present(self.dash.store, self.dash.store.health.get(self.topic), self.dash.now())

    def action_repo(self) -> None:
        """Open its repository."""
        from tui.screens.runs import actions as run_actions

        run_actions.open_repo(self.dash, next(iter(self.chosen), None))

    def action_open_view(self, view: str) -> None:
        """Open the run under the cursor at *view*."""
        from tui.screens.runs.screen import RunScreen

        if not isinstance(self.subject, Run):
            self.dash.say("no run is selected", good=False)
        else:
            self.dash.push_screen(RunScreen(self.subject.id, self.subject.title or self.subject.id, view))

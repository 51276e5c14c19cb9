"""The keys that control runs: the same ones on the board and on the screen of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from agentdash.core.runs.model import Run
from tui.actions import Action
from tui.format.runs.action_plan import why_not_end_child, why_not_mark_failed
from tui.format.runs.listing import why_not

if TYPE_CHECKING:
    from tui.dash import Dash


class HasRuns(Protocol):
    """A pane or screen with selected runs."""

    @property
    def dash(self) -> Dash:
        """The app."""

    @property
    def chosen(self) -> tuple[Run, ...]:
        """The marked runs, else the one shown or under the cursor."""

    @property
    def just_moved(self) -> str | None:
        """Why a key may be meant for another run; None where it cannot."""


def _refusal(judge: Callable[[Run | None], str | None]) -> Callable[[HasRuns], str | None]:
    """Why it is possible for none of the chosen runs; None where it is for one."""

    def refusal(owner: HasRuns) -> str | None:
        reasons = [judge(run) for run in owner.chosen or (None,)]
        return None if None in reasons else reasons[0]

    return refusal


def _control(verb: str, key: str) -> Action[HasRuns]:
    def run(owner: HasRuns) -> None:
        if owner.just_moved:
            owner.dash.say(owner.just_moved, good=False)
        else:
            from tui.screens.runs import actions

            actions.control(owner.dash, owner.chosen, verb)

    refusal = _refusal(lambda one: why_not(one, verb))
    return Action(f"runs.{verb}", key, verb.capitalize(), run, changes_world=True, why_not=refusal)


def _mark_failed(owner: HasRuns) -> None:
    from tui.screens.runs import actions as run_actions

    run_actions.mark_failed(owner.dash, owner.chosen)


def _end_child(owner: HasRuns) -> None:
    from tui.screens.runs import actions as run_actions

    run_actions.end_child(owner.dash, owner.chosen)


def _is_orphan(owner: HasRuns) -> bool:
    return any(run.orphaned and not run.status.terminal for run in owner.chosen[:1])


RUN_CONTROLS: tuple[Action[Any], ...] = (
    Action(
        "runs.mark_failed",
        "F",
        "Mark failed",
        _mark_failed,
        changes_world=True,
        why_not=_refusal(why_not_mark_failed),
        footer=_is_orphan,
    ),
    Action(
        "runs.end_child",
        "K",
        "End its process",
        _end_child,
        changes_world=True,
        why_not=_refusal(why_not_end_child),
        footer=_is_orphan,
    ),
    _control("pause", "p"),
    _control("resume", "r"),
    _control("cancel", "X"),
)

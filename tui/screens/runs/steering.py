"""Steers runs: what can be done at once is done, the rest is asked; what cannot be done says why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from agentdash.core.commands import Command, ControlRun, Outcome
from agentdash.core.runs.commands import EndOrphanChild, MarkOrphanFailed
from agentdash.core.runs.model import ControlAction, Run
from agentdash.core.runs.place import RepoIndex
from tui.format.runs import plan as run_plan
from tui.format.runs.plan import Plan
from tui.screens.dialogs.confirm import Confirm
from tui.widgets.document import Para

if TYPE_CHECKING:
    from tui.dash import Dash

ACTOR = "dashboard"
_AT_ONCE = {ControlAction.PAUSE, ControlAction.RESUME}


def control(dash: Dash, runs: Sequence[Run], verb: str) -> None:
    """Pause, resume or cancel. Cancel asks first, and so does everything that is done to several runs."""
    action = ControlAction(verb)
    plan = run_plan.control_plan(runs, action)
    if not _possible(dash, plan):
        return

    def send() -> None:
        # A cancel means the same in every live state; pause and resume do not.
        seen = {run.id: None if action is ControlAction.CANCEL else run.status for run in plan.able}
        _send(dash, plan.able, lambda run: ControlRun(run.id, action, actor=ACTOR, seen=seen[run.id]))

    if action in _AT_ONCE and len(runs) == 1:
        send()
    else:
        _ask(dash, partial(run_plan.control_question, plan, action, dash.now()), send)


def mark_failed(dash: Dash, runs: Sequence[Run]) -> None:
    """Record runs that no worker holds as failed, after a confirmation."""
    plan = run_plan.mark_failed_plan(runs)
    if _possible(dash, plan):
        _ask(
            dash,
            partial(run_plan.mark_failed_words, plan, dash.now()),
            lambda: _send(dash, plan.able, lambda run: MarkOrphanFailed(run.id, ACTOR, seen=run.status)),
        )


def end_child(dash: Dash, runs: Sequence[Run]) -> None:
    """End what runs without a worker have left behind, after a confirmation."""
    plan = run_plan.end_child_plan(runs)

    def command(run: Run) -> Command | None:
        child = run.child
        return EndOrphanChild(run.id, ACTOR, child.pid, child.created_at) if child else None

    if _possible(dash, plan):
        _ask(
            dash, partial(run_plan.end_child_words, plan, dash.now()), lambda: _send(dash, plan.able, command)
        )


def open_repo(dash: Dash, run: Run | None) -> None:
    """Go to the repository that *run* works in."""
    if run is None:
        dash.say("no run is selected", good=False)
        return
    repo = RepoIndex(dash.store.repos).of_run(run)
    if repo is not None:
        dash.open(repo)
    elif not run.cwd:
        dash.say("its record does not say in which folder it works", good=False)
    elif dash.store.repos is not None and run.host not in {None, dash.store.repos.host}:
        dash.say(f"it works on {run.host}: its repository is not seen from here", good=False)
    else:
        dash.say(f"{run.cwd} is in no repository that is followed", good=False)


def _possible(dash: Dash, plan: Plan) -> bool:
    if not plan.able:
        dash.say(plan.left_out[0][1] if plan.left_out else "no run is selected", good=False)
        return False
    return True


def _ask(dash: Dash, question: Callable[..., tuple[str, list[Para], str]], then: Callable[[], None]) -> None:
    """Ask; *question* gives title, plan and button, with so many runs named as it is asked for."""

    def answered(agreed: bool | None) -> None:
        if agreed:
            then()

    title, plan, yes = question()
    _, full, _ = question(listed=run_plan.ALL)
    dash.push_screen(Confirm(title, plan, yes=yes, full=full), answered)


def _send(dash: Dash, runs: Sequence[Run], command_of: Callable[[Run], Command | None]) -> None:
    async def send() -> None:
        done: list[Outcome] = []
        for run in runs:
            command = command_of(run)
            if command is not None:
                done.append(await dash.engine.dispatch(command))
        for outcome in run_plan.summed(done):
            dash.report(outcome)

    dash.run_worker(send(), name="steer runs", group="commands")

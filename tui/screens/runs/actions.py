"""Actions on runs: done at once or after a confirmation; where not possible, the reason is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from agentdash.core.commands import Command, ControlRun, Outcome
from agentdash.core.links.run_repos import RepoIndex
from agentdash.core.runs.commands import EndOrphanChild, MarkOrphanFailed
from agentdash.core.runs.model import ControlAction, Run
from tui.format.item import plain
from tui.format.runs import action_plan
from tui.format.runs.action_plan import ActionPlan
from tui.screens.dialogs.confirm import Confirm
from tui.widgets.document import Document, Para
from tui.widgets.log.view import LogView
from tui.widgets.table.table import LineTable

if TYPE_CHECKING:
    from textual.widget import Widget

    from tui.dash import Dash

ACTOR = "dashboard"
_AT_ONCE = {ControlAction.PAUSE, ControlAction.RESUME}


def control(dash: Dash, runs: Sequence[Run], verb: str) -> None:
    """Pause, resume or cancel. Cancelling, and any action on several runs, is confirmed first."""
    action = ControlAction(verb)
    plan = action_plan.control_plan(runs, action)
    if not _possible(dash, plan):
        return

    def send() -> None:
        # A cancel means the same in every live state; pause and resume do not.
        seen = {run.id: None if action is ControlAction.CANCEL else run.status for run in plan.able}
        _send(dash, plan.able, lambda run: ControlRun(run.id, action, actor=ACTOR, seen=seen[run.id]))

    if action in _AT_ONCE and len(runs) == 1:
        send()
    else:
        _ask(dash, partial(action_plan.control_dialog, plan, action, dash.now()), send)


def mark_failed(dash: Dash, runs: Sequence[Run]) -> None:
    """Mark orphaned runs failed, after a confirmation."""
    plan = action_plan.mark_failed_plan(runs)
    if _possible(dash, plan):
        _ask(
            dash,
            partial(action_plan.mark_failed_dialog, plan, dash.now()),
            lambda: _send(dash, plan.able, lambda run: MarkOrphanFailed(run.id, ACTOR, seen=run.status)),
        )


def end_child(dash: Dash, runs: Sequence[Run]) -> None:
    """End leftover processes of orphaned runs, after a confirmation."""
    plan = action_plan.end_child_plan(runs)

    def command(run: Run) -> Command | None:
        child = run.child
        return EndOrphanChild(run.id, ACTOR, child.pid, child.created_at) if child else None

    if _possible(dash, plan):
        _ask(
            dash,
            partial(action_plan.end_child_dialog, plan, dash.now()),
            lambda: _send(dash, plan.able, command),
        )


def open_repo(dash: Dash, run: Run | None) -> None:
    """Open the repository that *run* works in."""
    if run is None:
        dash.say("no run is selected", good=False)
        return
    repo = RepoIndex(dash.store.repos).of_run(run)
    if repo is not None:
        dash.open(repo)
    elif not run.cwd:
        dash.say("its working folder is unknown", good=False)
    elif dash.store.repos is not None and run.host not in {None, dash.store.repos.host}:
        dash.say(f"it runs on {run.host}: its repository is not visible from here", good=False)
    else:
        dash.say(f"{run.cwd} is in no watched repository", good=False)


def _possible(dash: Dash, plan: ActionPlan) -> bool:
    if not plan.able:
        dash.say(plan.left_out[0][1] if plan.left_out else "no run is selected", good=False)
        return False
    return True


def _ask(dash: Dash, question: Callable[..., tuple[str, list[Para], str]], then: Callable[[], None]) -> None:
    """Confirm; *question* returns title, text and button label, with ``listed`` runs named."""

    def answered(agreed: bool | None) -> None:
        if agreed:
            then()

    title, plan, yes = question()
    _, full, _ = question(listed=action_plan.ALL)
    dash.push_screen(Confirm(title, plan, yes=yes, full=full), answered)


def _send(dash: Dash, runs: Sequence[Run], command_of: Callable[[Run], Command | None]) -> None:
    async def send() -> None:
        done: list[Outcome] = []
        for run in runs:
            command = command_of(run)
            if command is not None:
                done.append(await dash.engine.dispatch(command))
        for outcome in action_plan.summarize(done):
            dash.report(outcome)

    dash.run_worker(send(), name="control runs", group="commands")


def copy_focused(dash: Dash, focused: Widget | None) -> None:
    """Copy the row or line at the cursor, or the page."""
    match focused:
        case LineTable() as table:
            row = table.row_of(table.cursor_key)
            dash.copy(plain(row) if row else "", "the row")
        case LogView() as view:
            dash.copy(view.current_line.message if view.current_line else "", "the line")
        case Document() as page:
            text = "\n".join("".join(text for text, _ in para.parts) for para in page.paras)
            dash.copy(text, "the page")

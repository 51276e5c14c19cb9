"""Plans of actions on runs for confirmation: which runs, what will happen, and which are skipped and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agentdash.core import units
from agentdash.core.commands import Effect, Outcome
from agentdash.core.runs.model import ControlAction, Run
from agentdash.core.runs.orphan import end_child_question, mark_failed_question
from agentdash.core.text import printable
from tui.format.runs.listing import state_text, why_not
from tui.widgets.cells import shorten
from tui.widgets.document import Para, field

LISTED = 10
"""Runs named in a plan; more are counted."""
ALL = 1000
"""Runs named in the full plan."""
NAME = 40
"""Cells of a name; longer ones are cut in the middle."""

EFFECTS = {
    ControlAction.PAUSE: ("Each run pauses at the end of its turn.",),
    ControlAction.RESUME: ("Each run continues with its next turn.",),
    ControlAction.CANCEL: (
        "Sends SIGTERM to the command's process group, and SIGKILL after the grace period.",
        "Written files are kept. A cancelled run cannot be resumed.",
    ),
}


@dataclass(frozen=True, slots=True)
class ActionPlan:
    """An action on the selected runs.

    Attributes:
        able: The runs that it is possible for.
        left_out: The others, each with the reason.
    """

    able: tuple[Run, ...]
    left_out: tuple[tuple[Run, str], ...]


def control_plan(runs: Sequence[Run], action: ControlAction) -> ActionPlan:
    """Which of *runs* can be paused, resumed or cancelled."""
    return _split([(run, why_not(run, action)) for run in runs])


def mark_failed_plan(runs: Sequence[Run]) -> ActionPlan:
    """Which of *runs* are orphaned and can be marked failed."""
    return _split([(run, why_not_mark_failed(run)) for run in runs])


def end_child_plan(runs: Sequence[Run]) -> ActionPlan:
    """Which of *runs* have a leftover process on this machine."""
    return _split([(run, why_not_end_child(run)) for run in runs])


def _split(judged: Sequence[tuple[Run, str | None]]) -> ActionPlan:
    able = tuple(run for run, why in judged if why is None)
    return ActionPlan(able, tuple((run, why) for run, why in judged if why is not None))


def why_not_mark_failed(run: Run | None) -> str | None:
    """Why *run* cannot be marked failed; None where it can."""
    if run is None:
        return "no run is selected"
    name = printable(run.title or run.id)
    if run.status.terminal:
        return f"{name} is {run.status} already"
    if run.orphaned is None:
        return f"unknown whether {name} has a worker"
    return None if run.orphaned else f"{name} has a worker: cancel it instead"


def why_not_end_child(run: Run | None) -> str | None:
    """Why no process of *run* can be ended from here; None where it can."""
    if run is not None and run.child is not None:
        return None
    if run is None:
        return "no run is selected"
    name = printable(run.title or run.id)
    if not run.orphaned:
        return f"{name} is not orphaned"
    return f"{name} has no process on this machine"


def control_dialog(
    plan: ActionPlan, action: ControlAction, now: int, listed: int = LISTED
) -> tuple[str, list[Para], str]:
    """Title, text and button label of the confirmation of *plan*."""
    one = len(plan.able) == 1
    paras = [_run_line(run, now) for run in plan.able[:listed]]
    effects = [Para.of(text) for text in EFFECTS[action]]
    title = f"{action.value.capitalize()} {_subject(plan.able)}?"
    yes = "Yes, cancel" if action is ControlAction.CANCEL else action.value.capitalize()  # No is "Cancel"
    button = f"{yes} {'the run' if one else 'them'}"
    return title, _complete(plan, paras, effects, listed), button


def mark_failed_dialog(plan: ActionPlan, now: int, listed: int = LISTED) -> tuple[str, list[Para], str]:
    """The same for marking runs failed, with the time of their last worker."""
    paras = [para for run in plan.able[:listed] for para in _question(mark_failed_question(run, now))]
    note = Para.of("A worker that comes back will stop.")
    return f"Mark {_subject(plan.able)} as failed?", _complete(plan, paras, [note], listed), "Mark failed"


def end_child_dialog(plan: ActionPlan, now: int, listed: int = LISTED) -> tuple[str, list[Para], str]:
    """The same for ending leftover processes; names each of them."""
    runs = [(run, run.child) for run in plan.able[:listed] if run.child is not None]
    paras = [para for run, child in runs for para in _question(end_child_question(run, child, now))]
    page = _complete(plan, paras, [Para.of("Written files are kept.")], listed)
    button = "End it" if len(plan.able) == 1 else "End them"
    return f"End the process of {_subject(plan.able)}?", page, button


def _question(lines: Sequence[str]) -> list[Para]:
    return [Para.of(printable(line), "" if place else "bold") for place, line in enumerate(lines)]


def _complete(plan: ActionPlan, paras: list[Para], effects: list[Para], listed: int) -> list[Para]:
    more = len(plan.able) - listed
    shown = [*paras, *([Para.of(f"… {more} more (d: all)", "dim")] if more > 0 else [])]
    shown += [Para(), *effects]
    if plan.left_out:
        shown += [Para(), Para.of(f"Skipped: {units.plural(len(plan.left_out), 'run')}", "warn")]
        shown += [Para.of(f"  {why}", "dim", hang=2) for _, why in plan.left_out[:listed]]
        if len(plan.left_out) > listed:
            shown.append(Para.of(f"  … {len(plan.left_out) - listed} more (d: all)", "dim"))
    return shown


def _subject(runs: Sequence[Run]) -> str:
    return _name(runs[0]) if len(runs) == 1 else f"{len(runs)} runs"


def _name(run: Run) -> str:
    return shorten(printable(run.title or run.id), NAME)


def _run_line(run: Run, now: int) -> Para:
    began = units.age(now - run.started_at) if run.started_at is not None else units.UNKNOWN
    pid = "" if run.pid is None else f", pid {run.pid}"
    return field("run", f"{_name(run)}  ({state_text(run)}, {began}{pid})", "bold", 6)


def summarize(done: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes to report: for several runs one each for the succeeded, the unsure and the refused."""
    if len(done) == 1:
        return list(done)
    summary = []
    if good := sum(outcome.ok for outcome in done):
        summary.append(Outcome(True, f"requested for {units.plural(good, 'run')}"))
    if unsure := [one for one in done if one.effect is Effect.UNSURE]:
        message = f"{units.plural(len(unsure), 'run')}: {unsure[0].message}"
        summary.append(Outcome(False, message, effect=Effect.UNSURE))
    refused = [one for one in done if not one.ok and one.effect is not Effect.UNSURE]
    if refused:
        more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        message = f"{units.plural(len(refused), 'run')} refused: {refused[0].message}{more}"
        summary.append(Outcome(False, message, effect=refused[0].effect))
    return summary

"""What is about to be done to runs: to which, what will happen, and which are left out and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agentdash.core import units
from agentdash.core.commands import Effect, Outcome
from agentdash.core.runs.model import ControlAction, Run
from agentdash.core.runs.orphan import end_child_question, mark_failed_question
from agentdash.core.text import printable
from tui.format.runs.listing import state_words, why_not
from tui.widgets.cells import shorten
from tui.widgets.document import Para, field

LISTED = 10
"""Runs that a plan names; more are counted."""
ALL = 1000
"""Runs that it names where all are asked for."""
NAME = 40
"""Cells of a name; what is longer is cut in its middle."""

EFFECTS = {
    ControlAction.PAUSE: ("Each goes on to the end of its turn, and rests there until it is resumed.",),
    ControlAction.RESUME: ("Each goes on with its next turn.",),
    ControlAction.CANCEL: (
        "The process group of its command gets SIGTERM, and after the grace SIGKILL.",
        "What was written to files stays as it is. A cancelled run cannot be resumed.",
    ),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """Which of the chosen runs something is done to.

    Attributes:
        able: Those that it can be done to.
        left_out: The others, each with the reason in words.
    """

    able: tuple[Run, ...]
    left_out: tuple[tuple[Run, str], ...]


def control_plan(runs: Sequence[Run], action: ControlAction) -> Plan:
    """Which of *runs* can be paused, resumed or cancelled."""
    return _split([(run, why_not(run, action)) for run in runs])


def mark_failed_plan(runs: Sequence[Run]) -> Plan:
    """Which of *runs* have no worker, and so can be recorded as failed."""
    return _split([(run, why_no_mark(run)) for run in runs])


def end_child_plan(runs: Sequence[Run]) -> Plan:
    """Which of *runs* have left a process behind that can be ended from here."""
    return _split([(run, why_no_end(run)) for run in runs])


def _split(judged: Sequence[tuple[Run, str | None]]) -> Plan:
    able = tuple(run for run, why in judged if why is None)
    return Plan(able, tuple((run, why) for run, why in judged if why is not None))


def why_no_mark(run: Run | None) -> str | None:
    """Why *run* cannot be recorded as failed; None where it can."""
    if run is None:
        return "no run is selected"
    name = printable(run.title or run.id)
    if run.status.terminal:
        return f"{name} is {run.status} already"
    if run.orphaned is None:
        return f"whether {name} has a worker is not known"
    return None if run.orphaned else f"{name} has a worker: cancel it instead"


def why_no_end(run: Run | None) -> str | None:
    """Why no process of *run* can be ended from here; None where one can."""
    if run is not None and run.child is not None:
        return None
    if run is None:
        return "no run is selected"
    name = printable(run.title or run.id)
    if not run.orphaned:
        return f"{name} is not orphaned: no process was left behind"
    return f"no process of {name} is seen on this machine"


def control_question(
    plan: Plan, action: ControlAction, now: int, listed: int = LISTED
) -> tuple[str, list[Para], str]:
    """Title, plan and the words of the button for a question about *plan*.

    Args:
        plan: The runs.
        action: What is to be done to them.
        now: Unix ms.
        listed: Runs that are named, at most.
    """
    one = len(plan.able) == 1
    paras = [_run_line(run, now) for run in plan.able[:listed]]
    effects = [Para.of(words) for words in EFFECTS[action]]
    title = f"{action.value.capitalize()} {_subject(plan.able)}?"
    yes = "Yes, cancel" if action is ControlAction.CANCEL else action.value.capitalize()  # No is "Cancel"
    button = f"{yes} {'the run' if one else 'them'}"
    return title, _complete(plan, paras, effects, listed), button


def mark_failed_words(plan: Plan, now: int, listed: int = LISTED) -> tuple[str, list[Para], str]:
    """The same for recording runs as failed: says since when no worker was seen."""
    paras: list[Para] = []
    for run in plan.able[:listed]:
        first, *rest = mark_failed_question(run, now)
        paras += [Para.of(printable(first), "bold"), *(Para.of(printable(line)) for line in rest)]
    note = "A worker that comes back finds it ended, and stops." if plan.able else ""
    return (
        f"Mark {_subject(plan.able)} as failed?",
        _complete(plan, paras, [Para.of(note)], listed),
        "Mark failed",
    )


def end_child_words(plan: Plan, now: int, listed: int = LISTED) -> tuple[str, list[Para], str]:
    """The same for ending what runs have left behind: names each process."""
    paras: list[Para] = []
    for run in plan.able[:listed]:
        if run.child is not None:
            first, *rest = end_child_question(run, run.child, now)
            paras += [Para.of(printable(first), "bold"), *(Para.of(printable(line)) for line in rest)]
    note = "What it has written to files stays as it is."
    title = f"End the process of {_subject(plan.able)}?"
    return (
        title,
        _complete(plan, paras, [Para.of(note)], listed),
        "End it" if len(plan.able) == 1 else "End them",
    )


def _complete(plan: Plan, paras: list[Para], effects: list[Para], listed: int) -> list[Para]:
    more = len(plan.able) - listed
    shown = [*paras, *([Para.of(f"… {more} more (d: all)", "dim")] if more > 0 else [])]
    shown += [Para(), *effects]
    if plan.left_out:
        shown += [Para(), Para.of(f"Left out: {units.plural(len(plan.left_out), 'run')}", "warn")]
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
    return field("run", f"{_name(run)}  ({state_words(run)}, {began}{pid})", "bold", 6)


def summed(done: Sequence[Outcome]) -> list[Outcome]:
    """What to say of what came of it: for several runs one line each for those that are alike."""
    if len(done) == 1:
        return list(done)
    said = []
    if good := sum(outcome.ok for outcome in done):
        said.append(Outcome(True, f"requested for {units.plural(good, 'run')}"))
    if unsure := [one for one in done if one.effect is Effect.UNSURE]:
        words = f"{units.plural(len(unsure), 'run')}: {unsure[0].message}"
        said.append(Outcome(False, words, effect=Effect.UNSURE))
    refused = [one for one in done if not one.ok and one.effect is not Effect.UNSURE]
    if refused:
        more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        words = f"{units.plural(len(refused), 'run')} refused: {refused[0].message}{more}"
        said.append(Outcome(False, words, effect=refused[0].effect))
    return said

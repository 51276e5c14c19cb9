"""The two header lines of a run: state and progress, and current activity."""

from __future__ import annotations

from agentdash.core import units
from agentdash.core.fleet import run_age_ms
from agentdash.core.runs.activity import tokens_text
from agentdash.core.runs.model import Run
from agentdash.core.runs.orphan import last_seen, worker_name
from agentdash.core.text import printable
from tui.format.repos.listing import branch_cell, change_cell
from tui.format.runs.listing import GLYPHS, RunContext, activity_and_style, progress, state_text, turns
from tui.widgets.linebar import Word

GONE = (Word((("? run deleted from the store", "unknown"),)),)
_BAR = 10


def state_line(run: Run, around: RunContext, now: int) -> tuple[Word, ...]:
    """State, turns, tokens, age, repository, in order of importance."""
    glyph, style = ("?", "unknown") if run.orphaned else GLYPHS[run.status]
    words = [Word(((f"{glyph} {state_text(run)}", f"{style} bold"),))]
    bar = progress(run, _BAR)
    words.append(Word((("turn ", "dim"), (turns(run), ""), (" ", ""), *(bar.spans or ()))))
    if run.plan_total:
        words.append(Word((("plan ", "dim"), (f"{run.plan_done or 0}/{run.plan_total}", ""))))
    rate = f" {units.count(around.rate)}/min" if around.rate is not None else ""
    words.append(Word(((tokens_text(run), ""), (" tokens", "dim"), (rate, "info"))))
    began = "ended" if run.status.terminal else "for"
    ago = " ago" if run.status.terminal else ""
    words.append(Word(((f"{began} ", "dim"), (units.age(run_age_ms(run, now)), ""), (ago, "dim"))))
    if run.retries:
        words.append(Word(((units.plural(run.retries, "retry").replace("retrys", "retries"), "warn"),)))
    if around.repo is not None:
        repo = around.repo
        state = (*branch_cell(repo).parts, (" ", ""), *change_cell(repo).parts)
        words.append(Word(((f"{printable(repo.name)} ", "info bold"), *state), "run.repo"))
    return tuple(words)


def activity_line(run: Run, now: int) -> tuple[Word, ...]:
    """Its activity and since when; for an orphan, its last worker and what can be done."""
    if run.orphaned:
        words = [Word(((printable(last_seen(run, now)), "unknown"),))]
        if run.child is not None:
            words.append(Word(((f"process {run.child.pid} still running", "warn"),), "runs.end_child"))
        return tuple(words)
    activity, style = activity_and_style(run)
    words = [Word(((activity, style),))] if activity else []
    if run.last_event_at is not None and not run.status.terminal:
        words.append(Word(((f"{units.age(now - run.last_event_at)} ago", "dim"),)))
    if run.lock_owner is not None:
        words.append(Word(((f"worker {printable(worker_name(run.lock_owner))}", "dim"),)))
    if run.pid is not None and not run.status.terminal:
        words.append(Word(((f"pid {run.pid}", "dim"),)))
    return tuple(words)

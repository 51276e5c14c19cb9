"""Why a run is not moving: the facts in the order in which to look at them, each with what to press."""

from __future__ import annotations

from agentdash.core.runs.blockers import Fact, RunWhy
from agentdash.core.runs.model import ControlAction, Run, RunStatus
from agentdash.core.text import printable
from tui.widgets.document import Para

_SIGNS = {True: ("✓", "good"), False: ("✗", "bad"), None: ("?", "unknown")}
_WORDS = {True: "", False: "bold", None: "unknown"}


def paras(why: RunWhy, run: Run | None = None, *, read_only: bool = False) -> list[Para]:
    """The verdict, then each fact: so, not so, or not known; what is not so says what to press."""
    wrong = any(fact.holds is False for fact in why.facts)
    done = run is not None and run.status is RunStatus.COMPLETED
    page = [Para.of(printable(why.verdict), "warn bold" if wrong and not done else "good"), Para()]
    for fact in why.facts:
        page += _fact(fact, run, read_only=read_only)
    unknown = sum(fact.holds is None for fact in why.facts)
    legend = f"✓ so  ✗ not so  ? not known ({unknown})"
    return [*page, Para(), Para.of(legend, "dim")]


def _fact(fact: Fact, run: Run | None, *, read_only: bool) -> list[Para]:
    glyph, style = _SIGNS[fact.holds]
    shown = [
        Para(((f"{glyph} ", style), (printable(fact.statement), _WORDS[fact.holds])), hang=2),
        Para(((f"  {printable(fact.words)}", "dim" if fact.holds else ""),), hang=2),
    ]
    press = _press(fact, run, read_only=read_only)
    if press is not None:
        key, words = press
        shown.append(Para((("  → ", "dim"), (key, "accent bold"), (f" {words}", "")), hang=4))
    return shown


def _press(fact: Fact, run: Run | None, *, read_only: bool) -> tuple[str, str] | None:
    """(key, what it does) that helps where *fact* does not hold, or that shows more where it is not known."""
    if fact.holds or run is None or (run.status.terminal and fact.name != "state"):
        return None
    looks = {
        "event": ("v", "shows what it printed last"),
        "retries": ("l", "shows its log lines"),
        "message": ("c", "goes to the message"),
        "git": ("o", "opens the repository"),
    }
    if fact.name in looks:
        return looks[fact.name] if fact.holds is False or fact.name == "retries" else None
    return None if read_only or fact.holds is None else _steer(fact, run)


def _steer(fact: Fact, run: Run) -> tuple[str, str] | None:
    """What changes the run."""
    match fact.name:
        case "state" if run.status is RunStatus.PAUSED:
            return "r", "resumes it"
        case "state" if run.status is RunStatus.QUEUED:
            return "X", "cancels it, where no worker shall begin"
        case "request" if run.requested is not ControlAction.CANCEL:
            return "X", "cancels it, where its worker does not answer"
        case "lease" | "process" if run.orphaned:
            left = run.child is not None
            return ("K", "ends the process that it left behind") if left else ("F", "records it as failed")
        case "process" if run.status is RunStatus.PAUSED:
            return "r", "lets its process go on"
    return None

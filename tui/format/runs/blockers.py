"""Why a run makes no progress: the checks in their order, each with the key that helps."""

from __future__ import annotations

from agentdash.core.links.run_blockers import Check, RunBlockers
from agentdash.core.runs.model import ControlAction, Run, RunStatus
from agentdash.core.text import printable
from tui.widgets.document import Para

_GLYPHS = {True: ("✓", "good"), False: ("✗", "bad"), None: ("?", "unknown")}
_STYLES = {True: "", False: "bold", None: "unknown"}


def paras(blockers: RunBlockers, run: Run | None = None, *, read_only: bool = False) -> list[Para]:
    """The verdict, then each check with its result; for a failed one also the key that helps."""
    failed = any(check.passed is False for check in blockers.checks)
    done = run is not None and run.status is RunStatus.COMPLETED
    page = [Para.of(printable(blockers.verdict), "warn bold" if failed and not done else "good"), Para()]
    for check in blockers.checks:
        page += _check(check, run, read_only=read_only)
    unknown = sum(check.passed is None for check in blockers.checks)
    return [*page, Para(), Para.of(f"✓ pass  ✗ fail  ? unknown ({unknown})", "dim")]


def _check(check: Check, run: Run | None, *, read_only: bool) -> list[Para]:
    glyph, style = _GLYPHS[check.passed]
    shown = [
        Para(((f"{glyph} ", style), (printable(check.statement), _STYLES[check.passed])), hang=2),
        Para(((f"  {printable(check.detail)}", "dim" if check.passed else ""),), hang=2),
    ]
    key = _key(check, run, read_only=read_only)
    if key is not None:
        shown.append(Para((("  → ", "dim"), (key[0], "accent bold"), (f" {key[1]}", "")), hang=4))
    return shown


def _key(check: Check, run: Run | None, *, read_only: bool) -> tuple[str, str] | None:
    """(key, what it does) that helps with a failed check, or shows more about an unknown one."""
    if check.passed or run is None or (run.status.terminal and check.name != "state"):
        return None
    reading = {
        "event": ("v", "show its last output"),
        "retries": ("l", "show its log lines"),
        "message": ("c", "go to the message"),
        "git": ("o", "open the repository"),
    }
    if check.name in reading:
        return reading[check.name] if check.passed is False or check.name == "retries" else None
    return None if read_only or check.passed is None else _control_key(check, run)


def _control_key(check: Check, run: Run) -> tuple[str, str] | None:
    """The same for keys that change the run."""
    match check.name:
        case "state" if run.status is RunStatus.PAUSED:
            return "r", "resume it"
        case "state" if run.status is RunStatus.QUEUED:
            return "X", "cancel it, if no worker is expected"
        case "request" if run.requested is not ControlAction.CANCEL:
            return "X", "cancel it, if its worker does not respond"
        case "lease" | "process" if run.orphaned:
            return ("F", "mark it failed") if run.child is None else ("K", "end its leftover process")
        case "process" if run.status is RunStatus.PAUSED:
            return "r", "resume its process"
    return None

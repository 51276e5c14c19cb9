"""The texts of the confirmations before a repository is changed."""

from __future__ import annotations

from collections.abc import Sequence

from agentdash.core.repos.commands import StagePlan
from agentdash.core.repos.model import Repo
from agentdash.core.secrets.safe_text import as_text, safe_text
from agentdash.core.text import printable
from agentdash.core.units import plural
from tui.widgets.cells import shorten
from tui.widgets.document import Para, field

Lines = Sequence[Para]
NAMED = 4
"""Files of a repository that are listed; all are counted."""
MAX_LEFT_OUT = 8
MAX_LISTED = 1000
"""Files that are listed in the full view."""
NAME = 48
"""Cells of a name; longer ones are cut in the middle."""


def fetch_question(repo: Repo) -> tuple[str, Lines]:
    """Title and lines."""
    lines = [
        field("repo", safe_text(repo.path), "bold", 6),
        Para(),
        Para.of(
            "Uses the network: git fetch from the default remote, with your own ssh and credential helpers."
        ),
        Para.of("Work tree, index and branches are not changed.", "dim"),
    ]
    return f"Fetch {_name(repo.name)}?", lines


def stage_question(repo: Repo, plan: StagePlan, *, every: bool = False) -> tuple[str, Lines]:
    """Title and lines: what is staged, what is left out and why; with *every*, the full lists."""
    named, left = (MAX_LISTED, MAX_LISTED) if every else (NAMED, MAX_LEFT_OUT)
    lines: list[Para] = []
    for part in plan.parts:
        if part.blocked:
            lines.append(
                Para(((f"{_name(part.name)}  ", "bold"), (f"left out: {safe_text(part.blocked)}", "warn")), 2)
            )
        elif part.files:
            names = ", ".join(_name(as_text(name)) for name in part.files[:named])
            more = f" … {len(part.files) - named} more (d: all)" if len(part.files) > named else ""
            count = plural(len(part.files), "file")
            lines.append(
                Para(((f"{_name(part.name)}  ", "bold"), (f"{count}: ", ""), (f"{names}{more}", "dim")), 2)
            )
    lines += [Para(), *_left_out(plan, left)]
    total = sum(len(part.files) for part in plan.parts)
    return f"Stage {plural(total, 'file')} in {_name(repo.name)}?", lines


def _left_out(plan: StagePlan, most: int) -> list[Para]:
    left = [(part.name, one) for part in plan.parts for one in part.left if one.reason != "ignored"]
    lines = [
        Para((("left out: ", "warn"), (f"{name}/{one.path}", ""), (f"  {safe_text(one.reason)}", "dim")), 2)
        for name, one in left[:most]
    ]
    if len(left) > most:
        lines.append(Para.of(f"left out: … {len(left) - most} more (d: all), all listed in the log", "warn"))
    ignored = sum(part.ignored for part in plan.parts)
    if ignored:
        lines.append(Para.of(f"left out: {ignored} ignored", "dim"))
    return lines or [Para.of("nothing is left out", "good")]


def nothing_to_stage(plan: StagePlan) -> str:
    """Why there is nothing to stage."""
    blocked = [f"{part.name}: {part.blocked}" for part in plan.parts if part.blocked]
    left = [
        f"{one.path}: {one.reason}" for part in plan.parts for one in part.left if one.reason != "ignored"
    ]
    return "; ".join([*blocked, *left][:3]) or "everything is staged"


def commit_lines(plan: StagePlan) -> Lines:
    """What the commit contains, for the prompt for its message."""
    lines = [
        Para(((f"{_name(part.name)}  ", "bold"), (f"{plural(part.staged, 'path')} staged", "")))
        for part in plan.parts
        if part.staged
    ]
    unstaged = sum(len(part.files) for part in plan.parts)
    return [
        *lines,
        *([Para.of(f"{plural(unstaged, 'file')} not staged, not committed", "warn")] if unstaged else []),
    ]


def commit_question(repo: Repo, plan: StagePlan, message: str) -> tuple[str, Lines]:
    """Title and lines."""
    lines = [
        *commit_lines(plan),
        Para(),
        field("message", safe_text(message), "bold", 8),
        Para(),
        Para.of("Submodules are committed first, then recorded here. Hooks are not run, nothing is signed."),
    ]
    return f"Commit in {_name(repo.name)}?", lines


def _name(text: str) -> str:
    return shorten(printable(text), NAME)


def message_problem(text: str) -> str | None:
    """Why a message is refused; None where it is not."""
    return None if text.strip() else "a commit needs a message"

"""The actions of a repository: changes after a confirmation, and external programs."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from agentdash.core.repos.commands import (
    CommitRepo,
    FetchRepo,
    RepoCommand,
    StagePlan,
    StagePlanQuery,
    StageRepo,
)
from agentdash.core.repos.model import Operation, Repo, RepoKind
from agentdash.core.snapshot import SourceError
from agentdash.core.units import plural
from tui.format.repos import plan as repo_plan
from tui.screens.dialogs.confirm import Confirm
from tui.screens.dialogs.prompt import Prompt

if TYPE_CHECKING:
    from tui.dash import Dash


def why_not(verb: str, repo: Repo | None) -> str | None:
    """Why *verb* is not possible now; None where it is."""
    if repo is None:
        return "this repository is no longer followed"
    if verb in {"stage", "commit"}:
        if repo.error is not None:
            return f"{repo.name} cannot be read: {repo.error}"
        if repo.kind is RepoKind.BARE:
            return f"{repo.name} is bare: it has no files"
        if not repo.dirty and not repo.submodules.total:
            return f"{repo.name} is clean: there is nothing to {verb}"
    if verb == "commit":
        return _commit_refusal(repo)
    return None


def _commit_refusal(repo: Repo) -> str | None:
    """Why a commit would be refused; checked before the message is written."""
    if repo.conflicted:
        return f"{repo.name} has {plural(repo.conflicted, 'conflict')}: resolve them first"
    if repo.operation is not None and repo.operation is not Operation.BISECT:
        step = f" {repo.operation_step}" if repo.operation_step else ""
        return f"{repo.name}: {repo.operation}{step} is unfinished: continue or abort it first"
    return None


def act(dash: Dash, verb: str, repo: Repo, file: bytes | None) -> None:
    """Start an action.

    Args:
        dash: The app.
        verb: ``stage``, ``commit``, ``fetch``, ``edit`` or ``lazygit``.
        repo: The record that is shown.
        file: The file under the cursor.
    """
    match verb:
        case "stage" | "commit":
            dash.run_worker(_plan(dash, verb, repo), name=verb, group="commands")
        case "fetch":
            _ask(dash, *repo_plan.fetch_question(repo), "Fetch", FetchRepo(repo.path))
        case _:
            dash.run_worker(_open(dash, verb, repo, file), name=verb, group="commands")


async def _plan(dash: Dash, verb: str, repo: Repo) -> None:
    """Get the plan, then ask for confirmation."""
    try:
        plan = await dash.engine.ask(StagePlanQuery(repo.path))
    except SourceError as problem:
        dash.say(problem.message, good=False)
        return
    if not isinstance(plan, StagePlan):
        return
    if verb == "stage":
        if not any(part.files for part in plan.parts):
            dash.say(repo_plan.nothing_to_stage(plan), good=False)
            return
        _, full = repo_plan.stage_question(repo, plan, every=True)
        question = repo_plan.stage_question(repo, plan)
        _ask(dash, *question, "Stage all", StageRepo(repo.path, repo.head), full)
        return
    blocked = [f"{part.name}: {part.blocked}" for part in plan.parts if part.blocked]
    if blocked:
        dash.say(f"not committed: {'; '.join(blocked)}", good=False)
        return
    if not any(part.staged for part in plan.parts):
        dash.say("nothing is staged (A: stage all)", good=False)
        return

    def confirm(message: str | None) -> None:
        if message and message.strip():
            question = repo_plan.commit_question(repo, plan, message.strip())
            _ask(dash, *question, "Commit", CommitRepo(repo.path, message.strip(), repo.head))

    lines = repo_plan.commit_lines(plan)
    check = repo_plan.message_problem
    dash.push_screen(Prompt(f"Commit message for {repo.name}", lines, check=check), confirm)


def _ask(
    dash: Dash,
    title: str,
    lines: repo_plan.Lines,
    yes: str,
    command: RepoCommand,
    full: repo_plan.Lines | None = None,
) -> None:
    def answered(agreed: bool | None) -> None:
        if agreed:
            dash.run_worker(_send(dash, command), name="repo", group="commands")

    dash.push_screen(Confirm(title, lines, yes=yes, full=full), answered)


async def _send(dash: Dash, command: RepoCommand) -> None:
    outcome = await dash.engine.dispatch(command)
    dash.report(outcome)


async def _open(dash: Dash, verb: str, repo: Repo, file: bytes | None) -> None:
    """Run an external program in the terminal until it exits."""
    if verb == "lazygit":
        argv = ["lazygit"]
    else:
        editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
        try:
            argv = [*shlex.split(editor), _file_argument(repo, file)]
        except ValueError as problem:
            dash.say(f"$EDITOR cannot be read: {problem}", good=False)
            return
    # Resolved here, so that no file of that name in the repository is run.
    name = argv[0]
    program = shutil.which(name)
    if program is None:
        remedy = "set $EDITOR to another" if verb == "edit" else "install it, or use a shell"
        dash.say(f"{name} is not on the PATH: {remedy}", good=False)
        return
    started = dash.engine.clock.monotonic()
    try:
        # No updates meanwhile: they would be drawn over the program.
        with dash.suspend(), dash.batch_update():
            code = await asyncio.to_thread(_run, [_absolute(program), *argv[1:]], Path(repo.path))
    except SuspendNotSupported:
        dash.say("this terminal cannot run another program", good=False)
        return
    dash.refresh(layout=True)
    duration_ms = (dash.engine.clock.monotonic() - started) * 1000
    dash.engine.note(f"repo {repo.name}", f"{name} exited with {code}", code == 0, duration_ms)
    dash.engine.refresh()


def _file_argument(repo: Repo, file: bytes | None) -> str:
    """*file* of *repo* for an editor: absolute, so that none is an option or a command (``+!sh``)."""
    return str(Path(repo.path) / os.fsdecode(file)) if file is not None else repo.path


def _absolute(program: str) -> str:
    """*program* from our folder, links kept: some programs behave by the name of their file."""
    return str(Path(program).absolute())


def _run(argv: list[str], folder: Path) -> int:
    try:
        return subprocess.run(argv, cwd=folder, env=_environment(), check=False).returncode
    except OSError:
        return 127


def _environment() -> dict[str, str]:
    """Our environment with ``core.fsmonitor`` off: `git status` would run the repository's value.

    Everything else is as in a shell. Configuration that is set by ``GIT_CONFIG_COUNT`` (git-config(1)) stays.
    """
    env = dict(os.environ)
    given = env.get("GIT_CONFIG_COUNT") or "0"
    if given.isdecimal() and len(given) < 4:
        env |= {f"GIT_CONFIG_KEY_{int(given)}": "core.fsmonitor", f"GIT_CONFIG_VALUE_{int(given)}": "false"}
        env["GIT_CONFIG_COUNT"] = str(int(given) + 1)
    return env

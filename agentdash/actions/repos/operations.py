"""Changes repositories: fetch, stage everything, commit. Each step is logged as it is done.

Hooks, filters and other programs set by a repository's own configuration are never run, not even on a
person's commit: see docs/adr/0014-no-hooks.md.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from agentdash.actions.repos.fetch_checks import fetch_refusal
from agentdash.actions.repos.stage_plan import (
    StagingStatus,
    check_top_level,
    display_name,
    git_dir_of,
    parent_of,
    plan_part,
    read_status,
    stage_targets,
)
from agentdash.core.commands import Outcome, Refused
from agentdash.core.repos.commands import CommitRepo, FetchRepo, StagePart, StageRepo
from agentdash.core.repos.model import Operation
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.text import printable
from agentdash.core.units import plural
from agentdash.git import commands
from agentdash.git.config import ConfigSetting

if TYPE_CHECKING:
    from agentdash.git.gitpython import CheckedRepo

NETWORK_TIMEOUT = 120.0
_FETCH = (
    "fetch", "--no-recurse-submodules", "--no-auto-maintenance", "--upload-pack=git-upload-pack",
    "--no-progress", "--no-prune", "--no-prune-tags",
)  # fmt: skip
_REMOTE = re.compile(r"remote\..*\.url|branch\..*\.remote", re.DOTALL)
_NAMED = 5
_BATCH = 2000
_IDENTITY = ("GIT_AUTHOR_", "GIT_COMMITTER_")

LogStep = Callable[[str, bool], None]
"""(message, success): one line of the activity log."""


def fetch(command: FetchRepo, timeout: float, log: LogStep) -> Outcome:
    """Fetch from the default remote. Blocks: call it in a thread.

    The user's own credential helpers and ssh are used, never those of the repository's configuration; there
    is no password prompt.
    """
    path = Path(command.path)
    name = printable(path.name)
    try:
        found = commands.effective_settings(path, timeout)
        if not any(_REMOTE.fullmatch(one.key) for one in found):
            return Outcome(False, f"{name} has no remote to fetch from")
        if why := fetch_refusal(path, found):
            return Outcome(False, f"{name} is not fetched: {why}. If you trust it, fetch it in a shell.")
        commands.output(path, _FETCH, NETWORK_TIMEOUT, more=_network(found), writes=_users_credentials(found))
    except commands.GitFailed as failure:
        return Outcome(False, f"fetch failed: {printable(str(failure))}")
    log("fetched", True)
    return Outcome(True, f"fetched {name}")


def stage(command: StageRepo, largest: int, timeout: float, log: LogStep) -> Outcome:
    """Stage everything in the repository and its submodules, children first. Blocks: call it in a thread.

    Args:
        command: The request.
        largest: Size limit of a file, bytes.
        timeout: Limit of each git process, seconds.
        log: Receives each step.

    Returns:
        What was staged, what was left out and why, and what is still unstaged by a new status.

    Raises:
        Refused: where HEAD has changed since it was shown.
    """
    root = Path(command.path)
    _check_head(root, command.seen, timeout)
    staged, left, remaining = 0, list[str](), list[str]()
    for target in stage_targets(root):
        part = plan_part(target, root, largest, timeout)
        path = target.path
        if part.blocked:
            log(f"{part.name}: nothing staged: {part.blocked}", False)
            left.append(f"{part.name} ({part.blocked})")
            continue
        failed = _add(path, part.files, timeout)
        done = len(part.files) - len(failed)
        staged += done
        log(f"{part.name}: {plural(done, 'file')} staged", not failed)
        out = [f"{part.name}/{one.path} ({one.reason})" for one in part.left if one.reason != "ignored"]
        out += [f"{part.name}/{as_text(name)} ({why})" for name, why in failed.items()]
        for text in out:
            log(f"left out: {text}", True)
        if part.ignored:
            named = ", ".join(one.path for one in part.left if one.reason == "ignored")
            log(f"{part.name}: left out as ignored: {part.ignored}: {named}", True)
            out.append(f"{part.ignored} ignored in {part.name}")
        left += out
        remaining += _still_unstaged(path, part, failed, timeout)
    return _stage_outcome(staged, left, remaining)


def _stage_outcome(staged: int, left: list[str], remaining: list[str]) -> Outcome:
    text = f"{plural(staged, 'file')} staged"
    if left:
        text += f"; left out: {_first_few(left)}"
    if remaining:
        return Outcome(False, f"{text}; still not staged: {_first_few(remaining)}")
    return Outcome(True, text if left else f"{text}; nothing is left")


def _first_few(items: list[str]) -> str:
    more = f" and {len(items) - _NAMED} more" if len(items) > _NAMED else ""
    return ", ".join(items[:_NAMED]) + more


def _still_unstaged(path: Path, part: StagePart, failed: dict[bytes, str], timeout: float) -> list[str]:
    """Unstaged paths by a new status, without those that were left out on purpose."""
    try:
        after = read_status(path, timeout)
    except commands.GitFailed as failure:
        return [f"{part.name} (its status cannot be read: {failure})"]
    known = {one.path for one in part.left} | {as_text(name) for name in failed}
    return [f"{part.name}/{as_text(name)}" for name in after.unstaged if as_text(name) not in known]


def _add(path: Path, files: tuple[bytes, ...], timeout: float) -> dict[bytes, str]:
    """Stage *files*; one by one where a batch fails, so that a bad file does not block the others.

    Returns:
        Those that could not be staged, with the reason.
    """
    failed: dict[bytes, str] = {}
    for at in range(0, len(files), _BATCH):
        batch = files[at : at + _BATCH]
        try:
            _stage_batch(path, batch, timeout)
        except commands.GitFailed:
            for one in batch:
                try:
                    _stage_batch(path, (one,), timeout)
                except commands.GitFailed as failure:
                    failed[one] = printable(str(failure))
    return failed


def _stage_batch(path: Path, files: tuple[bytes, ...], timeout: float) -> None:
    paths = io.BytesIO(b"\0".join(files) + b"\0")
    git = _writable(path, timeout).git(literal_pathspecs=True)
    git.add("-A", pathspec_from_file="-", pathspec_file_nul=True, istream=paths)


def _writable(path: Path, timeout: float) -> CheckedRepo:
    from agentdash.git.gitpython import CheckedRepo

    return CheckedRepo(path, max(timeout, 60.0), writes=True)


def commit(command: CommitRepo, timeout: float, log: LogStep) -> Outcome:
    """Commit what is staged: in each submodule, then their new commits in the parents. Blocks.

    Raises:
        Refused: without a message, where HEAD has changed since it was shown, or during an operation.
    """
    root = Path(command.path)
    if not command.message.strip():
        raise Refused("A commit needs a message.")
    _check_head(root, command.seen, timeout)
    targets = list(stage_targets(root))
    left_out = [f"{display_name(root, one.path)} ({one.left_out})" for one in targets if one.left_out]
    parts = [(one.path, read_status(one.path, timeout)) for one in targets if not one.left_out]
    for path, status in parts:
        _check_committable(display_name(root, path), path, status, timeout)
    for text in left_out:
        log(f"left out: {text}", True)
    made: dict[Path, str] = {}
    paths = [path for path, _ in parts]
    for path, status in parts:
        links = [str(child.relative_to(path)) for child in made if parent_of(child, paths) == path]
        try:
            if links:
                _stage_batch(path, tuple(os.fsencode(link) for link in links), timeout)
            if not (links or status.staged):
                continue
            sha = _commit_staged(path, command.message, timeout)
        except commands.GitFailed as failure:
            name = display_name(root, path)
            log(f"commit in {name} failed: {failure}", False)
            before = f" ({plural(len(made), 'commit')} in submodules made before it)" if made else ""
            return Outcome(False, f"commit in {name} failed{before}: {printable(str(failure))}")
        made[path] = sha
        log(f"{display_name(root, path)}: commit {sha[:7]}", True)
    if not made:
        raise Refused("Nothing is staged: stage something first.")
    commits = ", ".join(f"{display_name(root, path)} {sha[:7]}" for path, sha in made.items())
    out = f"; left out: {_first_few(left_out)}" if left_out else ""
    return Outcome(True, f"committed {commits}; no hook was run{out}")


def _check_committable(name: str, path: Path, status: StagingStatus, timeout: float) -> None:
    try:
        check_top_level(path, timeout)
    except commands.GitFailed as why:
        raise Refused(f"{name} is not committed: {why}") from None
    folder = git_dir_of(path)
    if (folder.own / "index.lock").exists():
        raise Refused(
            f"{name} is locked: {folder.own / 'index.lock'} exists. Another git is running, or was killed."
        )
    operation, step = folder.operation()
    if operation is not None and operation is not Operation.BISECT:
        progress = f"{operation} {step}" if step else str(operation)
        raise Refused(f"{name} has an unfinished {progress}: continue or abort it first.")
    if status.conflicts:
        raise Refused(f"{name} has {plural(len(status.conflicts), 'conflict')}: resolve them first.")


def _commit_staged(path: Path, message: str, timeout: float) -> str:
    git = _writable(path, timeout).git
    identity = {name: value for name, value in os.environ.items() if name.startswith(_IDENTITY)}
    text = io.BytesIO(message.strip().encode("utf-8", "replace") + b"\n")
    with git.custom_environment(**identity):
        # The repository may set the program that signs.
        git.commit("-q", "--no-verify", "--no-gpg-sign", "--no-status", file="-", istream=text)
    return _head(path, timeout) or ""


def _head(path: Path, timeout: float) -> str | None:
    """The id of HEAD's commit; None where there is none."""
    from agentdash.git.gitpython import CheckedRepo

    try:
        return str(CheckedRepo(path, timeout).git.rev_parse("--verify", "--quiet", "HEAD"))
    except commands.GitFailed as failure:
        if failure.code == 1:
            return None
        raise


def _check_head(path: Path, seen: str | None, timeout: float) -> None:
    head = _head(path, timeout)
    if head != seen:
        was, now = ((one or "no commit")[:7] for one in (seen, head))
        raise Refused(
            f"{printable(path.name)} has changed: HEAD was {was}, now it is {now}. Check it and retry."
        )


def _network(found: Sequence[ConfigSetting]) -> dict[str, str]:
    """The environment that allows the network, with the user's own ssh."""
    ssh = next((one.value for one in reversed(found) if one.key == "core.sshcommand" and not one.own), None)
    return {
        "GIT_ALLOW_PROTOCOL": "https:http:ssh:file",
        "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND") or ssh or "ssh -o BatchMode=yes",
        "GIT_SSH_VARIANT": os.environ.get("GIT_SSH_VARIANT", "auto"),
    }


def _users_credentials(found: Sequence[ConfigSetting]) -> tuple[tuple[str, str], ...]:
    """The credential helpers of the user and the system, after those of the repository are reset."""
    users = ((one.key, one.value) for one in found if one.key.startswith("credential.") and not one.own)
    return (("credential.helper", ""), *users)

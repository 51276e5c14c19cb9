"""What changes repositories: fetch, stage everything, commit. Each step is told as it is done.

Hooks, filters and other programs that a repository's own configuration names are never run, not even when a
person commits: see docs/adr/0014-no-hooks.md.
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
from agentdash.core.text import decode, printable
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
_WHO = ("GIT_AUTHOR_", "GIT_COMMITTER_")

Step = Callable[[str, bool], None]
"""(what was done, whether it went well): one line for the activity log."""


def fetch(command: FetchRepo, timeout: float, step: Step) -> Outcome:
    """Fetch from the default remote. Blocks: call it in a thread.

    The user's own credential helpers and ssh are used, never those of the repository's configuration; nobody
    is asked for a password.
    """
    path = Path(command.path)
    name = printable(path.name)
    try:
        found = commands.effective_settings(path, timeout)
        if not any(_REMOTE.fullmatch(one.key) for one in found):
            return Outcome(False, f"{name} has no remote: there is nothing to fetch from")
        if why := fetch_refusal(path, found):
            return Outcome(False, f"{name} is not fetched: {why}. If you trust it, fetch it in a shell.")
        commands.output(path, _FETCH, NETWORK_TIMEOUT, more=_network(found), writes=_users_credentials(found))
    except commands.GitFailed as failure:
        return Outcome(False, f"fetch failed: {printable(str(failure))}")
    step("fetched", True)
    return Outcome(True, f"fetched {name}")


def stage(command: StageRepo, largest: int, timeout: float, step: Step) -> Outcome:
    """Stage everything in the repository and its submodules, children first. Blocks: call it in a thread.

    Args:
        command: What was asked for.
        largest: Bytes of a file above which it is left out.
        timeout: Seconds that each git process may take.
        step: Told each step.

    Returns:
        What was staged, what was left out and why, and, after reading the status again, what is left.

    Raises:
        Refused: where HEAD is not what the person saw.
    """
    root = Path(command.path)
    _as_seen(root, command.seen, timeout)
    staged, left, unclear = 0, list[str](), list[str]()
    for member in stage_targets(root):
        part = plan_part(member, root, largest, timeout)
        path = member.path
        if part.blocked:
            step(f"{part.name}: nothing staged: {part.blocked}", False)
            left.append(f"{part.name} ({part.blocked})")
            continue
        failed = _add(path, part.files, timeout)
        done = len(part.files) - len(failed)
        staged += done
        step(f"{part.name}: {plural(done, 'file')} staged", not failed)
        out = [f"{part.name}/{one.path} ({one.reason})" for one in part.left if one.reason != "ignored"]
        out += [f"{part.name}/{decode(name)} ({why})" for name, why in failed.items()]
        for words in out:
            step(f"left out: {words}", True)
        if part.ignored:
            named = ", ".join(one.path for one in part.left if one.reason == "ignored")
            step(f"{part.name}: left out as ignored: {part.ignored}: {named}", True)
            out.append(f"{part.ignored} ignored in {part.name}")
        left += out
        unclear += _still_open(path, part, failed, timeout)
    return _stage_outcome(staged, left, unclear)


def _stage_outcome(staged: int, left: list[str], unclear: list[str]) -> Outcome:
    words = f"{plural(staged, 'file')} staged"
    if left:
        words += f"; left out: {_some(left)}"
    if unclear:
        return Outcome(False, f"{words}; still not staged: {_some(unclear)}")
    return Outcome(True, words if left else f"{words}; nothing is left")


def _some(words: list[str]) -> str:
    more = f" and {len(words) - _NAMED} more" if len(words) > _NAMED else ""
    return ", ".join(words[:_NAMED]) + more


def _still_open(path: Path, part: StagePart, failed: dict[bytes, str], timeout: float) -> list[str]:
    """What the status, read again, has beyond what was left out on purpose."""
    try:
        after = read_status(path, timeout)
    except commands.GitFailed as failure:
        return [f"{part.name} (its status cannot be read: {failure})"]
    known = {one.path for one in part.left} | {decode(name) for name in failed}
    return [f"{part.name}/{decode(name)}" for name in after.open if decode(name) not in known]


def _add(path: Path, files: tuple[bytes, ...], timeout: float) -> dict[bytes, str]:
    """Stage *files*; where a batch fails, one by one, so that one bad file holds up no other.

    Returns:
        Those that could not be staged, and why.
    """
    failed: dict[bytes, str] = {}
    for at in range(0, len(files), _BATCH):
        batch = files[at : at + _BATCH]
        try:
            _add_now(path, batch, timeout)
        except commands.GitFailed:
            for one in batch:
                try:
                    _add_now(path, (one,), timeout)
                except commands.GitFailed as failure:
                    failed[one] = printable(str(failure))
    return failed


def _add_now(path: Path, files: tuple[bytes, ...], timeout: float) -> None:
    paths = io.BytesIO(b"\0".join(files) + b"\0")
    git = _writable(path, timeout).git(literal_pathspecs=True)
    git.add("-A", pathspec_from_file="-", pathspec_file_nul=True, istream=paths)


def _writable(path: Path, timeout: float) -> CheckedRepo:
    from agentdash.git.gitpython import CheckedRepo

    return CheckedRepo(path, max(timeout, 60.0), writes=True)


def commit(command: CommitRepo, timeout: float, step: Step) -> Outcome:
    """Commit what is staged: in each submodule, then the new commits of those in their parents. Blocks.

    Raises:
        Refused: where there is no message, HEAD is not what the person saw, or an operation is under way.
    """
    root = Path(command.path)
    if not command.message.strip():
        raise Refused("A commit needs a message.")
    _as_seen(root, command.seen, timeout)
    members = list(stage_targets(root))
    strangers = [f"{display_name(root, one.path)} ({one.left_out})" for one in members if one.left_out]
    parts = [(one.path, read_status(one.path, timeout)) for one in members if not one.left_out]
    for path, seen in parts:
        _may_commit(display_name(root, path), path, seen, timeout)
    for words in strangers:
        step(f"left out: {words}", True)
    made: dict[Path, str] = {}
    paths = [path for path, _ in parts]
    for path, seen in parts:
        links = [str(child.relative_to(path)) for child in made if parent_of(child, paths) == path]
        try:
            if links:
                _add_now(path, tuple(os.fsencode(link) for link in links), timeout)
            if not (links or seen.staged):
                continue
            sha = _commit_now(path, command.message, timeout)
        except commands.GitFailed as failure:
            name = display_name(root, path)
            step(f"commit in {name} failed: {failure}", False)
            before = f" ({plural(len(made), 'commit')} in submodules made before it)" if made else ""
            return Outcome(False, f"commit in {name} failed{before}: {printable(str(failure))}")
        made[path] = sha
        step(f"{display_name(root, path)}: commit {sha[:7]}", True)
    if not made:
        raise Refused("Nothing is staged: stage something first.")
    words = ", ".join(f"{display_name(root, path)} {sha[:7]}" for path, sha in made.items())
    out = f"; left out: {_some(strangers)}" if strangers else ""
    return Outcome(True, f"committed {words}; no hook was run{out}")


def _may_commit(name: str, path: Path, seen: StagingStatus, timeout: float) -> None:
    try:
        check_top_level(path, timeout)
    except commands.GitFailed as why:
        raise Refused(f"{name} is not committed: {why}") from None
    folder = git_dir_of(path)
    if (folder.own / "index.lock").exists():
        raise Refused(
            f"{name} is locked: {folder.own / 'index.lock'} is there. Another git works, or has died."
        )
    operation, step = folder.operation()
    if operation is not None and operation is not Operation.BISECT:
        words = f"{operation} {step}" if step else str(operation)
        raise Refused(f"{name} is in the midst of a {words}: continue or abort that first.")
    if seen.conflicts:
        raise Refused(f"{name} has {plural(len(seen.conflicts), 'conflict')}: resolve them first.")


def _commit_now(path: Path, message: str, timeout: float) -> str:
    git = _writable(path, timeout).git
    who = {name: value for name, value in os.environ.items() if name.startswith(_WHO)}
    text = io.BytesIO(message.strip().encode("utf-8", "replace") + b"\n")
    with git.custom_environment(**who):
        # A signature would be made by a program that the repository may name.
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


def _as_seen(path: Path, seen: str | None, timeout: float) -> None:
    head = _head(path, timeout)
    if head != seen:
        was, now = ((one or "no commit")[:7] for one in (seen, head))
        raise Refused(f"{printable(path.name)} has changed: HEAD was {was}, now it is {now}. Look again.")


def _network(found: Sequence[ConfigSetting]) -> dict[str, str]:
    """The environment that opens the network, with the user's own ssh."""
    ssh = next((one.value for one in reversed(found) if one.key == "core.sshcommand" and not one.own), None)
    return {
        "GIT_ALLOW_PROTOCOL": "https:http:ssh:file",
        "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND") or ssh or "ssh -o BatchMode=yes",
        "GIT_SSH_VARIANT": os.environ.get("GIT_SSH_VARIANT", "auto"),
    }


def _users_credentials(found: Sequence[ConfigSetting]) -> tuple[tuple[str, str], ...]:
    """The credential helpers of the user and the system, after all of the repository's own are taken back."""
    users = ((one.key, one.value) for one in found if one.key.startswith("credential.") and not one.own)
    return (("credential.helper", ""), *users)

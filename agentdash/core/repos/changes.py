"""The changes between two records of a repository, as lines of the activity log."""

from __future__ import annotations

from agentdash.core.repos.model import Repo, Submodules

_SUBJECT = 60
_COUNTS = ("staged", "unstaged", "untracked", "conflicted")


def repo_changes(before: Repo, after: Repo) -> list[str]:
    """One short line for each change: ``branch main→fix-auth``, ``commit 1a2b3c4 "…"``, ``+3 unstaged``.

    A count that was unknown before is not a change.
    """
    if after.error is not None or before.error is not None:
        if after.error == before.error:
            return []
        return [f"cannot be read: {after.error}" if after.error else "can be read again"]
    if before.unstaged is None and before.head is None and before.branch is None:
        return []  # not read before
    lines: list[str] = []
    detached_move = before.detached and after.detached and before.operation is after.operation
    if (
        _place(before) != _place(after) and not detached_move
    ):  # from one detached commit to another: see below
        lines.append(f"branch {_place(before)}→{_place(after)}")
    if after.head != before.head and after.head is not None:
        subject = after.subject or ""
        short = subject if len(subject) <= _SUBJECT else subject[: _SUBJECT - 1] + "…"
        lines.append(f'commit {after.head[:7]} "{short}"' if short else f"commit {after.head[:7]}")
    if after.operation is not before.operation:
        lines.append(f"{after.operation} begun" if after.operation else f"{before.operation} ended")
    elif after.operation_step != before.operation_step and after.operation_step:
        lines.append(f"{after.operation} {after.operation_step}")
    if after.upstream != before.upstream or after.upstream_gone is not before.upstream_gone:
        gone = " is gone" if after.upstream_gone else ""
        lines.append(f"upstream {after.upstream or 'none'}{gone}")
    elif (before.ahead, before.behind) != (after.ahead, after.behind) and after.ahead is not None:
        lines.append(f"ahead {after.ahead}, behind {after.behind or 0}")
    lines += [*_counts(before, after), *_submodules(before.submodules, after.submodules)]
    if (before.lock_age_ms is None) is not (after.lock_age_ms is None):
        lines.append("index.lock exists" if after.lock_age_ms is not None else "index.lock is gone")
    if before.stash is not None and after.stash is not None and before.stash != after.stash:
        lines.append(f"stash {before.stash}→{after.stash}")
    return lines


def _place(repo: Repo) -> str:
    return repo.branch or (f"detached at {repo.head[:7]}" if repo.detached and repo.head else "no branch")


def _submodules(before: Submodules, after: Submodules) -> list[str]:
    return [
        f"submodules {name} {was}→{now}"
        for name, was, now in (
            ("registered", before.total, after.total),
            ("not checked out", before.uninitialised, after.uninitialised),
            ("moved", before.moved, after.moved),
        )
        if was != now
    ]


def _counts(before: Repo, after: Repo) -> list[str]:
    if before.dirty and not after.dirty and after.unstaged is not None:
        return ["clean"]
    changes = []
    for name in _COUNTS:
        was, now = getattr(before, name), getattr(after, name)
        if was is not None and now is not None and was != now:
            changes.append(f"{'+' if now > was else '−'}{abs(now - was)} {name}")
    return [", ".join(changes)] if changes else []

"""Adds changes inside of submodules to their parents, as `git status` in the parent shows them."""

from __future__ import annotations

from dataclasses import replace

from agentdash.core.repos.model import FileChange, Repo, RepoKind


class SubmoduleChanges:
    """Adds uncommitted changes in submodules to the records of their parents.

    `git status` shows a submodule with changes as one changed path of its parent. Each repository is read
    separately, so this is added afterwards; unchanged records stay the same objects.
    """

    def __init__(self) -> None:
        self._before: dict[str, tuple[Repo, tuple[str, ...], Repo]] = {}

    def apply(self, repos: tuple[Repo, ...]) -> tuple[Repo, ...]:
        """*repos*, each with the changes of its submodules.

        Args:
            repos: As read separately, sorted by path.
        """
        known = {repo.path: repo for repo in repos}
        changed: dict[str, list[str]] = {}
        after: dict[str, Repo] = {}
        for repo in sorted(repos, key=lambda one: one.path.count("/"), reverse=True):  # children first
            merged = self._with(repo, tuple(sorted(changed.get(repo.path, ()))))
            after[repo.path] = merged
            parent = _parent(repo, known) if merged.dirty else None
            if parent is not None:
                changed.setdefault(parent.path, []).append(repo.path[len(parent.path) + 1 :])
        self._before = {path: one for path, one in self._before.items() if path in after}
        return tuple(after[repo.path] for repo in repos)

    def _with(self, repo: Repo, folders: tuple[str, ...]) -> Repo:
        before = self._before.get(repo.path)
        if before is None or before[0] is not repo or before[1] != folders:
            before = (repo, folders, _changed_in(repo, folders) if folders else repo)
            self._before[repo.path] = before
        return before[2]


def _parent(repo: Repo, known: dict[str, Repo]) -> Repo | None:
    """The repository that records *repo* in its index; None where there is none."""
    if repo.kind not in {RepoKind.SUBMODULE, RepoKind.NESTED}:
        return None
    above = repo.path
    while (above := above.rpartition("/")[0]) and above not in known:
        continue
    parent = known.get(above)
    if parent is None:
        return None
    own = repo.path[len(above) + 1 :] in (*parent.submodules.folders, *parent.submodules.links)
    return parent if own or repo.kind is RepoKind.SUBMODULE else None


def _changed_in(repo: Repo, folders: tuple[str, ...]) -> Repo:
    if repo.error is not None or repo.unstaged is None:
        return repo
    changes = list(repo.changes)
    unstaged, total = repo.unstaged, repo.changes_total
    for folder in folders:
        if folder in repo.submodules.quiet:
            continue
        at = next((number for number, change in enumerate(changes) if change.path == folder), None)
        if at is None:
            at = next(
                (n for n, one in enumerate(changes) if one.xy == "??" or one.path > folder), len(changes)
            )
            changes.insert(at, FileChange(folder, ".M"))
            total += 1
        elif changes[at].xy[1:2] == ".":
            changes[at] = replace(changes[at], xy=f"{changes[at].xy[0]}M")
        else:
            continue
        unstaged += 1
    return replace(repo, unstaged=unstaged, changes_total=total, changes=tuple(changes))

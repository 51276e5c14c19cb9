"""What is not committed in a repository, as `git diff` tells it: bounded, and read without trusting it."""

from __future__ import annotations

import os
from pathlib import Path

from agentdash.core.queries import RepoDiff
from agentdash.core.repos import Repo, RepoKind
from agentdash.core.snapshot import SourceError
from collectors import repos_git
from collectors.repos_find import repository_at
from collectors.repos_gitdir import GitDir

MOST_BYTES = 512 * 1024
MOST_LINES = 10_000
_DIFF = (
    "-c", "diff.noprefix=false", "-c", "diff.mnemonicPrefix=false",
    "-c", f"diff.orderFile={os.devnull}",
    "diff",
    # A repository may name programs for both; neither is run.
    "--no-ext-diff", "--no-textconv",
    # A look into a submodule would be a git process of its own, under the submodule's own configuration.
    "--ignore-submodules=dirty", "--submodule=short",
    "--no-color", "--no-relative", "-M", "-l200",
)  # fmt: skip


class _Enough(Exception):  # noqa: N818 - it ends the reading, and is no fault
    """What is shown at most has been read."""


def read_diff(repo: Repo, timeout: float) -> RepoDiff:
    """What the work tree and the index of *repo* have beyond its last commit. Blocks: call it in a thread.

    Args:
        repo: As it was last read.
        timeout: Seconds that git may take.

    Returns:
        At most `MOST_LINES` lines out of the first `MOST_BYTES`.

    Raises:
        SourceError: in words.
    """
    if repo.kind is RepoKind.BARE:
        raise SourceError(f"{repo.name} is bare: it has no files that could differ")
    path = Path(repo.path)
    found = repository_at(path)
    if found is None or found.error is not None:
        why = found.error if found else "it is no repository any more"
        raise SourceError(f"{repo.name} cannot be compared: {why}")
    # Before the first commit there is nothing but the index to compare with.
    against = ("HEAD",) if repo.head else ("--cached",)
    taken = bytearray()

    def feed(piece: bytes) -> None:
        taken.extend(piece)
        if len(taken) > MOST_BYTES:
            raise _Enough

    cut = False
    try:
        undone, _ = repos_git.filters(path, GitDir.of(found.git_dir).config, timeout)
        repos_git.run(path, (*undone, *_DIFF, *against, "--"), feed, timeout)
    except _Enough:
        cut = True
    except repos_git.GitFailed as failure:
        raise SourceError(f"{repo.name} cannot be compared: {failure}") from failure
    lines = bytes(taken[:MOST_BYTES]).decode("utf-8", "backslashreplace").split("\n")
    if cut or not lines[-1]:
        lines.pop()  # half a line, or what follows the last end of line
    cut = cut or len(lines) > MOST_LINES
    return RepoDiff(repo.path, tuple(lines[:MOST_LINES]), cut)

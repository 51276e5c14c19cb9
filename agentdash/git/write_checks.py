"""Checks before git changes a repository: it changes this one only, and not through links."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from agentdash.core.secrets.safe_text import safe_text
from agentdash.git.git_dir import GitDir, UnusableRepo, read_start

MAX_REFS = 500_000
"""Limit of reference and log files that are checked; a repository with more is not changed."""
_WRITTEN = (
    "HEAD", "index", "FETCH_HEAD", "ORIG_HEAD", "COMMIT_EDITMSG", "MERGE_HEAD", "MERGE_MSG", "MERGE_MODE",
    "AUTO_MERGE", "CHERRY_PICK_HEAD", "REVERT_HEAD", "SQUASH_MSG", "packed-refs", "shallow", "reftable",
)  # fmt: skip
_WALKED = ("refs", "logs")
_SMALL = 4096


def check_ownership(path: Path, git_dir: GitDir) -> None:
    """Refuse a git directory of another work tree: a change here would change that one.

    Raises:
        UnusableRepo: where it is.
    """
    here, own = os.path.realpath(path), os.path.realpath(git_dir.own)
    if own in {here, f"{here}/.git"}:
        return
    back = read_start(git_dir.own / "gitdir", _SMALL)
    if back is not None:
        named = os.path.join(own, os.fsdecode(back.rstrip(b"\r\n")))  # noqa: PTH118 - names of any bytes
        theirs = os.path.realpath(os.path.dirname(named)) != here  # noqa: PTH120 - as above
    else:
        theirs = own.endswith("/.git")
    if theirs:
        raise UnusableRepo(f"its git directory belongs to another work tree: {safe_text(own, 300)}")


def has_own_git_dir(child: Path, parent: GitDir) -> bool:
    """Whether the git directory of the submodule *child* is in it, or in its parent's ``modules``.

    Raises:
        UnusableRepo: where it has none.
    """
    git_dir = GitDir.from_work_tree(child)
    inside = f"{os.path.realpath(child)}/.git"
    homes = tuple(f"{os.path.realpath(one)}/modules/" for one in (parent.own, parent.shared))
    places = {os.path.realpath(git_dir.own), os.path.realpath(git_dir.shared)}
    return all(place == inside or place.startswith(homes) for place in places)


def check_links(git_dir: GitDir) -> None:
    """Refuse a git directory in which git would write through a link.

    Raises:
        UnusableRepo: where there is one.
    """
    for base in dict.fromkeys((git_dir.own, git_dir.shared)):
        for name in (*_WRITTEN, *_WALKED):
            if os.path.islink(base / name):  # noqa: PTH114 - never raises
                raise _link(name)
        for number, entry in enumerate(_below(base)):
            if number > MAX_REFS:
                raise UnusableRepo(f"it has more than {MAX_REFS} references: do it in a shell")
            if entry.is_symlink():
                raise _link(os.path.relpath(entry.path, base))


def check_symbolic_refs(git_dir: GitDir) -> None:
    """Refuse a remote-tracking branch or tag that refers to a branch: a fetch would move that.

    Raises:
        UnusableRepo: where there is one.
    """
    for entry in _below(git_dir.shared):
        below = os.path.relpath(entry.path, git_dir.shared)
        if not below.startswith(("refs/remotes/", "refs/tags/")) or entry.is_dir(follow_symlinks=False):
            continue
        text = read_start(entry.path, _SMALL) or b""
        to = text[4:].strip()
        if text.startswith(b"ref:") and not to.startswith(b"refs/remotes/"):
            shown = safe_text(to.decode(errors="replace"), 100)
            raise UnusableRepo(f"its {safe_text(below, 100)} is a symbolic reference to {shown}")


def _link(name: str) -> UnusableRepo:
    return UnusableRepo(
        f"its {safe_text(name, 100)} is a link, through which git would write: do it in a shell"
    )


def _below(base: Path) -> Iterator[os.DirEntry[str]]:
    """All entries below the folders of references and logs, without following links."""
    waiting = [f"{base}/{name}" for name in _WALKED]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    yield entry
                    if stat.S_ISDIR(entry.stat(follow_symlinks=False).st_mode):
                        waiting.append(entry.path)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise UnusableRepo(f"its references cannot be read: {error.strerror}") from None

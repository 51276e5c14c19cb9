"""Diffs of uncommitted changes and of commits: bounded, and read without trusting the repository."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from agentdash.core.repos.model import Repo, RepoKind
from agentdash.core.repos.queries import CommitDiffQuery, RepoDiff, RepoDiffQuery
from agentdash.core.secrets.files import masked_diff
from agentdash.core.snapshot import SourceError
from agentdash.git import commands
from collectors.repos.search import FoundRepo, repository_at

MAX_BYTES = 512 * 1024
MAX_LINES = 10_000
_SHA = re.compile(r"[0-9a-f]{7,64}\Z")
_SAFELY = (
    # A repository may name programs for both: neither is run.
    "--no-ext-diff", "--no-textconv",
    # Git would start another process in each submodule, with that one's configuration.
    "--ignore-submodules=dirty", "--submodule=short",
    "--no-color", "--no-relative", "-M", "-l200",
)  # fmt: skip
_SHOW = (
    "show", "--first-parent", "-m", "--stat", "-p",
    # A format of the repository's could have signatures checked.
    "--format=commit %H%nAuthor: %an <%ae>%nDate:   %ad%n%n%w(0,4,4)%B", "--date=default",
    "--no-show-signature", "--no-mailmap", "--no-notes", "--no-decorate", "--encoding=UTF-8",
)  # fmt: skip


def read_diff(repo: Repo, timeout: float, query: RepoDiffQuery | None = None) -> RepoDiff:
    """The difference of work tree and index of *repo* to its last commit. Blocks: call it in a thread.

    Args:
        repo: The newest record.
        timeout: Limit of git, seconds.
        query: Selects a file; default: all tracked files.

    Returns:
        At most `MAX_LINES` lines out of the first `MAX_BYTES`.

    Raises:
        SourceError: where git fails.
    """
    if repo.kind is RepoKind.BARE:
        raise SourceError(f"{repo.name} is bare: it has no files that could differ")
    found = _found(repo)
    if query is not None and query.untracked and query.file is not None:
        return _new_file(repo, query.file, timeout)
    # Before the first commit there is only the index to compare with.
    against = ("HEAD",) if repo.head else ("--cached",)
    named = () if query is None else (query.renamed_from, query.file)
    paths = tuple(os.fsdecode(path) for path in named if path is not None)
    return _git(repo, found, ("diff", *_SAFELY, *against, "--", *paths), timeout)


def read_commit_diff(repo: Repo, timeout: float, query: CommitDiffQuery) -> RepoDiff:
    """The message of a commit, and its diff to the first parent. Blocks, as `read_diff`.

    Raises:
        SourceError: where git fails.
    """
    if _SHA.match(query.sha) is None:
        raise SourceError(f"{query.sha!r} is no commit id")
    return _git(repo, _found(repo), (*_SHOW, *_SAFELY, query.sha, "--"), timeout)


def _found(repo: Repo) -> FoundRepo:
    path = Path(repo.path)
    found = FoundRepo(path, path, repo.kind) if repo.kind is RepoKind.BARE else repository_at(path)
    if found is None or found.error is not None:
        why = found.error if found else "it is no repository any more"
        raise SourceError(f"{repo.name} cannot be compared: {why}")
    return found


def _git(repo: Repo, found: FoundRepo, arguments: tuple[str, ...], timeout: float) -> RepoDiff:
    arguments = ("--literal-pathspecs", *arguments)
    try:
        raw, cut, _ = commands.bounded_output(found.path, arguments, MAX_BYTES, timeout)
    except commands.GitFailed as failure:
        raise SourceError(f"{repo.name} cannot be compared: {failure}") from failure
    return _lines(repo, raw, cut=cut)


def _lines(repo: Repo, raw: bytes, *, cut: bool, before: tuple[str, ...] = (), sign: str = "") -> RepoDiff:
    """The lines of *raw* with *sign* before each, after the lines *before*; secrets are masked."""
    lines = raw.decode("utf-8", "backslashreplace").split("\n")
    if cut or not lines[-1]:
        lines.pop()  # half a line, or the empty text after the last one
    cut = cut or len(lines) > MAX_LINES
    shown, masked = masked_diff(sign + line for line in lines[:MAX_LINES])
    return RepoDiff(repo.path, (*before, *shown), cut, masked)


def _new_file(repo: Repo, name: bytes, timeout: float) -> RepoDiff:
    """An untracked file as a new one; of a folder, the names of its files."""
    path = Path(repo.path) / os.fsdecode(name)
    try:
        kind = path.lstat().st_mode
        if stat.S_ISDIR(kind):
            others = ("ls-files", "--others", "--exclude-standard", "--", os.fsdecode(name))
            return _git(repo, _found(repo), others, timeout)
        if stat.S_ISLNK(kind):
            raw = b"link to " + os.fsencode(path.readlink())
        elif not stat.S_ISREG(kind):
            raise SourceError(f"{os.fsdecode(name)} is neither a file nor a folder")
        else:
            with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:  # noqa: PTH123
                raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SourceError(f"{os.fsdecode(name)} cannot be read: {error.strerror}") from error
    shown = os.fsdecode(name)
    if b"\0" in raw[:8000]:
        return RepoDiff(repo.path, (f"new file, not text: {shown}",))
    head = ("--- /dev/null", f"+++ b/{shown}", "@@ -0,0 +1 @@")
    return _lines(repo, raw[:MAX_BYTES], cut=len(raw) > MAX_BYTES, before=head, sign="+")

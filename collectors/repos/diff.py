"""What is not committed in a repository, as `git diff` tells it: bounded, and read without trusting it."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from agentdash.core.repos.model import Repo, RepoKind
from agentdash.core.repos.queries import CommitDiffQuery, RepoDiff, RepoDiffQuery
from agentdash.core.secrets.files import hidden
from agentdash.core.snapshot import SourceError
from agentdash.git import commands
from collectors.repos.search import FoundRepo, repository_at

MAX_BYTES = 512 * 1024
MAX_LINES = 10_000
_SHA = re.compile(r"[0-9a-f]{7,64}\Z")
_SAFELY = (
    # A repository may name programs for both; neither is run.
    "--no-ext-diff", "--no-textconv",
    # A look into a submodule would be a git process of its own, under the submodule's own configuration.
    "--ignore-submodules=dirty", "--submodule=short",
    "--no-color", "--no-relative", "-M", "-l200",
)  # fmt: skip
_SHOW = (
    "show", "--first-parent", "-m", "--stat", "-p",
    # The form is named, and none of the repository's own that may ask for a signature to be checked.
    "--format=commit %H%nAuthor: %an <%ae>%nDate:   %ad%n%n%w(0,4,4)%B", "--date=default",
    "--no-show-signature", "--no-mailmap", "--no-notes", "--no-decorate", "--encoding=UTF-8",
)  # fmt: skip


class _Enough(Exception):  # noqa: N818 - it ends the reading, and is no fault
    """What is shown at most has been read."""


def read_diff(repo: Repo, timeout: float, query: RepoDiffQuery | None = None) -> RepoDiff:
    """What the work tree and the index of *repo* have beyond its last commit. Blocks: call it in a thread.

    Args:
        repo: As it was last read.
        timeout: Seconds that git may take.
        query: Which file of it; all that are tracked, by default.

    Returns:
        At most `MAX_LINES` lines out of the first `MAX_BYTES`.

    Raises:
        SourceError: in words.
    """
    if repo.kind is RepoKind.BARE:
        raise SourceError(f"{repo.name} is bare: it has no files that could differ")
    found = _found(repo)
    if query is not None and query.untracked and query.file is not None:
        return _new_file(repo, query.file, timeout)
    # Before the first commit there is nothing but the index to compare with.
    against = ("HEAD",) if repo.head else ("--cached",)
    named = () if query is None else (query.renamed_from, query.file)
    paths = tuple(os.fsdecode(path) for path in named if path is not None)
    return _ask(repo, found, ("diff", *_SAFELY, *against, "--", *paths), timeout)


def read_commit_diff(repo: Repo, timeout: float, query: CommitDiffQuery) -> RepoDiff:
    """What one commit has changed against its first parent, its message above. Blocks, as `read_diff`.

    Raises:
        SourceError: in words.
    """
    if _SHA.match(query.sha) is None:
        raise SourceError(f"{query.sha!r} is no commit id")
    return _ask(repo, _found(repo), (*_SHOW, *_SAFELY, query.sha, "--"), timeout)


def _found(repo: Repo) -> FoundRepo:
    path = Path(repo.path)
    found = FoundRepo(path, path, repo.kind) if repo.kind is RepoKind.BARE else repository_at(path)
    if found is None or found.error is not None:
        why = found.error if found else "it is no repository any more"
        raise SourceError(f"{repo.name} cannot be compared: {why}")
    return found


def _ask(repo: Repo, found: FoundRepo, arguments: tuple[str, ...], timeout: float) -> RepoDiff:
    taken = bytearray()

    def feed(piece: bytes) -> None:
        taken.extend(piece)
        if len(taken) > MAX_BYTES:
            raise _Enough

    cut = False
    try:
        commands.run(found.path, ("--literal-pathspecs", *arguments), feed, timeout)
    except _Enough:
        cut = True
    except commands.GitFailed as failure:
        raise SourceError(f"{repo.name} cannot be compared: {failure}") from failure
    return _lines(repo, bytes(taken[:MAX_BYTES]), cut=cut)


def _lines(repo: Repo, raw: bytes, *, cut: bool, before: tuple[str, ...] = (), sign: str = "") -> RepoDiff:
    """What is shown of *raw*, each line after *sign*, all after the lines *before*; secrets masked."""
    lines = raw.decode("utf-8", "backslashreplace").split("\n")
    if cut or not lines[-1]:
        lines.pop()  # half a line, or what follows the last end of line
    cut = cut or len(lines) > MAX_LINES
    shown, masked = hidden(sign + line for line in lines[:MAX_LINES])
    return RepoDiff(repo.path, (*before, *shown), cut, masked)


def _new_file(repo: Repo, name: bytes, timeout: float) -> RepoDiff:
    """A file that git does not track yet, as all new; of a folder, the names of what is in it."""
    path = Path(repo.path) / os.fsdecode(name)
    try:
        kind = path.lstat().st_mode
        if stat.S_ISDIR(kind):
            others = ("ls-files", "--others", "--exclude-standard", "--", os.fsdecode(name))
            return _ask(repo, _found(repo), others, timeout)
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

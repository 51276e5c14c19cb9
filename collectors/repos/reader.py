"""Reads one repository: its git directory, one `git status`, and HEAD's commit where it changed."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path

from agentdash.core.clock import Clock
from agentdash.core.repos.model import Repo, RepoKind
from agentdash.core.secrets.safe_text import safe_text
from agentdash.git import commands
from agentdash.git.git_dir import Fingerprint, GitDir, submodules
from agentdash.git.status import StatusFacts, StatusParser
from collectors.repos.commit import Commit, read_commit
from collectors.repos.lock import is_held
from collectors.repos.search import FoundRepo
from collectors.repos.watch import Unwatched

HOLDER_CHECK_MS = 10_000
"""Age of a lock, ms, from which its holder is looked for."""


class RepoReader:
    """Reads one repository; one thread at a time.

    Args:
        found: The repository.
        name: Its display name.
        timeout: Limit of one git process, seconds.
        clock: Source of time.

    Attributes:
        repo: The newest record; unknown values before the first read.
        git_processes: Number of git processes started for it in all.
        unwatched: Folders whose changes do not matter; updated by reads with *list_ignored*.
        nested: Folders of unregistered repositories in it.
    """

    def __init__(self, found: FoundRepo, name: str, timeout: float, clock: Clock) -> None:
        self.found = found
        self.git_dir = GitDir.from_git_dir(found.git_dir)
        self.git_processes = 0
        self.unwatched = Unwatched()
        self.nested: tuple[str, ...] = ()
        self.repo = Repo(str(found.path), safe_text(name), found.kind, error=found.error)
        self.timeout = timeout
        self._clock = clock
        self._links: tuple[object, tuple[str, ...]] = (None, ())
        self._commit: tuple[str, Commit | None] | None = None
        self._lock = threading.Lock()

    def fingerprint(self) -> Fingerprint:
        """Equal as long as git changes nothing in it."""
        upstream = self.repo.upstream
        return self.git_dir.fingerprint(
            *(
                f"refs/{kind}/{name}"
                for kind, name in (("heads", self.repo.branch), ("remotes", upstream))
                if name
            )
        )

    def read(self, *, list_ignored: bool = False) -> Repo:
        """Read it now. A failure sets `Repo.error` and keeps the other fields.

        Args:
            list_ignored: Whether to list ignored folders, too.
        """
        with self._lock:
            if self.found.error is not None:
                return self.repo
            try:
                repo = self._bare() if self.found.kind is RepoKind.BARE else self._status(list_ignored)
            except commands.GitFailed as failure:
                repo = replace(self.repo, error=safe_text(str(failure)))
            except OSError as error:
                repo = replace(self.repo, error=f"it cannot be read: {error.strerror}")
            except Exception as fault:  # noqa: BLE001 - one repository must not stop the others
                repo = replace(self.repo, error=f"internal error: {type(fault).__name__}: {fault}")
            self.repo = self.repo if repo == self.repo else repo
            return self.repo

    def check_lock(self) -> None:
        """Update the age of its lock, in steps of 1 s, later 10 s, later 1 min."""
        age = self.git_dir.lock_age_ms(self._clock.now_ms())
        if age is not None:
            step = 1000 if age < 60_000 else 10_000 if age < 600_000 else 60_000
            age -= age % step
        if age == self.repo.lock_age_ms:
            return
        held = None
        if age is not None and age >= HOLDER_CHECK_MS:
            held = is_held(self.git_dir.own / "index.lock", self.found.path)
        self.repo = replace(self.repo, lock_age_ms=age, lock_held=held)

    def _status(self, list_ignored: bool) -> Repo:
        parser = StatusParser()
        path = self.found.path
        self.git_processes += commands.status(path, parser.feed, self.timeout, ignored=list_ignored)
        facts = parser.facts
        if list_ignored:
            self.unwatched = Unwatched(frozenset(facts.ignored), frozenset(facts.unknown))
        operation, step = self.git_dir.operation()
        commit = self._head(facts.head)
        return Repo(
            path=str(path),
            name=self.repo.name,
            kind=self.found.kind,
            branch=facts.branch,
            detached=facts.detached,
            head=facts.head,
            subject=commit.subject if commit else None,
            author=commit.author if commit else None,
            committed_at=commit.at if commit else None,
            committed_out_of_range=commit is not None and commit.at_out_of_range,
            upstream=facts.upstream,
            upstream_gone=facts.upstream is not None and facts.ahead is None and facts.head is not None,
            ahead=facts.ahead,
            behind=facts.behind,
            staged=facts.staged,
            unstaged=facts.unstaged,
            untracked=facts.untracked,
            conflicted=facts.conflicted,
            renamed=facts.renamed,
            stash=facts.stash,
            operation=operation,
            operation_step=step,
            shallow=self.git_dir.shallow,
            submodules=replace(submodules(path, facts.moved_submodules), links=self._gitlinks()),
            # Set by `check_lock`; the lock of a quick command is not shown.
            lock_age_ms=self.repo.lock_age_ms,
            lock_held=self.repo.lock_held,
            operation_since=self.git_dir.operation_since() if operation else None,
            only_here=self._only_here(facts),
            operation_branch=self.git_dir.operation_branch() if operation and facts.detached else None,
            changes=tuple(facts.changes),
            changes_total=facts.total,
        )

    def _only_here(self, facts: StatusFacts) -> int | None:
        """See `Repo.only_here`. Read again where HEAD has moved, or there were some."""
        child = self.found.kind is RepoKind.SUBMODULE
        if facts.head is None or not (facts.detached or child):
            return None
        if child and not (self.git_dir.shared / "refs/remotes").is_dir():
            return None
        if facts.head == self.repo.head and self.repo.only_here == 0:
            return 0
        pieces: list[bytes] = []
        refs = ("--remotes",) if child else ("--branches", "--tags", "--remotes")
        arguments = ("rev-list", "--count", "--max-count=100", "HEAD", "--not", *refs)
        self.git_processes += 1
        try:
            commands.run(self.found.path, arguments, pieces.append, self.timeout)
        except commands.GitFailed:
            return None
        return int(b"".join(pieces) or b"0")

    def _gitlinks(self) -> tuple[str, ...]:
        """See `Submodules.links`. Read again where the index or the nested repositories have changed."""
        if not self.nested:
            return ()
        try:
            status = (self.git_dir.own / "index").stat()
        except OSError:
            return ()
        of = (self.nested, status.st_ino, status.st_size, status.st_mtime_ns)
        if self._links[0] != of:
            self.git_processes += 1
            arguments = ("--literal-pathspecs", "ls-files", "-s", "-z", "--", *self.nested)
            entries = commands.output(self.found.path, arguments, self.timeout).split(b"\0")
            links = {os.fsdecode(one.partition(b"\t")[2]) for one in entries if one.startswith(b"160000 ")}
            self._links = (of, tuple(folder for folder in self.nested if folder in links))
        return self._links[1]

    def _bare(self) -> Repo:
        pieces: list[bytes] = []
        self.git_processes += 1
        arguments = ("rev-parse", "--is-bare-repository", "--verify", "-q", "HEAD^{commit}")
        try:
            commands.run(self.found.path, arguments, pieces.append, self.timeout)
        except commands.GitFailed as failure:
            if failure.code != 1:  # 1: no commits yet
                raise
        words = b"".join(pieces).decode("ascii", "replace").split()
        known = words[-1] if words and words[-1] not in {"true", "false"} else None
        commit = self._head(known)
        branch = self.git_dir.branch()
        return replace(
            Repo(str(self.found.path), self.repo.name, RepoKind.BARE),
            branch=branch,
            detached=branch is None,
            head=known,
            subject=commit.subject if commit else None,
            author=commit.author if commit else None,
            committed_at=commit.at if commit else None,
            committed_out_of_range=commit is not None and commit.at_out_of_range,
            shallow=self.git_dir.shallow,
        )

    def _head(self, head: str | None) -> Commit | None:
        if head is None:
            return None
        if self._commit is None or self._commit[0] != head:
            objects = self.git_dir.shared / "objects"
            commit, processes = read_commit(Path(self.found.path), objects, head, self.timeout)
            self.git_processes += processes
            self._commit = (head, commit)
        return self._commit[1]

"""GitPython on a repository that is not trusted: `commands.run` starts its git, and git reads refs and index.

Import this module late: GitPython takes about 60 ms to load.
"""

from __future__ import annotations

import configparser
import io
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, NoReturn

from agentdash.git import commands

MAX_GITMODULES = 256 * 1024
"""Bytes of a ``.gitmodules`` file that GitPython may parse."""
_NO_GIT = os.devnull
_ODD = (ValueError, LookupError, TypeError, AttributeError, AssertionError)
"""What GitPython raises for objects that it does not expect."""


@contextmanager
def _no_git() -> Iterator[None]:
    """Let GitPython be imported without running ``git version`` from the PATH in the working folder."""
    wanted = {"GIT_PYTHON_GIT_EXECUTABLE": _NO_GIT, "GIT_PYTHON_REFRESH": "quiet"}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


with _no_git():
    from git import HEAD, BadName, Commit, Git, IndexFile, Object, Repo
    from git.db import GitCmdObjectDB
    from git.index.typ import IndexEntry
    from git.objects import Submodule
    from git.types import AnyGitObject
    from git.util import IterableList

# What is not a `CheckedGit` finds no program to run.
Git.GIT_PYTHON_GIT_EXECUTABLE = _NO_GIT


@dataclass(frozen=True, slots=True)
class FinishedProcess:
    """A git process that has exited with 0, in place of GitPython's process object."""

    stdout: IO[bytes]

    def wait(self) -> int:
        """The exit code."""
        return 0


class CheckedGit(Git):
    """Runs git commands by `commands.run`, with its checks, overrides and limits.

    Args:
        path: The work tree, or a bare repository.
        timeout: Seconds that each git process may take.
        writes: Whether commands may change the repository.
    """

    __slots__ = ("_objects", "_path", "_timeout", "_writes")

    def __init__(self, path: Path, timeout: float, *, writes: bool) -> None:
        super().__init__(path)
        self._path, self._timeout = path, timeout
        self._writes = () if writes else None
        self._objects: dict[str, tuple[bytes, bytes]] = {}

    def execute(  # type: ignore[override] # of its options, those that have a meaning here
        self,
        command: Sequence[str],
        istream: IO[bytes] | None = None,
        *,
        as_process: bool = False,
        stdout_as_string: bool = True,
    ) -> str | bytes | FinishedProcess:
        """Run one command to its end; its output is limited to `commands.MAX_OUTPUT`.

        Raises:
            GitFailed: where git fails, or the repository is refused.
        """
        output = commands.output(
            self._path,
            tuple(command[1:]),
            self._timeout,
            stdin=b"" if istream is None else istream.read(),
            more=self.environment(),
            writes=self._writes,
        )
        if as_process:
            return FinishedProcess(io.BytesIO(output))
        return os.fsdecode(output.removesuffix(b"\n")) if stdout_as_string else output

    def load_objects(self, ids: Iterable[str]) -> None:
        """Read objects into memory with one process, for `stream_object_data`.

        Raises:
            GitFailed: where git fails, or the repository is refused.
        """
        request = "".join(f"{one}\n" for one in ids).encode()
        left = self.execute(("git", "cat-file", "--batch"), io.BytesIO(request), stdout_as_string=False)
        assert isinstance(left, bytes)
        while left:
            header, _, left = left.partition(b"\n")
            sha, kind, *size = header.split(b" ")
            if kind == b"missing" or len(left) <= int(size[0]):
                continue
            self._objects[sha.decode()] = kind, left[: int(size[0])]
            left = left[int(size[0]) + 1 :]

    def stream_object_data(self, ref: str | bytes) -> tuple[str, bytes, int, IO[bytes]]:  # type: ignore[override]
        """Id, type, size and content of an object.

        Raises:
            GitFailed: where git fails, or the repository is refused.
            ValueError: where it is missing, or larger than `commands.MAX_OUTPUT`.
        """
        sha = ref.decode() if isinstance(ref, bytes) else ref
        if sha not in self._objects:
            self.load_objects((sha,))
        if sha not in self._objects:
            raise ValueError(f"object {sha} is missing or too large")
        kind, content = self._objects[sha]
        return sha, kind, len(content), io.BytesIO(content)

    def get_object_header(self, ref: str | bytes) -> tuple[str, bytes, int]:  # type: ignore[override]
        """Id, type and size of an object; errors as in `stream_object_data`."""
        return self.stream_object_data(ref)[:3]


class CheckedHead(HEAD):
    """HEAD, resolved by git: a reference file may be a pipe, or lead to one."""

    @property  # type: ignore[misc] # GitPython's can be set, too
    def commit(self) -> Commit:
        """The commit."""
        return self.repo.commit("HEAD")


class CheckedRepo(Repo):
    """A repository at a path that has been checked; GitPython's own search and configuration are not used.

    Its commits and trees work for SHA-1 only, as in all of GitPython.

    Args:
        path: The work tree, or a bare repository.
        timeout: Seconds that each git process may take.
        writes: Whether commands may change the repository.

    Raises:
        GitFailed: where it is no repository, or one that git must not open.
    """

    def __init__(self, path: Path, timeout: float, *, writes: bool = False) -> None:
        git_dir, _ = commands.checked_git_dir(path, timeout)
        self.git_dir, self._common_dir = str(git_dir.own), str(git_dir.shared)
        self._bare = git_dir.own == path
        self._working_tree_dir = None if self._bare else str(path)
        self.working_dir = str(path)
        self._path, self._timeout = path, timeout
        self.git: CheckedGit = CheckedGit(path, timeout, writes=writes)
        self.odb = GitCmdObjectDB(f"{git_dir.shared}/objects", self.git)
        self._ids: dict[str, str] = {}

    def config_reader(self, config_level: object = None) -> NoReturn:
        """Not to be used: `config.settings` reads configuration.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError

    config_writer = config_reader

    def rev_parse(self, rev: str) -> AnyGitObject:
        """The object that *rev* names, resolved once.

        Raises:
            BadName: where there is none.
        """
        try:
            sha = self._ids.get(rev) or self.git.rev_parse("--verify", "--quiet", rev)
        except commands.GitFailed as why:
            raise BadName(rev) from why
        self._ids[rev] = sha
        return Object.new_from_sha(self, bytes.fromhex(sha))

    @property
    def head(self) -> HEAD:
        """HEAD."""
        return CheckedHead(self)

    @cached_property
    def index(self) -> IndexFile:
        """The index with its entries for submodules alone, as git lists them."""
        found: dict[tuple[str | os.PathLike[str], int], IndexEntry] = {}
        rest = b""

        def feed(piece: bytes) -> None:
            nonlocal rest
            *entries, rest = (rest + piece).split(b"\0")
            for entry in entries:
                facts, _, name = entry.partition(b"\t")
                mode, sha, stage = facts.decode().split(" ")
                if mode == "160000":
                    key = (os.fsdecode(name), int(stage))
                    found[key] = IndexEntry((int(mode, 8), bytes.fromhex(sha), int(stage) << 12, key[0]))

        commands.run(self._path, ("ls-files", "--stage", "-z"), feed, self._timeout)
        index = IndexFile(self)
        index.entries = found
        return index

    @property
    def submodules(self) -> IterableList[Submodule]:
        """Those that ``.gitmodules`` registers and HEAD or the index records.

        Raises:
            GitFailed: where ``.gitmodules`` cannot be used.
        """
        try:
            status = os.lstat(self._path / ".gitmodules")
        except FileNotFoundError:
            return IterableList("name")
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_GITMODULES:
            raise commands.GitFailed(".gitmodules is no regular file, or too large")
        try:
            return super().submodules
        except (configparser.Error, OSError, *_ODD) as why:
            raise commands.GitFailed(f".gitmodules cannot be used: {why}") from None

    def commits(self, rev: str, count: int) -> list[Commit]:
        """The newest *count* commits that *rev* reaches, with their content loaded.

        Raises:
            GitFailed: where git fails, or the repository is refused.
            ValueError: where GitPython misreads one of them: it is SHA-256, malformed, or not UTF-8.
        """
        try:
            found = list(self.iter_commits(rev, max_count=count))
            self.git.load_objects(one.hexsha for one in found)
            if all(self._is_plain(one) for one in found):
                return found
        except _ODD as why:
            raise ValueError(str(why)) from None
        raise ValueError("a commit without time or author, or in another encoding")

    def _is_plain(self, commit: Commit) -> bool:
        header = self.git.get_object_data(commit.hexsha)[3].partition(b"\n\n")[0]
        return commit.committed_date != 0 and commit.author.name is not None and b"\nencoding " not in header

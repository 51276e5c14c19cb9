"""What is not committed, from real repositories; none of them has a word in how it is read."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from agentdash.core.repos.model import Repo, RepoKind
from agentdash.core.repos.queries import CommitDiffQuery, RepoDiffQuery, SubmoduleLine
from agentdash.core.snapshot import SourceError
from agentdash.git.git_dir import submodules
from collectors.repos import diff as repos_diff
from collectors.repos.detail import read_detail
from collectors.repos.diff import read_commit_diff, read_diff
from tests.collectors.repos.stage import commit, git, repository


@pytest.fixture
def work(tmp_path: Path) -> Path:
    path = tmp_path / "web"
    path.mkdir()
    git(path, "init", "-q", "-b", "main")
    (path / "a.py").write_text("one\ntwo\nthree\n")
    git(path, "add", "-A")
    git(path, "commit", "-qm", "first")
    return path


def repo(path: Path) -> Repo:
    return Repo(str(path), path.name, head=git(path, "rev-parse", "HEAD"))


def test_staged_and_unstaged_together(work: Path) -> None:
    (work / "a.py").write_text("one\n2\nthree\n")
    (work / "b.py").write_text("new\n")
    git(work, "add", "b.py")
    diff = read_diff(repo(work), 10)
    assert diff.lines[0] == "diff --git a/a.py b/a.py"
    assert {"-two", "+2", "+new", "diff --git a/b.py b/b.py"} <= set(diff.lines)
    assert not diff.cut


def test_nothing_differs(work: Path) -> None:
    assert read_diff(repo(work), 10).lines == ()


def test_before_the_first_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "a").write_text("x\n")
    git(tmp_path, "add", "a")
    assert "+x" in read_diff(Repo(str(tmp_path), "new"), 10).lines


def test_no_program_of_the_repository_is_run(work: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    evil = tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\necho $0 >> {trace}\ncat\n")
    evil.chmod(0o755)
    (work / ".gitattributes").write_text("*.py diff=evil filter=evil\n")
    for name in (
        "diff.external",
        "diff.evil.command",
        "diff.evil.textconv",
        "filter.evil.clean",
        "core.pager",
    ):
        git(work, "config", name, str(evil))
    (work / "a.py").write_text("one\n2\nthree\n")
    assert "+2" in read_diff(repo(work), 10).lines
    assert not trace.exists()
    git(work, "diff", "HEAD")
    assert trace.exists(), "the trap is real"


def test_settings_of_the_repository_do_not_change_the_form(work: Path) -> None:
    for name, value in (("noprefix", "true"), ("mnemonicPrefix", "true"), ("orderFile", "/nowhere")):
        git(work, "config", f"diff.{name}", value)
    git(work, "config", "color.ui", "always")
    (work / "a.py").write_text("one\n2\nthree\n")
    assert read_diff(repo(work), 10).lines[0] == "diff --git a/a.py b/a.py"


def test_a_huge_one_is_cut(work: Path) -> None:
    (work / "a.py").write_text("".join(f"line {n} {'x' * 60}\n" for n in range(50_000)))
    diff = read_diff(repo(work), 10)
    assert diff.cut
    assert len(diff.lines) <= repos_diff.MAX_LINES
    assert sum(map(len, diff.lines)) <= repos_diff.MAX_BYTES


def test_one_long_line_and_bytes_that_are_no_text(work: Path) -> None:
    (work / "a.py").write_bytes(b"\xff\xfe\x1b[31m" + b"y" * 3_000_000)
    diff = read_diff(repo(work), 10)
    assert diff.cut
    assert len(diff.lines) < 20


def test_what_cannot_be_compared_says_why(work: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="bare"):
        read_diff(Repo(str(work), "web", RepoKind.BARE), 10)
    with pytest.raises(SourceError, match="no repository any more"):
        read_diff(Repo(str(tmp_path / "gone"), "gone", head="1"), 10)
    (work / ".git" / "HEAD").write_text("nonsense\n")
    with pytest.raises(SourceError, match="cannot be compared"):
        read_diff(Repo(str(work), "web", head="1"), 10)


def test_one_file_alone_also_a_renamed_and_an_untracked_one(work: Path) -> None:
    (work / "b.py").write_text("old\n" * 9)
    git(work, "add", "-A")
    git(work, "commit", "-qm", "second")
    git(work, "mv", "b.py", "c.py")
    (work / "a.py").write_text("one\n")
    odd = b"n\xe9\nw*"
    Path(work / os.fsdecode(odd)).write_text("hello\n")
    known = repo(work)

    def lines(file: bytes, **more: object) -> tuple[str, ...]:
        query = RepoDiffQuery(str(work), file, **more)  # type: ignore[arg-type]
        return read_diff(known, 10, query).lines

    assert [line for line in lines(b"a.py") if line.startswith("diff")] == ["diff --git a/a.py b/a.py"]
    assert "rename from b.py" in lines(b"c.py", renamed_from=b"b.py")
    assert lines(odd, untracked=True)[-1] == "+hello"
    assert lines(b"*") == ()
    (work / "new").mkdir()
    (work / "new/x").write_text("")
    assert lines(b"new/", untracked=True) == ("new/x",)
    (work / "out").symlink_to("/etc/passwd")
    assert lines(b"out", untracked=True)[-1] == "+link to /etc/passwd"


def test_a_commit_and_what_else_there_is(work: Path) -> None:
    head = git(work, "rev-parse", "HEAD")
    show = read_commit_diff(repo(work), 10, CommitDiffQuery(str(work), head))
    assert "+one" in show.lines
    with pytest.raises(SourceError, match="no commit id"):
        read_commit_diff(repo(work), 10, CommitDiffQuery(str(work), "--output=/tmp/x"))
    (work / "a.py").write_text("one\ntwo\n")
    git(work, "stash")
    git(work, "worktree", "add", "-q", "../tree")
    (work / "a.py").write_text("one\ntwo\n3\n4\n")
    detail = read_detail(replace(repo(work), stash=1), 10)
    assert detail.failed == ()
    assert [(c.sha, c.author, c.subject) for c in detail.commits] == [(head, "Test", "first")]
    assert [(s.name, s.subject[:8]) for s in detail.stashes] == [("stash@{0}", "WIP on m")]
    assert [(Path(w.path).name, w.branch) for w in detail.worktrees][1:] == [("tree", "tree")]
    assert (detail.added, detail.deleted) == (2, 1)
    assert (
        "-three" in read_commit_diff(repo(work), 10, CommitDiffQuery(str(work), detail.stashes[0].sha)).lines
    )


def test_secrets_are_masked_in_changes_and_in_new_files(work: Path) -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIabcdef\n-----END RSA PRIVATE KEY-----\n"
    (work / "a.py").write_text(
        f"one\ntoken = self.refresh()\nkey = 'sk-abcdefghijklmnop1234567890'\n{key}three\n"
    )
    (work / "new.env").write_text("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMIK7MDENGbPxRfiCYzz12\nPORT=80\n")
    diff = read_diff(repo(work), 10)
    assert diff.masked == 4
    assert "+token = self.refresh()" in diff.lines, "what is no secret is shown"
    assert not any("abcdef" in line for line in diff.lines)
    fresh = read_diff(repo(work), 10, RepoDiffQuery(str(work), b"new.env", untracked=True))
    assert fresh.lines[3:] == ("+AWS_SECRET_ACCESS_KEY=••••••••", "+PORT=80")
    assert fresh.masked == 1


def test_the_submodules_of_a_repository(work: Path, tmp_path: Path) -> None:
    head = commit(repository(tmp_path / "lib source"))
    git(work, "submodule", "--quiet", "add", str(tmp_path / "lib source"), "lib")
    row = replace(repo(work), submodules=submodules(work, 0))
    expected = SubmoduleLine("lib", head, head, initialised=True, url=str(tmp_path / "lib source"))
    assert read_detail(row, 10).submodules == (expected,)
    git(work, "config", "-f", ".gitmodules", "--unset", "submodule.lib.url")
    assert read_detail(row, 10).submodules == (replace(expected, url=""),)


def test_commits_that_gitpython_misreads_are_read_by_git(work: Path, tmp_path: Path) -> None:
    (tmp_path / "message").write_bytes(b"\xe9t\xe9")
    git(work, "-c", "i18n.commitEncoding=ISO-8859-1", "commit", "--allow-empty", "-qF", "../message")
    assert [one.subject for one in read_detail(repo(work), 10).commits] == ["été", "first"]
    other = repository(tmp_path / "sha256", "--object-format=sha256")
    assert [one.sha for one in read_detail(Repo(str(other), "", head=commit(other)), 10).commits] == [
        git(other, "rev-parse", "HEAD")
    ]

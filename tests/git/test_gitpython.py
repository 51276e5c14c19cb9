"""GitPython runs no git but ours, opens nothing that could stop it, and reads what git itself reads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agentdash.git.commands import GitFailed
from agentdash.git.gitpython import CheckedRepo, Git, Repo
from tests.collectors.repos.stage import commit, git, repository
from tests.git.traps import Traps, arm, everything_below, trapped, write_all


@pytest.fixture
def web(tmp_path: Path) -> Path:
    commit(repository(tmp_path / "PROJECTS/web"))
    return tmp_path / "PROJECTS/web"


def with_submodule(path: Path) -> str:
    source = repository(path.parent.parent / "source")
    commit(source)
    git(path, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(source), "lib")
    return git(path, "rev-parse", ":lib")


def test_importing_it_runs_no_git_and_leaves_the_environment(tmp_path: Path) -> None:
    (tmp_path / "git").write_text(f"#!/bin/sh\n: > {tmp_path}/trace\n")
    (tmp_path / "git").chmod(0o755)
    code = "import os; before = dict(os.environ); import agentdash.git.gitpython; assert os.environ == before"
    env = os.environ | {"PATH": f".:{os.environ['PATH']}", "GIT_PYTHON_REFRESH": "error"}
    subprocess.run((sys.executable, "-c", code), cwd=tmp_path, env=env, check=True, timeout=60)
    assert not (tmp_path / "trace").exists()


def test_without_our_checks_it_starts_nothing(web: Path) -> None:
    with pytest.raises(PermissionError):
        Repo(web).git.status()
    with pytest.raises(PermissionError):
        Git(web).version()


def test_the_person_s_variables_do_not_lead_it_elsewhere(
    web: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = repository(tmp_path / "other")
    commit(other)
    traps = Traps(tmp_path / "traps")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other / ".git/objects"))
    monkeypatch.setenv("GIT_PYTHON_GIT_EXECUTABLE", str(tmp_path / "traps/programs/hook_pre_commit"))
    monkeypatch.setenv("GIT_SSH_COMMAND", str(tmp_path / "traps/programs/hook_pre_commit"))
    checked = CheckedRepo(web, 10)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY"):
        monkeypatch.delenv(name)
    assert checked.head.commit.hexsha == git(web, "rev-parse", "HEAD")
    assert [one.hexsha for one in checked.commits("HEAD", 5)] == git(web, "rev-list", "HEAD").split()
    assert traps.traces() == set()


def test_commits_are_those_of_git_also_from_packs(web: Path) -> None:
    commit(web, "b.txt")
    git(web, "repack", "-adq")
    found = CheckedRepo(web, 10).commits("HEAD", 5)
    assert [
        f"{one.hexsha} {one.committed_date} {one.author.name} {str(one.message).strip()}" for one in found
    ] == git(web, "log", "--format=%H %ct %an %s").splitlines()


def test_submodules_are_read_by_it_with_their_place_in_the_index(web: Path) -> None:
    recorded = with_submodule(web)
    for _ in range(2):
        checked = CheckedRepo(web, 10)
        assert [(one.path, one.hexsha) for one in checked.submodules] == [("lib", recorded)]
        assert {key: one.hexsha for key, one in checked.index.entries.items()} == {("lib", 0): recorded}
        git(web, "commit", "-qm", "lib", check=False)
        git(web, "update-index", "--index-version=4", "--split-index")


@pytest.mark.parametrize("kind", ["pipe", "link", "folder", "large"])
def test_a_gitmodules_file_that_is_none_is_not_opened(web: Path, kind: str) -> None:
    place = web / ".gitmodules"
    {
        "pipe": lambda: os.mkfifo(place),
        "link": lambda: place.symlink_to("/dev/zero"),
        "folder": place.mkdir,
        "large": lambda: place.write_text("#" * 1_000_000),
    }[kind]()
    with pytest.raises(GitFailed, match="no regular file, or too large"):
        _ = CheckedRepo(web, 10).submodules


def test_a_gitmodules_file_includes_nothing(web: Path, tmp_path: Path) -> None:
    recorded = with_submodule(web)
    os.mkfifo(tmp_path / "pipe")
    with (web / ".gitmodules").open("a") as file:
        file.write(f"[include]\n\tpath = {tmp_path}/pipe\n")
    with pytest.raises(GitFailed, match="cannot be used"):  # a section without a path, and not a hang
        _ = CheckedRepo(web, 10).submodules
    assert recorded


def test_a_branch_that_leads_to_a_pipe_takes_no_longer_than_its_time(web: Path) -> None:
    os.mkfifo(web / ".git/refs/heads/pipe")
    (web / ".git/refs/heads/main").write_text("ref: refs/heads/pipe\n")
    with pytest.raises(GitFailed, match="did not answer within"):
        CheckedRepo(web, 1).commits("HEAD", 5)


@pytest.mark.parametrize("odd", ["encoding ISO-8859-1", "encoding none"])
def test_a_commit_that_is_not_utf_8_is_left_to_git(web: Path, odd: str) -> None:
    who = "A <a@b> 1700000000 +0000"
    tree = git(web, "rev-parse", "HEAD^{tree}")
    text = f"tree {tree}\nauthor {who}\ncommitter {who}\n{odd}\n\nodd\n"
    made = subprocess.run(
        ("git", "hash-object", "-t", "commit", "-w", "--stdin"),
        cwd=web, input=text, text=True, check=True, capture_output=True,
    )  # fmt: skip
    git(web, "update-ref", "refs/heads/main", made.stdout.strip())
    with pytest.raises(ValueError, match="another encoding"):
        CheckedRepo(web, 10).commits("HEAD", 5)


def test_it_reads_no_configuration_of_its_own_and_a_reader_may_not_write(web: Path) -> None:
    checked = CheckedRepo(web, 10)
    with pytest.raises(NotImplementedError):
        checked.config_reader()
    with pytest.raises(NotImplementedError):
        checked.config_writer()


def test_reading_all_of_it_runs_nothing_and_changes_no_byte(tmp_path: Path) -> None:
    (tmp_path / "PROJECTS").mkdir()
    web, traps = trapped(tmp_path / "PROJECTS/web"), Traps(tmp_path / "traps")
    traps.hooks(web / ".git")
    arm(web)
    with (web / ".git/config").open("a", encoding="utf-8") as file:
        file.write(traps.settings(fetch=True))
    before = everything_below(tmp_path / "PROJECTS")
    checked = CheckedRepo(web, 10)
    for one in checked.commits("HEAD", 5):
        assert one.tree.hexsha
        assert one.message
        assert [blob.path for blob in one.tree.traverse()]
    assert [one.url for one in checked.submodules]
    assert traps.traces() == set()
    assert everything_below(tmp_path / "PROJECTS") == before
    assert all(one.ok for one in write_all(web))
    assert traps.traces() == set()

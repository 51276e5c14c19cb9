"""Staging, committing and fetching, in real repositories: nothing is lost, what was left out is named."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from agentdash.actions.repos import operations as repos
from agentdash.actions.repos.stage_plan import plan
from agentdash.core.commands import Outcome, Refused
from agentdash.core.repos.commands import CommitRepo, FetchRepo, StagePlan, StagePlanQuery, StageRepo
from agentdash.core.repos.model import Repo, ReposSnapshot
from agentdash.core.secrets.files import first_secret
from agentdash.core.settings.model import ReposSettings, Settings
from agentdash.core.snapshot import Topic
from agentdash.runtime.engine import Engine

TOKEN = "ghp_" + "a1B2" * 9


def git(path: Path, *arguments: str, check: bool = True) -> str:
    done = subprocess.run(
        ("git", "-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main", *arguments),
        cwd=path, check=check, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.rstrip()


def repository(path: Path) -> Path:
    path.mkdir(parents=True)
    git(path, "init", "-q")
    for name in ("a.txt", "gone.txt", "old.txt"):
        (path / name).write_text(f"{name}\n" * 9)
    git(path, "add", "-A")
    git(path, "commit", "-qm", "first")
    return path


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """``web`` with a submodule ``lib``, that has a submodule ``deep``."""
    deep, lib = repository(tmp_path / "from/deep"), repository(tmp_path / "from/lib")
    git(lib, "submodule", "--quiet", "add", str(deep), "deep")
    git(lib, "commit", "-qm", "with deep")
    web = repository(tmp_path / "web")
    git(web, "submodule", "--quiet", "add", str(lib), "lib")
    git(web, "submodule", "--quiet", "update", "--init", "--recursive")
    git(web, "commit", "-qm", "with lib")
    return web


class Told:
    def __init__(self) -> None:
        self.steps: list[str] = []

    def __call__(self, words: str, ok: bool) -> None:
        self.steps.append(words)


def head(path: Path) -> str:
    return git(path, "rev-parse", "HEAD")


def stage(path: Path, told: Told | None = None, largest: int = 5_000_000) -> Outcome:
    return repos.stage(StageRepo(str(path), head(path)), largest, 20, told or Told())


def commit(path: Path, message: str = "all of it") -> Outcome:
    return repos.commit(CommitRepo(str(path), message, head(path)), 20, Told())


def change(path: Path) -> None:
    """A new file, an edit, a deletion and a rename."""
    (path / "a.txt").write_text("changed\n")
    (path / "gone.txt").unlink()
    (path / "old.txt").rename(path / "renamed.txt")
    (path / "n\u00e9w *?\n.txt").write_text("new\n")


def test_everything_is_staged_and_committed_children_first(web: Path) -> None:
    for path in (web, web / "lib", web / "lib/deep"):
        change(path)
    told = Told()
    outcome = stage(web, told)
    assert outcome.ok, outcome
    assert outcome.message == "15 files staged; nothing is left"
    assert [step.split(":")[0] for step in told.steps] == ["web/lib/deep", "web/lib", "web"]
    done = commit(web)
    assert done.ok, done
    for path in (web, web / "lib", web / "lib/deep"):
        assert git(path, "status", "--porcelain") == ""
        assert git(path, "log", "-1", "--format=%s") == "all of it"
    assert git(web, "ls-tree", "HEAD", "lib").split()[2] == head(web / "lib")
    assert git(web / "lib", "ls-tree", "HEAD", "deep").split()[2] == head(web / "lib/deep")


def test_what_is_left_out_is_named_with_its_reason(web: Path) -> None:
    change(web / "lib/deep")
    lock = Path(git(web / "lib/deep", "rev-parse", "--absolute-git-dir")) / "index.lock"
    lock.write_text("")
    (web / ".gitignore").write_text("*.log\n")
    (web / "x.log").write_text("")
    (web / "big.bin").write_bytes(b"\1" * 2000)
    (web / ".env").write_text(f"GITHUB={TOKEN}\n")
    with (web / "a.txt").open("a") as file:
        file.write(f"token {TOKEN}\n")
    (web / "inner").mkdir()
    repository(web / "inner/own")
    told = Told()
    outcome = stage(web, told, largest=1000)
    assert outcome.ok, outcome
    log = "\n".join(told.steps)
    assert f"web/lib/deep: nothing staged: locked: {lock} exists" in log
    assert "left out: web/big.bin (too large: 2 kB, more than 1 kB)" in log
    assert "left out: web/.env (a secret (github-token) in line 1)" in log
    assert "left out: web/a.txt (a secret (github-token) in its new lines)" in log
    assert "left out: web/inner/own/ (a repository of its own" in log
    assert "web: left out as ignored: 1: x.log" in log
    assert lock.exists()
    assert git(web, "diff", "--cached", "--name-only") == ".gitignore"
    assert git(web / "lib/deep", "diff", "--cached", "--name-only") == ""
    with pytest.raises(Refused, match="locked"):
        commit(web)
    assert (web / "a.txt").read_text().endswith(f"{TOKEN}\n")  # nothing was touched but the index


async def test_the_limit_of_size_is_a_setting(web: Path) -> None:
    (web / "big.bin").write_bytes(b"\1" * 2000)
    snapshot = ReposSnapshot(0, "host", (Repo(str(web), "web"),))
    for megabytes, files in ((0.001, 0), (0.002, 1)):
        settings = Settings(repos=ReposSettings(stage_limit_mb=megabytes))
        engine = Engine(settings)
        engine.store.put(Topic.REPOS, snapshot)
        planned = await engine.ask(StagePlanQuery(str(web)))
        assert isinstance(planned, StagePlan)
        assert len(planned.parts[-1].files) == files
        command = StageRepo(str(web), head(web))
        outcome = await engine.dispatch(command)
        assert ("too large: 2 kB, more than 1 kB" in outcome.message) is (files == 0)
        assert len(git(web, "diff", "--cached", "--name-only").split()) == files


def test_a_plan_changes_nothing(web: Path) -> None:
    change(web)
    index = (web / ".git/index").read_bytes()
    parts = plan(web, 1000, 20)
    assert [(part.name, len(part.files)) for part in parts] == [
        ("web/lib/deep", 0),
        ("web/lib", 0),
        ("web", 5),
    ]
    assert (web / ".git/index").read_bytes() == index


def test_conflicts_stay_and_an_operation_under_way_is_not_committed(web: Path) -> None:
    git(web, "checkout", "-qb", "other")
    (web / "a.txt").write_text("other\n")
    git(web, "commit", "-qam", "other")
    git(web, "checkout", "-q", "main")
    (web / "a.txt").write_text("mine\n")
    git(web, "commit", "-qam", "mine")
    git(web, "merge", "other", check=False)
    (web / "new.txt").write_text("")
    outcome = stage(web)
    assert "web/a.txt (in conflict: resolve it first)" in outcome.message
    assert git(web, "status", "--porcelain").splitlines()[0] == "UU a.txt"
    with pytest.raises(Refused, match="has an unfinished merge"):
        commit(web)


def test_refused_when_it_is_not_what_was_seen_or_there_is_nothing(web: Path) -> None:
    before = head(web)
    with pytest.raises(Refused, match="Nothing is staged"):
        commit(web)
    with pytest.raises(Refused, match="needs a message"):
        commit(web, " \n")
    (web / "a.txt").write_text("x")
    git(web, "commit", "-qam", "by another")
    with pytest.raises(Refused, match="has changed: HEAD was"):
        repos.stage(StageRepo(str(web), before), 1000, 20, Told())


def test_no_program_of_the_repository_is_run(web: Path, tmp_path: Path, home: Path) -> None:
    sprung = tmp_path / "sprung"
    trap = tmp_path / "trap"
    trap.write_text(f'#!/bin/sh\necho "$0 $*" >> {sprung}\ncat\n')
    trap.chmod(0o755)
    (web / ".gitattributes").write_text("*.evil filter=evil\n")
    (web / "x.evil").write_text("1\n")
    for name in (
        "pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "post-index-change",
        "reference-transaction", "pre-auto-gc",
    ):  # fmt: skip
        hook = web / ".git/hooks" / name
        hook.unlink(missing_ok=True)
        hook.symlink_to(trap)
    other = repository(tmp_path / "other")
    for name in (
        "core.fsmonitor", "core.editor", "core.sshCommand", "core.gitProxy", "core.askPass", "gpg.program",
        "filter.evil.clean", "filter.evil.process", "diff.external", "core.alternateRefsCommand",
        "remote.origin.uploadpack",
    ):  # fmt: skip
        git(web, "config", name, str(trap))
    git(web, "config", "commit.gpgSign", "true")
    git(web, "config", "filter.evil.required", "true")
    git(web, "config", "protocol.ext.allow", "always")
    git(web, "config", "credential.helper", f"!{trap}")
    git(web, "config", "remote.origin.url", str(other))
    git(web, "config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*")
    sprung.unlink(missing_ok=True)
    change(web)
    outcome = stage(web)
    assert "web/x.evil (its filter is a program set by the repository itself" in outcome.message
    assert commit(web).ok
    done = repos.fetch(FetchRepo(str(web)), 20, Told())
    assert done.ok, done
    assert (web / ".git/refs/remotes/origin/main").read_text().strip() == head(other)
    assert not sprung.exists(), sprung.read_text()
    git(web, "config", "remote.origin.url", f"ext::{trap}")
    sprung.unlink(missing_ok=True)
    assert not repos.fetch(FetchRepo(str(web)), 20, Told()).ok
    assert not sprung.exists(), sprung.read_text()
    git(web, "-c", "commit.gpgSign=false", "commit", "--allow-empty", "-qm", "x", check=False)
    assert sprung.exists()  # the traps are real


def test_a_fetch_that_fails_says_why_without_the_password(web: Path) -> None:
    git(web, "remote", "add", "origin", "https://me:hunter2secret@127.0.0.1:9/x.git")
    outcome = repos.fetch(FetchRepo(str(web)), 20, Told())
    assert not outcome.ok
    assert "hunter2secret" not in outcome.message


def test_a_fetch_without_a_remote_is_not_said_to_have_been_one(web: Path) -> None:
    told = Told()
    outcome = repos.fetch(FetchRepo(str(web)), 20, told)
    assert (outcome.ok, outcome.message) == (False, "web has no remote to fetch from")


def test_an_unreadable_file_is_left_out(web: Path) -> None:
    if os.getuid() == 0:
        pytest.skip("root reads everything")
    (web / "closed").write_text("")
    (web / "closed").chmod(0)
    assert "web/closed (cannot be read" in stage(web).message


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (f"x = {TOKEN}", "github-token"),
        ("-----BEGIN RSA PRIVATE KEY-----", "private-key"),
        ('password = "correct7horse9battery"', "password"),
        ("DB_PASSWORD=correct7horse9battery", "password"),
        ('api_key: "0123456789abcdef0123"', "api-key"),
        ("sk-" + "abc4" * 6, "api-key"),
        ("api_key = settings.api_key_of_1", None),
        ("password = os.environ['DB_PASSWORD']", None),
        ('password = "${DB_PASSWORD_1234}"', None),
        ('token = "your-token-goes-here-1"', None),
        ("DB_PASSWORD=changeme12345", None),
        ("def test_token_expires_after_3600_seconds():", None),
        ('url = "redis://user:pass@localhost:6379/0"', None),
    ],
)
def test_what_counts_as_a_secret(line: str, kind: str | None) -> None:
    found = first_secret(["", line])
    assert found == ((2, kind) if kind else None)

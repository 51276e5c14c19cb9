"""What git was given (environment, input, arguments) never comes back as its configuration."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agentdash.actions.repos import operations as repos
from agentdash.core.repos.commands import StageRepo
from agentdash.git import commands
from agentdash.git.config import settings
from agentdash.git.git_dir import GitDir, UnusableRepo, read_start, submodules
from agentdash.git.opened_files import resolve_regular
from agentdash.git.overrides import overrides
from agentdash.git.shared_index import preserve_times
from collectors.repos.detail import read_detail
from tests.collectors.repos.stage import commit, git, repository
from tests.git.traps import read_all


@pytest.fixture
def web(tmp_path: Path) -> Path:
    commit(repository(tmp_path / "PROJECTS/web"))
    return tmp_path / "PROJECTS/web"


def lines(path: Path, text: str) -> None:
    with (path / ".git/config").open("a") as file:
        file.write(text)


def trap(web: Path) -> str:
    """A program in the repository that leaves ``ran``, as lines of configuration that make it a filter."""
    (web / "run.sh").write_text(f"#!/bin/sh\n: > '{web.parent.parent}/ran'\ncat\n")
    (web / "run.sh").chmod(0o755)
    return '\n[filter "evil"]\nclean = sh run.sh\n#'


def included(web: Path, place: str) -> None:
    lines(web, f"[include]\n\tpath = {place}\n")


def included_through_links(web: Path, place: str) -> None:
    (web / "a").symlink_to("b")
    (web / "b").symlink_to(place)
    included(web, "../a")


def included_by_an_included_file(web: Path, place: str) -> None:
    (web / ".git/more").write_text(f"[include]\n\tpath = {place}\n")
    lines(web, "[Include]\n\tPath = more\n")


def included_on_another_branch(web: Path, place: str) -> None:
    lines(web, f'[includeIf "onbranch:no-such"]\n\tpath = {place}\n')


def as_config_of_the_work_tree(web: Path, place: str) -> None:
    git(web, "config", "core.repositoryFormatVersion", "1")
    git(web, "config", "extensions.worktreeConfig", "true")
    (web / ".git/config.worktree").symlink_to(place)


PLACES = [included, included_through_links, included_by_an_included_file, included_on_another_branch,
          as_config_of_the_work_tree]  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("file", ["/proc/self/environ", "/proc/self/fd/0", "/dev/stdin", "/proc/self/cwd/x"])
def test_what_a_process_was_given_is_no_configuration(
    web: Path, tmp_path: Path, place: Callable[[Path, str], None], file: str
) -> None:
    clean = trap(web)
    (web / ".gitattributes").write_text("* filter=evil\n")
    (web / "a.txt").write_text("changed\n")
    # One name of a file is passed in the environment, another one is the first that `git add` is given.
    named = web / ".git" / f"x{clean}x"
    named.touch()
    (web / f" {clean}").touch()
    quoted = f".git/x{clean}x".replace('"', '\\"').replace("\n", "\\n")
    lines(web, f'[core]\n\texcludesFile = "{quoted}"\n')
    place(web, file)
    with pytest.raises(commands.GitFailed, match="which differs for each process"):
        commands.output(web, ("status",), 20)
    (row,) = read_all(web.parent).repos
    assert row.error is not None
    head = git(web, "-c", "core.excludesFile=", "rev-parse", "HEAD", check=False)
    with pytest.raises(commands.GitFailed):
        repos.stage(StageRepo(str(web), head), 5_000_000, 20, lambda _words, _ok: None)
    assert not (tmp_path / "ran").exists()


def test_a_condition_that_comes_to_hold_later_is_reckoned_with(web: Path) -> None:
    (web / ".git/evil").write_text('[filter "evil"]\n\tclean = cat\n[include]\n\tpath = more\n')
    (web / ".git/more").write_text('[filter "more"]\n\tprocess = cat\n')
    lines(web, '[includeIf "onbranch:later"]\n\tpath = evil\n')
    undone = overrides(web, settings(web, GitDir.from_work_tree(web), 20)[0])
    assert {"filter.evil.clean", "filter.more.process"} <= undone.keys()
    git(web, "checkout", "-q", "-b", "later")
    assert commands.output(web, ("status", "--porcelain"), 20) == b""


def test_plain_includes_and_links_go_on(web: Path, tmp_path: Path) -> None:
    (tmp_path / "real.cfg").write_text("[user]\n\tname = included\n")
    (tmp_path / "link.cfg").symlink_to("real.cfg")
    lines(web, "[include]\n\tpath = ../../../link.cfg\n\tpath = not-there\n")
    assert ("user.name", "included") in {(one.key, one.value) for one in commands.effective_settings(web, 20)}
    assert commands.output(web, ("status", "--porcelain"), 20) == b""


@pytest.mark.parametrize("name", ["x\ny", "x\ry", "x\x1by", "x\ty"])
def test_no_name_with_line_breaks_is_handed_to_git(web: Path, name: str) -> None:
    (web / name).write_text("*.log\n")
    quoted = name.replace("\n", "\\n").replace("\t", "\\t")
    (web / "plain").write_text("")
    lines(web, f'[core]\n\texcludesFile = "{quoted}"\n\tattributesFile = plain\n')
    undone = overrides(web, settings(web, GitDir.from_work_tree(web), 20)[0])
    assert undone == {"core.excludesfile": os.devnull, "core.attributesfile": str(web / "plain")}


def test_a_file_is_settled_only_where_it_is_the_same_for_all(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "up/../file")
    (tmp_path / "up").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "out").symlink_to("/proc/self/../version")
    real = os.path.realpath(tmp_path)
    assert resolve_regular(f"{tmp_path}/./link") == f"{real}/file"
    assert resolve_regular(f"{tmp_path}/empty") == f"{real}/empty"
    for wrong in (
        "/proc/version",
        "/dev/null",
        "/sys/kernel/notes",
        f"{tmp_path}/out",
        f"{tmp_path}/loop",
        "/",
    ):
        with pytest.raises(UnusableRepo):
            resolve_regular(wrong)
    with pytest.raises(FileNotFoundError):
        resolve_regular(f"{tmp_path}/none")


def waiting_writer(pipe: Path) -> bool:
    """Whether no process reads *pipe*: opening it for writing fails with ENXIO."""
    try:
        os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
    except OSError as error:
        return error.errno == errno.ENXIO
    return False


@pytest.mark.parametrize(
    "name", ["HEAD", "packed-refs", "info/exclude", "shallow", "config", "refs/heads/main"]
)
def test_no_pipe_outside_is_opened(web: Path, tmp_path: Path, name: str) -> None:
    """The pipe is not even opened for a moment: its time of access stays, and git is not started."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (web / ".git" / name).unlink(missing_ok=True)
    (web / ".git" / name).parent.mkdir(exist_ok=True)
    (web / ".git" / name).symlink_to(pipe)
    # Somebody holds both ends: what an opening would take from it stays in it.
    held = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    try:
        os.write(held, b"the only copy")
        assert read_start(web / ".git" / name, 100) is None
        began = time.monotonic()
        with pytest.raises(commands.GitFailed, match=r"pipe|damaged"):
            commands.output(web, ("status",), 20)
        assert time.monotonic() - began < 10
        assert os.read(held, 100) == b"the only copy"
    finally:
        os.close(held)
    assert waiting_writer(pipe)


def test_only_git_s_own_touch_of_a_shared_index_is_undone(web: Path, tmp_path: Path) -> None:
    old = time.time() - 100_000
    outside, linked = tmp_path / "outside", web / f".git/sharedindex.{'a' * 40}"
    outside.write_text("x")
    os.utime(outside, (old, old))
    linked.symlink_to(outside)
    plain = {name: web / f".git/sharedindex.{name * 40}" for name in "bcde"}
    for place in plain.values():
        place.write_text("x")
        os.utime(place, (old, old))
    os.link(plain["e"], tmp_path / "another name")
    with preserve_times(GitDir.from_work_tree(web)):
        for place in (outside, plain["b"], plain["e"]):
            os.utime(place)
        plain["c"].write_text("y")
        plain["d"].unlink()
        plain["d"].write_text("z")
    kept = {name: abs(place.stat().st_mtime - old) < 1 for name, place in plain.items()}
    assert kept == {"b": True, "c": False, "d": False, "e": False}
    assert outside.stat().st_mtime > old + 1
    assert stat.S_ISLNK(linked.lstat().st_mode)


def test_one_odd_path_takes_no_list_of_submodules_away(web: Path) -> None:
    odd = ["../../..", "/etc", "a/../..", ".", ".git/x", "", "a//b"]
    text = "".join(f'[submodule "{n}"]\n\tpath = {way}\n\tignore = all\n' for n, way in enumerate(odd))
    (web / ".gitmodules").write_text(text + '[submodule "good"]\n\tpath = good/\n')
    found = submodules(web, 0)
    assert (found.total, found.folders, found.quiet) == (len(odd) + 1, ("good",), ())
    (row,) = read_all(web.parent).repos
    detail = read_detail(row, 20)
    assert [line.folder for line in detail.submodules] == ["good"]
    assert detail.failed == ()

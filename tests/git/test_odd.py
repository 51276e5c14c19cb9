"""Odd repositories are rows with their errors: they blind no view and take no memory."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from agentdash.actions.repos.stage_plan import StageTarget, stage_targets
from agentdash.core.clock import SystemClock
from agentdash.core.fleet import fleet_state
from agentdash.core.settings.model import Settings
from agentdash.core.snapshot import SourceError, SourceHealth, SourceState, Topic
from agentdash.core.store import Store
from agentdash.git import call, commands
from agentdash.git.git_dir import MAX_SUBMODULES, GitDir, UnusableRepo, submodules
from agentdash.git.status import MAX_RECORD, StatusParser
from agentdash.runtime.wiring import NotStarted, local_collectors, made
from collectors.repos.collector import ReposCollector
from collectors.services.collector import ServicesCollector
from tests.collectors.repos.stage import commit, git, repository
from tests.git.traps import everything_below, snapshot_of

LOOP = "loop of links"


def pointer(content: bytes) -> Callable[[Path], None]:
    """A ``.git`` file with *content*."""

    def make(path: Path) -> None:
        path.mkdir()
        (path / ".git").write_bytes(content)

    return make


def with_modules(text: str) -> Callable[[Path], None]:
    """A repository with *text* as its ``.gitmodules``."""

    def make(path: Path) -> None:
        commit(repository(path))
        (path / ".gitmodules").write_text(text)

    return make


def with_link(name: str, to: str) -> Callable[[Path], None]:
    """A repository in whose git directory *name* is a link to *to*."""

    def make(path: Path) -> None:
        commit(repository(path))
        (path / ".git" / name).unlink(missing_ok=True)
        (path / ".git" / name).symlink_to(to)

    return make


def with_file(name: str, content: bytes) -> Callable[[Path], None]:
    """A repository in whose git directory the file *name* has *content*."""

    def make(path: Path) -> None:
        commit(repository(path))
        (path / ".git" / name).write_bytes(content)

    return make


def pipe_as_git(path: Path) -> None:
    path.mkdir()
    os.mkfifo(path / ".git")


def socket_as_config(path: Path) -> None:
    commit(repository(path))
    (path / ".git/config").unlink()
    with socket.socket(socket.AF_UNIX) as one:
        here = Path.cwd()
        os.chdir(path / ".git")
        one.bind("config")
        os.chdir(here)


def link_as_git(path: Path) -> None:
    path.mkdir()
    (path / ".git").symlink_to(".git")


def pointer_to_loop(path: Path) -> None:
    path.mkdir()
    (path / "loop").symlink_to("loop")
    (path / ".git").write_text("gitdir: loop/x\n")


def named_oddly(path: Path) -> None:
    commit(repository(path.parent / os.fsdecode(b"n\xfcame \x1b[31m\n")))
    commit(repository(path))


WORKS = None
ODD: dict[str, tuple[Callable[[Path], None], str | None]] = {
    "long submodule": (with_modules(f'[submodule "x"]\n\tpath = {"x" * 300}\n\turl = y\n'), WORKS),
    "long way to a submodule": (
        with_modules(f'[submodule "x"]\n\tpath = {"x/" * 3000}y\n\turl = y\n'),
        WORKS,
    ),
    "NUL in a submodule": (with_modules('[submodule "x"]\n\tpath = a\0b\n'), WORKS),
    "submodule outside": (with_modules('[submodule "x"]\n\tpath = ../../..\n\turl = y\n'), WORKS),
    "submodules without end": (
        with_modules("".join(f'[submodule "{n}"]\n\tpath = m{n}\n\turl = y\n' for n in range(100_000))),
        WORKS,
    ),
    "pointer to a loop": (pointer_to_loop, "oo many levels"),
    "pointer to itself": (pointer(b"gitdir: .git\n"), "not a folder"),
    "pointer with a NUL": (pointer(b"gitdir: a\0b\n"), "not exist"),
    "pointer of a long name": (pointer(b"gitdir: " + b"x" * 5000 + b"\n"), "too long"),
    "pointer to nothing": (pointer(b"gitdir: \n"), "its .git"),
    "pointer of other bytes": (pointer(b"gitdir: \xff\xfe\x1b[31m\n"), "not exist"),
    "pointer without end": (pointer(b"gitdir: " + b"x" * 3_000_000), "its .git"),
    "pointer to a process": (pointer(b"gitdir: /proc/self/fd/0\n"), "its .git"),
    "no pointer": (pointer(b"\0" * 100), "neither a folder nor a pointer"),
    "pipe": (pipe_as_git, "neither a folder nor a pointer"),
    "link to itself": (link_as_git, "its .git cannot be followed"),
    "commondir nowhere": (with_file("commondir", b"/nowhere\n"), "commondir"),
    "commondir with a NUL": (with_file("commondir", b"\0\0"), WORKS),
    "commondir is a device": (with_link("commondir", "/dev/zero"), "commondir"),
    "branch with a NUL": (with_file("HEAD", b"ref: refs/heads/a\0b\n"), "unknown"),
    "branch of a long name": (with_file("HEAD", b"ref: refs/heads/" + b"x" * 5000), "unknown"),
    "config is a socket": (socket_as_config, "its config cannot be used: it is a socket"),
    "endless attributes": (with_link("info/attributes", "/dev/zero"), "git"),
    "endless grafts": (with_link("info/grafts", "/dev/zero"), "unknown"),
    "endless stash": (with_link("logs/refs/stash", "/dev/zero"), "unknown"),
    "endless branch": (with_link("refs/heads/main", "/dev/zero"), "unknown"),
    "endless index": (with_link("index", "/dev/zero"), "index"),
    "name of other bytes": (named_oddly, WORKS),
}
"""How each is made, and a part of the error in its row; ``unknown``: that depends on the version of git."""


def test_odd_repositories_are_rows_with_their_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call, "READ_MEMORY", 64 * 1024 * 1024)
    projects = tmp_path / "PROJECTS"
    commit(repository(projects / "good"))
    for name, (make, _) in ODD.items():
        make(projects / name)
    before = everything_below(projects)
    rows = {Path(repo.path).name: repo for repo in asyncio.run(snapshot_of(projects)).repos}
    assert (rows["good"].error, rows["good"].branch) == (None, "main")
    assert rows.keys() >= ODD.keys()
    wrong = {
        name: rows[name].error
        for name, (_, part) in ODD.items()
        if (
            part != "unknown"
            and (part is not None) != (part is not None and part in (rows[name].error or ""))
        )
        or (part is WORKS and rows[name].error is not None)
    }
    assert wrong == {}
    assert all("a bug in agentdash" not in (repo.error or "") for repo in rows.values())
    assert all(character.isprintable() for repo in rows.values() for character in repo.error or "")
    assert rows["submodules without end"].submodules.total > MAX_SUBMODULES
    assert len(rows["submodules without end"].submodules.folders) == MAX_SUBMODULES
    assert everything_below(projects) == before


def test_a_pipe_that_is_named_is_not_opened(tmp_path: Path) -> None:
    web = repository(tmp_path / "web")
    commit(web)
    os.mkfifo(tmp_path / "pipe")
    for text in ("[include]\n\tpath = ../../pipe\n", "[core]\n\texcludesFile = ../pipe\n"):
        before = (web / ".git/config").read_text()
        (web / ".git/config").write_text(before + text)
        if "include" in text:
            with pytest.raises(commands.GitFailed, match="it is a pipe"):
                commands.output(web, ("status",), 20)
        else:  # a file of patterns that is none is not read
            assert commands.output(web, ("status", "--porcelain"), 20) == b""
        (web / ".git/config").write_text(before)


@pytest.mark.parametrize(
    "pointed",
    [
        b"../real.git\n", b"../real.git\r\n\r\n", b"../real.git", b"../real.git \n", b"../real.git\t\n",
        b" ../real.git\n", b"../real.git\0x\n", b"../real.git\n\0", b"../x/../real.git\n", b"../link\n",
        b"../real.git/.\n", b"..//real.git\n\n", b"../real.git\n../other\n", b"", b"\n",
    ],
)  # fmt: skip
def test_a_pointer_is_read_as_git_reads_it(tmp_path: Path, pointed: bytes) -> None:
    for name in ("real.git", "real.git ", "real.git\t"):
        git(tmp_path, "init", "-q", "--bare", name)
    (tmp_path / "x").mkdir()
    (tmp_path / "link").symlink_to("real.git")
    web = tmp_path / "web"
    web.mkdir()
    (web / ".git").write_bytes(b"gitdir: " + pointed)
    answer = git(web, "rev-parse", "--absolute-git-dir", check=False).encode("utf-8", "surrogateescape")
    try:
        ours = os.fsencode(GitDir.from_work_tree(web).own)
    except UnusableRepo:
        assert answer == b""
    else:
        # What git prints is read with blanks at its end taken away.
        assert ours.strip() == answer or (
            answer == b"" and not (GitDir.from_work_tree(web).own / "HEAD").exists()
        )


def test_a_root_that_cannot_be_is_a_problem_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    commit(repository(tmp_path / "PROJECTS/web"))
    roots = tuple(tmp_path / name for name in ("loop", "PROJECTS", "x" * 300, "a\0b"))
    settings = Settings(projects=(*map(str, roots), "~nobody-of-that-name/x"))

    async def read() -> tuple[list[str], tuple[str, ...]]:
        sources = (await local_collectors(settings, "host", SystemClock(), tmp_path)).collectors
        repos = next(one for one in sources if isinstance(one, ReposCollector))
        services = next(one for one in sources if isinstance(one, ServicesCollector))
        assert (await services.collect()) is not None
        snapshot = await repos.collect()
        assert snapshot is not None
        for one in sources:
            await one.close()
        return [repo.name for repo in snapshot.repos], snapshot.problems

    names, problems = asyncio.run(read())
    assert names == ["web"]
    assert len(problems) == 4
    assert "oo many levels" in problems[0]


def test_a_source_that_cannot_start_says_so_and_nothing_is_ok(tmp_path: Path) -> None:
    def broken() -> ReposCollector:
        raise RuntimeError("Symlink loop")

    source = made(ReposCollector, broken)
    assert isinstance(source, NotStarted)
    assert (source.name, source.topic) == ("repos", Topic.REPOS)
    with pytest.raises(SourceError, match="repos cannot be started: RuntimeError: Symlink loop"):
        asyncio.run(source.collect())
    store, now = Store(), 10**12
    for topic in Topic:
        store.put_health(topic, SourceHealth(topic.value, SourceState.LIVE, last_success=now))
    assert fleet_state(store, now) == "OK"
    for topic in (Topic.REPOS, Topic.SERVICES, Topic.LOGS):
        for state in (SourceState.LOADING, SourceState.ERROR):
            store.put_health(topic, SourceHealth(topic.value, state))
            assert fleet_state(store, now) == "UNKNOWN"
        store.put_health(topic, SourceHealth(topic.value, SourceState.ABSENT))
        assert fleet_state(store, now) == "OK"


def test_submodules_that_lead_round_and_round_are_staged_once(tmp_path: Path) -> None:
    web = repository(tmp_path / "web")
    repository(web / "lib")
    ways = [".", "./.", "lib", "lib/.", "lib/../lib", "../web", "lib/..", "link", "link/lib"]
    (web / "link").symlink_to(".")
    text = "".join(f'[submodule "{n}"]\n\tpath = {way}\n' for n, way in enumerate(ways))
    (web / ".gitmodules").write_text(text)
    (web / "lib/.gitmodules").write_text(text)
    assert list(stage_targets(web)) == [StageTarget(web / "lib"), StageTarget(web)]
    assert submodules(web, 0).total == len(ways)


def test_a_record_without_end_takes_no_memory() -> None:
    parser = StatusParser()
    for _ in range(200):
        parser.feed(b"? " + b"x" * 65_536)
    assert len(parser._rest) <= MAX_RECORD
    parser.feed(b"\0? b\0")
    assert parser.facts.untracked == 2

"""Every state that a repository can be in, one of each: told as plain git tells it, or its error in words."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agentdash.core.clock import SystemClock
from agentdash.core.repos.model import Operation, Repo, RepoKind
from agentdash.core.settings.model import ReposSettings
from collectors.repos.collector import ReposCollector
from tests.collectors.repos.stage import commit, fingerprint, git, repository
from tests.support import until

MANY = 20_000


def plain(path: Path) -> dict[str, object]:
    """What plain git says of it, by means that the program does not use: porcelain 1 and single questions."""
    run = subprocess.run(
        ("git", "--no-optional-locks", "status", "--porcelain", "-z"),
        cwd=path, check=True, capture_output=True,
    )  # fmt: skip
    counts = {"staged": 0, "unstaged": 0, "untracked": 0, "conflicted": 0, "renamed": 0}
    records = iter(run.stdout.split(b"\0"))
    for record in records:
        if not record:
            continue
        x, y = chr(record[0]), chr(record[1])
        if x == "?":
            counts["untracked"] += 1
        elif "U" in (x, y) or (x, y) in {("A", "A"), ("D", "D")}:
            counts["conflicted"] += 1
        else:
            counts["staged"] += x != " "
            counts["unstaged"] += y != " "
        if x in "RC" or y in "RC":
            counts["renamed"] += 1
            next(records)
    head = git(path, "rev-parse", "--verify", "-q", "HEAD", check=False) or None
    upstream = git(path, "rev-parse", "--abbrev-ref", "@{u}", check=False)
    ahead = behind = None
    if upstream and upstream != "@{u}":
        ahead, behind = map(int, git(path, "rev-list", "--left-right", "--count", "HEAD...@{u}").split())
    return {
        **counts,
        "head": head,
        "branch": git(path, "symbolic-ref", "--short", "-q", "HEAD", check=False) or None,
        "subject": git(path, "log", "-1", "--format=%s") if head else None,
        "stash": len(git(path, "stash", "list").splitlines()) if head else 0,
        "ahead": ahead,
        "behind": behind,
        "shallow": git(path, "rev-parse", "--is-shallow-repository") == "true",
    }


def told(repo: Repo) -> dict[str, object]:
    names = (
        "staged", "unstaged", "untracked", "conflicted", "renamed", "head", "branch", "subject", "stash",
        "ahead", "behind", "shallow",
    )  # fmt: skip
    return {name: getattr(repo, name) for name in names}


def two_sides(path: Path) -> Path:
    """Two branches that changed the same line, and a commit between."""
    repository(path)
    commit(path)
    commit(path, text="x\n", subject="x")
    git(path, "checkout", "-qb", "other", "HEAD~1")
    commit(path, text="other\n", subject="other")
    git(path, "checkout", "-q", "main")
    commit(path, text="mine\n", subject="mine")
    return path


def build_operations(root: Path) -> None:
    git(two_sides(root / "op-merge"), "merge", "other", check=False)
    git(two_sides(root / "op-rebase"), "rebase", "other", check=False)
    git(two_sides(root / "op-cherry"), "cherry-pick", "other", check=False)
    git(two_sides(root / "op-revert"), "revert", "--no-edit", "HEAD~1", check=False)
    am = two_sides(root / "op-am")
    patch = root.parent / "patch"
    patch.write_text(git(am, "format-patch", "-1", "--stdout", "other") + "\n")
    git(am, "am", str(patch), check=False)
    git(two_sides(root / "op-bisect"), "bisect", "start", "HEAD", "HEAD~2")


def build_remotes(root: Path) -> None:
    origin = repository(root.parent / "origin")
    commit(origin)
    for name in ("behind", "diverged", "gone", "ahead"):
        git(root, "clone", "-q", str(origin), name)
    commit(origin, "b.txt", subject="theirs")
    for name in ("ahead", "diverged"):
        commit(root / name, "c.txt", subject="ours")
    for name in ("behind", "diverged"):
        git(root / name, "fetch", "-q")
    git(root / "gone", "update-ref", "-d", "refs/remotes/origin/main")
    git(root, "clone", "-q", "--depth", "1", f"file://{origin}", "shallow")
    git(origin, "config", "uploadpack.allowFilter", "true")
    git(root, "clone", "-q", "--filter=blob:none", f"file://{origin}", "partial")


def build_families(root: Path) -> None:
    deep, library = repository(root.parent / "deep"), repository(root.parent / "library")
    commit(deep)
    commit(library)
    git(library, "submodule", "--quiet", "add", str(deep), "deep")
    commit(library, "b.txt", subject="with deep")
    parent = repository(root / "parent")
    commit(parent)
    for name in ("one", "moved", "missing", "dirty"):
        git(parent, "submodule", "--quiet", "add", str(library), name)
    git(parent, "submodule", "--quiet", "update", "--init", "--recursive")
    commit(parent, "b.txt", subject="with four")
    git(parent, "submodule", "--quiet", "deinit", "-f", "missing")
    commit(parent / "moved", "new.txt", subject="moved")
    (parent / "dirty/deep/a.txt").write_text("changed two levels below\n")
    commit(repository(parent / "unregistered"))
    commit(repository(parent / "vendored/added"))
    git(parent, "add", "vendored/added")  # as it is: git warns, and keeps its commit
    git(parent, "commit", "-qm", "a repository as it is")
    (parent / "vendored/added/a.txt").write_text("changed\n")
    git(parent, "worktree", "add", "-q", "--detach", str(root / "linked"))
    git(root, "clone", "-q", "--bare", str(root.parent / "origin"), "bare.git")


def build_contents(root: Path) -> None:
    mixed = repository(root / "mixed")
    for name in ("old.txt", "kind.txt", "gone.txt", "edit.txt"):
        (mixed / name).write_text(f"{name}\n" * 20)
    commit(mixed)
    git(mixed, "mv", "old.txt", "new.txt")
    (mixed / "kind.txt").unlink()
    (mixed / "kind.txt").symlink_to("a.txt")
    (mixed / "gone.txt").unlink()
    (mixed / "edit.txt").write_text("x\n")
    (mixed / "intended.txt").write_text("x\n")
    git(mixed, "add", "-N", "intended.txt")
    names = repository(root / "names")
    for raw in (
        b"caf\xe9.txt",
        b"line\nbreak",
        b'tab\tquote"',
        b" -> arrow",
        "日本語.txt".encode(),
        b"-dash",
    ):
        (names / os.fsdecode(raw)).write_text("x\n")
    git(names, "add", "-A")
    git(names, "commit", "-qm", "odd \U0001f984 names")
    for path in names.iterdir():
        if path.is_file():
            path.write_text("changed\n")
    crlf = repository(root / "crlf")
    git(crlf, "config", "core.autocrlf", "true")
    (crlf / "dos.txt").write_bytes(b"one\r\ntwo\r\n")
    commit(crlf)
    lfs = repository(root / "lfs")
    (lfs / ".gitattributes").write_text("*.bin filter=lfs diff=lfs merge=lfs -text\n")
    (lfs / "big.bin").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n")
    commit(lfs)
    sparse = repository(root / "sparse")
    for folder in ("in", "out"):
        (sparse / folder).mkdir()
        (sparse / folder / "f.txt").write_text("x\n")
    commit(sparse)
    git(sparse, "sparse-checkout", "set", "in")
    stashes = repository(root / "stashes")
    commit(stashes)
    for number in range(3):
        (stashes / "a.txt").write_text(f"{number}\n")
        git(stashes, "stash", "-q")


def build_shapes(root: Path) -> None:
    repository(root / "empty")
    commit(repository(root / "detached"))
    git(root / "detached", "checkout", "-q", "--detach")
    commit(repository(root / "sha256", "--object-format=sha256"))
    git(root, "init", "-q", f"--separate-git-dir={root.parent / 'elsewhere.git'}", str(root / "separate"))
    commit(root / "separate")
    large = repository(root / "large")
    for number in range(MANY // 200):
        folder = large / f"d{number}"
        folder.mkdir()
        for inner in range(200):
            (folder / f"f{inner}").write_text("")
    commit(large)
    (large / "d7/f7").write_text("changed\n")
    heap = commit_and(root / "heap") / "heap"
    heap.mkdir()
    for number in range(3000):
        (heap / f"{number}").write_text("")
    (root / "loop").symlink_to(root)
    (root / "empty/again").symlink_to(root / "empty")


def commit_and(path: Path) -> Path:
    commit(repository(path))
    return path


def build_broken(root: Path) -> None:
    for name in ("bad-head", "bad-index", "bad-object", "closed", "foreign"):
        commit_and(root / name)
    (root / "bad-head/.git/HEAD").write_text("nonsense\n")
    (root / "bad-index/.git/index").write_bytes(b"DIRC nonsense")
    head = git(root / "bad-object", "rev-parse", "HEAD")
    loose = root / "bad-object/.git/objects" / head[:2] / head[2:]
    loose.chmod(0o644)
    loose.write_bytes(b"nonsense")
    (root / "nowhere").mkdir()
    (root / "nowhere/.git").write_text("gitdir: /not/there\n")
    lock = commit_and(root / "locked") / ".git/index.lock"
    lock.write_text("")
    if os.getuid() == 0:
        for path in (root / "foreign", root / "foreign/.git"):
            os.chown(path, 12345, 12345)
    else:
        (root / "closed").chmod(0)


@pytest.fixture
async def zoo(tmp_path: Path, home: Path) -> AsyncIterator[tuple[Path, ReposCollector]]:
    root = tmp_path / "projects"
    root.mkdir()
    (home / ".gitconfig").write_text('[protocol "file"]\n\tallow = always\n[init]\n\tdefaultBranch = main\n')
    for build in (
        build_operations, build_remotes, build_families, build_contents, build_shapes, build_broken,
    ):  # fmt: skip
        await asyncio.to_thread(build, root)
    collector = ReposCollector((root,), ReposSettings(poll=0.05), "host", SystemClock())
    yield root, collector
    await collector.close()
    (root / "closed").chmod(0o755)


BROKEN = {
    "bad-head": "damaged",
    "bad-index": "index is damaged",
    "nowhere": "not exist",
    "bad-object": "git says",
    "foreign": "safe.directory",
    "closed": "",
}
OPERATIONS = {
    "op-merge": Operation.MERGE, "op-rebase": Operation.REBASE, "op-cherry": Operation.CHERRY_PICK,
    "op-revert": Operation.REVERT, "op-am": Operation.AM, "op-bisect": Operation.BISECT,
}  # fmt: skip


async def test_each_is_told_as_git_tells_it_and_no_byte_changes(zoo: tuple[Path, ReposCollector]) -> None:
    root, collector = zoo
    before = await asyncio.to_thread(fingerprint, root)
    snapshot = await collector.collect()
    assert snapshot is not None

    async def all_read() -> bool:
        nonlocal snapshot
        snapshot = await collector.collect() or snapshot
        return snapshot.complete and all(
            r.error or r.unstaged is not None or r.kind is RepoKind.BARE for r in snapshot.repos
        )

    await until(all_read, what="all are read")
    by_name = {repo.name: repo for repo in snapshot.repos}
    assert {"parent/one/deep", "parent/dirty/deep", "parent/unregistered", "linked", "bare.git"} <= set(
        by_name
    )
    assert not any(name.startswith("loop") for name in by_name)
    for name, repo in by_name.items():
        if name in BROKEN and (name not in {"foreign", "closed"} or repo.error):
            assert BROKEN[name] in (repo.error or ""), name
        elif repo.kind is RepoKind.BARE:
            assert (repo.head, repo.subject) == (git(root / name, "rev-parse", "HEAD"), "theirs")
        else:
            assert repo.error is None, (name, repo.error)
            assert told(repo) == await asyncio.to_thread(plain, root / name), name
    assert {name: by_name[name].operation for name in OPERATIONS} == OPERATIONS
    assert by_name["op-rebase"].operation_step == "1/2"
    on = {name: by_name[name].operation_branch or by_name[name].branch for name in OPERATIONS}
    assert set(on.values()) == {"main"}, on
    assert by_name["gone"].upstream_gone
    assert by_name["partial"].upstream == "origin/main"
    parent = by_name["parent"]
    assert (parent.submodules.total, parent.submodules.uninitialised, parent.submodules.moved) == (
        4,
        1,
        1,
    )
    assert by_name["locked"].lock_age_ms is not None
    assert {by_name[name].kind for name in ("parent/one", "parent/one/deep")} == {RepoKind.SUBMODULE}
    assert (by_name["linked"].kind, by_name["linked"].detached) == (RepoKind.WORKTREE, True)
    assert by_name["large"].unstaged == 1
    collector.wake()  # and once more, all of them
    await collector.collect()
    assert await asyncio.to_thread(fingerprint, root) == before


BUSY = """
import random, subprocess, sys
path, number = sys.argv[1], int(sys.argv[2])
chance = random.Random(number)
def git(*words):
    done = subprocess.run(("git", *words), cwd=path, capture_output=True, text=True)
    if done.returncode and "index.lock" in done.stderr:
        print("LOCK", done.stderr, flush=True)
    return done.returncode
for turn in range(12):
    open(f"{path}/f{turn % 5}.txt", "a").write(f"{turn} {chance.random()}\\n")
    git("add", "-A")
    git("commit", "-qm", f"turn {turn}")
    if turn % 4 == 1:
        git("checkout", "-qb", f"b{turn}")
        git("commit", "--allow-empty", "-qm", f"on b{turn}")
        git("rebase", "-q", "main")
    if turn % 4 == 3:
        git("checkout", "-q", "main")
open(f"{path}/last.txt", "w").write("not committed\\n")
"""


async def test_five_that_commit_and_rebase_never_meet_a_lock_of_ours(tmp_path: Path) -> None:
    root = tmp_path / "projects"
    paths = [commit_and(root / f"busy{number}") for number in range(5)]
    collector = ReposCollector((root,), ReposSettings(poll=0.05), "host", SystemClock())
    newest = await collector.collect()
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", BUSY, str(path), str(random.randrange(99)), stdout=asyncio.subprocess.PIPE
        )
        for path in paths
    ]
    try:
        while any(process.returncode is None for process in processes):
            newest = await collector.collect() or newest
        for process in processes:
            assert process.stdout is not None
            assert await process.stdout.read() == b""
        asked = 0

        async def right() -> bool:
            nonlocal newest, asked
            snapshot = await collector.collect()
            asked += snapshot.git_processes if snapshot is not None else 0
            newest = snapshot or newest
            assert newest is not None
            by_path = {repo.path: told(repo) for repo in newest.repos}
            return all(by_path[str(path)] == plain(path) for path in paths)

        await until(right, what="every final state")
        assert asked <= 4 * len(paths), (
            "what was under way, and the end of it; how late: benchmarks.repos_busy"
        )
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
        await collector.close()

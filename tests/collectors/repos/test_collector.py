"""Repositories are real ones here, in every state that git knows."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from agentdash.core.clock import SystemClock
from agentdash.core.repos.model import Operation, Repo, RepoKind, ReposSnapshot, Submodules
from agentdash.core.settings.model import ReposSettings
from agentdash.core.snapshot import SourceError
from collectors.repos.collector import ReposCollector
from collectors.repos.inotify_watch import InotifyWatch
from collectors.repos.watch import NoWatch
from tests.collectors.repos.stage import commit, fingerprint, git, repository
from tests.support import until

Make = Callable[..., ReposCollector]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "projects"
    folder.mkdir()
    return folder


@pytest.fixture
async def collector_of() -> AsyncIterator[Make]:
    made: list[ReposCollector] = []

    def make(*roots: Path, **options: object) -> ReposCollector:
        made.append(ReposCollector(roots, ReposSettings(poll=0.05), "host", SystemClock(), **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for collector in made:
        await collector.close()


async def read(collector: ReposCollector) -> ReposSnapshot:
    snapshot = await collector.collect()
    assert snapshot is not None
    return snapshot


async def only(collector: ReposCollector) -> Repo:
    (repo,) = (await read(collector)).repos
    return repo


async def test_a_repository_with_a_change_of_each_kind(root: Path, collector_of: Make) -> None:
    web = repository(root / "web")
    commit(web, "old.txt", "long enough to be known again\n" * 9)
    (web / "kept.txt").write_text("1\n")
    head = commit(web, "b.txt", subject="second: ünïcode")
    git(web, "mv", "old.txt", "new.txt")
    (web / "b.txt").write_text("changed\n")
    (web / "née\nnew").write_text("")
    repo = await only(collector_of(root))
    assert (repo.name, repo.path, repo.kind) == ("web", str(web), RepoKind.REPO)
    assert (repo.branch, repo.detached, repo.head, repo.subject) == ("main", False, head, "second: ünïcode")
    assert (repo.author, repo.committed_at) == ("Test", int(git(web, "log", "-1", "--format=%ct")) * 1000)
    assert (repo.staged, repo.unstaged, repo.untracked, repo.conflicted, repo.renamed) == (1, 1, 1, 0, 1)
    assert [(change.xy, change.path, change.renamed_from) for change in repo.changes] == [
        (".M", "b.txt", None),
        ("R.", "new.txt", "old.txt"),
        ("??", "née␊new", None),
    ]
    assert (repo.stash, repo.operation, repo.error, repo.upstream, repo.ahead) == (0, None, None, None, None)


async def test_no_commits_yet(root: Path, collector_of: Make) -> None:
    repository(root / "new")
    repo = await only(collector_of(root))
    assert (repo.branch, repo.head, repo.subject, repo.error) == ("main", None, None, None)


async def test_detached_shallow_packed_and_stashed(root: Path, tmp_path: Path, collector_of: Make) -> None:
    origin = repository(tmp_path / "origin")
    commit(origin)
    head = commit(origin, text="b\n", subject="second")
    git(root, "clone", "-q", "--depth", "1", f"file://{origin}", "copy")
    git(root / "copy", "checkout", "-q", "--detach")
    (root / "copy/a.txt").write_text("c\n")
    git(root / "copy", "stash", "-q")
    git(root / "copy", "gc", "-q")
    repo = await only(collector_of(root))
    assert (repo.detached, repo.branch, repo.head, repo.subject) == (True, None, head, "second")
    assert (repo.shallow, repo.stash) == (True, 1)


async def test_ahead_behind_and_a_gone_upstream(root: Path, tmp_path: Path, collector_of: Make) -> None:
    origin = repository(tmp_path / "origin")
    commit(origin)
    git(root, "clone", "-q", str(origin), "copy")
    commit(origin, "b.txt")
    commit(root / "copy", "c.txt")
    git(root / "copy", "fetch", "-q")
    collector = collector_of(root)
    repo = await only(collector)
    assert (repo.upstream, repo.ahead, repo.behind, repo.upstream_gone) == ("origin/main", 1, 1, False)
    git(root / "copy", "update-ref", "-d", "refs/remotes/origin/main")

    async def gone() -> bool:
        snapshot = await collector.collect()
        return snapshot is not None and snapshot.repos[0].upstream_gone

    await until(gone)


@pytest.mark.parametrize(
    ("arguments", "operation", "step"),
    [
        (("merge", "other"), Operation.MERGE, None),
        (("rebase", "other"), Operation.REBASE, "1/2"),
        (("rebase", "--apply", "other"), Operation.REBASE, "1/2"),
        (("cherry-pick", "other"), Operation.CHERRY_PICK, None),
        (("revert", "--no-edit", "HEAD~1"), Operation.REVERT, None),
        (("am", "../patch"), Operation.AM, "1/1"),
    ],
)
async def test_an_operation_that_met_a_conflict(
    root: Path, collector_of: Make, arguments: tuple[str, ...], operation: Operation, step: str | None
) -> None:
    web = repository(root / "web")
    commit(web)
    commit(web, text="x\n", subject="x")
    git(web, "checkout", "-qb", "other", "HEAD~1")
    commit(web, text="other\n")
    (root / "patch").write_text(git(web, "format-patch", "-1", "--stdout") + "\n")
    git(web, "checkout", "-q", "main")
    commit(web, text="mine\n")
    git(web, *arguments, check=False)
    repo = await only(collector_of(root))
    assert (repo.operation, repo.operation_step) == (operation, step)
    assert repo.conflicted == (0 if operation is Operation.AM else 1)


async def test_bisecting(root: Path, collector_of: Make) -> None:
    web = repository(root / "web")
    commit(web)
    git(web, "bisect", "start")
    assert (await only(collector_of(root))).operation is Operation.BISECT


async def test_the_kinds(root: Path, tmp_path: Path, collector_of: Make) -> None:
    library = repository(tmp_path / "library")
    commit(library)
    web = repository(root / "web")
    commit(web)
    git(web, "submodule", "--quiet", "add", str(library), "lib/one")
    git(web, "submodule", "--quiet", "add", str(library), "lib/two")
    commit(web, "b.txt")
    git(web, "submodule", "--quiet", "deinit", "-f", "lib/two")
    commit(web / "lib/one", "new.txt")
    git(web, "worktree", "add", "-q", "../tree")
    commit(repository(web / "inner"))
    (web / "node_modules").mkdir()
    commit(repository(web / "node_modules/pruned"))
    repository(root / "bare.git", "--bare")
    git(tmp_path, "clone", "-q", "--bare", str(library), str(root / "full.git"))
    (root / "loop").symlink_to(root)
    (root / "out").symlink_to(library)
    snapshot = await read(collector_of(root))
    assert {repo.name: repo.kind for repo in snapshot.repos} == {
        "web": RepoKind.REPO,
        "web/lib/one": RepoKind.SUBMODULE,
        "web/inner": RepoKind.NESTED,
        "tree": RepoKind.WORKTREE,
        "bare.git": RepoKind.BARE,
        "full.git": RepoKind.BARE,
    }
    by_name = {repo.name: repo for repo in snapshot.repos}
    assert {repo.error for repo in snapshot.repos} == {None}
    assert by_name["web"].submodules == Submodules(2, 1, 1, ("lib/one", "lib/two"))
    assert by_name["tree"].branch == "tree"
    assert (by_name["bare.git"].branch, by_name["bare.git"].head) == ("main", None)
    assert by_name["full.git"].subject == "first"
    assert snapshot.complete


async def test_broken_ones_are_rows_and_harm_no_other(root: Path, collector_of: Make) -> None:
    around = repository(root)  # git must not answer for this one instead
    commit(around)
    for name in ("head", "index", "fine"):
        commit(repository(root / name))
    (root / "head/.git/HEAD").write_text("nonsense\n")
    (root / "index/.git/index").write_bytes(b"nonsense")
    (root / "nowhere").mkdir()
    (root / "nowhere/.git").write_text("gitdir: /not/there\n")
    (root / "text").mkdir()
    (root / "text/.git").write_text("hello\n")
    by_name = {repo.name: repo for repo in (await read(collector_of(root))).repos}
    assert by_name["head"].error == "its .git is damaged or points nowhere"
    assert "index is damaged" in (by_name["index"].error or "")
    assert "which does not exist" in (by_name["nowhere"].error or "")
    assert "neither a folder" in (by_name["text"].error or "")
    assert by_name["fine"].error is None
    assert by_name["fine"].subject == "first"


async def test_a_repository_of_another_user_says_what_to_do(root: Path, collector_of: Make) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give a folder away")
    web = repository(root / "web")
    commit(web)
    for path in (web, web / ".git"):
        os.chown(path, 12345, 12345)
    assert "safe.directory" in ((await only(collector_of(root))).error or "")


@pytest.mark.parametrize("watching", [True, False])
async def test_a_change_is_seen_and_nothing_costs_nothing(
    root: Path, collector_of: Make, watching: bool
) -> None:
    web = repository(root / "web")
    commit(web)
    commit(repository(root / "still"))
    collector = collector_of(root, **({} if watching else {"watch": NoWatch("tested")}))
    snapshot = await read(collector)
    if watching and snapshot.mode != "watching":
        pytest.skip("no file-system events here")
    assert snapshot.mode == ("watching" if watching else "polling")
    assert await collector.collect() is None

    async def web_is(expected: Callable[[Repo], bool], what: str) -> ReposSnapshot:
        async def check() -> ReposSnapshot | None:
            snapshot = await collector.collect()
            return snapshot if snapshot and expected(snapshot.repos[-1]) else None

        return await until(check, what=what)

    (web / "a.txt").write_text("changed\n")
    seen = await web_is(lambda repo: repo.unstaged == 1, "an edit")
    assert seen.repos[0] is snapshot.repos[0]
    (web / "deep/er").mkdir(parents=True)
    (web / "deep/er/new.txt").write_text("")
    await web_is(lambda repo: repo.untracked == 1, "a file in a new folder")
    commit(web, subject="second")
    await web_is(lambda repo: repo.subject == "second" and not repo.dirty, "a commit")
    git(web, "checkout", "-qb", "feature/x")
    await web_is(lambda repo: repo.branch == "feature/x", "a branch")
    (web / "deep/er/new.txt").write_text("more")
    await web_is(lambda repo: repo.unstaged == 1, "an edit in the new folder")


async def test_one_change_is_one_git_process(root: Path, collector_of: Make) -> None:
    for number in range(5):
        commit(repository(root / f"r{number}"))
    collector = collector_of(root)
    snapshot = await read(collector)
    if snapshot.mode != "watching":
        pytest.skip("no file-system events here")
    assert snapshot.git_processes == 5
    for _ in range(3):
        assert await collector.collect() is None
    (root / "r3/a.txt").write_text("changed\n")
    changed = await until(collector.collect)
    assert changed.git_processes == 1


async def test_repositories_come_and_go(root: Path, collector_of: Make) -> None:
    commit(repository(root / "one"))
    collector = collector_of(root)
    await read(collector)

    async def names() -> list[str]:
        await collector.collect()
        return [one.reader.repo.name for one in collector._schedules.values()]

    commit(repository(root / "two"))

    async def both() -> bool:
        return await names() == ["one", "two"]

    await until(both)
    shutil.rmtree(root / "one")

    async def second() -> bool:
        return await names() == ["two"]

    await until(second)


async def test_a_lock_left_behind_is_told_and_left_alone(root: Path, collector_of: Make) -> None:
    web = repository(root / "web")
    commit(web)
    lock = web / ".git/index.lock"
    lock.write_text("")
    os.utime(lock, (1_000_000_000, 1_000_000_000))
    repo = await only(collector_of(root))
    assert repo.error is None
    assert (repo.lock_age_ms or 0) > 86_400_000
    assert lock.exists()


async def test_reading_changes_no_byte_and_runs_nothing_of_theirs(
    root: Path, tmp_path: Path, collector_of: Make
) -> None:
    trap = tmp_path / "trap"
    sprung = tmp_path / "sprung"
    trap.write_text(f'#!/bin/sh\necho "$0 $*" >> {sprung}\ncat\n')
    trap.chmod(0o755)
    library = repository(tmp_path / "library")
    commit(library)
    web = repository(root / "web")
    git(web, "submodule", "--quiet", "add", str(library), "lib")
    (web / ".gitattributes").write_text("*.txt filter=evil diff=evil\n*.inc filter=included\n")
    commit(web, "b.inc")
    commit(web)
    for place in (web, web / "lib"):
        for name in ("post-index-change", "fsmonitor-watchman", "pre-commit", "post-checkout"):
            hook = Path(git(place, "rev-parse", "--absolute-git-dir")) / "hooks" / name
            hook.parent.mkdir(exist_ok=True)
            hook.symlink_to(trap)
        for name in (
            "core.fsmonitor", "filter.evil.clean", "filter.evil.smudge", "filter.evil.process",
            "diff.evil.textconv", "diff.evil.command", "diff.external", "core.sshCommand", "core.pager",
            "core.editor", "core.askPass",
        ):  # fmt: skip
            git(place, "config", name, str(trap))
        git(place, "config", "credential.helper", f"!{trap}")
        git(place, "config", "alias.status", f"!{trap}")
        git(place, "config", "filter.evil.required", "true")
    (tmp_path / "included").write_text(f'[filter "included"]\n\tclean = {trap}\n')
    git(web, "config", "include.path", str(tmp_path / "included"))
    for name in ("a.txt", "b.inc"):
        os.utime(web / name, (1_000_000_000, 1_000_000_000))  # so that git must look into them
    (web / "lib/a.txt").write_text("changed\n")
    sprung.unlink(missing_ok=True)
    before = fingerprint(root)
    collector = collector_of(root)
    snapshot = await read(collector)
    assert [(repo.name, repo.error, repo.unstaged) for repo in snapshot.repos] == [
        ("web", None, 1),  # its submodule
        ("web/lib", None, 1),
    ]
    for one in collector._schedules.values():
        one.dirty = True
    await collector.collect()
    assert fingerprint(root) == before
    assert not sprung.exists(), sprung.read_text()
    git(web, "status", check=False)
    assert sprung.exists()  # the traps are real: without care they are sprung


async def test_the_users_own_filter_stays(root: Path, home: Path, collector_of: Make) -> None:
    """As git-lfs is set up: without it, files that did not change would seem to."""
    git(root, "config", "--global", "filter.upper.clean", "tr a-z A-Z")
    git(root, "config", "--global", "filter.upper.smudge", "tr A-Z a-z")
    web = repository(root / "web")
    git(web, "config", "filter.upper.clean", "false")
    git(web, "config", "--unset", "filter.upper.clean")
    (web / ".gitattributes").write_text("*.txt filter=upper\n")
    commit(web)
    git(web, "config", "filter.other.clean", "false")
    os.utime(web / "a.txt", (1_000_000_000, 1_000_000_000))
    assert (await only(collector_of(root))).unstaged == 0


@pytest.mark.parametrize("kind", ["none", "missing", "file"])
async def test_a_root_that_cannot_be_searched_is_said_with_its_cure(
    tmp_path: Path, collector_of: Make, kind: str
) -> None:
    (tmp_path / "file").write_text("")
    collector = collector_of() if kind == "none" else collector_of(tmp_path / kind)
    for _ in range(2):
        with pytest.raises(SourceError) as caught:
            await collector.collect()
        assert caught.value.absent is (kind == "none")
        assert caught.value.cure


async def test_no_git_is_said(root: Path, collector_of: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SourceError, match="git is not installed"):
        await collector_of(root).collect()


async def test_a_git_that_hangs_is_ended_and_told(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repository(root / "web"))
    slow = tmp_path / "bin/git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    collector = ReposCollector((root,), ReposSettings(timeout=0.3), "host", SystemClock())
    repo = await only(collector)
    await collector.close()
    assert repo.error == "git did not answer within 0.3 s"


async def test_at_the_limit_of_watches_it_polls_and_says_so(root: Path, collector_of: Make) -> None:
    for name in ("one", "two"):
        commit(repository(root / name))
    try:
        watch = InotifyWatch((), most=5)
    except OSError:
        pytest.skip("no file-system events here")
    collector = collector_of(root, watch=watch)
    await read(collector)
    snapshot = await until(collector.collect, what="the limit is told")
    assert snapshot.mode == "polling"
    assert snapshot.reason == watch.reason
    assert "limit of watched folders" in (watch.reason or "")
    for name in ("one", "two"):
        (root / name / "a.txt").write_text("changed\n")

    async def both_changed() -> bool:
        await collector.collect()
        return all(one.reader.repo.unstaged == 1 for one in collector._schedules.values())

    await until(both_changed)


async def watching(collector: ReposCollector) -> InotifyWatch:
    await collector.collect()
    if not isinstance(collector._watch, InotifyWatch):
        pytest.skip("no file-system events here")

    async def all_watched() -> bool:
        await collector.collect()
        return all(one.watched for one in collector._schedules.values())

    await until(all_watched, what="all are watched")
    return collector._watch


async def row(
    collector: ReposCollector, expected: Callable[[Repo], bool], what: str, name: str = "web"
) -> Repo:
    async def check() -> Repo | None:
        snapshot = await collector.collect()
        return next((r for r in snapshot.repos if r.name == name and expected(r)), None) if snapshot else None

    return await until(check, what=what)


async def test_what_git_ignores_is_not_watched_and_what_it_tracks_is(root: Path, collector_of: Make) -> None:
    web = repository(root / "web")
    (web / ".gitignore").write_text("/out/\n")
    for folder in ("src/inner", "build", "node_modules/a/b", "out/a/b"):
        (web / folder).mkdir(parents=True)
        (web / folder / "file").write_text("1\n")
    git(web, "add", ".gitignore", "src", "build")
    git(web, "commit", "-qm", "first")
    collector = collector_of(root)
    watch = await watching(collector)

    def watched() -> set[str]:
        below = (Path(one.name) for one in watch._folders.values() if not one.in_git)
        return {str(path.relative_to(web)) for path in below if path.is_relative_to(web)}

    assert watched() == {".", "src", "src/inner", "build"}
    (web / "build/file").write_text("2\n")  # a pruned name, and tracked all the same
    await row(collector, lambda repo: repo.unstaged == 1, "a change in a tracked folder called build")
    (web / "out/new/deep").mkdir(parents=True)
    (web / "lib/deep").mkdir(parents=True)
    (web / "lib/deep/x").write_text("")
    await row(collector, lambda repo: repo.untracked == 2, "a new folder, and node_modules")
    await collector.collect()
    assert "lib/deep" in watched()
    assert not any(name.startswith(("out", "node_modules")) for name in watched())
    (web / ".gitignore").write_text("/lib/\n")
    await row(collector, lambda repo: repo.unstaged == 2, "out is not ignored any more")

    async def anew() -> bool:
        await collector.collect()
        return "out/a/b" in watched() and "lib" not in watched()

    await until(anew, what="other rules, other watches")


async def test_the_changes_of_a_submodule_are_one_of_its_parent(
    root: Path, tmp_path: Path, collector_of: Make
) -> None:
    library = repository(tmp_path / "library")
    commit(library)
    middle = repository(tmp_path / "middle")
    git(middle, "submodule", "--quiet", "add", str(library), "vendor/deep")  # a name that is never entered
    commit(middle)
    web = repository(root / "web")
    git(web, "submodule", "--quiet", "add", str(middle), "lib")
    git(web, "submodule", "--quiet", "update", "--init", "--recursive")
    commit(web)
    collector = collector_of(root)
    before = await read(collector)
    assert [(repo.name, repo.unstaged) for repo in before.repos] == [
        ("web", 0), ("web/lib", 0), ("web/lib/vendor/deep", 0),
    ]  # fmt: skip
    (web / "lib/vendor/deep/a.txt").write_text("changed\n")
    repo = await row(collector, lambda repo: repo.unstaged == 1, "two levels below")
    assert [(change.path, change.xy) for change in repo.changes] == [("lib", ".M")]
    assert git(web, "status", "--porcelain") == "M lib"  # git's own word, stripped
    git(web / "lib/vendor/deep", "checkout", "-q", "a.txt")
    await row(collector, lambda repo: not repo.dirty, "clean again")
    await watching(collector)
    git(web, "submodule", "--quiet", "add", str(library), "build/later")
    git(web, "commit", "-qm", "one more")
    later = web / "build/later"
    await row(collector, lambda repo: repo.subject == "first", "one that came", name="web/build/later")
    (later / "a.txt").write_text("changed\n")
    await row(collector, lambda repo: repo.unstaged == 1, "its change in its parent")


async def test_a_lock_is_seen_within_a_second_and_a_short_one_never(root: Path, collector_of: Make) -> None:
    web = repository(root / "web")
    commit(web)
    collector = collector_of(root)
    assert (await only(collector)).lock_age_ms is None
    lock = web / ".git/index.lock"
    lock.write_text("")
    lock.unlink()
    for _ in range(3):
        assert await collector.collect() is None
    lock.write_text("")
    repo = await row(collector, lambda repo: repo.lock_age_ms is not None, "the lock")
    assert (repo.lock_age_ms or 0) <= 1000
    lock.unlink()
    await row(collector, lambda repo: repo.lock_age_ms is None, "the lock is gone")


async def test_a_root_that_cannot_be_searched_is_said_beside_those_that_can(
    root: Path, tmp_path: Path, collector_of: Make
) -> None:
    commit(repository(root / "web"))
    snapshot = await read(collector_of(root, tmp_path / "missing"))
    assert [repo.name for repo in snapshot.repos] == ["web"]
    assert snapshot.problems == (f"the projects folder {tmp_path / 'missing'} does not exist",)


async def test_where_all_lie_deep_they_are_found_all_the_same(root: Path, collector_of: Make) -> None:
    commit(repository(root / "team/area/app"))
    collector = collector_of(root)
    snapshot = await read(collector)
    assert [(repo.name, repo.subject) for repo in snapshot.repos] == [("team/area/app", "first")]
    assert (snapshot.complete, snapshot.unread) == (True, 0)


async def test_one_that_comes_in_an_ignored_folder_is_found_soon(
    root: Path, collector_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.repos.ignored_folders.CHECK_INTERVAL", 0.1)
    web = repository(root / "web")
    (web / ".gitignore").write_text("/trees/\n")
    commit(web)
    (web / "trees").mkdir()
    (web / "trees/notes").write_text("")
    collector = collector_of(root)
    await watching(collector)
    git(web, "worktree", "add", "-q", "trees/fix")
    await row(collector, lambda repo: repo.branch == "fix", "the work tree", name="web/trees/fix")
    git(web, "worktree", "remove", "trees/fix")

    async def gone() -> bool:
        snapshot = await collector.collect()
        return snapshot is not None and [repo.name for repo in snapshot.repos] == ["web"]

    await until(gone)


async def test_a_repository_that_comes_far_below_is_found_by_events(root: Path, collector_of: Make) -> None:
    (root / "team/area").mkdir(parents=True)
    commit(repository(root / "web"))
    collector = collector_of(root)
    await watching(collector)
    commit(repository(root / "team/area/new/app"))
    await row(collector, lambda repo: repo.subject == "first", "the new one", name="team/area/new/app")


@pytest.mark.parametrize("name", ["a-store.git", "z-store.git"])
async def test_a_git_directory_apart_is_not_a_repository_of_its_own(
    root: Path, collector_of: Make, name: str
) -> None:
    (root / "deep").mkdir()
    git(root, "init", "-q", f"--separate-git-dir={root / 'deep' / name}", str(root / "work"))
    commit(root / "work")
    git(root, "init", "-q", "--bare", str(root / "deep/bare.git"))
    collector = collector_of(root)
    snapshot = await read(collector)
    while not snapshot.complete:
        snapshot = await read(collector)
    found = {(repo.name, repo.kind) for repo in snapshot.repos}
    assert found == {("work", RepoKind.REPO), ("deep/bare.git", RepoKind.BARE)}

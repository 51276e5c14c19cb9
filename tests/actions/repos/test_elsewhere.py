"""A key pressed on one repository changes that one alone: no other, no branch, and no file through a link."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from agentdash.actions.repos import operations as repos
from agentdash.actions.repos.stage_plan import plan
from agentdash.core.commands import Outcome, Refused
from agentdash.core.repos.commands import CommitRepo, FetchRepo, StageRepo
from tests.collectors.repos.stage import commit, git, repository
from tests.git.traps import everything_below

SECRET = "GITHUB_TOKEN=ghp_" + "a1B2" * 9 + "\n"


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """A clone of ``far``, with a branch of its own."""
    commit(repository(tmp_path / "far"))
    git(tmp_path / "far", "branch", "work")
    git(tmp_path, "clone", "-q", "far", "web")
    git(tmp_path / "web", "checkout", "-qb", "work")
    commit(tmp_path / "web", "b.txt", subject="only here")
    git(tmp_path / "web", "checkout", "-q", "main")
    commit(tmp_path / "far", "c.txt", subject="new")
    git(tmp_path / "far", "branch", "-f", "work")
    return tmp_path / "web"


class Steps(list[str]):
    def __call__(self, words: str, ok: bool) -> None:
        del ok
        self.append(words)


def stage(path: Path) -> Outcome:
    return repos.stage(StageRepo(str(path), git(path, "rev-parse", "HEAD")), 5_000_000, 20, Steps())


def commit_it(path: Path, steps: Steps | None = None) -> Outcome:
    given = Steps() if steps is None else steps
    return repos.commit(CommitRepo(str(path), "of a person", git(path, "rev-parse", "HEAD")), 20, given)


def fetch(path: Path) -> Outcome:
    return repos.fetch(FetchRepo(str(path)), 20, Steps())


def branches(path: Path) -> str:
    return git(path, "for-each-ref", "refs/heads", "refs/tags")


def set_refspec(value: str) -> Callable[[Path], None]:
    return lambda web: void(git(web, "config", "--add", "remote.origin.fetch", value))


def void(_: object) -> None:
    return


def old_form(web: Path) -> None:
    (web / ".git/branches").mkdir(exist_ok=True)
    (web / ".git/branches/work").write_text(f"{web.parent}/far#main\n")
    git(web, "config", "branch.main.remote", "work")


def symbolic(web: Path) -> None:
    (web / ".git/refs/remotes/origin/work").write_text("ref: refs/heads/work\n")


def linked_refs(web: Path) -> None:
    (web / ".git/refs/remotes/origin").rename(web / "kept")
    (web / ".git/refs/remotes/origin").symlink_to("../heads")


@pytest.mark.parametrize(
    "spoil",
    [
        set_refspec("+refs/*:refs/*"), set_refspec("+refs/heads/*:refs/heads/*"), set_refspec("main:work"),
        set_refspec("+refs/tags/*:refs/tags/*"), set_refspec("refs/heads/main:heads/work"), old_form,
        symbolic, linked_refs,
    ],
)  # fmt: skip
def test_a_fetch_overwrites_no_branch(web: Path, spoil: Callable[[Path], None]) -> None:
    spoil(web)
    git(web, "config", "fetch.prune", "true")
    before = branches(web)
    outcome = fetch(web)
    assert not outcome.ok
    assert branches(web) == before


def test_a_fetch_deletes_nothing(web: Path) -> None:
    git(web, "tag", "mine")
    git(web, "update-ref", "refs/remotes/origin/gone", "HEAD")
    for key in ("fetch.prune", "fetch.pruneTags", "remote.origin.prune", "remote.origin.pruneTags"):
        git(web, "config", key, "true")
    before = branches(web)
    assert fetch(web).ok
    assert branches(web) == before
    assert git(web, "rev-parse", "origin/gone")
    assert git(web, "rev-parse", "origin/main") == git(web.parent / "far", "rev-parse", "main")


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[str | None]]]:
    """A proxy that asks for a password, and what it was sent."""
    sent: list[str | None] = []

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent.append(self.headers.get("Authorization"))
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            del format, args

    server = HTTPServer(("127.0.0.1", 0), Proxy)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", sent
    server.shutdown()
    serving.join()
    server.server_close()


@pytest.mark.parametrize("key", ["http.proxy", "http.http://git.example/.proxy", "remote.origin.proxy"])
def test_no_password_goes_to_a_proxy_of_the_repository(
    web: Path, tmp_path: Path, proxy: tuple[str, list[str | None]], key: str
) -> None:
    address, sent = proxy
    (tmp_path / "stored").write_text("http://me:secret-password@git.example\n")
    git(web, "config", "--global", "credential.helper", f"store --file={tmp_path}/stored")
    git(web, "config", "remote.origin.url", "http://git.example/team/web.git")
    git(web, "config", key, address)
    outcome = fetch(web)
    assert "its own configuration sets" in outcome.message
    assert sent == []
    git(web, "config", "--unset", key)
    git(web, "config", "--global", "http.proxy", address)
    assert not fetch(web).ok
    assert any(sent), "the user's own proxy is used, and has the password"


def test_nothing_is_staged_from_another_place(web: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/.env").write_text(SECRET)
    git(web, "config", "core.worktree", str(tmp_path / "home"))
    before = everything_below(tmp_path)
    outcome = stage(web)
    assert f"core.worktree) makes git work in {tmp_path}/home" in outcome.message
    with pytest.raises(Refused, match=r"core\.worktree"):
        commit_it(web)
    assert everything_below(tmp_path) == before


@pytest.mark.parametrize("attribute", ["-diff", "binary", "diff=odd"])
def test_an_attribute_hides_no_secret(web: Path, attribute: str) -> None:
    (web / ".gitattributes").write_text(f"* {attribute}\n")
    git(web, "config", "diff.odd.binary", "true")
    git(web, "add", "-A")
    git(web, "commit", "-qm", "attributes")
    for name in ("a.txt", "b.txt"):
        (web / name).write_text(SECRET)
    (web / ".gitattributes").write_text(f"* {attribute}\n# the same\n")
    (part,) = plan(web, 5_000_000, 20)
    assert part.files == (b".gitattributes",)
    assert "a.txt" in {one.path for one in part.left}


def submodule(web: Path, git_dir: str) -> Path:
    (web / "lib").mkdir()
    (web / "lib/f").write_text("backdoor\n")
    (web / "lib/.git").write_text(f"gitdir: {git_dir}\n")
    (web / ".gitmodules").write_text('[submodule "lib"]\n\tpath = lib\n\turl = x\n')
    git(web, "add", ".gitmodules")
    return web / "lib"


def common_elsewhere(web: Path) -> str:
    """A git directory in its place, that shares all with another."""
    (web / ".git/modules/lib").mkdir(parents=True)
    (web / ".git/modules/lib/HEAD").write_text("ref: refs/heads/main\n")
    (web / ".git/modules/lib/commondir").write_text(f"{web.parent}/mine/.git\n")
    return "../.git/modules/lib"


def modules_elsewhere(web: Path) -> str:
    (web / ".git/modules").symlink_to("../..")
    return "../.git/modules/mine/.git"


@pytest.mark.parametrize("place", [lambda _: "../../mine/.git", common_elsewhere, modules_elsewhere])
def test_a_submodule_leads_to_no_other_repository(
    web: Path, tmp_path: Path, place: Callable[[Path], str]
) -> None:
    commit(repository(tmp_path / "mine"))
    submodule(web, place(web))
    before = everything_below(tmp_path / "mine")
    assert "web/lib (its git directory is neither in it" in stage(web).message
    steps = Steps()
    outcome = commit_it(web, steps)
    assert outcome.ok
    assert "left out: web/lib (" in outcome.message
    assert any(words.startswith("left out: web/lib (") for words in steps)
    assert everything_below(tmp_path / "mine") == before


def test_a_pointer_leads_to_no_other_repository(tmp_path: Path) -> None:
    commit(repository(tmp_path / "mine"))
    commit(repository(tmp_path / "mine"), "b.txt")
    (tmp_path / "evil").mkdir()
    (tmp_path / "evil/.git").write_text("gitdir: ../mine/.git\n")
    (tmp_path / "evil/new.txt").write_text("x")
    before = everything_below(tmp_path / "mine")
    assert "belongs to another work tree" in stage(tmp_path / "evil").message
    assert not fetch(tmp_path / "evil").ok
    assert everything_below(tmp_path / "mine") == before
    git(tmp_path / "mine", "worktree", "add", "-q", "-b", "other", str(tmp_path / "linked"))
    (tmp_path / "linked/new.txt").write_text("x")
    assert stage(tmp_path / "linked").message == "1 file staged; nothing is left"
    assert commit_it(tmp_path / "linked").ok


@pytest.mark.parametrize(
    "name", ["FETCH_HEAD", "COMMIT_EDITMSG", "logs/HEAD", "logs/refs/heads/main", "index"]
)
def test_nothing_is_written_through_a_link(web: Path, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    place = web / ".git" / name
    outside.write_bytes(place.read_bytes() if place.exists() else b"kept\n")
    place.unlink(missing_ok=True)
    place.symlink_to(outside)
    (web / "new.txt").write_text("x")
    before = (outside.read_bytes(), outside.stat().st_mtime_ns)
    assert f"its {name} is a link" in fetch(web).message
    stage(web)
    assert not commit_or_refused(web)
    assert (outside.read_bytes(), outside.stat().st_mtime_ns) == before
    assert place.is_symlink()


def commit_or_refused(path: Path) -> bool:
    try:
        return commit_it(path).ok
    except Refused:
        return False

"""What is undone by name, what is kept of the user's own, and what a reading git leaves as it was."""

from __future__ import annotations

import asyncio
import os
import stat
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentdash.actions.repos import operations as repos
from agentdash.core.commands import Outcome
from agentdash.core.repos.commands import FetchRepo
from agentdash.git import commands, config, overrides
from agentdash.git.call import call
from agentdash.git.config_keys import neutral_value, normalized
from agentdash.git.git_dir import GitDir
from tests.collectors.repos.stage import commit, git, repository
from tests.git.traps import Traps, everything_below, read_all, snapshot_of


@pytest.fixture
def web(tmp_path: Path) -> Path:
    commit(repository(tmp_path / "source"))
    git(tmp_path, "clone", "-q", "source", "PROJECTS/web")
    return tmp_path / "PROJECTS/web"


@pytest.fixture
def traps(tmp_path: Path) -> Traps:
    return Traps(tmp_path / "traps")


def program(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)
    return str(folder / name)


def configure(path: Path, *pairs: tuple[str, str]) -> None:
    for key, value in pairs:
        git(path, "config", "--add", key, value)


def fetch(path: Path) -> Outcome:
    return repos.fetch(FetchRepo(str(path)), 20, lambda _words, _ok: None)


def test_a_fetch_runs_none_of_the_repository_s_programs(web: Path, tmp_path: Path, traps: Traps) -> None:
    at = tmp_path / "traps/programs"
    configure(
        web,
        ("core.alternateRefsCommand", f"{at}/core_alternaterefscommand"),
        ("remote.origin.uploadpack", f"{at}/remote_name_uploadpack"),
        ("core.hooksPath", str(tmp_path / "hooks")),
        ("uploadpack.packObjectsHook", f"{at}/uploadpack_packobjectshook"),
    )
    configure(tmp_path / "source", ("uploadpack.packObjectsHook", f"{at}/uploadpack_packobjectshook"))
    (tmp_path / "hooks").mkdir()
    program(tmp_path / "hooks", "reference-transaction", f"exec {at}/hook_reference_transaction")
    (web / ".git/objects/info/alternates").write_text(f"{tmp_path}/source/.git/objects\n")
    commit(tmp_path / "source", "b.txt")
    git(web, "fetch", "-q", "--upload-pack=git-upload-pack", check=False)
    assert traps.traces() == {"core_alternaterefscommand", "hook_reference_transaction"}, (
        "the traps are traps"
    )
    traps.forget()
    commit(tmp_path / "source", "c.txt")
    assert fetch(web).ok
    assert traps.traces() == set()
    assert git(web, "rev-parse", "origin/main") == git(tmp_path / "source", "rev-parse", "main")


@pytest.mark.parametrize(
    "key",
    [
        "http.sslVerify",
        "http.https://example.com/.sslVerify",
        "http.https://x/.saveCookies",
        "fetch.bundleURI",
    ],
)
def test_a_fetch_that_the_repository_weakens_is_not_made(web: Path, tmp_path: Path, key: str) -> None:
    commit(tmp_path / "source", "b.txt")
    before = git(web, "rev-parse", "origin/main")
    git(web, "config", key, "false")
    outcome = fetch(web)
    assert not outcome.ok
    assert (
        f"its own configuration sets {key.lower() if '/' not in key else key.rpartition('.')[0]}"
        in outcome.message
    )
    assert git(web, "rev-parse", "origin/main") == before
    git(web, "config", "--unset", key)
    git(web, "config", "--global", key, "false")
    assert fetch(web).ok


@pytest.mark.parametrize("url", ["ext::sh -c {trap}", "trap::x"])
def test_no_transport_is_a_program_of_the_repository(
    web: Path, tmp_path: Path, traps: Traps, url: str
) -> None:
    at = tmp_path / "traps/programs"
    git(web, "config", "remote.origin.url", url.format(trap=at / "remote_name_vcs"))
    git(web, "config", "protocol.allow", "always")
    git(web, "config", "protocol.ext.allow", "always")
    outcome = fetch(web)
    assert not outcome.ok
    assert "not allowed" in outcome.message
    assert traps.traces() == set()


def test_credentials_come_from_the_user_alone(web: Path, tmp_path: Path, traps: Traps) -> None:
    trap = tmp_path / "traps/programs/credential_helper"
    configure(
        web, ("credential.helper", str(trap)), ("credential.https://example.com.helper", str(trap)),
        ("core.askPass", str(trap)),
    )  # fmt: skip
    users = program(tmp_path, "users", "echo username=me; echo password=mine")
    git(web, "config", "--global", "credential.https://example.com.helper", users)
    taken: list[bytes] = []
    found = commands.effective_settings(web, 20)
    asked = b"protocol=https\nhost=example.com\n\n"
    commands.run(
        web,
        ("credential", "fill"),
        taken.append,
        20,
        stdin=asked,
        writes=repos._users_credentials(found),
    )
    assert b"password=mine" in b"".join(taken)
    taken.clear()
    call(web, GitDir.from_work_tree(web), ("credential", "fill"), taken.append, 20, stdin=asked)
    assert b"mine" not in b"".join(taken), "only a fetch has them"
    assert traps.traces() == set()


def test_a_filter_of_the_user_goes_on_and_takes_no_orders(web: Path, tmp_path: Path, traps: Traps) -> None:
    """As git lfs does, it reads the repository's configuration, and would run what that names."""
    trap = tmp_path / "traps/programs/hook_pre_commit"
    ours = program(tmp_path, "clean", f': > "{tmp_path}/ours"; $(git config lfs.extension.evil.clean); cat')
    configure(
        web,
        ("filter.lfs.clean", str(trap)),
        ("filter.lfs.required", "true"),
        ("lfs.extension.evil.clean", str(trap)),
    )
    git(web, "config", "--global", "filter.lfs.clean", ours)
    (web / ".gitattributes").write_text("*.txt filter=lfs\n")
    (web / "a.txt").write_text("b\n")
    assert b"a.txt" in commands.output(web, ("status", "--porcelain"), 20)
    assert (tmp_path / "ours").exists()
    assert traps.traces() == set()


def test_a_repository_of_somebody_else_is_asked_about_first(web: Path, tmp_path: Path, traps: Traps) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give files away")
    git(web, "config", "filter.evil.clean", str(tmp_path / "traps/programs/filter_driver_clean"))
    (web / ".gitattributes").write_text("*.txt filter=evil\n")
    (web / "a.txt").write_text("b\n")
    for place in (web, web / ".git"):
        os.chown(place, 12345, 12345)
    with pytest.raises(commands.GitFailed, match="it belongs to another user"):
        commands.output(web, ("status",), 20)
    git(tmp_path, "config", "--global", "safe.directory", "*")
    assert b"a.txt" in commands.output(web, ("status", "--porcelain"), 20)
    # One that only looks like a repository does not lead git to the one around it.
    (web / "a:b/inner/.git/refs").mkdir(parents=True)
    os.chown(web / "a:b/inner/.git", 12345, 12345)
    with pytest.raises(commands.GitFailed, match="damaged or points nowhere"):
        commands.output(web / "a:b/inner", ("status",), 20)
    assert traps.traces() == set()


def test_hooks_that_are_configured_are_off_whosoever_they_are() -> None:
    found = (
        config.ConfigSetting(True, "hook.evil.command", "x"),
        config.ConfigSetting(False, "hook.mine.event", "pre-commit"),
        config.ConfigSetting(False, "filter.lfs.clean", "git-lfs clean -- %f"),
    )
    assert overrides.overrides(Path("/"), found) == {
        "hook.evil.enabled": "false",
        "hook.mine.enabled": "false",
    }


def test_what_cannot_be_asked_is_no_answer(web: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where git cannot list the configuration, nothing else is started."""
    with (web / ".git/config").open("a") as file:
        file.write('[filter "x"]\n\tclean = y\n[broken\n')
    with pytest.raises(commands.GitFailed, match="bad config"):
        commands.output(web, ("status",), 20)
    git(web, "config", "-f", ".git/config", "--list", check=False)
    (web / ".git/config").write_text("[filter]\n" + "\tx = " + "y" * 900 + "\n")
    monkeypatch.setattr(config, "MAX_SETTINGS", 500)
    with pytest.raises(commands.GitFailed, match="too large to be checked"):
        commands.output(web, ("status",), 20)


def test_reading_leaves_the_time_of_a_shared_index(web: Path) -> None:
    git(web, "update-index", "--split-index")
    (shared,) = (web / ".git").glob("sharedindex.*")
    old = time.time() - 100_000
    os.utime(shared, (old, old))
    git(web, "status")
    assert shared.stat().st_mtime > old + 1, "git itself sets it"
    os.utime(shared, (old, old))
    (web / "a.txt").touch()
    before = everything_below(web.parent)
    read_all(web.parent)
    assert everything_below(web.parent) == before


def test_one_process_for_a_plain_repository_two_where_it_may_name_programs(web: Path) -> None:
    feed = bytearray().extend
    assert commands.status(web, feed, 20) == 1
    git(web, "config", "core.excludesFile", "ignored")
    assert commands.status(web, feed, 20) == 2
    snapshot = asyncio.run(snapshot_of(web.parent))
    assert snapshot.repos[0].error is None


_NAMES = st.sampled_from(
    ["filter", "FILTER", "include", "core", "hook", "lfs", "annex", "remote", "user", "FiLter"]
)
_SUBS = st.sampled_from([None, "x", "a=b", "X.y", 'q\\"', "", "extension.e", "https://a/", "]"])
_KEYS = st.sampled_from([
    "clean", "process", "SMUDGE", "required", "command", "event", "excludesFile", "ATTRIBUTESFILE", "path",
    "name", "x-command",
])  # fmt: skip
_LINE = st.tuples(
    _NAMES, _SUBS, _KEYS, st.sampled_from(["\t", " ", ""]), st.sampled_from(["\n", "\r\n", " # x\n"])
)


@given(st.lists(_LINE, max_size=4), st.sampled_from(["", "\ufeff", "; filter\n", "\n\n"]))
@settings(max_examples=40)
def test_a_file_that_is_not_asked_about_sets_nothing(
    tmp_path_factory: pytest.TempPathFactory, lines: list[tuple[str, str | None, str, str, str]], head: str
) -> None:
    folder = tmp_path_factory.mktemp("config")
    text = head
    for section, sub, key, blank, end in lines:
        title = f"[{section}]" if sub is None else f'[{section} "{sub}"]'
        text += f"{title}{blank}{key}{blank}={blank}v{end}"
    (folder / "config").write_text(text, encoding="utf-8", newline="")
    listed = git(folder, "config", "-f", "config", "--list", "--name-only", check=False).splitlines()
    dangerous = [
        key
        for key in listed
        if (neutral_value(key) is not None and not key.startswith("remote."))
        or normalized(key) in {"core.attributesfile", "core.excludesfile"}
        or key.startswith("include.")
    ]
    assert not dangerous or overrides.needs_overrides(GitDir(folder, folder))


def test_only_plain_files_are_searched(tmp_path: Path) -> None:
    place = GitDir(tmp_path, tmp_path)
    assert not overrides.needs_overrides(place)
    (tmp_path / "config").write_text("[core]\n")
    assert not overrides.needs_overrides(place)
    (tmp_path / "config").write_text("# x\n" * (config.MAX_SEARCHED // 4 + 1))
    assert overrides.needs_overrides(place)
    for make in (lambda path: path.symlink_to("/dev/null"), os.mkfifo, Path.mkdir):
        (tmp_path / "config").unlink()
        make(tmp_path / "config")
        assert overrides.needs_overrides(place)
        if stat.S_ISDIR((tmp_path / "config").lstat().st_mode):
            break

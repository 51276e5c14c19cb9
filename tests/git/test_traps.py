"""Looking runs nothing and writes nothing, whatever a repository's configuration names; nor does a key."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from agentdash.git.config_keys import safeguard_of
from tests.git.trap_places import PLACES, WRITTEN
from tests.git.traps import (
    Traps,
    arm,
    by_command_line,
    everything_below,
    known_keys,
    read_all,
    trapped,
    write_all,
)

COMMANDS = {
    "add", "cat-file", "check-attr", "commit", "config", "diff", "fetch", "grep", "log", "ls-files",
    "rev-list", "rev-parse", "show", "status", "worktree",
}  # fmt: skip
"""All git commands that agentdash starts."""
OF_THE_TEST = {"protocol.file.allow=always", "init.defaultBranch=main", "for-each-ref", "upload-pack"}
"""What the tests start themselves, and git by itself."""


PARTS = 3
"""Tests over which the places are shared out."""
UNUSABLE = {
    "behind_a_pointer_to_the_working_folder", "bare_beside_a_broken_one", "through_the_working_folder",
}  # fmt: skip
"""Places that agentdash does not follow: they are rows with an error."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", "Test")
            patch.setenv(f"GIT_{role}_EMAIL", "test@example.com")
        return trapped(tmp_path_factory.mktemp("template") / "PROJECTS/web")


@pytest.fixture
def projects(tmp_path: Path) -> Path:
    (tmp_path / "PROJECTS").mkdir()
    return tmp_path / "PROJECTS"


def plant(template: Path, projects: Path, places: Iterable[str], *, fetch: bool) -> dict[str, Traps]:
    """A repository for each place, with its own traps."""
    planted = {}
    for name in places:
        web, traps = projects / name, Traps(projects.parent / "traps" / name)
        shutil.copytree(template, web, symlinks=True)
        if "bare" not in name:  # it has been tried once, and each repository takes its time
            shutil.rmtree(web / "fixtures")
        if name not in {"own", "of_a_submodule"}:
            shutil.rmtree(web / "lib")
        traps.hooks(web / ".git")
        arm(web)
        PLACES[name](web, traps.settings(fetch=fetch))
        planted[name] = traps
    return planted


def run(planted: dict[str, Traps]) -> dict[str, set[str]]:
    """What was run, by place."""
    return {name: traces for name, traps in planted.items() if (traces := traps.traces())}


def test_each_key_of_git_is_in_a_list() -> None:
    assert [key for key in known_keys() if safeguard_of(key) is None] == []
    assert safeguard_of("core.somethingNewCommand") is None
    assert safeguard_of("newsection.command") is None


def test_the_traps_are_traps(template: Path, projects: Path) -> None:
    """What a git that is not kept from it runs; without this the tests below would show nothing."""
    planted = plant(template, projects, PLACES, fetch=False)
    quiet = ("-c", "core.fsmonitor=false")
    apart = {
        "of_an_embedded_bare_one": "of_an_embedded_bare_one/fixtures/embedded.git",
        "of_a_bare_one": "of_a_bare_one bare.git",
        "of_a_submodule": "of_a_submodule/lib",
        "of_a_linked_work_tree": "of_a_linked_work_tree linked",
        "around_a_broken_one": "around_a_broken_one/a:b/inner",
    }
    tried = [(name, words) for name in PLACES for words in ((*quiet, "status"), ("show", "HEAD"))]
    tried += [("own", ("status",)), ("own", (*quiet, "diff", "HEAD"))]
    for name, words in tried:
        place = projects / apart.get(name, name)
        subprocess.run(("git", *words), cwd=place, check=False, capture_output=True, timeout=20)
    fired = run(planted)
    assert fired["own"] >= {"core_fsmonitor", "filter_driver_clean", "gpg_program", "diff_driver_command"}
    assert set(PLACES) == set(fired)


@pytest.mark.parametrize("part", range(PARTS))
def test_looking_runs_nothing_and_writes_nothing(template: Path, projects: Path, part: int) -> None:
    places = [*PLACES][part::PARTS]
    planted = plant(template, projects, places, fetch=False)
    before = everything_below(projects)
    rows = {Path(repo.path): repo for repo in read_all(projects).repos}
    assert run(planted) == {}
    assert everything_below(projects) == before
    failed = {name for name in places if rows[projects / name].error is not None}
    assert failed == UNUSABLE & {*places}
    assert all(rows[projects / name].unstaged for name in places if name not in UNUSABLE), (
        "files were compared"
    )
    if "around_a_broken_one" in places:
        inner = rows[projects / "around_a_broken_one/a:b/inner"]
        assert inner.error == "its .git is damaged or points nowhere"
    if "of_a_submodule" in places:
        assert rows[projects / "of_a_submodule/lib"].unstaged == 1


def test_the_command_line_runs_nothing_and_writes_nothing(template: Path, projects: Path) -> None:
    places = ("own", "padded")
    planted = plant(template, projects, places, fetch=False)
    before = everything_below(projects)
    document = by_command_line(projects)
    assert {item["name"] for item in document["items"]} >= set(places)
    assert run(planted) == {}
    assert everything_below(projects) == before


def test_a_person_s_key_runs_nothing_either(template: Path, projects: Path) -> None:
    planted = plant(template, projects, WRITTEN, fetch=True)
    for name in WRITTEN:
        outcomes = write_all(projects / name)
        outcomes += write_all(projects / f"{name} linked") if name == "of_a_linked_work_tree" else []
        assert all(one.ok for one in outcomes), outcomes
    assert run(planted) == {}


def test_every_command_was_tried(template: Path, projects: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of commands is what is started here, and each of them is."""
    plant(template, projects, ("own", "of_a_bare_one"), fetch=True)
    log, real, folder = projects.parent / "log", shutil.which("git"), projects.parent / "bin"
    folder.mkdir()
    (folder / "git").write_text(
        "#!/bin/sh\n"
        f"for word; do case $word in -*|/*) ;; *) echo $word >> '{log}'; break;; esac; done\n"
        f'exec {real} "$@"\n'
    )
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    read_all(projects)
    write_all(projects / "own")
    assert set(log.read_text().split()) - OF_THE_TEST == COMMANDS

"""Programs of the person that are given the terminal in a repository of somebody else."""

from pathlib import Path

import pytest

from tests.collectors.repos.stage import commit, git, repository
from tui.screens.repos.actions import _run


@pytest.mark.parametrize("count", ["", "1"])
def test_what_a_repository_names_as_its_monitor_is_not_run(
    count: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first thing that lazygit does, and many an editor, is `git status`."""
    repo = tmp_path / "shop"
    commit(repository(repo))
    git(repo, "config", "core.fsmonitor", f"touch {tmp_path}/ran; true")
    monkeypatch.setenv("GIT_CONFIG_COUNT", count)
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.name")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "Ada")
    said = tmp_path / "said"
    words = [
        "sh",
        "-c",
        f"git status --short && git config user.name > {said}; git config core.fsmonitor >> {said}",
    ]
    assert _run(words, repo) == 0
    assert not (tmp_path / "ran").exists()
    assert said.read_text().endswith("false\n")
    assert said.read_text().startswith("Ada\n") == bool(count)

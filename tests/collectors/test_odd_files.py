"""Pipes, devices and circles of links where files are expected: nothing waits, nothing goes on for ever."""

from __future__ import annotations

import os
import subprocess
import sys
from glob import iglob
from pathlib import Path
from types import SimpleNamespace

import pytest

from agentdash.core.settings.model import ServiceSettings
from agentdash.runner.output.log_tail import LogTails
from agentdash.runner.spec import MOST_PROMPT, RunSpec
from collectors.globs import matches
from collectors.inbox.json_lines import GrowingFile
from collectors.services.last_line import LastLine
from collectors.services.match import find_process
from tests.support import wait_until

pytestmark = pytest.mark.timeout(30)


@pytest.fixture(params=["pipe", "device", "folder"])
def odd(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "odd"
    if request.param == "pipe":
        os.mkfifo(path)
    elif request.param == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    return path


def test_an_inbox_of_another_kind_cannot_be_read(odd: Path) -> None:
    with pytest.raises(OSError, match="not a regular file"):
        GrowingFile(odd).read()


def test_a_pid_file_of_another_kind_cannot_be_read(odd: Path) -> None:
    found = find_process(ServiceSettings(name="web", pid_file=str(odd)), SimpleNamespace(known={}))  # type: ignore[arg-type]
    assert found.known is None
    assert "not a regular file" in str(found)


def test_a_log_of_another_kind_has_no_last_line(odd: Path) -> None:
    line = LastLine(odd)
    line.poll()
    assert line.text is None
    assert LogTails([str(odd)]).poll() == []


@pytest.mark.parametrize("kind", ["pipe", "/dev/zero", "folder", "huge", "missing"])
def test_a_prompt_of_another_kind_is_refused_in_words(kind: str, tmp_path: Path) -> None:
    path, words = tmp_path / "prompt", "not a regular file"
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "huge":
            with path.open("wb") as file:
                file.truncate(MOST_PROMPT + 1)
            words = "larger than 16 MiB"
        case "missing":
            words = "no such file"
        case _:
            path = Path(kind)
    wrong = RunSpec(command=("true",), prompt_file=str(path)).check()
    assert wrong is not None
    assert wrong.startswith(f"--prompt-file {path}: ")
    assert words in wrong


def test_links_that_go_in_circles_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    for name in ("one", "two"):
        (tmp_path / "a" / name).symlink_to(tmp_path)
    (tmp_path / "a/b/x.log").write_text("")
    assert list(matches(f"{tmp_path}/**/*.log")) == [f"{tmp_path}/a/b/x.log"]
    assert list(matches("**/*.log", tmp_path)) == ["a/b/x.log"]


@pytest.mark.parametrize(
    "pattern",
    ["**/*.log", "a/**/*.log", "*/**/c/*.log", "**/c/**/x.log", "**", "a/*/*.log", "**/.h/*.log", "**/c/*",
     "*.log", "none/**/*.log", "./**/*.log"],
)  # fmt: skip
@pytest.mark.parametrize("absolute", [True, False])
def test_patterns_mean_what_they_mean_to_glob(pattern: str, absolute: bool, tmp_path: Path) -> None:
    for name in (
        "x.log",
        "a/x.log",
        "a/b/x.log",
        "a/b/c/x.log",
        "a/c/d/x.log",
        "a/.h/x.log",
        ".x.log",
        "a/y",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    full = f"{tmp_path}/{pattern}" if absolute else pattern
    expected = {
        os.path.normpath(path)
        for path in iglob(full, root_dir=tmp_path, recursive=True)  # noqa: PTH207
        if (tmp_path / path).is_file()
    }
    found = {os.path.normpath(path) for path in matches(full, tmp_path) if (tmp_path / path).is_file()}
    assert found == expected


def test_a_worker_in_the_background_imports_nothing_from_its_folder(tmp_path: Path, redis_url: str) -> None:
    for name in ("json.py", "agentdash/__init__.py", "agentdash/runner/__main__.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    program = [sys.executable, "-P", "-m", "agentdash", "--redis", redis_url]
    done = subprocess.run(
        [*program, "run", "--detach", "--", "touch", str(tmp_path / "done")],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    wait_until((tmp_path / "done").exists, what="the run")
    assert not (tmp_path / "ran").exists()

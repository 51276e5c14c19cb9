"""What an editor is given: a file, whatever its name is."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from agentdash.core.repos.model import Repo
from tui.screens.repos.actions import _file_argument, _run

NAMES = ["+!touch ran", "-c!touch ran", "--cmd=!touch ran", "-S", "+", "-", "a b", "a\nb", "$(touch ran)"]


@pytest.mark.parametrize("name", NAMES)
def test_no_name_is_an_option_or_a_command_to_vim(name: str, tmp_path: Path) -> None:
    vim = shutil.which("vim")
    if vim is None:
        pytest.skip("vim is not there")
    (tmp_path / name).write_text("as it was\n")
    word = _file_argument(Repo(str(tmp_path), "web"), name.encode())
    # Without a screen; it writes what it has opened, and ends.
    quiet = [vim, "-u", "NONE", "-i", "NONE", "-es", "-c", "s/was/is", "-c", "wq"]
    assert _run([*quiet, word], tmp_path) == 0
    assert (tmp_path / name).read_text() == "as it is\n"
    assert [path.name for path in tmp_path.iterdir()] == [name]
    # The name alone is what did it.
    if name == NAMES[0]:
        subprocess.run([*quiet[:6], name, "-c", "q"], cwd=tmp_path, check=False, timeout=20, input=b"q\n")
        assert (tmp_path / "ran").exists()


def test_the_folder_is_named_in_full(tmp_path: Path) -> None:
    assert _file_argument(Repo(str(tmp_path), "web"), None) == str(tmp_path)


def test_a_name_that_is_no_utf8_stays_the_same(tmp_path: Path) -> None:
    word = _file_argument(Repo(str(tmp_path), "web"), b"a\xff")
    assert word.encode("utf-8", "surrogateescape") == bytes(tmp_path) + b"/a\xff"

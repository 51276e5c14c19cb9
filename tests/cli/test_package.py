"""What is built holds all that the program needs."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.support import ROOT

REPO = ROOT


def test_the_wheel_holds_code_and_styles_and_runs_by_itself(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=REPO, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(site)
    styles = {f"styles/{path.name}" for path in (REPO / "styles").glob("*.tcss")}
    assert styles
    assert styles <= names
    assert not {name for name in names if name.startswith(("tests/", "benchmarks/"))}
    done = subprocess.run(
        [sys.executable, "-c", "import agentdash, tui.app; print(agentdash.__file__, tui.app.STYLES)"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(site)}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    code, found = done.stdout.split()
    assert Path(code).is_relative_to(site)
    assert list(Path(found).glob("*.tcss"))

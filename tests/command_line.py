"""The command line as a person has it: a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PROGRAM = [sys.executable, "-m", "agentdash"]
OWNS_ITS_TERMINAL = (
    "import fcntl, os, sys, termios; "
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
"""Run before a program, whose command follows: its standard input becomes its controlling terminal."""


def agentdash(*args: str, cwd: Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run it to its end in *cwd*; without *stdin* it gets an empty one."""
    return subprocess.run(
        [*PROGRAM, *args], cwd=cwd, input=stdin or "", capture_output=True, text=True, timeout=60, check=False
    )


def trust(folder: Path) -> None:
    """Trust the settings file that *folder* holds, as a person does."""
    done = agentdash("trust", "--yes", cwd=folder)
    assert done.returncode == 0, done.stderr


def document(*args: str, cwd: Path) -> dict[str, Any]:
    """The JSON document that it prints; fails with what it said where it did not end well."""
    done = agentdash(*args, cwd=cwd)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found

"""Runs git without the user's configuration, hooks, templates or signing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from agentdash.demo.folder import MARK, DemoFolder

EXCLUDED_PREFIXES = ("AGENTDASH_", "GIT_", "REDIS_URL", "PROJECTS", "PYTHON")
"""Prefixes of environment variables that would apply the user's own settings."""


def environment(folder: DemoFolder) -> dict[str, str]:
    """The environment of every process of the demo: marked, and isolated from the user's settings."""
    package = Path(__file__).resolve().parents[2]
    env = {name: value for name, value in os.environ.items() if not name.startswith(EXCLUDED_PREFIXES)}
    return env | {
        MARK: str(folder.root),
        "PYTHONPATH": str(package),
        "PYTHONUNBUFFERED": "1",
        "XDG_CONFIG_HOME": str(folder.config.parents[1]),
        "XDG_STATE_HOME": str(folder.state),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(folder.root / "config" / "gitconfig"),
        "GIT_TEMPLATE_DIR": str(folder.root / "empty"),
        "GIT_TERMINAL_PROMPT": "0",
    }


GIT_CONFIG = """\
[user]
    name = Demo Agent
    email = agent@demo.invalid
[init]
    defaultBranch = main
[gc]
    auto = 0
[core]
    fsync = none
    hooksPath = /dev/null
[commit]
    gpgSign = false
[advice]
    detachedHead = false
[rebase]
    backend = merge
"""


def git(repo: Path, *words: str, env: dict[str, str], may_fail: bool = False) -> None:
    """Run one git command in *repo*.

    Raises:
        subprocess.CalledProcessError: when it fails and *may_fail* is not given; its output is in `stderr`.
        subprocess.TimeoutExpired: when it takes more than 20 s.
    """
    subprocess.run(
        ["git", *words],
        cwd=repo,
        env=env,
        check=not may_fail,
        timeout=20,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )

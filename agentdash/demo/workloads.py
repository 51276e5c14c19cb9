"""The demo's workloads: the services, and the runs that follow one another in each repository."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from agentdash.demo.folder import DemoFolder

SERVICE_NAMES = ("api", "billing", "shipping", "ledger", "notifier", "indexer", "mailer")

PACE = "1.5"
"""Factor of the agents' thinking times: a turn takes about 15 seconds."""


@dataclass(frozen=True, slots=True)
class Job:
    """One run to be started.

    Attributes:
        title: Display name; also the name of the agent's log.
        work: The task of `agentdash.demo.agents`.
        until: A pattern in the output that completes the run.
    """

    title: str
    work: str
    turns: int
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Workspace:
    """One repository and the jobs that run in it in turn, repeatedly.

    Attributes:
        pause: Seconds between the end of a run and the start of the next.
    """

    repo: str
    jobs: tuple[Job, ...]
    pause: float = 45.0


WORKSPACES = (
    Workspace("web", (Job("fix-auth-refresh", "token", 10), Job("tighten-token-ttl", "token", 6))),
    Workspace("cli", (Job("port-cli-parser", "parser", 20), Job("add-cli-completion", "parser", 12))),
    Workspace(
        "orders",
        (Job("migrate-orders", "migrate", 3, "MIGRATION COMPLETE"), Job("bump-deps", "bump", 3)),
        pause=60.0,
    ),
    Workspace("docs", (Job("docs-sweep", "sweep", 12), Job("docs-review", "sweep", 6))),
)


def service_command(name: str, url: str, folder: DemoFolder) -> list[str]:
    """The command line of a service."""
    return [sys.executable, "-P", "-m", "agentdash.demo.services", name, url, str(folder.root)]


def run_command(workspace: Workspace, job: Job, url: str, folder: DemoFolder) -> list[str]:
    """The command line of a worker that runs *job*."""
    log = folder.agent_log(job.title)
    until = ["--until", job.until] if job.until else []
    return [
        sys.executable, "-m", "agentdash", "run",
        "--config", str(folder.config), "--redis", url,
        "--title", job.title, "--turns", str(job.turns), *until,
        "--cwd", str(folder.projects / workspace.repo), "--grace", "2",
        "--",
        sys.executable, "-S", "-m", "agentdash.demo.agents", job.work,
        "--title", job.title, "--turn-file", str(turn_file(folder, job)), "--log", str(log),
        "--inbox", str(folder.inbox), "--pace", PACE,
    ]  # fmt: skip


def turn_file(folder: DemoFolder, job: Job) -> Path:
    """The file in which the agent of *job* counts its turns."""
    return folder.root / "config" / f"{job.title}.turn"

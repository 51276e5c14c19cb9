"""Who works in the demo: the services, and the runs that follow one another in each repository."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from agentdash.demo.folder import Folder

SERVICE_NAMES = ("api", "billing", "shipping", "ledger", "notifier", "indexer", "mailer")

PACE = "1.5"
"""Factor of the agents' thinking times: a turn takes about a quarter of a minute."""


@dataclass(frozen=True, slots=True)
class Job:
    """One run to be started.

    Attributes:
        title: Shown; also the name of the agent's log.
        work: What `agentdash.demo.agents` is asked to do.
        until: A pattern in the output that completes the run.
    """

    title: str
    work: str
    turns: int
    until: str | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """One repository and the jobs that are done in it, one after the other, round and round.

    Attributes:
        rest: Seconds between the end of a run and the start of the next.
    """

    repo: str
    jobs: tuple[Job, ...]
    rest: float = 45.0


DESKS = (
    Desk("web", (Job("fix-auth-refresh", "token", 10), Job("tighten-token-ttl", "token", 6))),
    Desk("cli", (Job("port-cli-parser", "parser", 20), Job("add-cli-completion", "parser", 12))),
    Desk(
        "orders",
        (Job("migrate-orders", "migrate", 3, "MIGRATION COMPLETE"), Job("bump-deps", "bump", 3)),
        rest=60.0,
    ),
    Desk("docs", (Job("docs-sweep", "sweep", 12), Job("docs-review", "sweep", 6))),
)


def service_command(name: str, url: str, folder: Folder) -> list[str]:
    """The command line of a service."""
    return [sys.executable, "-P", "-m", "agentdash.demo.services", name, url, str(folder.root)]


def run_command(desk: Desk, job: Job, url: str, folder: Folder) -> list[str]:
    """The command line of a worker that does *job*."""
    log = folder.agent_log(job.title)
    until = ["--until", job.until] if job.until else []
    return [
        sys.executable, "-m", "agentdash", "run",
        "--config", str(folder.config), "--redis", url,
        "--title", job.title, "--turns", str(job.turns), *until,
        "--cwd", str(folder.projects / desk.repo), "--grace", "2",
        "--",
        sys.executable, "-S", "-m", "agentdash.demo.agents", job.work,
        "--title", job.title, "--memory", str(memory(folder, job)), "--log", str(log),
        "--inbox", str(folder.inbox), "--pace", PACE,
    ]  # fmt: skip


def memory(folder: Folder, job: Job) -> Path:
    """Where the agent of *job* counts its turns."""
    return folder.root / "config" / f"{job.title}.turn"

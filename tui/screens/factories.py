"""Which screen shows which thing in depth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import tzinfo

from agentdash.core.findings.model import Finding
from agentdash.core.links.related import StreamPlace, of_line
from agentdash.core.logs.model import LogLine, LogRing
from agentdash.core.repos.model import Repo
from agentdash.core.runs.model import Run
from agentdash.core.services.model import Service
from agentdash.core.store import Store
from agentdash.core.text import printable
from tui.format import detail
from tui.screens.logs.trace import TraceScreen
from tui.screens.page import FindingPage, PageScreen
from tui.screens.repos.screen import RepoScreen
from tui.screens.runs.screen import RunScreen
from tui.screens.services.screen import ServiceScreen
from tui.screens.streams.screen import StreamScreen
from tui.widgets.document import Para


def run_screen(run: Run) -> RunScreen:
    """A run: its facts and its events."""
    return RunScreen(run.id, run.title or run.id)


def stream_screen(place: StreamPlace) -> StreamScreen:
    """A stream: groups, consumers, pending entries, messages."""
    return StreamScreen(place)


def run_log_screen(run: Run) -> RunScreen:
    """A run, its log lines first."""
    return RunScreen(run.id, run.title or run.id, "log")


def trace_screen(wanted: str) -> TraceScreen:
    """All that logs and streams hold of one id."""
    return TraceScreen(wanted)


def service_screen(service: Service, ring: LogRing, zone: tzinfo | None) -> ServiceScreen:
    """A service: its facts and its log."""
    return ServiceScreen(service.name, ring, zone)


def finding_screen(finding: Finding, go: Callable[[Finding], None]) -> FindingPage:
    """A finding: evidence, hypothesis, recommendation. Enter goes to what it is about."""
    return FindingPage(finding, go)


def repo_screen(repo: Repo) -> RepoScreen:
    """A repository: files by state, their diff, commits, stashes, work trees, submodules, runs."""
    return RepoScreen(repo.path, repo.name)


def line_screen(line: LogLine, zone: tzinfo | None) -> PageScreen:
    """A log line with all its fields, and its whole trace."""
    known: tuple[LogLine, ...] = (line,)

    def write(store: Store, now: int) -> Sequence[Para]:
        nonlocal known
        found = store.logs.block(line)
        known = found if len(found) > len(known) else known  # what has gone from the log stays on its page
        return detail.log_line(known, now, zone)

    return PageScreen(
        ("Log", printable(line.source)),
        write,
        ways=lambda store: of_line(store, line),
    )


__all__ = [
    "finding_screen",
    "line_screen",
    "repo_screen",
    "run_log_screen",
    "run_screen",
    "service_screen",
    "stream_screen",
    "trace_screen",
]

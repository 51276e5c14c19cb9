"""Which screen shows a record: (app, *record) → screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agentdash.core.findings.model import Finding
from agentdash.core.links.related import RunLog, StreamPlace, Trace, of_line
from agentdash.core.logs.model import LogLine
from agentdash.core.repos.model import Repo
from agentdash.core.runs.model import Run
from agentdash.core.services.model import Service
from agentdash.core.store import Store
from agentdash.core.streams.model import Group, Stream
from agentdash.core.text import printable
from tui.format import detail
from tui.screens.findings.about import subject_of_finding
from tui.screens.findings.screen import FindingPage
from tui.screens.logs.trace import TraceScreen
from tui.screens.page import PageScreen
from tui.screens.repos.screen import RepoScreen
from tui.screens.runs.screen import RunScreen
from tui.screens.services.screen import ServiceScreen
from tui.screens.streams.screen import StreamScreen
from tui.widgets.document import Para

if TYPE_CHECKING:
    from tui.dash import Dash


def run_screen(_dash: Dash, run: Run) -> RunScreen:
    """A run: its facts and its events."""
    return RunScreen(run.id, run.title or run.id)


def run_log_screen(_dash: Dash, log: RunLog) -> RunScreen:
    """A run, its log lines first."""
    return RunScreen(log.run.id, log.run.title or log.run.id, "log")


def stream_screen(_dash: Dash, stream: Stream, group: Group | None = None) -> StreamScreen:
    """A stream: groups, consumers, pending entries, messages."""
    return StreamScreen(StreamPlace(stream.name, group.name if group else None))


def place_screen(_dash: Dash, place: StreamPlace) -> StreamScreen:
    """A stream, at one of its groups, consumers or entries."""
    return StreamScreen(place)


def trace_screen(_dash: Dash, trace: Trace) -> TraceScreen:
    """All log lines and entries with one correlation id."""
    return TraceScreen(trace.id)


def service_screen(dash: Dash, service: Service) -> ServiceScreen:
    """A service: its facts and its log."""
    return ServiceScreen(service.name, dash.store.logs, dash.zone)


def finding_screen(dash: Dash, finding: Finding) -> FindingPage:
    """A finding: evidence, hypothesis, recommendation. Enter goes to what it is about."""

    def go(newest: Finding) -> None:
        subject = subject_of_finding(newest, dash.store)
        if subject is None:
            dash.say("the subject of this finding no longer exists", good=False)
        else:
            dash.open(subject)

    return FindingPage(finding, go)


def repo_screen(_dash: Dash, repo: Repo) -> RepoScreen:
    """A repository: files by state, their diff, commits, stashes, worktrees, submodules, runs."""
    return RepoScreen(repo.path, repo.name)


def line_screen(dash: Dash, line: LogLine) -> PageScreen:
    """A log line with all its fields, and its whole trace."""
    known: tuple[LogLine, ...] = (line,)

    def write(store: Store, now: int) -> Sequence[Para]:
        nonlocal known
        found = store.logs.block(line)
        known = found if len(found) > len(known) else known  # what has gone from the log stays on its page
        return detail.log_line(known, now, dash.zone)

    return PageScreen(("Log", printable(line.source)), write, links=lambda store: of_line(store, line))

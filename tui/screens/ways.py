"""Where Enter leads: from a record to the screen that shows it, from a finding to what it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.screen import Screen

from agentdash.core.findings import Finding
from agentdash.core.logs import LogLine
from agentdash.core.related import RunLog, StreamPlace, Trace
from agentdash.core.repos import Repo
from agentdash.core.runs import Run
from agentdash.core.services import Service
from agentdash.core.store import Store
from agentdash.core.streams import Group, Stream
from tui.screens.stacks import (
    finding_screen,
    line_screen,
    repo_screen,
    run_log_screen,
    run_screen,
    service_screen,
    stream_screen,
    trace_screen,
)

if TYPE_CHECKING:
    from tui.dash import Dash


def screen_of(dash: Dash, subject: object) -> Screen[None] | None:
    """The screen for *subject*; None where there is none."""
    match subject:
        case Run() as run:
            return run_screen(run)
        case (Stream() as stream, (Group() | None) as group):
            return stream_screen(StreamPlace(stream.name, group.name if group else None))
        case StreamPlace() as place:
            return stream_screen(place)
        case RunLog() as log:
            return run_log_screen(log.run)
        case Trace() as trace:
            return trace_screen(trace.id)
        case Finding() as finding:
            return finding_screen(finding, lambda newest: _go(dash, newest))
        case Repo() as repo:
            return repo_screen(repo)
        case Service() as service:
            return service_screen(service, dash.store.logs, dash.zone)
        case LogLine() as line:
            return line_screen(line, dash.zone)
    return None


def _go(dash: Dash, finding: Finding) -> None:
    """Go to what *finding* is about."""
    subject = subject_of(finding, dash.store)
    if subject is None:
        dash.say("what this finding is about is not there now", good=False)
    else:
        dash.open(subject)


def subject_of(finding: Finding, store: Store) -> object | None:
    """The stream (with its group), run, service or repository of *finding*; None where it is not there."""
    symptom = finding.symptom
    for stream in store.streams.streams if symptom.stream and store.streams else ():
        if stream.name == symptom.stream:
            groups = (group for group in stream.groups if group.name == symptom.consumer_group)
            return (stream, next(groups, None))
    for run in store.runs.runs if symptom.run and store.runs else ():
        if symptom.run in {run.id, run.title}:
            return run
    for service in store.services.services if symptom.service and store.services else ():
        if service.name == symptom.service:
            return service
    for repo in store.repos.repos if symptom.repo and store.repos else ():
        if symptom.repo in {repo.path, repo.name}:
            return repo
    return None

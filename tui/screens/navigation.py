"""Where Enter leads: from a record to the screen that shows it, from a finding to what it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.screen import Screen

from agentdash.core.findings.model import Finding, Symptom
from agentdash.core.links.related import RunLog, StreamPlace, Trace
from agentdash.core.logs.model import Level, LogLine
from agentdash.core.repos.model import Repo
from agentdash.core.runs.model import Run
from agentdash.core.services.model import Service
from agentdash.core.store import Store
from agentdash.core.streams.model import Group, Stream
from tui.screens.factories import (
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
    """What *finding* is about, as far in as it says; None where it is not there.

    That is a place in a stream, a run, a service, a repository; else the log line that tells of it.
    """
    symptom = finding.symptom
    if symptom.stream and store.stream(symptom.stream):
        entry = symptom.message_ids[0] if symptom.message_ids else None
        return StreamPlace(symptom.stream, symptom.consumer_group, symptom.consumer, entry)
    if symptom.run and (runs := store.runs_named(symptom.run)):
        return runs[0]
    if symptom.service and (service := store.service(symptom.service)):
        return service
    if symptom.repo and (repos := store.repos_named(symptom.repo)):
        return repos[0]
    return _line_of(symptom, store) if symptom.service else None


def _line_of(symptom: Symptom, store: Store) -> LogLine | None:
    """The newest line of the log that *symptom* names: of its evidence, else one that tells of a fault."""
    lines = [line for line in store.logs if symptom.service in {line.source, line.service}]
    told = [line for line in lines if line.message in symptom.evidence]
    faults = [line for line in lines if line.level in {Level.ERROR, Level.FATAL}]
    return next((each[-1] for each in (told, faults, lines) if each), None)

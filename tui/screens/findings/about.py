"""What a finding is about: the record that Enter goes to."""

from __future__ import annotations

from agentdash.core.findings.model import Finding, Symptom
from agentdash.core.links.related import StreamPlace
from agentdash.core.logs.model import Level, LogLine
from agentdash.core.store import Store


def subject_of_finding(finding: Finding, store: Store) -> object | None:
    """What *finding* is about, as far in as it says; None where it is not there.

    That is a place in a stream, a run, a service, a repository; else its log line.
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
    """The newest line of the log that *symptom* names: in its evidence, else an error, else any."""
    lines = [line for line in store.logs if symptom.service in {line.source, line.service}]
    evidence = [line for line in lines if line.message in symptom.evidence]
    faults = [line for line in lines if line.level in {Level.ERROR, Level.FATAL}]
    return next((each[-1] for each in (evidence, faults, lines) if each), None)

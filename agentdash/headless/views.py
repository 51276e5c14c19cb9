"""The store as documents: one a view, ``agentdash/<view>/1``, and all of them together.

Fields are only added within a version. Unknown is null, never 0. `schemas` publishes the shapes, and a test
holds every document to them; nothing here needs pydantic, so that a one-shot view answers soon.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from agentdash.core.runs.place import RepoIndex
from agentdash.core.snapshot import SourceHealth, SourceState, Topic
from agentdash.core.store import Store
from agentdash.core.text import printable
from agentdash.headless.items import Item, finding_item, log_item, repo_item, run_item, service_item
from agentdash.headless.streams.items import stream_items

Document = dict[str, object]

_STATES = {
    SourceState.LIVE: "ok",
    SourceState.STALE: "stale",
    SourceState.ERROR: "error",
    SourceState.ABSENT: "absent",
    SourceState.LOADING: "error",
}
NOT_REACHED = "not read in time"


def document(topic: Topic, store: Store, now: int, host: str) -> Document:
    """One view as it is now.

    Args:
        topic: The view.
        store: What was read.
        now: Unix ms, for ages.
        host: This machine; a snapshot that was taken names its own.
    """
    snapshot = _snapshot(topic, store)
    health = store.health.get(topic)
    taken_at = getattr(snapshot, "taken_at", None) or (health.last_success if health else None)
    return {
        "schema": f"agentdash/{topic.value}/1",
        "host": getattr(snapshot, "host", host),
        "takenAt": taken_at,
        "health": health_of(health, now, gaps(topic, store)),
        **_extras(topic, store),
        "items": list(items(topic, store, now)),
    }


def all_views(store: Store, now: int, host: str, topics: Iterable[Topic] = tuple(Topic)) -> Document:
    """Every view in one document."""
    return {
        "schema": "agentdash/all/1",
        "host": host,
        "takenAt": now,
        "server": store.server_label or None,
        "views": {topic.value: document(topic, store, now, host) for topic in topics},
    }


def gaps(topic: Topic, store: Store) -> list[str]:
    """What a view lacks, each with the reason: permissions, folders, files."""
    found: Iterable[str] = ()
    if topic is Topic.STREAMS and store.streams is not None:
        found = store.streams.gaps
    elif topic is Topic.RUNS and store.runs is not None:
        found = store.runs.gaps
    elif topic is Topic.REPOS and store.repos is not None:
        repos = store.repos
        found = (*repos.problems, *((repos.reason,) if repos.reason else ()))
        if repos.unread:
            found = (*found, f"{repos.unread} of {len(repos.repos)} repositories are not read yet")
    elif topic is Topic.SERVICES and store.services is not None:
        found = store.services.gaps
    elif topic is Topic.LOGS:
        found = (f"{source.path}: {source.error}" for source in store.log_sources if source.error)
    elif topic is Topic.FINDINGS:
        others = (store.health.get(other) for other in Topic if other not in {topic, Topic.STREAMS})
        found = (f"{health.source}: {health.error}" for health in others if health and health.error)
    return [printable(gap) for gap in found]


def health_of(health: SourceHealth | None, now: int, lacking: Iterable[str] = ()) -> dict[str, object]:
    """How a source is doing; one that was not reached yet counts as an error that says so."""
    if health is None or (health.state is SourceState.LOADING and health.error is None):
        return {"state": "error", "error": NOT_REACHED, "cure": None, "ageMs": None, "gaps": list(lacking)}
    return {
        "state": _STATES[health.seen_at(now)],
        "error": printable(health.error) if health.error else None,
        "cure": health.cure,
        "ageMs": health.age_ms(now),
        "gaps": list(lacking),
    }


def items(topic: Topic, store: Store, now: int) -> Iterable[Item]:
    """The items of a view, in the order of the snapshot."""
    match topic:
        case Topic.RUNS:
            rate = store.run_history.tokens_per_minute
            return (run_item(run, rate(run, now)) for run in (store.runs.runs if store.runs else ()))
        case Topic.STREAMS:
            return stream_items(store.streams) if store.streams else ()
        case Topic.REPOS:
            return _repos(store)
        case Topic.SERVICES:
            return (
                service_item(service, now) for service in (store.services.services if store.services else ())
            )
        case Topic.FINDINGS:
            return map(finding_item, store.findings.findings if store.findings else ())
        case Topic.LOGS:
            return map(log_item, store.logs)


def _repos(store: Store) -> Iterable[Item]:
    """Repositories, each with the runs that are at work in it."""
    if store.repos is None:
        return
    here: dict[str, list[str]] = {}
    places = RepoIndex(store.repos)
    for run in store.runs.runs if store.runs else ():
        if not run.status.terminal and (repo := places.of_run(run)) is not None:
            here.setdefault(repo.path, []).append(run.id)
    for repo in store.repos.repos:
        yield repo_item(repo, None if store.runs is None else here.get(repo.path, []))


def dumps(value: object, *, indent: int | None = None) -> str:
    """JSON in plain ASCII, so that nothing in it can act on a terminal that shows it."""
    return json.dumps(value, indent=indent, ensure_ascii=True, allow_nan=False)


def _snapshot(topic: Topic, store: Store) -> object:
    return None if topic is Topic.LOGS else getattr(store, topic.value)


def _extras(topic: Topic, store: Store) -> Document:
    """What a view says of itself beside its items."""
    match topic:
        case Topic.RUNS:
            return {"total": store.runs.total if store.runs else None}
        case Topic.STREAMS:
            streams = store.streams
            return {
                "server": streams.server or None if streams else None,
                "known": streams.known if streams else None,
                "scanComplete": streams.scan_complete if streams else None,
            }
        case Topic.REPOS:
            return {
                "roots": list(store.repos.roots) if store.repos else None,
                "complete": store.repos.complete if store.repos else None,
                "unread": store.repos.unread if store.repos else None,
                "mode": store.repos.mode if store.repos else None,
                "reason": store.repos.reason if store.repos else None,
                "problems": [printable(one) for one in store.repos.problems] if store.repos else None,
            }
        case Topic.FINDINGS:
            found = store.findings
            return {
                "badLines": [
                    {"file": file, "line": line, "error": why}
                    for file, line, why in (found.bad_lines if found else ())
                ],
                "badTotal": found.bad_total if found else None,
            }
        case Topic.LOGS:
            return {
                "skipped": store.logs.skipped,
                "behindMs": store.log_behind_ms,
                "sources": [
                    {"name": source.name, "path": source.path, "size": source.size, "error": source.error}
                    for source in store.log_sources
                ],
            }
        case Topic.SERVICES:
            return {}

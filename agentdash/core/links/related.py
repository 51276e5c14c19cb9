"""What is connected: run → message → consumer → process → log lines → repository, and back. Pure.

Each function names what one subject leads to, the closest first. A link says what it leads to and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from agentdash.core.findings.model import Finding, FindingStatus
from agentdash.core.links.owners import consumers_of, owner_of
from agentdash.core.links.run_repos import RepoIndex
from agentdash.core.logs.model import LogLine
from agentdash.core.repos.model import Repo
from agentdash.core.runs.model import Run
from agentdash.core.secrets.safe_text import as_text, safe_text
from agentdash.core.services.model import Service
from agentdash.core.store import Store
from agentdash.core.streams.model import Group, Stream
from agentdash.core.units import plural

MOST = 12
"""Links of one kind."""


class LinkKind(StrEnum):
    """What a link leads to."""

    FINDING = "finding"
    RUN = "run"
    STREAM = "stream"
    MESSAGE = "message"
    CONSUMER = "consumer"
    SERVICE = "service"
    LOG = "log"
    REPO = "repo"


@dataclass(frozen=True, slots=True)
class StreamPlace:
    """A place in a stream: as far in as its parts are known."""

    stream: bytes
    group: bytes | None = None
    consumer: bytes | None = None
    entry: str | None = None


@dataclass(frozen=True, slots=True)
class RunLog:
    """The log lines that are about a run."""

    run: Run


@dataclass(frozen=True, slots=True)
class Trace:
    """All that logs and streams hold of one id."""

    id: str


Target = Finding | Run | Service | Repo | StreamPlace | RunLog | Trace


@dataclass(frozen=True, slots=True)
class Link:
    """A way from one subject to another.

    Attributes:
        title: What it leads to.
        why: How the two are connected.
    """

    kind: LinkKind
    title: str
    why: str
    target: Target


def of_run(store: Store, run: Run) -> list[Link]:
    """The messages that it holds, its log lines, its repository."""
    links = list(_held(store, run=run))
    links.append(Link(LinkKind.LOG, "its log lines", _name(run), RunLog(run)))
    repo = RepoIndex(store.repos).of_run(run)
    if repo is not None:
        links.append(_repo(repo, f"it works in {safe_text(run.cwd or '')}"))
    return links


def of_service(store: Store, service: Service) -> list[Link]:
    """The consumers that bear its name, runs and the repository in its folder."""
    links = list(_held(store, service=service))
    repo = RepoIndex(store.repos).of_folder(service.cwd) if service.cwd else None
    if repo is not None:
        links.append(_repo(repo, f"it runs in {safe_text(service.cwd or '')}"))
        links += _runs_in(store, repo)
    return links


def of_repo(store: Store, repo: Repo) -> list[Link]:
    """The runs that work in it, the services that run in it."""
    links = list(_runs_in(store, repo))
    index = RepoIndex(store.repos)
    inside = (
        service
        for service in (store.services.services if store.services else ())
        if service.cwd and index.of_folder(service.cwd) is repo
    )
    links += [_service(service, "it runs in its folder") for service in list(inside)[:MOST]]
    return links


def of_message(
    store: Store, place: StreamPlace, holder: bytes | None, correlation: Sequence[str]
) -> list[Link]:
    """Whose it is: run or service, its repository; its log lines.

    Args:
        store: What is known.
        place: The message, or the consumer where none is selected.
        holder: The consumer that holds it; None where nobody does.
        correlation: Its correlation ids.
    """
    links: list[Link] = []
    owner = owner_of(holder, store) if holder is not None else None
    name = as_text(holder) if holder is not None else ""
    if owner is not None and owner.run is not None:
        links.append(_run(owner.run, f"it is the consumer {name}"))
        links += [link for link in of_run(store, owner.run) if link.kind in {LinkKind.LOG, LinkKind.REPO}]
    if owner is not None and owner.service is not None:
        links.append(_service(owner.service, f"the consumer {name} bears its name"))
        links += [link for link in of_service(store, owner.service) if link.kind is LinkKind.REPO]
    ids = (*correlation, *((place.entry,) if place.entry else ()))
    said = "correlation id", "entry id"
    for number, wanted in enumerate(ids):
        kind = said[0] if number < len(correlation) else said[1]
        links.append(Link(LinkKind.LOG, f"log lines with {safe_text(wanted)}", f"by {kind}", Trace(wanted)))
    return links


def of_stream(store: Store, stream: Stream, group: Group | None = None) -> list[Link]:
    """What was found about it; whose the consumers of *group* or of all groups are, and where they work."""
    links = findings_on(store, stream.name, group.name if group is not None else None)
    for one in (group,) if group is not None else stream.groups:
        for consumer in one.consumers[:MOST]:
            links += of_message(store, StreamPlace(stream.name, one.name, consumer.name), consumer.name, ())
    return links


def findings_on(store: Store, stream: bytes, group: bytes | None) -> list[Link]:
    """Findings about *stream* that are not resolved; with a *group*, none that is about another one."""
    return [
        Link(
            LinkKind.FINDING,
            f"{safe_text(finding.finding_id)} {safe_text(finding.symptom.summary)}",
            finding.symptom.severity.value,
            finding,
        )
        for finding in (store.findings.findings if store.findings else ())
        if finding.symptom.stream == stream
        and finding.status is not FindingStatus.RESOLVED
        and (group is None or finding.symptom.consumer_group in {None, group})
    ][:MOST]


def of_finding(store: Store, finding: Finding) -> list[Link]:
    """Its subject, what is connected with that, and its trace."""
    symptom, links = finding.symptom, list[Link]()
    if symptom.stream and (stream := store.stream(symptom.stream)):
        group = store.group(stream.name, symptom.consumer_group)
        links.append(_stream(stream, group, "it is about it"))
        links += (link for link in of_stream(store, stream, group) if link.kind is not LinkKind.FINDING)
    for run in store.runs_named(symptom.run) if symptom.run else ():
        links += (_run(run, "it is about it"), *of_run(store, run))
    if symptom.service and (service := store.service(symptom.service)):
        links += (_service(service, "it is about it"), *of_service(store, service))
    for repo in store.repos_named(symptom.repo) if symptom.repo else ():
        links += (_repo(repo, "it is about it"), *of_repo(store, repo))
    ids = (*((symptom.correlation_id,) if symptom.correlation_id else ()), *symptom.message_ids)
    traces = (
        Link(LinkKind.LOG, f"log lines with {safe_text(i)}", "it names it", Trace(i)) for i in ids[:MOST]
    )
    return [*links, *traces]


def of_line(store: Store, line: LogLine) -> list[Link]:
    """The service or run that wrote it, its trace, the repository of its service."""
    links: list[Link] = []
    for service in store.services.services if store.services else ():
        if service.name in {line.service, line.source}:
            links.append(_service(service, "it wrote the line"))
            links += [link for link in of_service(store, service) if link.kind is not LinkKind.LOG]
    for run in store.runs.runs if store.runs else ():
        if {run.id, run.title} & {line.service, line.source}:
            links.append(_run(run, "it wrote the line"))
            links += [link for link in of_run(store, run) if link.kind is not LinkKind.LOG]
    if line.correlation_id:
        shown = safe_text(line.correlation_id)
        links.append(Link(LinkKind.LOG, f"trace {shown}", "by correlation id", Trace(line.correlation_id)))
    return links


def unique(links: Iterable[Link]) -> list[Link]:
    """Each target once, the first link to it."""
    found: dict[tuple[str, object], Link] = {}
    for link in links:
        found.setdefault(identity(link.target), link)
    return list(found.values())


def identity(subject: object) -> tuple[str, object]:
    """What identifies a subject: records change, their names do not."""
    name = next((getattr(subject, part) for part in ("id", "path", "name") if hasattr(subject, part)), None)
    if isinstance(subject, RunLog):
        name = subject.run.id
    elif isinstance(subject, Finding):
        name = subject.symptom.fingerprint
    return type(subject).__name__, subject if isinstance(subject, StreamPlace) else name


def _held(store: Store, *, run: Run | None = None, service: Service | None = None) -> Iterator[Link]:
    for stream, group, consumer in consumers_of(store, run=run, service=service)[:MOST]:
        held = f"holds {plural(consumer.pending, 'message')}" if consumer.pending else "holds no message"
        kind = LinkKind.MESSAGE if consumer.pending else LinkKind.CONSUMER
        title = f"{as_text(stream.name)} › {as_text(group.name)} › {as_text(consumer.name)}"
        yield Link(kind, title, held, StreamPlace(stream.name, group.name, consumer.name))


def _runs_in(store: Store, repo: Repo) -> Iterator[Link]:
    index = RepoIndex(store.repos)
    here = (run for run in (store.runs.runs if store.runs else ()) if index.of_run(run) is repo)
    for run in list(here)[:MOST]:
        yield _run(run, f"{run.status.value}, works here")


def _stream(stream: Stream, group: Group | None, why: str) -> Link:
    name = f" › {as_text(group.name)}" if group is not None else ""
    place = StreamPlace(stream.name, group.name if group is not None else None)
    return Link(LinkKind.STREAM, f"{as_text(stream.name)}{name}", why, place)


def _run(run: Run, why: str) -> Link:
    return Link(LinkKind.RUN, _name(run), why, run)


def _service(service: Service, why: str) -> Link:
    pid = "" if service.pid is None else f", process {service.pid}"
    return Link(LinkKind.SERVICE, f"{safe_text(service.name)}{pid}", why, service)


def _repo(repo: Repo, why: str) -> Link:
    return Link(LinkKind.REPO, safe_text(repo.name), why, repo)


def _name(run: Run) -> str:
    return safe_text(run.title or run.id)

"""*Why is it not moving?* An ordered list of facts about one run, each true, false or not known. Pure.

Each fact is a statement that holds for a run that moves; so the first that is false is the likely reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from agentdash.core.repos.model import ReposSnapshot
from agentdash.core.runs.activity import event_line
from agentdash.core.runs.history import RunHistory
from agentdash.core.runs.model import Run, RunStatus
from agentdash.core.runs.place import RepoIndex
from agentdash.core.streams.model import StreamsSnapshot
from agentdash.core.text import decode, printable
from agentdash.core.units import age, percent, plural

QUIET_MS = 60_000
"""A run that has told nothing for longer than this is silent."""
LOCK_MS = 5_000
"""A lock of git that is older than this was left behind, or holds others up."""
RETRIES_MS = 120_000


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement about a run.

    Attributes:
        name: ``state``, ``request``, ``lease``, ``event``, ``process``, ``retries``, ``message``, ``git``.
        statement: What would be so if it moved, e.g. ``a worker holds it``.
        holds: Whether it is so; None where that is not known.
        words: What was seen, or why it is not known.
    """

    name: str
    statement: str
    holds: bool | None
    words: str


@dataclass(frozen=True, slots=True)
class ChildProbe:
    """What this machine shows of the process of a run.

    Attributes:
        alive: None where it cannot be seen from here.
        words: Why not.
        status: The system's word: ``sleeping``, ``stopped``, ….
        cpu_percent: Of one core, it and its descendants, over a tenth of a second.
        processes: It and its descendants.
    """

    alive: bool | None
    words: str = ""
    command: str = ""
    status: str = ""
    cpu_percent: float | None = None
    processes: int = 1


@dataclass(frozen=True, slots=True)
class RunWhy:
    """The answer to `WhyOf`: the facts in the order in which to look at them, and one sentence.

    Attributes:
        at: When the process was looked at, Unix ms.
        child: What was seen of it; with that, `why` can say anew what is so a little later.
    """

    run_id: str
    at: int
    facts: tuple[Fact, ...]
    verdict: str
    child: ChildProbe


def why(
    run: Run,
    now: int,
    child: ChildProbe,
    *,
    history: RunHistory,
    streams: StreamsSnapshot | None,
    repos: ReposSnapshot | None,
) -> RunWhy:
    """The facts about *run*.

    Args:
        run: As it was seen last.
        now: Unix ms.
        child: Its process.
        history: For retries.
        streams: For messages that it holds; None where they were not read.
        repos: For a lock in its repository; None likewise.
    """
    facts = (
        _state(run, now),
        _request(run, now),
        _lease(run, now),
        _event(run, now),
        _process(run, child),
        _retries(run, history),
        _message(run, streams),
        _git(run, repos),
    )
    return RunWhy(run.id, now, facts, _verdict(run, facts), child)


def _state(run: Run, now: int) -> Fact:
    statement = "its state lets it work"
    because = f": {run.reason}" if run.reason else ""
    since = f" {_ago(run.updated_at, now)}" if run.updated_at else ""
    match run.status:
        case RunStatus.RUNNING:
            return Fact("state", statement, True, "running")
        case RunStatus.PAUSING:
            return Fact("state", statement, True, f"pausing: it rests at the end of this turn{because}")
        case RunStatus.PAUSED:
            return Fact("state", statement, False, f"paused{since}{because}; resume it")
        case RunStatus.QUEUED:
            return Fact("state", statement, False, "queued: it waits for a worker to begin")
        case RunStatus.CANCELLING:
            return Fact(
                "state", statement, False, f"cancelling{since}{because}: its processes are being ended"
            )
        case RunStatus.UNKNOWN:
            return Fact("state", statement, None, f"the record says {run.status_text or 'nothing'}")
    ended = _ago(run.ended_at, now)
    cause = run.error_message or run.completion or run.reason
    return Fact("state", statement, False, f"{run.status} {ended}".strip() + (f": {cause}" if cause else ""))


def _request(run: Run, now: int) -> Fact:
    statement = "nothing is asked of it that it has not done"
    if run.requested is None:
        return Fact("request", statement, True, "no request is waiting")
    return Fact(
        "request", statement, False, f"{run.requested} was asked for {_ago(run.requested_at, now)}".strip()
    )


def _lease(run: Run, now: int) -> Fact:
    statement = "a worker holds it"
    if run.status.terminal:
        return Fact("lease", statement, None, "it has ended and needs none")
    if run.lock_owner is not None:
        left = f", for another {age(run.lock_ttl_ms)}" if run.lock_ttl_ms else ""
        return Fact("lease", statement, True, f"held by {worker_words(run.lock_owner)}{left}")
    if run.orphaned is None:
        return Fact("lease", statement, None, "its lock could not be read")
    if not run.orphaned:
        return Fact("lease", statement, None, "no worker has begun yet; one may still come")
    return Fact("lease", statement, False, f"nobody does; {last_seen(run, now)}")


def _event(run: Run, now: int) -> Fact:
    statement = "it told something in the last minute"
    if run.last_event_at is None:
        return Fact("event", statement, None, "it has not told anything yet")
    quiet = now - run.last_event_at
    told = "" if run.last_event is None else f": {event_line(run.last_event)}"
    words = f"{age(quiet)} ago{told}"
    return Fact("event", statement, quiet <= QUIET_MS, words)


def _process(run: Run, child: ChildProbe) -> Fact:
    statement = "its command runs"
    if child.alive is None:
        return Fact("process", statement, None, child.words)
    if not child.alive:
        return Fact("process", statement, False, child.words)
    others = f" and {plural(child.processes - 1, 'descendant')}" if child.processes > 1 else ""
    busy = "" if child.cpu_percent is None else f", {percent(child.cpu_percent)} CPU"
    words = f"process {run.pid}{others}: {child.status}{busy} ({child.command})"
    return Fact("process", statement, child.status != "stopped", words)


def _retries(run: Run, history: RunHistory) -> Fact:
    statement = "its program gets answers"
    recent = history.retries_within(run.id, RETRIES_MS)
    if run.retries is None or recent is None:
        return Fact("retries", statement, None, "its program tells nothing of retries")
    times = "once" if recent == 1 else f"{recent} times"
    words = f"asked again {times} in the last two minutes, {plural(run.retries, 'time')} in all"
    return Fact("retries", statement, recent == 0, words)


def _message(run: Run, streams: StreamsSnapshot | None) -> Fact:
    statement = "it holds no message back"
    if streams is None:
        return Fact("message", statement, None, "streams are not read")
    held = list(_held(run, streams))
    if not held:
        return Fact("message", statement, True, "no consumer with its name has a pending entry")
    stream, group, consumer, pending = held[0]
    more = f", and in {len(held) - 1} more" if len(held) > 1 else ""
    words = f"{consumer} holds {plural(pending, 'message')} of {stream}, group {group}{more}"
    return Fact("message", statement, False, words)


def _held(run: Run, streams: StreamsSnapshot) -> Iterator[tuple[str, str, str, int]]:
    """(stream, group, consumer, pending) of consumers that bear the name of the run or of its worker."""
    names = {run.id.encode(), *(name.encode() for name in (run.worker, run.lock_owner) if name)}
    for stream in streams.streams:
        for group in stream.groups:
            for consumer in group.consumers:
                if consumer.name in names and consumer.pending:
                    yield decode(stream.name), decode(group.name), decode(consumer.name), consumer.pending


def _git(run: Run, repos: ReposSnapshot | None) -> Fact:
    statement = "no lock of git holds it up"
    if repos is None:
        return Fact("git", statement, None, "repositories are not read")
    repo = RepoIndex(repos).of_run(run)
    if repo is None:
        where = f"{run.cwd} is in no repository that is watched" if run.cwd else "its folder is not known"
        return Fact("git", statement, None, printable(where))
    if repo.lock_age_ms is None:
        return Fact("git", statement, True, f"no index.lock in {repo.name}")
    words = f"index.lock in {repo.name} since {age(repo.lock_age_ms)}"
    return Fact("git", statement, repo.lock_age_ms < LOCK_MS, words)


def _verdict(run: Run, facts: tuple[Fact, ...]) -> str:
    by_name = {fact.name: fact for fact in facts}
    for name in ("state", "lease", "process", "request", "git", "message", "retries"):
        fact = by_name[name]
        if fact.holds is False:
            return fact.words
    if by_name["event"].holds is False:
        unknown = ", ".join(fact.name for fact in facts if fact.holds is None)
        rest = f"; not known: {unknown}" if unknown else ""
        return f"silent, and nothing that is known holds it up{rest}"
    return "it moves" if run.status is RunStatus.RUNNING else "nothing that is known holds it up"


def last_seen(run: Run, now: int) -> str:
    """Since when no worker was seen, in words: ``no worker was seen for 4m02``."""
    if run.worker_seen_at is not None:
        return f"a worker was last seen {_ago(run.worker_seen_at, now)}"
    told = max((at for at in (run.updated_at, run.last_event_at) if at is not None), default=None)
    if told is None:
        return "no worker was ever seen"
    return f"no worker was seen since agentdash looks; the record was last written {_ago(told, now)}"


def worker_words(token: str) -> str:
    """``process 41 on box`` for a token ``host:pid:random``; else the token itself."""
    host, _, rest = token.partition(":")
    pid = rest.partition(":")[0]
    return f"process {pid} on {host}" if pid.isdigit() else token


def _ago(at: int | None, now: int) -> str:
    return "" if at is None else f"{age(max(0, now - at))} ago"

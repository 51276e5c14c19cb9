"""The page of one entry: its state, fields, history, and how to reproduce it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from itertools import chain, islice

from agentdash.core import units
from agentdash.core.cli_form import redis_cli
from agentdash.core.clock import time_text
from agentdash.core.findings.model import Finding, FindingStatus
from agentdash.core.links.owner import Owner
from agentdash.core.logs.model import Level, LogLine
from agentdash.core.secrets.mask import mask
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.services.model import exit_text
from agentdash.core.streams.liveness import Liveness
from agentdash.core.streams.model import Group, Message, PendingEntry, Stream, id_age_ms, id_parts
from agentdash.core.streams.queries import Holder
from agentdash.core.text import printable
from tui.format.streams.actions import MANY_DELIVERIES, suggestion_paras
from tui.format.streams.body import Body, body_of
from tui.widgets.document import Para

MOST_LINES = 12
HANG = 11
"""Indentation of the further lines of an event, in cells."""
OWN = "agentdash"
"""Source of the log lines about findings, which are shown separately."""
PRODUCER_FIELDS = (b"originService", b"origin_service", b"producer", b"source", b"service", b"origin")
"""Fields that name the producer of a message."""


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """What is known of one entry.

    Attributes:
        message: None where it was deleted.
        pending: As pending entry of `group`.
        holders: Its owners in all groups; None where unknown.
        lines: Log lines that name it or its correlation id, oldest first.
        findings: Findings on it or its group.
        liveness: Of the consumers of `group`, by name.
        owner: The run or service of its consumer.
        body: Its fields as lines, where already made: an entry never changes.
    """

    stream: Stream
    id: str
    message: Message | None
    pending: PendingEntry | None = None
    group: Group | None = None
    holders: tuple[Holder, ...] | None = None
    lines: tuple[LogLine, ...] = ()
    findings: tuple[Finding, ...] = ()
    liveness: Mapping[bytes, Liveness] = field(default_factory=dict)
    owner: Owner = field(default_factory=Owner)
    body: Body | None = None


def message_page(
    facts: EntryFacts,
    now: int,
    zone: tzinfo | None = None,
    why_not: Callable[[str], str | None] = lambda _verb: None,
) -> list[Para]:
    """The page; *why_not* gives the reason why an action is not possible now, by its verb."""
    pending, group = facts.pending, facts.group
    suggestions = (
        tuple(suggestion_paras(pending, group, facts.liveness, why_not)) if pending and group else ()
    )
    return [
        Para.of(facts.id, "id"),
        *_head(facts, now),
        *((Para(), *suggestions) if suggestions else ()),
        Para(),
        *_body(facts),
        Para(),
        *_story(facts, now, zone),
        *_findings(facts),
        Para(),
        *_see(facts),
    ]


def _head(facts: EntryFacts, now: int) -> Iterator[Para]:
    age = id_age_ms(facts.id, now)
    by = producer(facts.stream, facts.message)
    if age is None:
        yield Para.of("id is no time: age unknown", "dim")
    else:
        who = ((" by ", "dim"), (by, "good")) if by else ()
        yield Para(((f"added {units.age(age)} ago", "dim"), *who))
    pending = facts.pending
    if pending is not None:
        times = "once" if pending.deliveries == 1 else f"{pending.deliveries} times"
        often = pending.deliveries > MANY_DELIVERIES
        held = (
            (f"delivered {times}, last {units.age(pending.idle_ms)} ago, to ", "bad" if often else "dim"),
            (as_text(pending.consumer), "bold"),
        )
        yield Para(held, 2)
        liveness = facts.liveness.get(pending.consumer)
        if liveness is not None:
            style = "bad" if liveness.alive is False else "good" if liveness.alive else "unknown"
            yield Para(((f"{as_text(pending.consumer)}: ", "dim"), (printable(liveness.detail), style)), 2)
        if often:
            yield Para.of("many deliveries: likely a poison message", "warn", 2)


def producer(stream: Stream, message: Message | None) -> str:
    """Its producer: by a field of the message, else by the stream; empty where unknown."""
    for name, value in message.fields if message else ():
        if name in PRODUCER_FIELDS and 0 < len(value) <= 60:
            return as_text(value)
    return printable(stream.producers[0]) if len(stream.producers) == 1 else ""


def _body(facts: EntryFacts) -> Iterator[Para]:
    if facts.message is None:
        yield Para.of("Its data is no longer in the stream. Acknowledge it (A).", "unknown", 2)
        return
    if not facts.message.fields:
        yield Para.of("no fields", "dim")
    yield from (facts.body or body_of(facts.message.fields)).paras


# History


def _story(facts: EntryFacts, now: int, zone: tzinfo | None) -> Iterator[Para]:
    yield Para.of("History", "bold")
    if id_age_ms(facts.id, now) is not None:
        yield _event(id_parts(facts.id)[0], producer(facts.stream, facts.message), "published", "", zone)
    shown = facts.lines[-MOST_LINES:]
    if len(facts.lines) > len(shown):
        yield Para.of(f"         … {len(facts.lines) - len(shown)} earlier log lines: t shows all", "dim")
    for line in shown:
        style = {Level.ERROR: "bad", Level.FATAL: "bad", Level.WARN: "warn"}.get(line.level or Level.INFO, "")
        yield _event(line.at or line.seen_at, line.service or line.source, line.message, style, zone)
    service = facts.owner.service
    if service is not None and service.down_since is not None:
        code = "" if service.exit_code is None else f", {exit_text(service.exit_code)}"
        yield _event(service.down_since, service.name, f"process ended{code}", "bad", zone)
    yield from _groups(facts)


def _event(at: int, who: str, what: str, style: str, zone: tzinfo | None) -> Para:
    clock = time_text(at, zone)
    name = printable(who)[:10]
    parts = ((f"{clock} ", "dim"), (f"{name:<10} ", "good" if name else ""), (printable(what[:300]), style))
    return Para(parts, HANG)


def _groups(facts: EntryFacts) -> Iterator[Para]:
    """Its state in each group, where known."""
    for group in facts.stream.groups[:20]:
        name = as_text(group.name)
        label = (f"{'':9}{name[:10]:<10} ", "info")
        holder = next((one for one in facts.holders or () if one.group == group.name), None)
        if holder is not None:
            words = f"not acknowledged: at {as_text(holder.consumer)} for {units.age(holder.idle_ms)}"
            yield Para((label, (words, "bad bold" if holder.deliveries > MANY_DELIVERIES else "warn")), HANG)
        elif _beyond(facts.id, group.last_delivered_id):
            yield Para((label, ("not delivered yet", "dim")), HANG)
        elif facts.holders is not None:
            yield Para((label, ("not pending: acknowledged or skipped", "good")), HANG)


def _beyond(entry_id: str, delivered: str) -> bool:
    try:
        return id_parts(entry_id) > id_parts(delivered)
    except ValueError:
        return False


def _findings(facts: EntryFacts) -> Iterator[Para]:
    if facts.findings:
        yield Para()
    for finding in facts.findings[:3]:
        name = f"{printable(finding.finding_id)} {printable(finding.symptom.summary)}"
        yield Para((("finding ", "dim"), (name, "warn")), 2)


def lines_about(lines: Iterable[LogLine], entry_id: str, correlation: Sequence[str]) -> tuple[LogLine, ...]:
    """Log lines with one of the correlation ids or the id of the entry; no continuations, no findings."""
    wanted = set(correlation)
    return tuple(
        line
        for line in lines
        if line.continues is None
        and (line.correlation_id in wanted or entry_id in line.message)
        and not (line.source == OWN and line.message.startswith("finding "))
    )


def findings_about(
    findings: Iterable[Finding], stream: bytes, group: bytes | None, entry_id: str
) -> tuple[Finding, ...]:
    """Open findings on the entry itself, then those on its group."""
    about = [
        finding
        for finding in findings
        if finding.symptom.stream == stream and finding.status is not FindingStatus.RESOLVED
    ]
    direct = (f for f in about if entry_id in f.symptom.message_ids)
    of_group = (
        f
        for f in about
        if group is not None and f.symptom.consumer_group == group and entry_id not in f.symptom.message_ids
    )
    return tuple(islice(chain(direct, of_group), 3))


def _see(facts: EntryFacts) -> Iterator[Para]:
    yield Para.of("Reproduce", "bold")
    name, entry_id = facts.stream.name, facts.id
    yield Para.of(redis_cli(("XRANGE", name, entry_id, entry_id)), "dim", 2)
    if facts.group is not None:
        yield Para.of(redis_cli(("XPENDING", name, facts.group.name, entry_id, entry_id, 1)), "dim", 2)


def masked_copy(paras: Sequence[Para]) -> str:
    """The page as text for the clipboard."""
    return mask("\n".join("".join(text for text, _ in para.parts) for para in paras))[0]

"""One thing in depth, as a page."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from datetime import tzinfo

from agentdash.core import units
from agentdash.core.clock import time_text
from agentdash.core.findings.model import Finding, FindingStatus
from agentdash.core.logs.model import LogLine
from agentdash.core.runs.activity import malformed_text
from agentdash.core.runs.model import Run
from agentdash.core.runs.orphan import last_seen, process_text
from agentdash.core.secrets.safe_text import as_text, safe_text
from agentdash.core.streams.model import Group, Stream, StreamJudgement
from agentdash.core.text import printable
from tui.format.repos.listing import branch_cell
from tui.format.runs.listing import GLYPHS, RunContext, activity_and_style, state_text
from tui.format.streams.listing import NO_JUDGEMENT, VERDICTS, lag_text
from tui.widgets.document import Para, field

BLANK = Para()
MOST_GROUPS = 50
"""Groups of a stream that its page shows one by one."""


def moment(ms: int | None, now: int, zone: tzinfo | None) -> str:
    """``14:27:55, 4m12 ago``; ``–`` when unknown."""
    if ms is None:
        return units.UNKNOWN
    return f"{time_text(ms, zone)}, {units.age(now - ms)} ago"


def heading(text: str) -> Para:
    """The head of a section."""
    return Para.of(text, "bold")


def run(subject: Run, now: int, zone: tzinfo | None, around: RunContext | None = None) -> list[Para]:
    """State, lease, command, tokens of a run; with what is known *around* it, where that was asked for."""
    glyph, style = ("?", "unknown") if subject.orphaned else GLYPHS[subject.status]
    tokens = subject.tokens
    shown = [
        Para(((f"{glyph} ", style), (printable(subject.title or subject.id), "bold"))),
        Para(((state_text(subject), style), ("  ", ""), activity_and_style(subject))),
        BLANK,
        field("id", printable(subject.id), "id"),
        field("turn", f"{_or(subject.current_turn)} of {_or(subject.max_turns)}"),
        field(
            "tokens",
            f"{units.count(tokens.total)}  in {units.count(tokens.input)}  "
            f"out {units.count(tokens.output)}  cached {units.count(tokens.cached)}",
        ),
        *_around(subject, around),
        field("worker", _worker(subject, now), "" if not subject.orphaned else "unknown"),
        field("pid", _or(subject.pid)),
        field("host", printable(subject.host or units.UNKNOWN)),
        field("folder", printable(subject.cwd or units.UNKNOWN)),
        field("command", _command(subject)),
        BLANK,
        field("created", moment(subject.created_at, now, zone)),
        field("started", moment(subject.started_at, now, zone)),
        field("last event", moment(subject.last_event_at, now, zone)),
        field("ended", moment(subject.ended_at, now, zone)),
    ]
    if subject.child is not None:
        shown.append(field("left behind", printable(process_text(subject.child)), "warn"))
    if subject.requested:
        shown.insert(2, Para.of(f"{subject.requested} requested; the worker has not taken it up yet", "warn"))
    if subject.reason:
        shown.append(field("reason", printable(subject.reason)))
    if subject.completion:
        shown.append(field("completed", printable(subject.completion), "good"))
    if subject.exit_code is not None:
        style = "" if subject.exit_code == 0 else "bad"
        if subject.status.terminal:
            shown.append(field("exit code", str(subject.exit_code), style))
        else:
            shown.append(field("last turn", f"exit {subject.exit_code}", style))
    if subject.error_message or subject.error_code:
        words = ": ".join(printable(part) for part in (subject.error_code, subject.error_message) if part)
        shown.append(field("error", words, "bad"))
    if subject.malformed:
        shown.append(field("malformed", malformed_text(subject), "unknown"))
    return shown


def _command(run: Run) -> str:
    if not run.command:
        return units.UNKNOWN
    more = f" … {units.plural(run.command_left_out, 'more character')}" if run.command_left_out else ""
    return printable(shlex.join(run.command)) + more


def _around(subject: Run, around: RunContext | None) -> list[Para]:
    """The rate of its tokens, its plan, its retries, its repository: each where it is known."""
    shown: list[Para] = []
    if around is not None and around.rate is not None:
        shown.append(field("rate", f"{units.count(around.rate)} tokens/min"))
    if subject.plan_total:
        shown.append(field("plan", f"{subject.plan_done or 0} of {subject.plan_total} steps"))
    if subject.retries is not None:
        shown.append(field("retries", str(subject.retries), "warn" if subject.retries else ""))
    if around is not None and around.repo is not None:
        where = "".join(text for text, _ in branch_cell(around.repo).parts)
        shown.append(field("repository", f"{printable(around.repo.name)}  {where}", "info"))
    return shown


def _or(value: object) -> str:
    return units.UNKNOWN if value is None else str(value)


def _worker(subject: Run, now: int) -> str:
    if subject.status.terminal:
        return "none: the run has ended"
    if subject.lock_owner is None:
        return (
            f"none holds its lock; {printable(last_seen(subject, now))}"
            if subject.orphaned
            else "not seen yet"
        )
    lease = "" if subject.lock_ttl_ms is None else f", lease {units.age(subject.lock_ttl_ms)} left"
    return f"{printable(subject.lock_owner)}{lease}"


def stream(subject: Stream, judgement: StreamJudgement, now: int) -> list[Para]:
    """Counts, ids and groups of a stream."""
    later = units.UNKNOWN if subject.sampled or subject.error else "not read yet"
    shown = [
        Para.of(as_text(subject.name), "bold"),
        BLANK,
        field("entries", f"{subject.length}"),
        field("added", _or(subject.entries_added)),
        field("first", _or(subject.first_id), "id"),
        field("last", _or(subject.last_id), "id"),
        field("rate in", f"{units.count(judgement.rate_in)} /min"),
        field("capped", judgement.cap.value),
        field("memory", units.size(subject.memory_bytes) if subject.memory_bytes is not None else later),
        field("fields", printable(" ".join(subject.fields or ())) or later),
    ]
    if subject.error:
        shown.append(field("error", printable(subject.error), "bad"))
    for one in subject.groups[:MOST_GROUPS]:
        shown += [BLANK, *group(one, judgement, now)]
    left = len(subject.groups) - MOST_GROUPS
    if left > 0:
        shown += [BLANK, Para.of(f"… and {units.plural(left, 'more group')}: Enter lists all", "dim")]
    return shown


def group(subject: Group, judgement: StreamJudgement, now: int) -> list[Para]:
    """One group with its consumers."""
    judged = judgement.group(subject.name) or NO_JUDGEMENT
    glyph, style = VERDICTS[judged.verdict]
    lag = lag_text(subject.lag) + (f"  ({subject.lag.reason})" if subject.lag.reason else "")
    rates = f"{units.count(judgement.rate_in)} in, {units.count(judged.rate_out)} out /min"
    shown = [
        Para(((f"{as_text(subject.name)}  ", "bold"), (f"{glyph} {judged.verdict}", style))),
        field("why", printable(judged.why) or units.UNKNOWN),
        field("lag", lag),
        field("pending", str(subject.pending)),
        field("rates", rates),
        field("delivered", subject.last_delivered_id, "id"),
        field("read", _or(subject.entries_read)),
    ]
    if judged.since is not None:
        shown.append(field("since", f"{units.age(now - judged.since)} ago"))
    if subject.oldest_pending:
        oldest = subject.oldest_pending
        words = (
            f"{oldest.id} with {as_text(oldest.consumer)}, {units.age(oldest.idle_ms)}, ×{oldest.deliveries}"
        )
        shown.append(field("oldest", words))
    for consumer in subject.consumers:
        idle = f"{consumer.pending} pending, idle {units.age(consumer.idle_ms)}"
        shown.append(field("consumer", f"{as_text(consumer.name)}  {idle}"))
    if not subject.consumers:
        shown.append(field("consumers", "none", "bad"))
    return shown


def finding(subject: Finding, now: int) -> list[Para]:
    """Evidence, hypothesis, recommendation, and how to reproduce it."""
    symptom = subject.symptom
    style = "bad bold" if symptom.severity == "CRITICAL" else "warn bold"
    shown = [
        Para(((f"{symptom.severity}  ", style), (printable(symptom.summary), "bold"))),
        Para(((f"{symptom.category}  {printable(subject.finding_id)}  {subject.status}", "dim"),)),
        BLANK,
        field(
            "seen",
            f"{units.age(now - subject.first_seen)} ago first, {units.age(now - subject.last_seen)} ago last",
        ),
        field("count", units.plural(subject.count, "time") if subject.count > 1 else "once"),
        field("by", printable(symptom.agent_id)),
    ]
    if subject.status is FindingStatus.MUTED:
        until = "until it is unmuted"
        if subject.muted_until is not None:
            until = f"for {units.coarse(subject.muted_until - now)} more"
        why = f": {printable(subject.reason)}" if subject.reason else ""
        shown.append(field("muted", f"{'with its cause, ' if subject.cause else ''}{until}{why}", "warn"))
    about = (
        ("stream", as_text(symptom.stream) if symptom.stream else None),
        ("group", as_text(symptom.consumer_group) if symptom.consumer_group else None),
        ("consumer", as_text(symptom.consumer) if symptom.consumer else None),
        ("service", symptom.service),
        ("run", symptom.run),
        ("repo", symptom.repo),
        ("correlation", symptom.correlation_id),
    )
    shown += [field(name, safe_text(value), "info") for name, value in about if value]
    if symptom.message_ids:
        shown.append(field("entries", " ".join(symptom.message_ids[:20]), "id"))
    for title, text in (
        ("Likely cause", symptom.hypothesis),
        ("Recommendation", symptom.recommendation),
        ("Clears when", symptom.clears),
    ):
        if text:
            shown += [BLANK, heading(title), Para.of(printable(text))]
    if symptom.metrics:
        numbers = [field(name, f"{value:g}", width=24) for name, value in symptom.metrics]
        shown += [BLANK, heading("Metrics"), *numbers]
    if symptom.evidence:
        shown += [
            BLANK,
            heading("Evidence"),
            *(Para.of(printable(line), "", hang=2) for line in symptom.evidence),
        ]
    if symptom.see:
        shown += [BLANK, heading("Reproduce"), Para.of(printable(symptom.see), "info", hang=2)]
    return shown


def log_line(block: Sequence[LogLine], now: int, zone: tzinfo | None) -> list[Para]:
    """All that a line says with the lines that continue it (a stack trace), its fields folded out."""
    subject, *below = block
    level = subject.level.value if subject.level else "none given"
    shown = [
        field("source", f"{printable(subject.source)} at byte {subject.offset}"),
        field("time", moment(subject.at, now, zone) if subject.at else "none given"),
        field("read", moment(subject.seen_at, now, zone)),
        field("level", level),
        field("service", printable(subject.service or units.UNKNOWN)),
        field("correlation", printable(subject.correlation_id or units.UNKNOWN), "info"),
    ]
    if subject.masked:
        shown.append(field("masked", ", ".join(subject.masked), "warn"))
    shown += [BLANK, Para.of(printable(subject.message))]
    shown += [Para.of(f"  {printable(line.message)}", hang=4) for line in below]
    if subject.fields:
        shown += [BLANK, heading("Fields")]
        for name, value in subject.fields.items():
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
            shown.append(field(printable(name), printable(text), width=16))
    return shown

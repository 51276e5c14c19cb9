"""Every hostile value, in every field of every source: it is read, judged and shown, or refused in words.

What is shown is one line of printable text; documents are JSON. See `tests.hostile`.
"""

# ruff: noqa: E501, UP031, PT017 - tables of fields; braces are JSON's; what is refused is refused in words

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import pytest

from agentdash.core.findings.model import FindingsSnapshot
from agentdash.core.logs.parse.line import LogParser
from agentdash.core.repos.model import Repo, ReposSnapshot
from agentdash.core.runs.activity import activity_text
from agentdash.core.runs.event import OUTPUT, parse_event
from agentdash.core.runs.history import RunHistory
from agentdash.core.runs.model import Run, RunKeys, RunsSnapshot
from agentdash.core.runs.record import FIELDS, parse_run
from agentdash.core.runs.rules import run_symptoms
from agentdash.core.runs.summary import RunSummary
from agentdash.core.snapshot import Topic
from agentdash.core.store import Store
from agentdash.core.streams.message_body import correlation_ids
from agentdash.core.text import printable
from agentdash.git.status import StatusParser
from agentdash.headless.grid import render
from agentdash.headless.logs.text import log_text
from agentdash.headless.logs.view import LOG_LINE
from agentdash.headless.views import document, dumps, table
from agentdash.runner.agents.decoder import OutputDecoder
from collectors.inbox.line import BadLineError, read_line
from collectors.repos.commit import parse_commit
from tests.hostile import VALUES, raw
from tui.format import detail
from tui.format.findings import listing as findings
from tui.format.item import Row, plain
from tui.format.repos import listing as repos
from tui.format.runs import events as run_events
from tui.format.runs import listing as runs
from tui.format.streams.body import body_of, preview
from tui.widgets.cells import fit
from tui.widgets.document import Para, wrap
from tui.widgets.log.draw import line_text

NOW = 1_732_112_345_000
TEXT_FIELDS = (
    "findingId",
    "agentId",
    "summary",
    "service",
    "stream",
    "consumerGroup",
    "consumer",
    "run",
    "repo",
)
FINDING_FIELDS = (
    *TEXT_FIELDS, "priority", "timestamp", "firstSeen", "lastSeen", "count", "correlationId", "messageIds",
    "metrics", "evidence", "pattern", "hypothesis", "recommendation", "expected", "actual", "affectedFiles",
    "relatedFindings", "status", "fingerprint", "category", "severity",
)  # fmt: skip
EVENT_TYPES = (
    "turn_started", "turn_completed", "subprocess_output", "file_read", "file_written", "test_run_started",
    "test_run_completed", "token_usage", "completion_detected", "agent_message", "agent_retry", "tool_call",
    "plan_updated", "events_dropped", "run_failed", "agent_session",
)  # fmt: skip
DATA_FIELDS = (
    "total", "input", "output", "cached", "text", "path", "stream", "dropped", "durationMs", "exitCode", "tokens",
    "passed", "failed", "skipped", "done", "current", "command", "error", "message", "attempt", "max", "tool",
    "target", "models", "costUsd", "line", "why", "name",
)  # fmt: skip


def assert_shown(texts: Iterable[str]) -> None:
    for text in texts:
        assert printable(text) == text or "\n" in text
        assert fit(text, 40)


def assert_pages(paras: Iterable[Para]) -> None:
    for para in list(paras)[:30]:
        for line in wrap(para, 60)[:30]:
            for text, _ in line:
                assert printable(text) == text


def assert_rows(rows: Iterable[Row]) -> None:
    assert_shown(fit(plain(row), 80) for row in rows)


def assert_view(topic: Topic, snapshot: object) -> None:
    store = Store()
    store.put(topic, snapshot)
    for line in render(table(topic, store, NOW), width=100):
        assert printable(line) == line
    text = dumps(document(topic, store, NOW, "host"))
    assert text.isascii()
    assert "NaN" not in text or '"' in text
    json.loads(text, parse_constant=pytest.fail)


def in_a_finding(value: str) -> None:
    found = []
    for field in FINDING_FIELDS:
        line = '{"category": "BUG", "severity": "LOW", "%s": %s}' % (field, value)
        try:
            found.append(read_line(line.encode("utf-8", "surrogatepass"), "agent", NOW))
        except BadLineError as problem:
            assert printable(str(problem)) == str(problem)
    snapshot = FindingsSnapshot(NOW, "host", tuple(found))
    assert_rows(item.row for item in findings.listing(snapshot, NOW).items)
    for one in found:
        assert_pages(detail.finding(one, NOW))
    assert_view(Topic.FINDINGS, snapshot)


def in_a_run(value: str) -> None:
    run = parse_run("r1", dict.fromkeys(FIELDS, raw(value)))
    live = parse_run("r2", dict.fromkeys(FIELDS, raw(value)) | {"status": b"running"})
    snapshot = RunsSnapshot(NOW, "host", (run, live), 2)
    for one in (run, live):
        assert_rows([runs.item(one, NOW, runs.RunContext()).row])
        assert_pages(detail.run(one, NOW, None))
        assert_shown([activity_text(one)])
    for symptom in run_symptoms(snapshot, RunHistory(), RunKeys(), NOW):
        assert symptom.summary
    assert_view(Topic.RUNS, snapshot)


def in_events(value: str) -> None:
    fields = DATA_FIELDS if len(value) < 10_000 else DATA_FIELDS[::9]
    payload = "{%s}" % ",".join(f'"{name}": {value}' for name in fields)
    types = EVENT_TYPES if len(value) < 10_000 else EVENT_TYPES[::8]
    bodies = [payload.encode("utf-8", "surrogatepass"), value.encode("utf-8", "surrogatepass")]
    events = [
        parse_event(f"{NOW}-{n}", {b"type": name.encode(), b"at": raw(value), b"turn": b"1", b"data": body})
        for n, (name, body) in enumerate((name, body) for name in types for body in bodies)
    ]
    events.append(parse_event(raw(value), {b"type": raw(value), b"turn": raw(value)}))
    story = RunSummary()
    story.add(events)
    for event in events:
        assert_rows([run_events.event_row(event, None)])
        assert_pages(run_events.event_page(event, None))
    assert_shown(
        [activity_text(Run("r1", "r1", parse_run("r1", {"status": b"running"}).status, last_event=events[0]))]
    )


def in_logs(value: str) -> None:
    text = value.encode("utf-8", "surrogatepass")
    lines = [
        text,
        raw(value),
        b'{"time": %b, "level": "error", "msg": "x"}' % text,
        b'{"time": %b, "level": %b, "msg": %b, "name": %b, "pid": %b, "traceId": %b}' % ((text,) * 6),
        b'{"log": "x", "stream": %b, "time": %b}' % (text, text),
        b'{"__REALTIME_TIMESTAMP": %b, "MESSAGE": %b, "PRIORITY": %b}' % (text, text, text),
        b"time=%b level=error msg=%b" % (raw(value), raw(value)),
        b"2026-11-29T12:00:00Z ERROR " + raw(value),
        b"<%b>1 %b host app %b - - x" % (raw(value)[:20], raw(value)[:60], raw(value)[:20]),
    ]
    parser = LogParser("web")
    for offset, line in enumerate(lines):
        for piece in line.split(b"\n")[:20]:
            got = parser.line(piece, offset, NOW)
            assert_shown([line_text(got)[:500], log_text(got)[:500], got.message[:500]])
            json.loads(dumps(LOG_LINE.document(got)), parse_constant=pytest.fail)


def in_a_repository(value: str) -> None:
    text = raw(value)
    commits = [
        parse_commit(b"author %b <a> %b +0000\ncommitter %b <a> %b +0000\nencoding %b\n\n%b" % ((text,) * 6)),
        parse_commit(text),
        parse_commit(b"committer a <a> 300000000000 +0000\n\nx"),
    ]
    parser = StatusParser()
    parser.feed(b"# branch.oid %b\0# branch.head %b\0# branch.ab +%b -%b\0# stash %b\0? %b\0" % ((text,) * 6))
    parser.feed(text)
    found = tuple(
        Repo(f"/r{n}", "r", subject=one.subject, author=one.author, head="a" * 40, committed_at=one.at,
             committed_out_of_range=one.at_out_of_range, branch=printable(text.decode("utf-8", "replace")))
        for n, one in enumerate(commits)
    )  # fmt: skip
    snapshot = ReposSnapshot(NOW, "host", repos=found, roots=("/",))
    assert_rows(item.row for item in repos.listing(snapshot, NOW).items)
    assert_view(Topic.REPOS, snapshot)


def in_a_message(value: str) -> None:
    fields = [
        (raw(value), value.encode("utf-8", "surrogatepass")),
        (b"payload", raw(value)),
        (b"token", raw(value)),
    ]
    correlation_ids([*fields, (b"body", b'{"traceId": %b}' % value.encode("utf-8", "surrogatepass"))])
    assert_pages(body_of(fields).paras)
    assert_shown([printable(preview(tuple(fields)))])


def in_rows_of_an_agent(value: str) -> None:
    text = value.encode("utf-8", "surrogatepass")
    decoder = OutputDecoder()
    rows = [
        b'{"type": "thread.started", "thread_id": %b}' % text,
        b'{"type": "turn.completed", "usage": %b}' % text,
        b'{"type": "turn.completed", "usage": {"input_tokens": %b, "output_tokens": %b}}' % (text, text),
        b'{"type": "item.completed", "item": {"type": "todo_list", "items": %b}}' % text,
        b'{"type": "item.completed", "item": {"type": "command_execution", "command": %b, "exit_code": %b}}' % (text, text),
        b'{"type": "turn.failed", "error": %b}' % text,
        b'{"type": "system", "subtype": "init", "session_id": "a", "model": %b}' % text,
        b'{"type": "result", "is_error": %b, "session_id": "a", "usage": %b, "modelUsage": %b}' % (text, text, text),
        b'{"type": "assistant", "session_id": "a", "message": %b}' % text,
        b'{"__cody_event__": {"type": "token_usage", "data": {"total": %b}}}' % text,
        b'{"__cody_event__": %b}' % text,
        text,
    ]  # fmt: skip
    told = decoder.decode("stdout", b"".join(row.replace(b"\n", b" ") + b"\n" for row in rows))
    for one in told:
        assert len(json.dumps(one.data)) < 3_000_000
        parse_event("1-0", {b"type": OUTPUT.encode(), b"data": json.dumps(one.data).encode()})


SOURCES: tuple[Callable[[str], None], ...] = (
    in_a_finding, in_a_run, in_events, in_logs, in_a_repository, in_a_message, in_rows_of_an_agent,
)  # fmt: skip


def test_there_are_more_than_two_hundred() -> None:
    assert len(set(VALUES)) > 200


@pytest.mark.parametrize("part", range(8))
@pytest.mark.parametrize("source", SOURCES)
def test_every_value_in_every_field(source: Callable[[str], None], part: int) -> None:
    for value in VALUES[part::8]:
        try:
            source(value)
        except BaseException as problem:
            problem.add_note(f"the value: {value[:200]!r}")
            raise

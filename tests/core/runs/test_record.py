"""Records of other programs: whatever is in them, the run shows, and what is wrong is named."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdash.core.runs.activity import activity_text, event_line
from agentdash.core.runs.event import dump_data, parse_event
from agentdash.core.runs.model import ControlAction, Run, RunEvent, RunStatus, Tokens
from agentdash.core.runs.record import FIELDS, entry_key, parse_run, pending_request, to_fields
from agentdash.core.text import printable

FULL = {
    "id": b"r1", "title": b"Fix auth", "command": b'["codex", "exec"]', "cwd": b"/src", "host": b"box",
    "status": b"running", "reason": b"", "pid": b"42", "worker": b"box:41:ab", "createdAt": b"1732112345000",
    "startedAt": b"1732112345001", "updatedAt": b"1732112345002", "endedAt": b"null", "currentTurn": b"2",
    "maxTurns": b"5", "stats.turns": b"1", "stats.tokens": b"1200", "stats.tokens.input": b"1000",
    "stats.tokens.output": b"200", "completion.detected": b"false", "exitCode": b"0",
    "error.retryable": b"true",
}  # fmt: skip


def test_a_whole_record() -> None:
    run = parse_run("r1", FULL)
    assert run.malformed == ()
    assert (run.status, run.title, run.command) == (RunStatus.RUNNING, "Fix auth", ("codex", "exec"))
    assert (run.current_turn, run.max_turns, run.turns, run.pid) == (2, 5, 1, 42)
    assert run.tokens == Tokens(total=1200, input=1000, output=200, cached=None)
    assert (run.created_at, run.ended_at, run.exit_code, run.retryable) == (1732112345000, None, 0, True)
    assert run.completion is None


@pytest.mark.parametrize("nothing", [None, b"", b"null", b"  "])
def test_any_field_may_be_missing_empty_or_null(nothing: bytes | None) -> None:
    for name in FIELDS:
        fields = {key: value for key, value in FULL.items() if key != name}
        if nothing is not None:
            fields[name] = nothing
        run = parse_run("r1", fields)
        assert run.malformed == (), name
        assert run.id == "r1"
        assert run.title
    assert parse_run("r1", {}).status is RunStatus.UNKNOWN


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pid", b"many"), ("pid", b"-1"), ("pid", b"0"), ("createdAt", b"yesterday"),
        ("createdAt", b"1732112345000000000"), ("currentTurn", b"1.5"), ("maxTurns", b"9" * 500),
        ("stats.tokens", b"\xff\xfe"), ("command", b"not json"), ("command", b'{"a": 1}'),
        ("command", b"[1]"), ("command", b"[" * 100_000), ("status", b"exploded"), ("exitCode", b"x"),
        ("error.retryable", b"perhaps"),
    ],
)  # fmt: skip
def test_what_is_malformed_is_named_and_the_rest_shows(name: str, value: bytes) -> None:
    run = parse_run("r1", {**FULL, name: value})
    assert run.malformed == (name,)
    assert run.title == "Fix auth"


def test_an_unknown_state_keeps_its_word() -> None:
    run = parse_run("r1", {"status": b"explo\x1b[31mded"})
    assert (run.status, run.status_text) == (RunStatus.UNKNOWN, "exploded")


@given(st.dictionaries(st.sampled_from(FIELDS), st.binary(max_size=200)))
def test_no_record_fails_and_text_is_printable(fields: dict[str, bytes]) -> None:
    run = parse_run("r1", fields)
    for text in (run.title, run.status_text, run.reason, run.error_message, run.cwd, *run.command):
        assert text is None or printable(text) == text
    assert printable(activity_text(run)) == activity_text(run)


@given(st.binary(max_size=50), st.dictionaries(st.binary(max_size=20), st.binary(max_size=200)))
def test_no_event_fails(entry_id: bytes, fields: dict[bytes, bytes]) -> None:
    event = parse_event(entry_id, fields)
    assert printable(event_line(event)) == event_line(event)


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.text(), _json))
def test_payloads_survive_the_way_through_the_store(data: dict[str, object]) -> None:
    raw = dump_data(data)
    assert parse_event("1-0", {b"type": b"x", b"data": raw}).data == data


def test_half_a_surrogate_pair_can_be_written() -> None:
    raw = dump_data({"text": "\ud800"})
    assert json.loads(raw.decode()) == {"text": "\ud800"}


def test_fields_are_written_as_a_reader_reads_them() -> None:
    written = to_fields(
        {"command": ["a", "ä b"], "pid": None, "completion.detected": True, "status": RunStatus.PAUSED}
    )
    assert written == {
        "command": '["a", "ä b"]',
        "pid": "",
        "completion.detected": "true",
        "status": "paused",
    }


@pytest.mark.parametrize(
    ("status", "action", "handled", "expected"),
    [
        ("running", "pause", None, ControlAction.PAUSE),
        ("queued", "pause", None, ControlAction.PAUSE),
        ("pausing", "pause", None, None),
        ("paused", "resume", None, ControlAction.RESUME),
        ("running", "resume", None, None),
        ("paused", "cancel", None, ControlAction.CANCEL),
        ("cancelling", "cancel", None, None),
        ("failed", "cancel", None, None),
        ("running", "explode", None, None),
        ("running", None, None, None),
        ("running", "pause", "10-0", None),
        ("running", "pause", "9-7", ControlAction.PAUSE),
    ],
)
def test_requested_lasts_until_the_effect_is_seen(
    status: str, action: str | None, handled: str | None, expected: ControlAction | None
) -> None:
    assert pending_request(RunStatus(status), action, "10-0", handled) is expected


def test_ids_are_in_the_order_of_numbers() -> None:
    assert entry_key("9-1") < entry_key("10-0") < entry_key("10-2") < entry_key("11")
    assert entry_key("x") < entry_key("0-0")


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (("file_written", {"path": "src/auth/token.py"}), "edit src/auth/token.py"),
        (("file_read", {"path": "db/schema.sql"}), "read db/schema.sql"),
        (("test_run_completed", {"passed": 42, "failed": 1, "skipped": 0}), "test 42 passed, 1 failed"),
        (("subprocess_output", {"text": "one\n\x1b[31mtwo\x1b[0m\n\n"}), "two"),
        (("subprocess_output", {"text": "10 %\r50 %\r"}), "50 %"),
        (("turn_completed", {"exitCode": 3}), "turn ended with exit code 3"),
        (("strange_thing", {"message": "hello"}), "strange thing hello"),
        (("agent_retry", {"attempt": 2, "max": 5, "message": "429"}), "retry 2/5: 429"),
        (("agent_message", {"text": "one\ntwo"}), "two"),
        (("tool_call", {"tool": "Bash", "target": "make"}), "Bash make"),
        (("tool_failed", {"tool": "Edit", "target": "a.py"}), "failed: Edit a.py"),
        (("plan_updated", {"done": 1, "total": 3, "current": "write tests"}), "plan 1/3: write tests"),
        (("agent_session", {"program": "codex"}), "codex started"),
        (("strange_thing", {"message": 7}), "strange thing"),
    ],
)
def test_doing(event: tuple[str, dict[str, object]], line: str) -> None:
    name, data = event
    run = Run(id="r", title="t", status=RunStatus.RUNNING, last_event=RunEvent("1-0", name, 1, 1, data))
    assert activity_text(run) == line


def test_states_at_rest_speak_for_themselves() -> None:
    said = RunEvent("1-0", "subprocess_output", 1, 1, {"text": "x"})
    base = Run(id="r", title="t", status=RunStatus.PAUSED, last_event=said)
    assert activity_text(base) == "paused"
    assert (
        activity_text(Run(id="r", title="t", status=RunStatus.FAILED, error_message="turn 1 ended"))
        == "turn 1 ended"
    )
    assert (
        activity_text(Run(id="r", title="t", status=RunStatus.RUNNING, orphaned=True, last_event=said))
        == "no worker"
    )

"""What the two programs print, decoded: right totals whatever the cuts, failures and retries events apart."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdash.runner.agents.decoder import RECOGNITION_LINES, OutputDecoder
from agentdash.runner.agents.event import AgentEvent
from agentdash.runner.agents.test_suites import counts, is_test_command
from agentdash.runner.agents.usage import TokenUsage, UsageCounters
from agentdash.runner.output.blocks import LIMIT, LineBlocks
from tests.runner.agents.rows import claude, claude_result, codex, item, lines


def decode(data: bytes, threads: UsageCounters | None = None) -> tuple[list[AgentEvent], OutputDecoder]:
    decoder = OutputDecoder(threads)
    return decoder.decode("stdout", data), decoder


def used(events: list[AgentEvent]) -> TokenUsage:
    return sum((one.usage for one in events if one.usage), TokenUsage())


def of_type(events: list[AgentEvent], name: str) -> list[dict[str, object]]:
    return [one.data for one in events if one.type == name]


def test_a_turn_of_codex() -> None:
    events, decoder = decode(lines(*codex(1000, 600, 200)))
    assert used(events) == TokenUsage(1200, 400, 200, 600)
    assert [one.type for one in events] == [
        "agent_session", "agent_warning", "agent_retry", "test_run_started", "test_run_completed",
        "file_written", "file_deleted", "plan_updated", "agent_message", "token_usage", "completion_detected",
    ]  # fmt: skip
    (tests,) = of_type(events, "test_run_completed")
    assert {name: tests[name] for name in ("passed", "failed", "skipped", "exitCode")} == {
        "passed": 41, "failed": 1, "skipped": 2, "exitCode": 1,
    }  # fmt: skip
    (retry,) = of_type(events, "agent_retry")
    assert (retry["attempt"], retry["max"], retry["status"]) == (1, 5, 429)
    assert of_type(events, "plan_updated") == [{"done": 1, "total": 2, "current": "b"}]
    assert events[-1].final_message == "all done"
    assert not any(one.failure or one.completes for one in events)
    assert (decoder.malformed, decoder.unknown) == (0, 0)


def test_usage_of_a_thread_that_goes_on_is_counted_once() -> None:
    threads = UsageCounters()
    first, _ = decode(lines(*codex(1000, 600, 200)), threads)
    second, _ = decode(lines(*codex(2500, 1600, 450)), threads)
    other, _ = decode(lines(*codex(10, 0, 5, thread="another")), threads)
    assert [used(events).total for events in (first, second, other)] == [1200, 1750, 15]
    later = UsageCounters()
    later.load(threads.dump())
    again, _ = decode(lines(*codex(2600, 1600, 460)), later)
    assert used(again) == TokenUsage(110, 100, 10, 0)


def test_a_thread_without_a_name_is_counted_in_its_own_process_only() -> None:
    threads = UsageCounters()
    nameless = lines(*codex(100, 0, 10)[1:])
    assert [used(decode(nameless, threads)[0]).total for _ in range(2)] == [110, 110]


@pytest.mark.parametrize(
    ("message", "later"),
    [
        ("unexpected status 401 Unauthorized", False),
        ("exceeded retry limit, last status: 429 Too Many Requests", True),
        ("stream disconnected before completion", True),
    ],
)
def test_only_turn_failed_is_a_failure_of_codex(message: str, later: bool) -> None:
    events, _ = decode(
        lines(
            *codex(1, 0, 1)[:7],
            {"type": "error", "message": message},
            {"type": "turn.failed", "error": {"message": message}},
        )
    )
    assert [one.failure.message for one in events if one.failure] == [message]
    assert events[-1].failure is not None
    assert events[-1].failure.retryable is later


def test_words_of_older_and_newer_codex_for_asking_again() -> None:
    events, _ = decode(
        lines(
            {"type": "thread.started", "thread_id": "t"},
            {"type": "error", "message": "stream error: exceeded retry limit; retrying 2/2 in 361ms…"},
            {"type": "error", "message": "Reconnecting... 2/2 (stream closed)"},
            {"type": "error", "message": "the model is gone"},
        )
    )
    assert [one.type for one in events[1:]] == ["agent_retry", "agent_retry", "agent_warning"]


def test_a_session_of_claude() -> None:
    events, decoder = decode(lines(*claude()))
    assert used(events) == TokenUsage(2170, 117, 53, 2000)
    assert of_type(events, "token_usage")[0]["costUsd"] == 0.25
    assert of_type(events, "file_read") == [{"path": "/src/token.py"}]
    assert of_type(events, "file_written") == [{"path": "/src/token.py"}]
    assert of_type(events, "tool_failed")[0]["target"] == "/etc/passwd"
    (tests,) = of_type(events, "test_run_completed")
    assert (tests["passed"], tests["failed"], tests["skipped"]) == (8, 2, 2)
    (retry,) = of_type(events, "agent_retry")
    assert (retry["attempt"], retry["status"], retry["delayMs"]) == (1, 529, 512)
    assert [one.message for one in events if one.type == "agent_message"] == [
        "Let me look.\nIt is in token.py"
    ]
    assert events[-1].final_message == "Fixed.\nALL DONE"
    assert (decoder.malformed, decoder.unknown) == (0, 0)


def test_the_result_counts_and_is_error_judges() -> None:
    failed = claude_result(is_error=True, result="API Error: 529 overloaded", api_error_status=529)
    events, _ = decode(lines(*claude(result=failed)))
    assert events[-1].failure is not None
    assert (events[-1].failure.message, events[-1].failure.retryable) == ("API Error: 529 overloaded", True)
    assert used(events).total == 2170
    limit = claude_result(is_error=True, subtype="error_max_turns", result=None, errors=["Reached 3 turns"])
    assert decode(lines(limit))[0][-1].failure
    good = claude_result(is_error=False, subtype="success")
    assert decode(lines(good))[0][-1].final_message


def test_without_model_usage_the_usage_counts_and_without_a_result_nothing() -> None:
    plain = claude_result()
    del plain["modelUsage"]
    assert used(decode(lines(*claude(result=plain)))[0]) == TokenUsage(2160, 110, 50, 2000)
    assert used(decode(lines(*claude()[:-1]))[0]) == TokenUsage()


def test_two_results_of_one_process_are_a_counter_that_goes_on() -> None:
    more = claude_result(
        modelUsage={"m": {"inputTokens": 200, "outputTokens": 80, "cacheReadInputTokens": 2500}}
    )
    events, _ = decode(lines(*claude(), more))
    assert used(events) == TokenUsage(2170, 117, 53, 2000) + used(events[-2:])
    assert used(events[-2:]).output == 27


def test_a_program_is_recognised_after_other_output_and_only_on_stdout() -> None:
    before = b"Reading prompt from stdin...\n{not json}\n42\n[1]\n" + lines({"note": 1})
    events, decoder = decode(before + lines(*codex(1000, 600, 200)))
    assert used(events).total == 1200
    assert decoder.malformed == 0
    assert OutputDecoder().decode("stderr", lines(*codex(1, 1, 1))) == []
    events, _ = decode(lines(*({"note": n} for n in range(RECOGNITION_LINES + 1)), *codex(1, 0, 1)))
    assert events == []


def test_what_is_not_understood_is_counted() -> None:
    events, decoder = decode(
        lines(
            *codex(10, 0, 5)[:1],
            {"type": "brand.new"},
            item("completed", "i", "hologram"),
            42,
            [1],
            None,
            "x",
        )
        + b'{"type": "turn.comp\n'
        + lines(*codex(10, 0, 5)[1:])
    )
    assert used(events).total == 15
    assert (decoder.unknown, decoder.malformed) == (2, 1)


_LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
_ANYTHING = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
_KEYS = [
    "type", "subtype", "item", "usage", "error", "message", "content", "id", "name", "input", "modelUsage",
    "result", "is_error", "changes", "items", "command", "aggregated_output", "tool_use_id", "thread_id",
]  # fmt: skip


@given(st.sampled_from([codex(10, 4, 5), claude()]), st.data())
def test_no_row_however_odd_makes_it_fail(rows: list[object], data: st.DataObject) -> None:
    decoder = OutputDecoder()
    for row in rows:
        odd = json.loads(json.dumps(row))
        for _ in range(data.draw(st.integers(0, 3))):
            _spoil(odd, data)
        for events in decoder.decode("stdout", lines(odd)):
            assert json.dumps(events.data)


def _spoil(row: object, data: st.DataObject) -> None:
    """Put anything at some place of the row."""
    while isinstance(row, dict) and row:
        key = data.draw(st.sampled_from(sorted(row) + _KEYS))
        inner = row.get(key)
        if isinstance(inner, dict) and inner and data.draw(st.booleans()):
            row = inner
            continue
        row[key] = data.draw(_ANYTHING)
        return


@given(st.sampled_from(["codex", "claude"]), st.data())
def test_cut_at_any_byte_the_same_totals_come(program: str, data: st.DataObject) -> None:
    rows = codex(1000, 600, 200, text="grüße €\n" * 3) if program == "codex" else claude()
    whole = b"noise \xff\xe2\x82\n" + lines(*rows[:3]) + b'42\n[1]\n"text"\n' + lines(*rows[3:])
    if data.draw(st.booleans()):
        whole = whole.rstrip(b"\n")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=12)))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert _through(pieces) == _through([whole])
    assert _through([bytes([byte]) for byte in whole]) == _through([whole])


def _through(pieces: list[bytes], limit: int = LIMIT) -> list[AgentEvent]:
    blocks, decoder = LineBlocks(limit, limit), OutputDecoder()
    whole = [block for piece in pieces for block in blocks.feed(piece)] + blocks.end()
    return [one for block in whole if block.whole for one in decoder.decode("stdout", block.data)]


@given(st.lists(st.integers(0, 3000), max_size=8))
def test_a_line_is_too_long_or_not_whatever_the_cuts(cuts: list[int]) -> None:
    rows = [
        *codex(10, 0, 5)[:3],
        item("completed", "i", "agent_message", text="x" * 900),
        *codex(10, 0, 5)[-1:],
    ]
    whole = lines(*rows)
    places = sorted(min(cut, len(whole)) for cut in cuts)
    pieces = [whole[a:b] for a, b in zip([0, *places], [*places, len(whole)], strict=True)]
    events = _through([part[n : n + 500] for part in pieces for n in range(0, len(part), 500)], limit=600)
    assert used(events).total == 15
    assert of_type(events, "agent_message") == []


def test_a_line_of_ten_megabytes_costs_no_totals() -> None:
    flood = item("completed", "i", "command_execution", command="cat big", aggregated_output="y" * 10_000_000)
    rows = codex(1000, 600, 200)
    whole = lines(*rows[:4], flood, *rows[4:])
    pieces = [whole[start : start + 65536] for start in range(0, len(whole), 65536)]
    assert used(_through(pieces)).total == 1200


@pytest.mark.parametrize(
    "command",
    [
        "pytest", "pytest -x tests/a.py", "python -m pytest -q", "python3.11 -m unittest discover",
        "/usr/bin/bash -lc 'cd /src && PYTHONPATH=. uv run pytest -q 2>&1 | tail -5'", "npm test",
        "npm run test:unit", "cargo test --all", "go test ./...", "timeout 60 make test",
        "CI=1 npx vitest run", "./gradlew test", "bundle exec rspec", "python manage.py test",
        ".venv/bin/pytest -n 2",
    ],
)  # fmt: skip
def test_commands_that_run_tests(command: str) -> None:
    assert is_test_command(command)


@pytest.mark.parametrize(
    "command",
    [
        "", "ls tests", "cat test.py", "git commit -m 'npm test'", "echo pytest", "pytest --version",
        "pytest --collect-only", "npm run build", "grep -rn pytest .", "python test_x.py", "cargo build", "'",
        "make testdata", "cargo test --no-run", "pip install pytest",
    ],
)  # fmt: skip
def test_commands_that_do_not(command: str) -> None:
    assert not is_test_command(command)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("===== 3 failed, 42 passed, 1 skipped, 2 warnings in 12.30s =====", (42, 3, 1)),
        ("....\n4 passed in 0.01s", (4, 0, 0)),
        ("1 passed, 2 errors in 1.0s (0:01:00)", (1, 2, 0)),
        ("Tests:       1 failed, 5 passed, 6 total\nTime: 1 s", (5, 1, 0)),
        (" Tests  1 failed | 5 passed (6)", (5, 1, 0)),
        ("test result: ok. 5 passed; 0 failed; 1 ignored; \ntest result: ok. 2 passed; 1 failed; 0 ignored",
         (7, 1, 1)),
        ("Ran 5 tests in 0.1s\n\nOK", (5, 0, 0)),
    ],
)  # fmt: skip
def test_counts_of_summaries(output: str, expected: tuple[int, int, int]) -> None:
    found = counts("noise 9 passed\n" + output)
    assert (found["passed"], found["failed"], found["skipped"]) == expected


@pytest.mark.parametrize("output", [None, 7, "", "ok  \tpkg\t0.1s", "3 passed the border"])
def test_without_a_summary_nothing_is_claimed(output: object) -> None:
    assert counts(output) == {}

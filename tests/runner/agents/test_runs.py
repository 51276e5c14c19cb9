"""Whole runs of programs that print what codex and claude print: tokens, turns, failures, completion."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from agentdash.core.runs.model import RunStatus, Tokens
from tests.runner.agents.rows import OLD_SESSION, OTHER_SESSION, claude, claude_result, codex
from tests.runner.stage import Stage

TOKEN = "ghp_" + "a1B2" * 9


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return tmp_path / "agent.py"


def prints(program: Path, *turns: list[object], code: int = 0) -> tuple[str, ...]:
    """A program that prints the rows of the turn that it is in."""
    program.write_text(
        f"import json, os, sys\nturns = json.loads({json.dumps(json.dumps(turns))})\n"
        "for row in turns[int(os.environ['AGENTDASH_TURN']) - 1]: print(json.dumps(row), flush=True)\n"
        f"sys.exit({code})\n"
    )
    return (sys.executable, "-S", "-E", str(program))


async def test_tokens_of_a_codex_thread_over_turns(stage: Stage, program: Path) -> None:
    turns = [codex(1000, 600, 200), codex(2500, 1600, 450), codex(9, 0, 1, thread=OTHER_SESSION)]
    assert await stage.run(*prints(program, *turns), turns=3) == 0
    run = await stage.record()
    assert run.tokens == Tokens(2950 + 10, 909, 451, 1600)
    assert (run.retries, run.plan_done, run.plan_total) == (3, 1, 2)
    ends = [event.data for event in await stage.events() if event.type == "turn_completed"]
    assert [end["tokens"]["total"] for end in ends] == [1200, 1750, 10]  # type: ignore[index]
    assert [end["said"] for end in ends] == ["all done"] * 3
    assert run.completion == "all done"
    assert (await stage.types()).count("completion_detected") == 1
    assert (await stage.types())[-2:] == ["completion_detected", "run_completed"]
    assert json.loads((await stage.output()).splitlines()[0])["type"] == "thread.started"


async def test_a_worker_that_takes_over_goes_on_counting_the_thread(stage: Stage, program: Path) -> None:
    assert await stage.run(*prints(program, codex(1000, 600, 200))) == 0
    await stage.client.hset(stage.keys.meta("r1"), mapping={"status": "running"})
    assert await stage.run(*prints(program, [], codex(2500, 1600, 450)), turns=2) == 0
    run = await stage.record()
    assert (run.tokens.total, run.turns, run.retries) == (2950, 2, 2)


async def test_an_api_failure_of_claude_fails_the_turn_in_its_own_words(stage: Stage, program: Path) -> None:
    failed = claude_result(is_error=True, result="API Error: 529 Overloaded", api_error_status=529)
    assert await stage.run(*prints(program, claude(result=failed)), turns=5) == 1
    run = await stage.record()
    assert (run.status, run.turns, run.exit_code) == (RunStatus.FAILED, 1, 0)
    assert (run.error_code, run.error_message) == ("agent_error", "turn 1: API Error: 529 Overloaded")
    assert run.retryable is True
    assert run.tokens.total == 2170
    assert run.completion is None
    types = await stage.types()
    assert "agent_failed" in types
    assert types[-1] == "run_failed"


async def test_the_words_of_the_program_stand_above_its_exit_code(stage: Stage, program: Path) -> None:
    rows = [*codex(1, 0, 1)[:5], {"type": "turn.failed", "error": {"message": "quota exceeded"}}]
    assert await stage.run(*prints(program, rows, code=1)) == 1
    run = await stage.record()
    assert (run.error_message, run.exit_code) == ("turn 1: quota exceeded", 1)


async def test_until_looks_at_what_the_agent_says(stage: Stage, program: Path) -> None:
    assert await stage.run(*prints(program, claude(), claude()), turns=9, until="^ALL DONE$") == 0
    run = await stage.record()
    assert (run.turns, run.completion) == (1, "ALL DONE")
    assert run.tokens == Tokens(2170, 117, 53, 2000)


async def test_rows_that_are_not_understood_are_told_with_the_turn(stage: Stage, program: Path) -> None:
    rows = [*codex(1, 0, 1), {"type": "hologram"}]
    assert await stage.run(*prints(program, rows)) == 0
    (end,) = [event.data for event in await stage.events() if event.type == "turn_completed"]
    assert end["unknownRows"] == 1
    assert "malformed" not in end


async def test_secrets_are_masked_wherever_a_worker_records_them(stage: Stage, program: Path) -> None:
    rows = claude(result=claude_result(result=f"pushed with {TOKEN}"))
    command = (*prints(program, rows), "--api-key", "not-a-shape-0815", f"--token={TOKEN}")
    assert await stage.run(*command) == 0
    raw = str(await stage.client.hgetall(stage.keys.meta("r1")))
    raw += str(await stage.client.xrange(stage.keys.events("r1")))
    assert TOKEN not in raw
    assert "not-a-shape-0815" not in raw
    run = await stage.record()
    assert run.command[-3:-1] == ("--api-key", "••••••••")
    assert run.completion == "pushed with ••••••••"


async def test_masking_is_a_setting(redis_url: str, program: Path) -> None:
    stage = Stage(redis_url, mask=False)
    try:
        assert await stage.run(*prints(program, claude()), f"--token={TOKEN}") == 0
        assert TOKEN in str(await stage.client.hget(stage.keys.meta("r1"), "command"))
        assert TOKEN not in (await stage.record()).command[-1]  # a reader masks what any program wrote
    finally:
        await stage.close()


def rollout(home: Path, thread: str, *rows: tuple[str, object]) -> None:
    """A file as Codex keeps it: (time, payload) of `event_msg` rows."""
    folder = home / "sessions/2025/10/02"
    folder.mkdir(parents=True, exist_ok=True)
    shown = [{"timestamp": at, "type": "event_msg", "payload": payload} for at, payload in rows]
    text = "".join(f"{json.dumps(row)}\n" for row in shown)
    (folder / f"rollout-2025-10-02T23-59-59-{thread}.jsonl").write_text(text)


def counted(**usage: int) -> dict[str, object]:
    return {"type": "token_count", "info": {"total_token_usage": usage} if usage else None}


async def test_a_thread_that_began_outside_counts_from_the_run_s_start(
    stage: Stage, program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODEX_HOME", str(tmp_path))
    before = counted(input_tokens=1000, cached_input_tokens=600, output_tokens=200, total_tokens=1200)
    ours = counted(input_tokens=9000, cached_input_tokens=600, output_tokens=9000)
    rollout(tmp_path, OLD_SESSION, ("2025-10-02T10:00:00.000Z", before), ("2100-01-01T00:00:00.000Z", ours))
    turns = [codex(1500, 900, 250, thread=OLD_SESSION), codex(1600, 900, 260, thread=OLD_SESSION)]
    assert await stage.run(*prints(program, *turns), turns=2) == 0
    run = await stage.record()
    assert run.tokens == Tokens(550 + 110, 200 + 100, 50 + 10, 300)


async def test_a_thread_of_which_nothing_is_known_makes_the_tokens_unknown(
    stage: Stage, program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODEX_HOME", str(tmp_path))
    turns = [codex(1500, 900, 250, thread=OLD_SESSION), codex(1600, 900, 260, thread=OLD_SESSION)]
    assert await stage.run(*prints(program, *turns), turns=2) == 0
    run = await stage.record()
    assert (run.status, run.tokens) == (RunStatus.COMPLETED, Tokens())
    events = await stage.events()
    ends = [event.data["tokens"] for event in events if event.type == "turn_completed"]
    assert (ends[0], ends[1]["total"]) == (None, 110)  # type: ignore[index]
    (first, _) = [event.data for event in events if event.type == "token_usage"]
    assert "began outside of this run" in str(first["why"])
    assert first["ofThread"]["total"] == 1750  # type: ignore[index]
    assert "total" not in first


async def test_a_last_row_of_megabytes_still_tells_the_tokens(stage: Stage, program: Path) -> None:
    long = claude_result(result="x" * 3_000_000 + "\nALL DONE")
    assert await stage.run(*prints(program, [*claude()[:2], long])) == 0
    assert (await stage.record()).tokens.total == 2170
    longer = claude_result(result="x" * 9_000_000)
    assert await stage.run(*prints(program, [*claude()[:2], longer]), run_id="r2") == 0
    run = await stage.record("r2")
    assert run.tokens.total is None
    (end,) = [event.data for event in await stage.events("r2") if event.type == "turn_completed"]
    assert (end["tokens"], end["overlongLines"]) == (None, 1)

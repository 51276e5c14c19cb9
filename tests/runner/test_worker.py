"""Whole runs with real children on a real server: what is done, and what is on record."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from agentdash.core.runs.model import RunStatus, Tokens
from tests.runner.stage import Stage, gone, python
from tests.support import until


async def test_a_run_of_one_turn(stage: Stage) -> None:
    assert await stage.run(*python("print('hello')"), title="Greeting") == 0
    run = await stage.record()
    assert (run.status, run.title, run.exit_code, run.pid) == (RunStatus.COMPLETED, "Greeting", 0, None)
    assert (run.current_turn, run.max_turns, run.turns) == (1, 1, 1)
    assert None not in {run.created_at, run.started_at, run.ended_at}
    assert run.malformed == ()
    assert await stage.output() == "hello\n"
    assert await stage.output(stream="stderr") == ""
    assert [event.type for event in await stage.events()] == [
        "run_queued", "run_started", "turn_started", "subprocess_output", "turn_completed", "run_completed",
    ]  # fmt: skip
    assert await stage.client.zscore(stage.keys.index, "r1") == run.created_at
    assert not await stage.client.exists(stage.keys.lock("r1"))


async def test_turns_know_their_run_and_number(stage: Stage) -> None:
    code = "import os; print(os.environ['AGENTDASH_RUN_ID'], os.environ['AGENTDASH_TURN'])"
    assert await stage.run(*python(code), turns=3) == 0
    assert await stage.output() == "r1 1\nr1 2\nr1 3\n"
    turns = [event for event in await stage.events() if event.type == "turn_completed"]
    assert [event.turn for event in turns] == [1, 2, 3]
    assert [event.data["tokens"] for event in turns] == [None] * 3, "it told of none: unknown, and not 0"
    assert (await stage.record()).tokens == Tokens()


async def test_until_completes_after_the_turn_that_said_it(stage: Stage) -> None:
    code = "import os; n = os.environ['AGENTDASH_TURN']; print('all DONE here' if n == '2' else 'on it')"
    assert await stage.run(*python(code), turns=9, until="DONE$|DONE here") == 0
    run = await stage.record()
    assert (run.turns, run.completion) == (2, "all DONE here")
    assert (await stage.types()).count("completion_detected") == 1


async def test_stop_file_completes(stage: Stage, tmp_path: Path) -> None:
    code = "import os; os.environ['AGENTDASH_TURN'] == '2' and open('stop', 'w').close()"
    assert await stage.run(*python(code), turns=9, stop_file=str(tmp_path / "stop"), cwd=str(tmp_path)) == 0
    run = await stage.record()
    assert run.turns == 2
    assert run.completion
    assert run.completion.startswith("stop file")


async def test_the_prompt_is_read_anew_for_each_turn(stage: Stage, tmp_path: Path) -> None:
    prompt = tmp_path / "prompt"
    prompt.write_text("first\n")
    code = (
        "import sys; text = sys.stdin.read(); print(text, end=''); open('prompt', 'w').write('then ' + text)"
    )
    assert await stage.run(*python(code), turns=3, prompt_file=str(prompt), cwd=str(tmp_path)) == 0
    assert await stage.output() == "first\nthen first\nthen then first\n"


async def test_without_a_prompt_there_is_nothing_to_read(stage: Stage) -> None:
    assert await stage.run(*python("import sys; print(repr(sys.stdin.read()))")) == 0
    assert await stage.output() == "''\n"


async def test_a_failing_turn_fails_the_run(stage: Stage) -> None:
    assert await stage.run(*python("import sys; sys.exit(7)"), turns=3) == 1
    run = await stage.record()
    assert (run.status, run.exit_code, run.turns) == (RunStatus.FAILED, 7, 1)
    assert (run.error_code, run.error_message) == ("exit_code", "turn 1 ended with exit code 7")
    assert (await stage.types())[-1] == "run_failed"


async def test_a_command_that_does_not_exist(stage: Stage) -> None:
    assert await stage.run("/nowhere/agent") == 1
    run = await stage.record()
    assert (run.status, run.error_code) == (RunStatus.FAILED, "cannot_start")
    assert "'/nowhere/agent' was not found" in stage.said[-1]
    assert stage.activity.lines[-2] == "turn 1 ended: the command could not be started"
    assert "'/nowhere/agent' was not found" in stage.activity.lines[-1]


async def test_wrong_use_is_said_and_leaves_no_record(stage: Stage) -> None:
    assert await stage.run(*python(""), until="(") == 2
    assert await stage.run(*python(""), cwd="/nowhere") == 2
    assert "not a regular expression" in stage.said[0]
    assert await stage.client.dbsize() == 0


async def test_pid_turn_and_tokens_are_on_record_while_it_goes_on(stage: Stage) -> None:
    code = """if True:
        import json, time
        print(json.dumps({"__cody_event__": {"type": "token_usage", "input": 100, "output": 20}}), flush=True)
        print(json.dumps({"__cody_event__": {"type": "file_written", "path": "a.py"}}), flush=True)
        print('{"__cody_event__": {"type"', flush=True)
        time.sleep(600)
    """
    task = stage.start(*python(code), grace=5)

    async def told() -> bool:
        return "file_written" in await stage.types()

    await until(told, what="the event")
    run = await stage.record()
    assert run.tokens == Tokens(120, 100, 20, 0)
    assert run.current_turn == 1
    assert run.pid is not None
    assert not gone(run.pid)
    await stage.ask("cancel")
    assert await task == 1
    assert gone(run.pid)
    end = next(event for event in await stage.events() if event.type == "turn_completed")
    assert end.data["malformed"] == 1
    assert end.data["tokens"] == {"total": 120, "input": 100, "output": 20, "cached": 0}
    assert '"__cody_event__"' in await stage.output()


async def test_an_agent_can_say_that_all_is_done(stage: Stage) -> None:
    code = """print('{"__cody_event__": {"type": "completion_detected", "line": "tests pass"}}')"""
    assert await stage.run(*python(code), turns=5) == 0
    run = await stage.record()
    assert (run.turns, run.completion) == (1, "tests pass")


async def test_watched_logs_are_told_of_to_the_last_append(stage: Stage, tmp_path: Path) -> None:
    log = tmp_path / "agent.log"
    log.write_text("old\n")
    code = "open('agent.log', 'a').write('new line\\n')"
    assert await stage.run(*python(code), logs=(str(log),), cwd=str(tmp_path)) == 0
    types = await stage.types()
    assert types.index("log_updated") < types.index("turn_completed")
    (event,) = [event for event in await stage.events() if event.type == "log_updated"]
    assert event.data == {"path": str(log), "bytes": 9, "text": "new line\n"}


async def test_a_process_that_is_left_behind_does_not_hold_the_worker(stage: Stage) -> None:
    code = """if True:
        import subprocess, sys
        left = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
        print(left.pid, flush=True)
    """
    assert await stage.run(*python(code)) == 0
    left = int(await stage.output())
    assert not gone(left)
    os.kill(left, 9)


async def test_half_characters_at_the_edge_of_writes(stage: Stage) -> None:
    code = """if True:
        import os, time
        for byte in "grüße €\\n".encode():
            os.write(1, bytes([byte])); time.sleep(0.02)
        os.write(1, b"\\xe2\\x82")
    """
    assert await stage.run(*python(code)) == 0
    assert await stage.output() == "grüße €\n�"


async def test_a_flood_costs_few_small_events_and_says_what_was_dropped(stage: Stage) -> None:
    code = """if True:
        import os
        for _ in range(300): os.write(1, b"x" * 100_000 + b"\\n" * (_ % 2))
        os.write(1, b"\\n\\xff\\xfe the end")
    """
    task = stage.start(*python(code))
    assert await task == 0
    outputs = [event for event in await stage.events() if event.type == "subprocess_output"]
    times = [event.at or 0 for event in outputs]
    assert all(sum(1 for at in times if first <= at < first + 999) <= 10 for first in times)
    assert all(len(str(event.data["text"]).encode()) <= 2048 for event in outputs)
    kept = sum(len(str(event.data["text"]).replace("�", "?")) for event in outputs)
    dropped = sum(int(str(event.data.get("dropped", 0))) for event in outputs)
    total = 300 * 100_000 + 150 + 11
    assert kept + dropped == total
    assert str(outputs[-1].data["text"]).endswith("the end")
    end = next(event for event in await stage.events() if event.type == "turn_completed")
    assert end.data["outputBytes"] == total


async def test_a_second_worker_refuses_and_says_who_holds_the_run(stage: Stage) -> None:
    first = stage.start(*python("import time; time.sleep(600)"), grace=5)
    await stage.reaches("running")
    assert await stage.run(*python("print('second')")) == 2
    assert f"process {os.getpid()} on" in stage.said[-1]
    assert await stage.output() == ""
    await stage.ask("cancel")
    assert await first == 1


async def test_a_run_that_has_ended_is_not_begun_again(stage: Stage) -> None:
    assert await stage.run(*python("")) == 0
    assert await stage.run(*python("")) == 2
    assert "completed" in stage.said[-1]
    assert (await stage.types()).count("run_started") == 1


async def test_no_server(stage: Stage) -> None:
    other = Stage("redis://127.0.0.1:1/0")
    try:
        assert await other.run(*python("")) == 4
        assert "127.0.0.1:1" in other.said[-1]
    finally:
        await other.close()


async def test_two_workers_at_the_same_moment_exactly_one_works(stage: Stage) -> None:
    codes = await asyncio.gather(*(stage.run(*python("print('once')")) for _ in range(5)))
    assert sorted(codes)[:1] == [0]
    assert await stage.output() == "once\n"

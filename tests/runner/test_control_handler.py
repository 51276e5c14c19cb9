"""Pause, resume, cancel and signals, at every moment; and what is gone afterwards."""

from __future__ import annotations

import asyncio
import signal

import psutil
import pytest

from agentdash.actions.runs.control import control, mark_orphan_failed, wait_for
from agentdash.actions.runs.find import find_run
from agentdash.core.clock import SystemClock
from agentdash.core.commands import ControlRun, Refused
from agentdash.core.runs.model import ControlAction, RunStatus
from agentdash.runner import control_handler
from agentdash.runner.control_handler import DOUBLED_S, ControlHandler
from agentdash.runner.lifecycle import RunLifecycle
from agentdash.runner.store.journal import Journal
from tests.runner.stage import Stage, gone, python, start_worker
from tests.support import until

SLEEP = python("import time; time.sleep(600)")
WAITS_FOR_TURN_END = python("import os, time\nwhile not os.path.exists('go'): time.sleep(0.01)")


def ask(action: ControlAction, run_id: str = "r1", seen: RunStatus | None = None) -> ControlRun:
    return ControlRun(run_id, action, actor="test", reason="because", seen=seen)


async def test_pause_takes_effect_at_the_end_of_the_turn(stage: Stage, tmp_path) -> None:
    task = stage.start(*WAITS_FOR_TURN_END, turns=2, cwd=str(tmp_path))
    await stage.reaches("running")
    await control(stage.client, stage.keys, ask(ControlAction.PAUSE))
    await stage.reaches("pausing")
    (tmp_path / "go").touch()
    await stage.reaches("paused")
    assert (await stage.record()).turns == 1
    await control(stage.client, stage.keys, ask(ControlAction.RESUME))
    assert await task == 0
    types = [name for name in await stage.types() if name.startswith("run_")]
    assert types == ["run_queued", "run_started", "run_pausing", "run_paused", "run_resumed", "run_completed"]


async def test_pause_sent_before_the_worker_reads_is_honoured_and_twice_is_once(stage: Stage) -> None:
    await stage.ask("pause")
    await stage.ask("pause")
    task = stage.start(*python("print('x')"))
    await stage.reaches("paused")
    assert await stage.output() == ""
    await stage.ask("pause")
    await stage.ask("nonsense")
    await stage.ask("resume")
    assert await task == 0
    assert (await stage.types()).count("run_paused") == 1
    assert any("unknown control action" in line for line in stage.activity.lines)


async def test_pause_and_resume_before_the_worker_reads_come_to_nothing(stage: Stage) -> None:
    await stage.ask("pause")
    await stage.ask("resume")
    assert await stage.run(*python("")) == 0
    assert "run_pausing" not in await stage.types()


async def test_cancel_before_the_worker_reads(stage: Stage) -> None:
    await stage.ask("cancel")
    await stage.ask("resume")
    assert await stage.run(*python("print('x')")) == 1
    assert (await stage.record()).status is RunStatus.CANCELLED
    assert "turn_started" not in await stage.types()


async def test_cancel_in_a_pause(stage: Stage) -> None:
    await stage.ask("pause")
    task = stage.start(*SLEEP)
    await stage.reaches("paused")
    await control(stage.client, stage.keys, ask(ControlAction.CANCEL, seen=RunStatus.PAUSED))
    assert await task == 1
    run = await stage.record()
    assert (run.status, run.reason, run.exit_code) == (RunStatus.CANCELLED, "because", None)


async def test_cancel_kills_what_ignores_it_with_all_that_descends_from_it(stage: Stage) -> None:
    code = """if True:
        import os, signal, subprocess, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
        again = [sys.executable, "-S", "-c", deaf + "; print(1, flush=True); time.sleep(600)"]
        near = subprocess.Popen(again, stdout=subprocess.PIPE)
        far = subprocess.Popen(again, stdout=subprocess.PIPE, start_new_session=True)
        near.stdout.readline(); far.stdout.readline()
        print(near.pid, far.pid, flush=True)
        time.sleep(600)
    """
    task = stage.start(*python(code), grace=0.5)

    async def printed() -> str:
        return await stage.output()

    pids = [int(word) for word in (await until(printed)).split()]
    pids.append((await stage.record()).pid or 0)
    await stage.ask("cancel")
    await stage.reaches("cancelling")
    with pytest.raises(Refused, match="cancelling"):
        await control(stage.client, stage.keys, ask(ControlAction.PAUSE))
    assert await task == 1
    assert all(gone(pid) for pid in pids)
    signals = [event.data.get("signal") for event in await stage.events() if event.type == "run_cancelling"]
    assert signals == [None, "SIGTERM", "SIGKILL"]
    assert (await stage.record()).exit_code == -9


async def test_a_child_that_ends_on_its_own_within_the_grace_is_not_killed(stage: Stage) -> None:
    code = """if True:
        import signal, sys, time
        signal.signal(signal.SIGTERM, lambda *_: (print("tidied up", flush=True), sys.exit(0)))
        print("ready", flush=True)
        time.sleep(600)
    """
    task = stage.start(*python(code))
    await until(stage.output)
    await stage.ask("cancel")
    assert await task == 1
    assert await stage.output() == "ready\ntidied up\n"
    signals = [event.data.get("signal") for event in await stage.events() if event.type == "run_cancelling"]
    assert signals == [None, "SIGTERM"]


async def test_freeze_stops_the_processes_at_once_and_resume_lets_them_go_on(stage: Stage) -> None:
    code = "import time, os\nwhile not os.path.exists('/nowhere'): time.sleep(0.001)"
    task = stage.start(*python(code), pause="freeze", grace=5)

    async def pid() -> int | None:
        return (await stage.record()).pid if await stage.status() == "running" else None

    child = psutil.Process(await until(pid))
    await stage.ask("pause")
    await stage.reaches("paused")
    assert child.status() == psutil.STATUS_STOPPED
    await stage.ask("resume")
    await stage.reaches("running")
    await until(lambda: child.status() != psutil.STATUS_STOPPED)
    await stage.ask("pause")
    await stage.reaches("paused")
    await stage.ask("cancel")
    assert await task == 1
    assert gone(child.pid)
    assert (await stage.record()).exit_code == -15


async def test_a_request_says_what_is_possible_and_is_not_sent_twice(stage: Stage) -> None:
    with pytest.raises(Refused, match="There is no run"):
        await control(stage.client, stage.keys, ask(ControlAction.PAUSE))
    await stage.client.hset(stage.keys.meta("r1"), mapping={"status": "running"})
    first = await control(stage.client, stage.keys, ask(ControlAction.PAUSE))
    again = await control(stage.client, stage.keys, ask(ControlAction.PAUSE))
    assert "it has no worker" in first.message
    assert "already requested" in again.message
    assert await stage.client.xlen(stage.keys.control("r1")) == 1
    with pytest.raises(Refused, match="from paused to running"):
        await control(stage.client, stage.keys, ask(ControlAction.CANCEL, seen=RunStatus.PAUSED))
    await stage.client.hset(stage.keys.meta("r1"), mapping={"status": "completed"})
    with pytest.raises(Refused, match="completed, which is final"):
        await control(stage.client, stage.keys, ask(ControlAction.CANCEL))


async def test_waiting_for_the_worker(stage: Stage) -> None:
    await stage.client.hset(stage.keys.meta("r1"), mapping={"status": "running"})
    with pytest.raises(TimeoutError):
        await wait_for(stage.client, stage.keys, "r1", ControlAction.PAUSE, 0.1)
    await stage.client.hset(stage.keys.meta("r1"), mapping={"status": "paused"})
    assert await wait_for(stage.client, stage.keys, "r1", ControlAction.PAUSE, 1) is RunStatus.PAUSED
    await stage.client.hset(stage.keys.meta("r1"), mapping={"status": "failed"})
    with pytest.raises(Refused, match="is failed"):
        await wait_for(stage.client, stage.keys, "r1", ControlAction.RESUME, 1)


async def test_a_run_is_found_by_a_unique_prefix(stage: Stage) -> None:
    for run_id in ("ab1", "ab2", "abc", "abcd", "x*y"):
        await stage.client.hset(stage.keys.meta(run_id), "status", "running")
        if run_id != "ab2":
            await stage.client.zadd(stage.keys.index, {run_id: 1})
    find = lambda prefix: find_run(stage.client, stage.keys, prefix)  # noqa: E731
    assert await find("abc") == "abc"
    assert await find("ab1") == "ab1"
    assert await find("x*") == "x*y"
    with pytest.raises(Refused, match="begins 3 runs"):
        await find("ab")
    with pytest.raises(Refused, match="No run with an id"):
        await find("zz")
    await stage.client.hset(stage.keys.meta("foreign-7"), "status", "running")
    assert await find("for") == "foreign-7"


async def test_a_run_is_found_by_its_title_where_that_can_mean_no_other(stage: Stage) -> None:
    records = {
        "1a": ("nightly", "completed"), "1b": ("nightly", "running"), "1c": ("once", "failed"),
        "2a": ("twice", "running"), "2b": ("twice", "paused"), "cafe1": ("x", "running"),
        "3a": ("cafe", "running"), "3b": ("over", "failed"), "3c": ("over", "completed"),
    }  # fmt: skip
    for run_id, (title, status) in records.items():
        await stage.client.hset(stage.keys.meta(run_id), mapping={"title": title, "status": status})
        await stage.client.zadd(stage.keys.index, {run_id: 1})
    await stage.client.hset(stage.keys.meta("4a"), mapping={"title": "foreign", "status": "running"})
    find = lambda text: find_run(stage.client, stage.keys, text)  # noqa: E731
    assert [await find(title) for title in ("nightly", "once", "foreign", "cafe1")] == [
        "1b", "1c", "4a", "cafe1",
    ]  # fmt: skip
    for title, said in (
        ("twice", "is the title of 2 runs: 2a, 2b"),
        ("cafe", "begins or is the title of 2 runs: 3a, cafe1"),
        ("over", "is the title of 2 runs"),
        ("night", "No run with an id"),
    ):
        with pytest.raises(Refused, match=said):
            await find(title)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
async def test_a_signal_to_the_worker_cancels_the_run(
    stage: Stage, redis_url: str, number: signal.Signals, code: int
) -> None:
    worker = await start_worker(redis_url, "r1", *SLEEP)

    async def pid() -> int | None:
        return (await stage.record()).pid if await stage.status() == "running" else None

    child = await until(pid)
    worker.send_signal(number)
    assert await worker.wait() == code
    assert gone(child)
    run = await stage.record()
    assert (run.status, run.pid) == (RunStatus.CANCELLED, None)
    assert number.name in (run.reason or "")
    assert not await stage.client.exists(stage.keys.lock("r1"))


async def test_a_signal_that_comes_twice_at_once_leaves_the_command_its_grace(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(stage.client, stage.keys, "r1", maxlen=10, clock=SystemClock())
    lifecycle = RunLifecycle(journal)
    worker = ControlHandler(lifecycle, journal, "boundary", lambda: None, lambda _step, _ok: None)
    now = [100.0]
    monkeypatch.setattr(control_handler.time, "monotonic", lambda: now[0])
    for _ in range(2):  # timeout(1) sends each to the process and to its group
        worker.interrupt(signal.SIGTERM)
    assert (lifecycle.status, lifecycle.no_wait.is_set()) == (RunStatus.CANCELLING, False)
    now[0] += DOUBLED_S
    worker.interrupt(signal.SIGTERM)
    assert lifecycle.no_wait.is_set()


async def test_output_goes_to_the_terminal_whole_and_at_once(redis_url: str) -> None:
    code = "import sys; print('x' * 3_000_000); print('to stderr', file=sys.stderr)"
    worker = await start_worker(redis_url, "r1", *python(code))
    out, err = await worker.communicate()
    assert out == b"x" * 3_000_000 + b"\n"
    assert err == b"to stderr\n"
    assert worker.returncode == 0


async def test_a_worker_that_was_killed_leaves_an_orphan_that_can_be_taken_over_or_cleaned_up(
    redis_url: str,
) -> None:
    stage = Stage(redis_url, lease=1)
    worker = await start_worker(redis_url, "r1", *SLEEP, lease=1)
    try:

        async def pid() -> int | None:
            return (await stage.record()).pid if await stage.status() == "running" else None

        child = await until(pid)
        worker.kill()
        await worker.wait()
        with pytest.raises(Refused, match="has a worker"):
            await mark_orphan_failed(stage.client, stage.keys, "r1", "test")

        async def unlocked() -> bool:
            return not await stage.client.exists(stage.keys.lock("r1"))

        await until(unlocked, what="the lease has run out")
        assert await stage.run(*SLEEP) == 2
        assert f"kill -TERM -- -{child}" in stage.said[-1]
        psutil.Process(child).kill()
        await until(lambda: gone(child))
        assert await stage.run(*python("print('second worker')")) == 0
        run = await stage.record()
        assert (run.status, run.turns) == (RunStatus.COMPLETED, 1)
        assert (await stage.types()).count("run_started") == 2
        with pytest.raises(Refused, match="completed"):
            await mark_orphan_failed(stage.client, stage.keys, "r1", "test")
        await stage.client.hset(stage.keys.meta("r2"), "status", "paused")
        assert (await mark_orphan_failed(stage.client, stage.keys, "r2", "test")).ok
        marked = await stage.record("r2")
        assert (marked.status, marked.error_code) == (RunStatus.FAILED, "orphaned")
        assert await stage.types("r2") == ["run_failed"]
    finally:
        await stage.close()


async def test_a_run_that_is_taken_over_goes_on_to_its_last_turn_and_names_the_new_command(
    stage: Stage,
) -> None:
    left = {
        "status": "running",
        "stats.turns": "1",
        "currentTurn": "2",
        "maxTurns": "3",
        "command": '["old"]',
    }
    await stage.client.hset(stage.keys.meta("r1"), mapping=left)
    assert await stage.run("true", turns=1) == 2
    assert "has done 1 turn already" in stage.said[-1]
    assert await stage.run("echo", "on") == 0
    run = await stage.record()
    assert (run.status, run.turns, run.max_turns, run.command) == (
        RunStatus.COMPLETED,
        3,
        3,
        ("echo", "on"),
    )
    assert await stage.output() == "on\non\n"
    assert next(e for e in await stage.events() if e.type == "run_started").data["command"] == ["echo", "on"]


async def test_nothing_goes_on_without_its_worker(stage: Stage) -> None:
    task = stage.start(*SLEEP)

    async def pid() -> int | None:
        return (await stage.record()).pid if await stage.status() == "running" else None

    child = await until(pid)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await until(lambda: gone(child), what="the child has ended")


async def test_many_requests_are_seen_quickly(stage: Stage) -> None:
    """Each is answered by its event before the next is sent: the worker blocks for no poll interval."""
    task = stage.start(*SLEEP, pause="freeze", grace=5)
    await stage.reaches("running")
    for _ in range(5):
        await stage.ask("pause")
        await stage.reaches("paused")
        await stage.ask("resume")
        await stage.reaches("running")
    await stage.ask("cancel")
    assert await asyncio.wait_for(task, 20) == 1


async def test_freeze_stops_the_use_of_the_processor_and_resume_lets_it_go_on(stage: Stage) -> None:
    code = """if True:
        import subprocess, sys
        subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"])
        while True: pass
    """
    task = stage.start(*python(code), pause="freeze", grace=5)

    async def family() -> list[psutil.Process]:
        pid = (await stage.record()).pid if await stage.status() == "running" else None
        leader = psutil.Process(pid) if pid else None
        return [leader, *leader.children()] if leader and leader.children() else []

    processes = await until(family)

    def used() -> float:
        return sum(sum(process.cpu_times()[:2]) for process in processes)

    before = used()
    await until(lambda: used() > before + 0.05, what="it uses the processor")
    await stage.ask("pause")
    await stage.reaches("paused")
    frozen = used()
    for _ in range(300):  # the server answers that often meanwhile
        await stage.client.ping()
    assert used() == frozen
    await stage.ask("resume")
    await stage.reaches("running")
    await until(lambda: used() > frozen + 0.05, what="it goes on")
    await stage.ask("cancel")
    assert await task == 1
    assert all(gone(process.pid) for process in processes)


@pytest.mark.parametrize("asked", ["pause", "resume", "cancel", "nonsense"])
async def test_what_is_asked_during_cancelling_and_after_the_end_changes_nothing(
    stage: Stage, asked: str
) -> None:
    code = """if True:
        import os, signal, sys, time
        signal.signal(signal.SIGTERM, lambda *_: None)
        print("ready", flush=True)
        while not os.path.exists("go"): time.sleep(0.01)
    """
    folder = stage.folder
    task = stage.start(*python(code), grace=60, cwd=str(folder))
    await until(stage.output)
    await stage.ask("cancel")
    await stage.reaches("cancelling")
    await stage.ask(asked)

    async def heard() -> bool:
        newest = await stage.client.xrevrange(stage.keys.control("r1"), count=1)
        return await stage.client.hget(stage.keys.meta("r1"), "control.id") == newest[0][0]

    await until(heard, what="the worker has dealt with it")
    assert await stage.status() == "cancelling"
    (folder / "go").touch()
    assert await task == 1
    await stage.ask(asked)
    assert await stage.run(*SLEEP) == 2
    types = [name for name in await stage.types() if name.startswith("run_")]
    signals = types.count("run_cancelling")
    assert types == ["run_queued", "run_started", *["run_cancelling"] * signals, "run_cancelled"]
    for action in ControlAction:
        with pytest.raises(Refused, match="cancelled, which is final"):
            await control(stage.client, stage.keys, ask(action))

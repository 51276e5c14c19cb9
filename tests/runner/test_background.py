"""Runs in the background: the caller is back at once, the worker goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from agentdash.core.runs.model import RunStatus
from agentdash.core.settings.model import RedisSettings, RunsSettings, Settings
from agentdash.runner.background import pack, unpack
from agentdash.runner.spec import RunSpec, new_id
from tests.runner.stage import Stage, gone, python
from tests.support import until


async def test_the_caller_does_not_wait(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.settings = replace(stage.settings, state_dir=str(tmp_path / "state"))
    code = "import os, time\nwhile not os.path.exists('go'): time.sleep(0.01)\nprint('done')"
    assert await stage.run(*python(code), detach=True, cwd=str(tmp_path), run_id=None) == 0
    run_id = capsys.readouterr().out.strip()
    assert (await stage.record(run_id)).created_at
    await stage.reaches("running", run_id)
    worker = (await stage.record(run_id)).worker
    assert worker is not None
    pid = int(worker.split(":")[1])
    assert psutil.Process(pid).cmdline()[-1] == code
    (tmp_path / "go").touch()
    await stage.reaches("completed", run_id)
    assert await stage.output(run_id) == "done\n"
    assert (await stage.types(run_id)).count("run_queued") == 1
    await until(lambda: gone(pid), what="the worker has ended")


async def test_it_can_be_cancelled_before_it_has_begun(stage: Stage, tmp_path: Path) -> None:
    stage.settings = replace(stage.settings, state_dir=str(tmp_path / "state"))
    assert await stage.run(*python("import time; time.sleep(600)"), detach=True) == 0
    await stage.ask("cancel")
    await stage.reaches("cancelled")
    run = await stage.record()
    assert run.status is RunStatus.CANCELLED

    async def released() -> bool:
        return not await stage.client.exists(stage.keys.lock("r1"))

    await until(released)


async def test_an_id_is_used_once(stage: Stage) -> None:
    assert await stage.run(*python("")) == 0
    assert await stage.run(*python(""), detach=True) == 2
    assert "already" in stage.said[-1]


def test_what_goes_to_the_background_comes_back_the_same(tmp_path: Path) -> None:
    spec = RunSpec(command=("a", "ü"), turns=3, until="x", logs=("log",), title="t", grace=1.5).resolved()
    settings = Settings(
        state_dir="/s", redis=RedisSettings(url="redis://:secret@h"), runs=RunsSettings(lease=3)
    )
    assert unpack(pack(spec, settings)) == (spec, settings)
    with pytest.raises(ValueError, match="not a run specification"):
        RunSpec.load(json.dumps({"command": [], "shell": "rm"}))


def test_ids_are_short_and_distinct() -> None:
    assert len({new_id() for _ in range(1000)}) == 1000
    assert len(new_id()) == 10


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"command": ()}, "no command"),
        ({"turns": 0}, "--turns 0"),
        ({"grace": -1.0}, "--grace -1"),
        ({"until": "("}, "not a regular expression"),
        ({"run_id": "a b"}, "run id"),
        ({"cwd": "/nowhere"}, "no such folder"),
        ({"prompt_file": "/nowhere"}, "no such file"),
    ],
)
def test_wrong_use_is_named(options: dict[str, object], said: str) -> None:
    problem = RunSpec(**{"command": ("true",), **options}).check()  # type: ignore[arg-type]
    assert problem is not None
    assert said in problem

"""Each command and query has a row that says which module carries it out or answers it."""

import importlib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest

from agentdash.core.commands import Command, MarkFinding, Outcome
from agentdash.core.queries import Query
from agentdash.core.settings.model import Settings
from agentdash.runtime.commands import dispatch
from agentdash.runtime.engine import Engine
from agentdash.runtime.queries import answer


def test_every_command_is_carried_out_by_one_module() -> None:
    assert set(dispatch.BY_TYPE) == set(get_args(Command))
    assert len(dispatch.BY_TYPE) == sum(len(get_args(row.commands)) or 1 for row in dispatch.HANDLERS)
    for row in dispatch.HANDLERS:
        assert callable(importlib.import_module(row.module).carry_out)


def test_every_query_is_answered_by_one_module() -> None:
    assert set(answer.BY_TYPE) == set(get_args(Query))
    for module in answer.MODULES:
        assert callable(importlib.import_module(module).answer)


@dataclass(frozen=True, slots=True)
class Rename:
    """A command that is added to a copy of the table."""

    name: str


async def test_a_new_command_is_one_row(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def carry_out(engine: Engine, command: Rename) -> Outcome:
        return Outcome(True, f"renamed to {command.name}")

    module = ModuleType("renames")
    module.carry_out = carry_out  # type: ignore[attr-defined]
    monkeypatch.setitem(importlib.sys.modules, "renames", module)  # type: ignore[attr-defined]
    row = dispatch.Handler(Rename, "renames", lambda command: f"name {command.name}")
    monkeypatch.setattr(dispatch, "BY_TYPE", {**dispatch.BY_TYPE, Rename: row})
    engine = Engine(Settings(state_dir=str(tmp_path)), cwd=tmp_path)
    assert await engine.dispatch(Rename("x")) == Outcome(True, "renamed to x")  # type: ignore[arg-type]
    assert [line.message.partition(" in ")[0] for line in engine.store.logs] == ["name x: renamed to x"]


async def test_read_only_carries_out_nothing(tmp_path: Path) -> None:
    engine = Engine(Settings(read_only=True, state_dir=str(tmp_path)), cwd=tmp_path)
    assert not (await engine.dispatch(MarkFinding("f"))).ok

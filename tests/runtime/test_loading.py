"""Parts of the program are whole when they are used, whoever imports them."""

import asyncio
import sys
from pathlib import Path

import pytest

from agentdash.runtime.loading import load
from tests.support import until

SLOW = """
import pathlib, time

while not pathlib.Path({gate!r}).exists():
    time.sleep(0.01)
answer = 42
"""


async def test_a_module_that_is_being_imported_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = tmp_path / "gate"
    (tmp_path / "imported_slowly.py").write_text(SLOW.format(gate=str(gate)))
    monkeypatch.syspath_prepend(tmp_path)
    first = asyncio.create_task(load("imported_slowly"))
    try:
        await until(lambda: "imported_slowly" in sys.modules, what="it is being imported")
        second = asyncio.create_task(load("imported_slowly"))
        done, _ = await asyncio.wait({second}, timeout=0.2)
        assert not done
    finally:
        gate.touch()
        await first
    await second
    assert sys.modules.pop("imported_slowly").answer == 42

"""A child that floods: bounded memory and few events whatever it prints, and the terminal gets all of it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.runner.stage import Stage, python, start_worker

HAS_PROC = Path("/proc/self/status").exists()
FLOODS = {
    "short lines": 'line = b"0123456789abcdef\\n" * 4096\nfor _ in range(1000): os.write(1, line)',
    "lines of 10 MB": 'line = b"x" * 10_000_000 + b"\\n"\nfor _ in range(8): sys.stdout.buffer.write(line)',
    "rows of JSON": 'row = b"{" + b\'"type": "item.completed", "item": {}}\' + b"\\n"\nhead = '
    'b\'{"type": "thread.started", "thread_id": "t"}\\n\'\nos.write(1, head)\n'
    "for _ in range(100): sys.stdout.buffer.write(row * 5000)",
    "binary": "data = bytes(range(256)) * 4096\nfor _ in range(60): sys.stdout.buffer.write(data)",
    "half characters": 'data = "€".encode()[:2] * 100_000\nfor _ in range(99): sys.stdout.buffer.write(data)',
}


@pytest.mark.parametrize("kind", FLOODS)
async def test_a_flood(redis_url: str, kind: str) -> None:
    stage = Stage(redis_url)
    report = "status = open(f'/proc/{os.getppid()}/status').read()\n"
    code = f"import json, os, sys\n{FLOODS[kind]}\nsys.stdout.flush()\n"
    if HAS_PROC:
        code += report + "print(status.split('VmHWM:')[1].split()[0], file=sys.stderr)"
    worker = await start_worker(redis_url, "r1", *python(code))
    try:
        size, errors = await asyncio.gather(_size(worker.stdout), _text(worker.stderr))
        assert await worker.wait() == 0, errors
        if errors.strip():
            assert int(errors.split()[-1]) < 150_000, "kB of memory at most"
        events = await stage.events()
        outputs = [event for event in events if event.type == "subprocess_output"]
        end = next(event for event in events if event.type == "turn_completed")
        assert size == int(str(end.data["outputBytes"])) - len(errors)
        assert all(len(str(event.data["text"]).encode()) <= 2048 for event in outputs)
        assert sum(len(json.dumps(event.data)) for event in events) < 2_000_000
        times = [event.at or 0 for event in outputs]
        assert all(sum(1 for at in times if first <= at < first + 999) <= 10 for first in times)
        assert sum(int(str(event.data.get("dropped", 0))) for event in outputs) > 0
    finally:
        await stage.close()


async def _size(pipe: asyncio.StreamReader | None) -> int:
    assert pipe is not None
    size = 0
    while data := await pipe.read(1 << 20):
        size += len(data)
    return size


async def _text(pipe: asyncio.StreamReader | None) -> str:
    assert pipe is not None
    return (await pipe.read()).decode()

"""What a person feels with 200 runs, 20 of them live with ten events a second each: keys and stalls.

The dashboard runs on a real terminal beside a writer in a process of its own; then the same without the
writer. A key is answered when the row that it leads to has been drawn. A stall is a callback of the event
loop that took long; the program under test times its own. Then runs of 10 000 and of ten events are opened.

    python -m benchmarks.runs_screen [SECONDS]
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from agentdash.core.settings.model import RedisSettings
from agentdash.server.client import open_client
from agentdash.server.embedded import EmbeddedServer
from benchmarks.runs import EVENTS, KEYS, LIVE, RUNS, fill, write_events
from benchmarks.terminal import PseudoTerminal

SETTLE = 5.0
WATCHED = """
import asyncio.events, json, os, sys, threading, time
run, took = asyncio.events.Handle._run, []
def timed(self):
    begun = time.perf_counter()
    run(self)
    took.append((begun, time.perf_counter() - begun))
asyncio.events.Handle._run = timed
place = sys.argv[1]
def later():
    while True:
        time.sleep(0.5)
        if os.path.exists(place + ".ask"):
            text = json.dumps(took)
            with open(place, "w") as file: file.write(text)
            os.remove(place + ".ask")
threading.Thread(target=later, daemon=True).start()
sys.argv = ["agentdash", *sys.argv[2:]]
from agentdash.cli.entry import main
sys.exit(main())
"""


async def lengthen(client: object) -> None:
    """Two finished runs that are opened: one of ten events, one of ten thousand."""
    for name, events in (("short", 10), ("long", EVENTS)):
        await client.hset(  # type: ignore[attr-defined]
            KEYS.meta(name),
            mapping={"title": f"the {name} one", "status": "completed", "createdAt": "1795195256310"},
        )
        await client.zadd(KEYS.index, {name: 1_795_195_256_310})  # type: ignore[attr-defined]
        if name == "short":
            for number in range(events):
                await client.xadd(KEYS.events(name), {"type": "note", "at": str(number), "data": "{}"})  # type: ignore[attr-defined]


def write(url: str) -> None:
    """The twenty workers, until this process is ended."""

    async def go() -> None:
        client = open_client(url, RedisSettings())
        while True:
            begun = time.perf_counter()
            await write_events(client)
            await asyncio.sleep(max(0.0, 0.5 - (time.perf_counter() - begun)))

    asyncio.run(go())


def answered(terminal: PseudoTerminal, key: bytes, words: bytes, limit: float = 5.0) -> float | None:
    """Seconds from *key* until *words* have been written; None when they were not in time."""
    terminal.swallow(0.05)
    start, begun = len(terminal.written), time.perf_counter()
    terminal.press(key)
    while time.perf_counter() - begun < limit:
        terminal.read(0.05)
        if words in terminal.written[start:]:
            return time.perf_counter() - begun
    return None


def keys(terminal: PseudoTerminal, seconds: float) -> list[float]:
    """Up from the last row, one at a time; the last is the oldest run that has ended."""
    terminal.press(b"G")
    terminal.swallow(1.0)
    times: list[float] = []
    end = time.perf_counter() + seconds
    for number in range(LIVE + 1, RUNS):
        took = answered(terminal, b"k", f"run {number}".encode())
        if took is not None:
            times.append(took)
        if time.perf_counter() > end:
            break
    return times


def stalls(place: Path, since: float) -> str:
    """How long callbacks took after *since*, the longest of each tenth of a second."""
    ask = place.with_name(place.name + ".ask")
    ask.touch()
    while ask.exists():
        time.sleep(0.1)
    longest: dict[int, float] = {}
    for begun, took in json.loads(place.read_text()):
        if begun >= since:
            window = int(begun * 10)
            longest[window] = max(longest.get(window, 0.0), took)
    worst = sorted(longest.values())
    over = sum(took > 0.016 for took in worst)
    return f"{line(worst)}, {over} of {len(worst)} tenths of a second had one over 16 ms"


def line(times: Sequence[float]) -> str:
    if len(times) < 2:
        return "none was answered"
    ranked = sorted(times)
    p99 = ranked[min(len(ranked) - 1, round(0.99 * (len(ranked) - 1)))]
    middle, least, most = statistics.median(ranked), ranked[0], ranked[-1]
    return (
        f"median {middle * 1000:6.1f} ms, min {least * 1000:.1f}, p99 {p99 * 1000:.1f}, max {most * 1000:.1f}"
    )


def look(url: str, folder: Path, seconds: float, view: str) -> None:
    """One dashboard: its board (the focus is in the runs), or the runs alone."""
    place = folder / "took"
    command = [sys.executable, "-c", WATCHED, str(place), "--redis", url, "--projects", str(folder)]
    terminal = PseudoTerminal(command, folder, {"HOME": str(folder)})
    try:
        terminal.until([b"Services"])
        terminal.swallow(SETTLE)
        if view == "alone":
            terminal.press(b"1")
            terminal.swallow(1.0)
        since, cpu = time.perf_counter(), terminal.cpu()
        times = keys(terminal, seconds)
        spent = (terminal.cpu() - cpu) / (time.perf_counter() - since)
        print(f"    {view:<6} keys   {line(times)}  ({len(times)} keys, {spent * 100:.0f} % of a core)")
        print(f"    {'':<6} stalls {stalls(place, since)}")
    finally:
        terminal.end()


def open_runs(url: str, folder: Path, rounds: int) -> None:
    """Enter on a run until its newest event is drawn."""
    command = [sys.executable, "-m", "agentdash", "--redis", url, "--projects", str(folder)]
    terminal = PseudoTerminal(command, folder, {"HOME": str(folder)})
    found: dict[str, list[float]] = {"short": [], "long": []}
    try:
        terminal.until([b"Services"])
        terminal.swallow(SETTLE)
        terminal.press(b"1")
        terminal.swallow(1.0)
        for _ in range(rounds):
            for name, times in found.items():
                terminal.press(b"/")
                terminal.swallow(0.4)
                terminal.press(f"the {name} one\r".encode())
                terminal.swallow(0.6)
                took = answered(terminal, b"\r", b"note")
                if took is not None:
                    times.append(took)
                for _ in range(2):
                    terminal.press(b"\x1b")
                    terminal.swallow(0.6)
    finally:
        terminal.end()
    for name, times in found.items():
        print(f"    the {name:<6} {line(times)}")


def main(seconds: float = 20.0) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        use = EmbeddedServer(folder / "server").acquire()
        try:

            async def prepare() -> None:
                client = open_client(use.url, RedisSettings())
                await fill(client)
                await lengthen(client)
                await client.aclose()

            asyncio.run(prepare())
            for title, writing in (
                (f"{LIVE} of {RUNS} runs with ten events a second each", True),
                ("at rest", False),
            ):
                print(f"  {title}")
                writer = None
                if writing:
                    writer = subprocess.Popen(
                        [sys.executable, "-m", "benchmarks.runs_screen", "write", use.url]
                    )
                try:
                    for view in ("board", "alone"):
                        look(use.url, folder, seconds, view)
                finally:
                    if writer is not None:
                        writer.kill()
                        writer.wait()
            print(f"  opening a run of {EVENTS} events, and one of ten")
            open_runs(use.url, folder, 8)
        finally:
            use.release()


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        write(sys.argv[2])
    else:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else 20.0)

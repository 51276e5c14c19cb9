"""How long a key takes to the screen, how late the loop is: on the demo, streams, repositories, a flood.

The flood is 100 000 lines a second into three logs that are followed: the log is held some pages above its
end, and the keys move in it while what comes below is counted.

The dashboard runs on a real pseudo-terminal. A key that moves the cursor is typed now and then, and the time
is taken until the terminal gets something. (That may be a frame that came anyway; it is the same wait.)
Beside it stands Textual's own DataTable with 500 rows that never change, measured in the same way.
How late the event loop was is what the program's own diagnostics say at the end.

    python -m benchmarks.keys [KEYS]
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from agentdash.core.settings.model import RedisSettings
from agentdash.server.client import open_client
from agentdash.server.embedded import EmbeddedServer
from benchmarks.logs import FILES, writer
from benchmarks.terminal import PseudoTerminal

STREAMS, GROUPS, REPOS = 500, 3, 200
RATE = 100_000
"""Lines a second of the flood."""
FOREVER = 600.0
HELD = b"6G" + 3 * b"\x1b[5~"
"""The keys that show the log, and hold it three pages above its end."""
ANEW = 64
"""Keys after which the first ones are pressed again: what is held in a flood is gone some time."""
SETTLE = 8.0
PAUSE = 0.07
"""Seconds from one key's answer to the next key: no multiple of the pace of frames."""
WAY = 3
"""Rows that the cursor goes down before it goes up again. The demo has but a few: at the last one a key draws
nothing, and what came next would be the wait for a frame."""
PEER = """
from textual.app import App
from textual.widgets import DataTable

class RowsApp(App):
    def compose(self):
        yield DataTable(cursor_type="row")
    def on_mount(self):
        table = self.query_one(DataTable)
        table.add_columns("one", "two", "three")
        table.add_rows([(str(row), "some text", "more text") for row in range(500)])

RowsApp().run()
"""
LATE = re.compile(rb"([\d.]+) ms median \xc2\xb7 ([\d.]+) ms p99 of \d+ turns")


async def fill_streams(url: str) -> None:
    """Streams with groups and consumers that hold entries."""
    client = open_client(url, RedisSettings())
    pipe = client.pipeline(transaction=False)
    for number in range(STREAMS):
        name = f"stream-{number:03d}"
        pipe.xadd(name, {"order": str(number)})
        for group in range(GROUPS):
            pipe.xgroup_create(name, f"group-{group}", "0")
            pipe.xreadgroup(f"group-{group}", f"consumer-{group}", {name: ">"})
    await pipe.execute()
    await client.aclose()


def fill_repos(projects: Path) -> None:
    """Repositories, each with a file that is not tracked."""
    for number in range(REPOS):
        path = projects / f"repo-{number:03d}"
        subprocess.run(["git", "init", "-q", str(path)], check=True)
        (path / "file.txt").write_text("text\n")


def typed(terminal: PseudoTerminal, keys: int, first: bytes) -> list[float]:
    """Milliseconds from each key to what the terminal gets next; *first* come now and then, not timed."""
    waits: list[float] = []
    for number in range(keys):
        if number % ANEW == 0 and first:
            terminal.press(first)
            terminal.swallow(2.0)
        terminal.swallow(PAUSE)
        begun = time.perf_counter()
        terminal.press(b"\x1b[B" if number // WAY % 2 == 0 else b"\x1b[A")
        while not terminal.read(2.0) and time.perf_counter() - begun < 5:
            pass
        waits.append((time.perf_counter() - begun) * 1000)
    return waits


def late(terminal: PseudoTerminal) -> str:
    """What the diagnostics say of the event loop; empty where they cannot be had."""
    for keys in (b":", b"diag", b"\r", b"\r"):
        terminal.swallow(1.0)
        terminal.press(keys)
    terminal.swallow(3.0)
    found = LATE.findall(bytes(terminal.written))
    return (
        f"event loop late {float(found[-1][0]):.1f} ms median, {float(found[-1][1]):.1f} ms p99"
        if found
        else ""
    )


@contextmanager
def flood(folder: Path) -> Iterator[Mapping[str, str]]:
    """Three logs that are written to at `RATE`; gives the environment in which they are followed."""
    folder.mkdir()
    paths = [folder / f"{number}.log" for number in range(FILES)]
    process = writer(paths, RATE, FOREVER)
    try:
        yield {"AGENTDASH_LOGS_FILES": ":".join(map(str, paths))}
    finally:
        process.kill()
        process.communicate()
        for path in paths:
            path.unlink()


def measure(
    title: str, command: list[str], place: Path, first: bytes, keys: int, env: Mapping[str, str] | None = None
) -> None:
    """One row."""
    terminal = PseudoTerminal(command, place, {"HOME": str(place), **(env or {})})
    try:
        terminal.swallow(SETTLE)
        waits = sorted(typed(terminal, keys, first))
        own = late(terminal) if first else ""
    finally:
        terminal.end()
    half, most = waits[len(waits) // 2], waits[min(len(waits) - 1, len(waits) * 99 // 100)]
    print(f"  {title:<18} key {half:6.1f} ms median {most:6.1f} ms p99 {waits[-1]:6.1f} ms worst  {own}")


def main(keys: int = 200) -> None:
    print(f"{keys} keys each, from the key to the terminal")
    program = [sys.executable, "-m", "agentdash"]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        nothing = place / "nothing"
        (place / "projects").mkdir()
        nothing.mkdir()
        use = EmbeddedServer(place / "server").acquire()
        ours = [*program, "--redis", use.url, "--projects"]
        try:
            measure("a DataTable", [sys.executable, "-c", PEER], place, b"", keys)
            measure("demo", [*program, "demo"], place, b"2", keys)
            fill_repos(place / "projects")
            measure(f"{REPOS} repos", [*ours, str(place / "projects")], place, b"4", keys)
            with flood(place / "logs") as env:
                measure("a flood of lines", [*ours, str(nothing)], place, HELD, keys, env)
            asyncio.run(fill_streams(use.url))
            measure(f"{STREAMS} streams", [*ours, str(nothing)], place, b"2", keys)
        finally:
            use.release()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)

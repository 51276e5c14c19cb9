"""What following three logs costs with the view open, following and filtered, and how soon a huge file opens.

A writer in a process of its own appends numbered lines at a rate; the program that reads, parses and draws
them is measured in CPU of its own process, and says whether each line was shown or counted and each error
found. The peers are an idle app, Textual's own `Log` fed with the same lines, and on a terminal of their own
`lnav` (C++, where it is installed) and `tail -F`, which parses nothing. Only the ratios mean something.

    python -m benchmarks.logs [SECONDS]
"""

from __future__ import annotations

import asyncio
import fcntl
import gc
import os
import pty
import resource
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import psutil
from textual.app import App, ComposeResult
from textual.widgets import Log

from agentdash.core.clock import SystemClock
from agentdash.core.logs.model import Level, LogRing
from agentdash.core.settings.model import LogsSettings
from collectors.logs.collector import LogsCollector
from tui.widgets.log.view import LogView

FILES = 3
RATES = (1_000, 10_000, 100_000)
ERROR_EVERY = 2_003
SETTLED = 2.0
"""Seconds that a peer has to open its files."""
WRITER = """
import sys, time
rate, seconds, every, *names = sys.argv[1:]
rate, seconds, every = int(rate), float(seconds), int(every)
files = [open(name, "a", buffering=1 << 16) for name in names]
begun = time.monotonic()
number = 0
while (passed := time.monotonic() - begun) < seconds:
    wanted = int(passed * rate)
    for file in files:
        part = (wanted - number) // len(files)
        file.write("".join(
            f"2026-11-20T16:28:01.123Z {'ERROR' if n % every == 0 else 'INFO'} worker took order {n} of "
            f"customer {n * 7919 % 100003} in {n % 89} ms{' and no error' if n % 50 == 0 else ''}\\n"
            for n in range(number, number + part)))
        number += part
        file.flush()
    time.sleep(0.02)
print(number, flush=True)
"""


class LogScreenApp(App[None]):
    """The program's own way: the collector and the view."""

    CSS = "LogView { height: 1fr; }"

    def __init__(self, paths: list[Path], *, narrowed: bool = False, wrapped: bool = False) -> None:
        super().__init__()
        self.collector = LogsCollector(
            tuple((path.stem, str(path)) for path in paths), LogsSettings(), "host", SystemClock()
        )
        self.ring = LogRing(5000)
        self.narrowed, self.wrapped = narrowed, wrapped
        self.lines = self.skipped = self.errors = 0
        self.behind = 0

    def compose(self) -> ComposeResult:
        yield LogView(self.ring)

    def on_mount(self) -> None:
        view = self.query_one(LogView)
        view.wrap = self.wrapped
        if self.narrowed:
            view.filter_text = "customer 77"

    async def follow(self) -> None:
        view = self.query_one(LogView)
        while True:
            batch = await self.collector.collect()
            if batch is not None:
                self.ring.extend(batch.lines, batch.skipped)
                self.lines += len(batch.lines)
                self.skipped += batch.skipped
                self.errors += sum(line.level is Level.ERROR for line in batch.lines)
                self.errors += sum(number for _, number in batch.errors_skipped)
                self.behind = max(self.behind, batch.behind_ms)
                view.keep_up()
            await asyncio.sleep(0.1)


class TextualLogApp(App[None]):
    """The same collector in front of Textual's own widget."""

    def __init__(self, paths: list[Path]) -> None:
        super().__init__()
        self.paths = paths

    def compose(self) -> ComposeResult:
        yield Log(max_lines=5000)

    async def follow(self) -> None:
        log = self.query_one(Log)
        files = [path.open() for path in self.paths]
        while True:
            for file in files:
                log.write_lines(file.read().splitlines())
            await asyncio.sleep(0.1)


def writer(paths: list[Path], rate: int, seconds: float) -> subprocess.Popen[str]:
    args = [sys.executable, "-c", WRITER, str(rate), str(seconds), str(ERROR_EVERY), *map(str, paths)]
    return subprocess.Popen(args, stdout=subprocess.PIPE, text=True)


async def share(
    app: LogScreenApp | TextualLogApp, paths: list[Path], rate: int, seconds: float
) -> tuple[float, int]:
    """CPU of one core while lines come, and how many came."""
    for path in paths:
        path.write_text("")
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        following = asyncio.create_task(app.follow())
        await asyncio.sleep(0.3)
        gc.unfreeze()
        gc.collect()
        gc.freeze()  # as the program does after its start
        process = writer(paths, rate, seconds)
        wall, used = time.perf_counter(), time.process_time()
        written = int((await asyncio.to_thread(process.communicate))[0])
        wall, used = time.perf_counter() - wall, time.process_time() - used
        while isinstance(app, LogScreenApp) and app.lines + app.skipped < written:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.1)
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
    if isinstance(app, LogScreenApp):
        await app.collector.close()
    return used / wall, written


def on_terminal(command: list[str], paths: list[Path], rate: int, seconds: float) -> float:
    """CPU of one core of a program on a terminal of 120×40 of its own, while lines come."""
    for path in paths:
        path.write_text("2026-11-20T16:28:01.123Z INFO begun\n" * 100)
    mine, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    program = psutil.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        env={**os.environ, "TERM": "xterm-256color", "HOME": str(paths[0].parent)},
    )  # fmt: skip
    os.close(theirs)
    drain = threading.Thread(target=_drain, args=(mine,), daemon=True)
    drain.start()
    time.sleep(SETTLED)
    process = writer(paths, rate, seconds)
    wall, used = time.perf_counter(), _used(program)
    process.communicate()
    used = _used(program) - used
    wall = time.perf_counter() - wall
    program.kill()
    program.wait()
    drain.join()
    os.close(mine)
    return used / wall


def _used(program: psutil.Popen) -> float:
    times = program.cpu_times()
    return float(times.user + times.system)


def _drain(fd: int) -> None:
    with suppress(OSError):  # the program has gone
        while os.read(fd, 1 << 16):
            pass


async def idle(seconds: float) -> float:
    """CPU of one core of the app with nothing coming."""
    async with LogScreenApp([]).run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        wall, used = time.perf_counter(), time.process_time()
        await asyncio.sleep(seconds)
        return (time.process_time() - used) / (time.perf_counter() - wall)


async def floods(folder: Path, seconds: float) -> None:
    paths = [folder / f"{number}.log" for number in range(FILES)]
    print(f"{FILES} files, lines of 80 bytes, an error in {ERROR_EVERY}; {seconds:g} s each, view of 120×40")
    print(f"an idle app: {await idle(seconds) * 100:.1f} % of a core")
    ways = {"following": {}, "filtered": {"narrowed": True}, "wrapped": {"wrapped": True}}
    for rate in RATES:
        for name, options in ways.items():
            app = LogScreenApp(paths, **options)
            used, written = await share(app, paths, rate, seconds)
            errors = -(-written // ERROR_EVERY)
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            print(
                f"{rate:>7} lines/s  {name:<10} {used * 100:5.1f} % of a core   lost"
                f" {written - app.lines - app.skipped} ({app.lines} shown, {app.skipped} skipped), errors"
                f" {app.errors} of {errors}, {app.behind} ms behind, peak {memory} MB"
            )
        log, _ = await share(TextualLogApp(paths), paths, rate, seconds)
        parts = [f"Textual's Log {log * 100:5.1f} %"]
        for command in (["lnav"], ["tail", "-q", "-F"]):
            if shutil.which(command[0]):
                peer = on_terminal([*command, *map(str, paths)], paths, rate, seconds)
                parts.append(f"{' '.join(command)} {peer * 100:5.1f} %")
        print(f"{rate:>7} lines/s  {'   '.join(parts)}")


async def opening(folder: Path) -> None:
    """Median time to the first batch of a file of 1 MB and one of 1 GB, in turns."""
    sizes = {"1 MB": 1 << 20, "1 GB": 1 << 30}
    line = b"2026-11-20T16:28:01.123Z INFO worker took an order\n"
    for name, size in sizes.items():
        with (folder / f"{name}.big").open("wb") as file:
            file.truncate(size - 200_000)  # a hole: what is not read need not be there
            file.seek(0, 2)
            file.write(line * (200_000 // len(line)))
    found: dict[str, list[float]] = {name: [] for name in sizes}
    for _ in range(21):
        for name in sizes:
            collector = LogsCollector(
                (("big", str(folder / f"{name}.big")),), LogsSettings(), "host", SystemClock()
            )
            begun = time.perf_counter()
            await collector.collect()
            found[name].append(time.perf_counter() - begun)
            await collector.close()
    middle = {name: statistics.median(times) for name, times in found.items()}
    for name, took in middle.items():
        print(f"open {name}: {took * 1000:6.2f} ms  {took / middle['1 MB']:4.2f} ×")


async def measured(seconds: float) -> None:
    folder = Path(tempfile.mkdtemp(prefix="agentdash-bench-"))
    ways: tuple[Callable[[], Awaitable[None]], ...] = (
        lambda: floods(folder, seconds),
        lambda: opening(folder),
    )
    try:
        for way in ways:
            await way()
    finally:
        shutil.rmtree(folder)


def main() -> None:
    asyncio.run(measured(float(sys.argv[1]) if len(sys.argv) > 1 else 5.0))


if __name__ == "__main__":
    main()

"""Random keys on the real program: the demo's fleet on a terminal, several copies side by side.

By hand, so many sequences of keys and so many copies at once:

    .venv/bin/python -m tests.scenarios.fuzz_keys --sequences 2000 --copies 4 --seed 1

Each sequence is made from the seed and its number alone, so that one that failed can be pressed again:
``--first 17 --sequences 1``. A copy of the program is started anew after some of them.
"""

from __future__ import annotations

import argparse
import os
import pty
import random
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fcntl import ioctl
from pathlib import Path
from struct import pack
from termios import TIOCSWINSZ

from tests.command_line import OWNS_ITS_TERMINAL, PROGRAM
from tests.support import ROOT

NAMED = {
    "enter": b"\r", "escape": b"\x1b", "tab": b"\t", "shift+tab": b"\x1b[Z", "backspace": b"\x7f",
    "up": b"\x1b[A", "down": b"\x1b[B", "right": b"\x1b[C", "left": b"\x1b[D",
    "home": b"\x1b[H", "end": b"\x1b[F", "pageup": b"\x1b[5~", "pagedown": b"\x1b[6~",
    "ctrl+p": b"\x10", "ctrl+c": b"\x03", "space": b" ", "no text": b"\xff",
}  # fmt: skip
LETTERS = "0123456aAbBcCdDeEfFgGhiJjKklLmMnNopPrRsStTUvwXxyz./*!?:"
"""Every key of docs/keys.md but the one that quits."""
OFTEN = ("enter", "enter", "enter", "escape", "escape", *"1234562345")
"""Pressed more often, as these open and leave screens."""
KNOWN = (
    ("5", "enter", "2", "enter"),
    ("2", "enter", "*", "escape"),
    ("6", "enter", ".", "R", "/"),
    ("2", "enter", "enter", "enter", "*", "escape", "escape"),
)
"""Sequences that have ended the program before; some random ones begin with them."""
QUIET = 0.4
"""Seconds without output after which all keys are taken as done; the clock is drawn once a second."""
PATIENCE = 120.0
"""Seconds that a machine at work with other things may take to answer."""
EVERY = 25
"""Sequences after which the program is started anew."""
ENTERED, LEFT = b"\x1b[?1049h", b"\x1b[?1049l"
FAULT = b"ERROR screen failed "
"""How a fault begins in the activity log, after its time."""


@dataclass(frozen=True, slots=True)
class Press:
    """One step: a key, or a size of the terminal as (columns, lines); then a time to wait, in seconds."""

    what: str | tuple[int, int]
    wait: float


@dataclass
class Result:
    """What became of all sequences."""

    pressed: int = 0
    keys: int = 0
    left: int = 0
    exits: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)


def sequence(seed: int, number: int) -> list[Press]:
    """The steps of sequence *number*: 10 to 30, at most 150 ms between two of them."""
    chance = random.Random(f"{seed}-{number}")
    slowest = chance.choice((0.0, 0.02, 0.05, 0.15, 0.15, 0.15))
    keys: list[str | tuple[int, int]] = ["0"]
    if chance.random() < 0.25:
        keys += chance.choice(KNOWN)
    for _ in range(chance.randint(10, 30)):
        draw = chance.random()
        if draw < 0.05:
            keys.append((chance.choice((40, 59, 80, 100, 120, 200)), chance.choice((10, 15, 24, 33, 60))))
        elif draw < 0.40:
            keys.append(chance.choice(OFTEN))
        elif draw < 0.60:
            keys.append(chance.choice(list(NAMED)))
        else:
            keys.append(chance.choice(LETTERS))
    return [Press(key, chance.uniform(0, slowest)) for key in keys]


class Copy:
    """One copy of the program, on a terminal of its own, in a folder of its own."""

    def __init__(self, folder: Path, *, read_only: bool) -> None:
        self.folder = folder
        self.shown = b""
        self.mine, theirs = pty.openpty()
        self.resize(120, 40)
        outside = {name: value for name, value in os.environ.items() if not name.startswith("AGENTDASH_")}
        (folder / "home").mkdir(exist_ok=True)
        home = str(folder / "home")
        options = ["--read-only"] if read_only else []
        self.process = subprocess.Popen(
            [sys.executable, "-c", OWNS_ITS_TERMINAL, *PROGRAM, "demo", *options],
            cwd=folder / "home", stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
            env={
                **outside, "TMPDIR": str(folder), "HOME": home, "XDG_STATE_HOME": home,
                "XDG_CONFIG_HOME": home, "TERM": "xterm-256color", "EDITOR": "true", "VISUAL": "true",
                "PYTHONPATH": str(ROOT),
            },
        )  # fmt: skip
        os.close(theirs)

    def resize(self, columns: int, lines: int) -> None:
        """Make the terminal another size."""
        ioctl(self.mine, TIOCSWINSZ, pack("HHHH", lines, columns, 0, 0))

    def watch(self, seconds: float) -> bool:
        """Read what it writes for so long; whether it lives."""
        until = time.monotonic() + seconds
        while True:
            left = until - time.monotonic()
            if select.select([self.mine], [], [], max(0.0, left))[0]:
                try:
                    self.shown = (self.shown + os.read(self.mine, 65536))[-200_000:]
                except OSError:
                    self.process.wait(20)
                    return False
            if self.process.poll() is not None:
                return False
            if left <= 0:
                return True

    def wait_for(self, what: bytes, seconds: float) -> bool:
        """Whether it writes *what* in so many seconds."""
        until = time.monotonic() + seconds
        while what not in self.shown:
            if not self.watch(0.05) or time.monotonic() > until:
                return what in self.shown
        return True

    def settle(self) -> bool:
        """Wait until all that was pressed is done: on a busy machine keys pile up. Whether it lives."""
        until, alive = time.monotonic() + PATIENCE, True
        while alive and time.monotonic() < until:
            self.shown = self.shown[-1000:]
            before = self.shown
            alive = self.watch(QUIET)
            if self.shown == before:
                break
        return alive

    def press(self, step: Press) -> bool:
        """One step, and the wait after it; whether it lives."""
        try:
            if isinstance(step.what, str):
                os.write(self.mine, NAMED.get(step.what) or step.what.encode())
            else:
                self.resize(*step.what)
                os.killpg(self.process.pid, signal.SIGWINCH)
        except (OSError, ProcessLookupError):
            return False
        return self.watch(step.wait)

    def faults(self) -> Iterator[bytes]:
        """The lines of faults in its activity log."""
        for log in self.folder.glob("agentdash-demo-*/state/**/agentdash.log"):
            yield from (line for line in log.read_bytes().splitlines() if FAULT in line)

    def end(self) -> int:
        """Quit it; its exit code, negative where it had to be killed: it did not answer for so long."""
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < deadline:
            steps = (Press("escape", 0.3), Press("escape", 0.3), Press("q", 5.0))
            all(self.press(step) for step in steps)
        if self.process.poll() is None:
            self.process.kill()
        code = self.process.wait()
        os.close(self.mine)
        return code


def run(numbers: list[int], seed: int, read_only: bool, result: Result, lock: threading.Lock) -> None:
    """Press the sequences of *numbers* on one copy after another."""
    while numbers:
        folder = Path(tempfile.mkdtemp(prefix="fz"))
        copy = Copy(folder, read_only=read_only)
        try:
            alive = copy.wait_for(ENTERED, 60) and copy.watch(1.0)
            number = numbers[0]
            for _ in range(min(EVERY, len(numbers))):
                if not alive:
                    break
                number = numbers.pop(0)
                steps = sequence(seed, number)
                alive = copy.press(Press("escape", 0.05)) and all(copy.press(step) for step in steps)
                alive = alive and all(copy.press(Press("escape", 0.05)) for _ in range(4)) and copy.settle()
                with lock:
                    result.pressed += 1
                    result.keys += len(steps)
            found = Counter(line[line.find(FAULT) + len(FAULT) :][:400].decode() for line in copy.faults())
            code = copy.end()
            with lock:
                result.faults += found
                if not alive and code == 0:
                    result.left += 1  # “Quit”, out of the palette
                elif code != 0 or b"Traceback" in copy.shown.rpartition(LEFT)[2]:
                    result.exits.append(f"sequence {number}, exit code {code}: {_words(copy.shown)}")
                    sys.stderr.write(f"{result.exits[-1]}\n")
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _words(shown: bytes) -> str:
    """The end of what was written after the screen was left."""
    text = shown.rpartition(LEFT)[2].decode("utf-8", "replace")
    lines = [line.strip("│╰╯─ \r") for line in text.splitlines()]
    return " / ".join(line for line in lines if line)[-300:]


def fuzz(sequences: int, *, copies: int = 4, seed: int = 1, first: int = 0) -> Result:
    """Press so many sequences on so many copies at once; every other copy is started with ``--read-only``."""
    result, lock = Result(), threading.Lock()
    shares = [list(range(first + place, first + sequences, copies)) for place in range(copies)]
    threads = [
        threading.Thread(target=run, args=(share, seed, place % 2 == 1, result, lock))
        for place, share in enumerate(shares)
        if share
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        for thread in threads:
            thread.join(5)
        words = f"{result.pressed} sequences, {len(result.exits)} exits, {sum(result.faults.values())} faults"
        sys.stderr.write(f"{words}\n")
    return result


def main() -> int:
    """From the command line; 1 where the program ended or recorded a fault."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sequences", type=int, default=2000)
    parser.add_argument("--copies", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    told = parser.parse_args()
    result = fuzz(told.sequences, copies=told.copies, seed=told.seed, first=told.first)
    lines = [
        f"{result.pressed} sequences, {result.keys} steps, {result.left} left by the palette",
        f"{len(result.exits)} exits",
        *result.exits,
        f"{sum(result.faults.values())} faults",
        *(f"{count} × {line}" for line, count in result.faults.most_common(50)),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if result.exits or result.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())

"""What the dashboard costs at rest, on the demo: CPU and memory beside htop, glances and an empty app.

All run at the same time in terminals of the same size, each without its children's cost; so they share what
the machine's other work does to them. htop and glances (both set to refresh once a second) are measured where
they are installed. The cost is taken after a time to settle.

    python -m benchmarks.rest [SECONDS]
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.paint import EMPTY
from benchmarks.terminal import PseudoTerminal

SETTLE = 20.0
MB = 1 << 20


def ways() -> dict[str, list[str]]:
    """What is measured: its name and its command."""
    found = {
        "agentdash demo": [sys.executable, "-m", "agentdash", "demo"],
        "empty Textual app": [sys.executable, "-c", EMPTY],
    }
    if htop := shutil.which("htop"):
        found["htop"] = [htop, "-d", "10"]
    if glances := shutil.which("glances"):
        found["glances"] = [glances, "-t", "1"]
    return found


def swallow(terminals: list[PseudoTerminal], seconds: float) -> None:
    """Let all run for so long, taking what they write."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for terminal in terminals:
            terminal.read(0.02)


def main(seconds: float = 60.0) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        running = {name: PseudoTerminal(command, place, {"HOME": folder}) for name, command in ways().items()}
        try:
            swallow([*running.values()], SETTLE)
            before = {name: (terminal.cpu(), terminal.rss()) for name, terminal in running.items()}
            begun = time.perf_counter()
            swallow([*running.values()], seconds)
            wall = time.perf_counter() - begun
            after = {name: (terminal.cpu(), terminal.rss()) for name, terminal in running.items()}
        finally:
            for terminal in running.values():
                terminal.end()
    print(f"at rest for {wall:.0f} s, all at the same time; without children")
    empty = after["empty Textual app"][1]
    for name, (cpu, rss) in after.items():
        share = (cpu - before[name][0]) / wall
        grown = (rss - before[name][1]) / MB
        memory = f"{rss / MB:6.1f} MB {rss / empty:5.2f} ×  {grown:+5.1f} MB meanwhile"
        print(f"  {name:<18} {share * 100:6.2f} % of a core  {memory}")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)

"""What a look at 300 processes costs: ours against `psutil.process_iter` with the same fields, in turns.

python -m benchmarks.services [ROUNDS]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import psutil

from collectors.services.processes import ProcessTable

PROCESSES = 300
FIELDS = ["pid", "ppid", "create_time", "cmdline", "cwd", "uids"]


def cost(way: Callable[[], object]) -> float:
    begun = time.process_time()
    way()
    return time.process_time() - begun


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    children = [
        subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
        for _ in range(PROCESSES)
    ]
    try:
        time.sleep(11)  # until none of them is so young that it could become another program
        table = ProcessTable()
        table.scan()
        ways: dict[str, Callable[[], object]] = {
            "ours, processes": table.scan_processes,
            "psutil.process_iter": lambda: [process.info for process in psutil.process_iter(FIELDS)],
            "ours, with ports": table.scan,
            "psutil.net_connections": lambda: psutil.net_connections("tcp"),
        }
        found: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                found[name].append(cost(way))
    finally:
        for child in children:
            child.kill()
        for child in children:
            child.wait()
    theirs = statistics.median(found["psutil.process_iter"])
    print(f"{len(table.known)} processes, {rounds} rounds, CPU of one look (median)")
    for name, costs in found.items():
        middle = statistics.median(costs)
        print(f"{name:<24} {middle * 1000:7.2f} ms  {middle / theirs:5.2f} ×")


if __name__ == "__main__":
    main()

"""How late the state of a repository is seen while five processes commit, rebase and switch branches.

    python -m benchmarks.repos_busy [PROCESSES] [TURNS]

Each process works in a repository of its own, as quickly as git lets it; after each turn it leaves something
uncommitted and rests for a while. Printed: the time from its last action to the moment when exactly that
state is seen, median and longest, and how many git processes the program took for it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from agentdash.core.clock import SystemClock
from agentdash.core.repos.model import ReposSnapshot
from agentdash.core.settings.model import ReposSettings
from collectors.repos.collector import ReposCollector

LATEST = 20.0
"""Seconds after which a state that was not seen counts as never seen."""
WORK = """
import json, random, subprocess, sys, time
path, turns, number = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
chance = random.Random(number)
def git(*words):
    return subprocess.run(("git", *words), cwd=path, capture_output=True, text=True).stdout.strip()
for turn in range(turns):
    for step in range(3):
        open(f"{path}/f{step}.txt", "a").write(f"{turn} {chance.random()}\\n")
        git("add", "-A")
        git("commit", "-qm", f"turn {turn}.{step}")
    git("checkout", "-qb", f"b{turn}", "HEAD~2")
    open(f"{path}/g{turn}.txt", "w").write("own\\n")
    git("add", "-A")
    git("commit", "-qm", f"own {turn}")
    git("rebase", "-q", "main")
    if turn % 2:
        git("checkout", "-q", "main")
    git("stash", "-qu")
    for extra in range(turn % 3 + 1):
        open(f"{path}/new{turn}.{extra}.txt", "w").write(str(turn))
    at = time.time()
    state = {"path": path, "at": at, "head": git("rev-parse", "HEAD"),
             "branch": git("branch", "--show-current"), "untracked": turn % 3 + 1}
    print(json.dumps(state), flush=True)
    time.sleep(0.4 + chance.random())
"""


@dataclass(frozen=True)
class State:
    """What a repository is, as far as it is compared."""

    path: str
    head: str | None
    branch: str | None
    untracked: int | None


@dataclass
class SeenStates:
    """When which state was seen, and how many git processes it took."""

    states: list[tuple[float, State]]
    processes: int = 0

    def pop_results(self, snapshot: ReposSnapshot | None) -> None:
        if snapshot is not None:
            now = time.time()
            self.processes += snapshot.git_processes
            self.states += [
                (now, State(one.path, one.head, one.branch, one.untracked)) for one in snapshot.repos
            ]


def build(path: Path) -> None:
    path.mkdir(parents=True)
    for words in (
        ("init", "-q", "-b", "main"),
        ("config", "user.name", "a"),
        ("config", "user.email", "a@b"),
        ("commit", "-q", "--allow-empty", "-m", "first"),
        ("commit", "-q", "--allow-empty", "-m", "second"),
    ):
        subprocess.run(("git", *words), cwd=path, check=True)


async def watch(collector: ReposCollector, seen: SeenStates) -> None:
    while True:
        seen.take(await collector.collect())


async def busy(root: Path, count: int, turns: int) -> tuple[list[float], int]:
    """Seconds from each last action to the moment it was seen, and the git processes of all."""
    paths = [root / f"busy{number}" for number in range(count)]
    for path in paths:
        build(path)
    collector, seen = ReposCollector((root,), ReposSettings(), "host", SystemClock()), SeenStates([])
    seen.take(await collector.collect())
    watching = asyncio.create_task(watch(collector, seen))
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", WORK, str(path), str(turns), str(number), stdout=asyncio.subprocess.PIPE
        )
        for number, path in enumerate(paths)
    ]
    wanted = [(await process.communicate())[0] for process in processes]
    states = [json.loads(line) for text in wanted for line in text.splitlines()]
    delays = []
    for one in states:
        expected = State(one["path"], one["head"], one["branch"] or None, one["untracked"])
        delays.append(await delay(seen, expected, one["at"]))
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    await collector.close()
    return delays, seen.processes


async def delay(seen: SeenStates, expected: State, at: float) -> float:
    """Seconds from *at* until *expected* was seen; what is seen in the same moment counts as none."""
    while True:
        for when, state in seen.states:
            if state == expected and when >= at - 0.05:
                return max(0.0, when - at)
        if time.time() - at > LATEST:
            return LATEST
        await asyncio.sleep(0.05)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("count", nargs="?", type=int, default=5, help="processes, each with its repository")
    parser.add_argument("turns", nargs="?", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="agentdash-bench-") as name:
        delays, processes = asyncio.run(busy(Path(name), options.count, options.turns))
    late, many = sum(one > 1 for one in delays), f"{len(delays)} states of {options.count} busy repositories"
    middle, most = statistics.median(delays) * 1000, max(delays) * 1000
    print(f"seen after        {middle:6.0f} ms median, {most:.0f} ms at most, of {many}")
    print(f"                  {late} later than a second; {processes} git processes")


if __name__ == "__main__":
    main()

"""What following 200 repositories costs, against what else a person would use; interleaved, in one run.

    python -m benchmarks.repos [REPOSITORIES] [ROUNDS] [--peer gita]

Printed: the cold sweep (search and first status of all) against `xargs -P2 git status` and, where it is
installed, `gita ll`; the watches, and how many folders there are for them; a change until it is seen, and how
many git processes it takes; a quiet minute, from a part of it; the search beside 100 000 files that are no
repositories.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from agentdash.core.clock import SystemClock
from agentdash.core.settings.model import ReposSettings
from collectors.repos.collector import ReposCollector
from collectors.repos.inotify_watch import InotifyWatch
from collectors.repos.search import RepoSearch

BALLAST = 100_000
QUIET_S = 15.0
CHANGES = 30
FOLDERS = (
    "src", "src/core", "src/views", "src/views/parts", "src/api", "tests", "tests/unit", "tests/data", "docs",
    "docs/adr", "tools", "out/deep/er", "out/cache",
)  # fmt: skip
LOOK = ("git", "status", "--porcelain=v2", "--branch", "--show-stash", "-z")


def git(path: Path, *words: str) -> None:
    subprocess.run(("git", "-c", "user.name=a", "-c", "user.email=a@b", *words), cwd=path, check=True)


def build(root: Path, count: int) -> list[Path]:
    paths = []
    for number in range(count):
        path = root / f"repo{number:03}"
        for folder in FOLDERS:
            (path / folder).mkdir(parents=True, exist_ok=True)
            for file in range(5):
                (path / folder / f"f{file}.py").write_text(f"{number} {file}\n")
        (path / ".gitignore").write_text("/out/\n")
        git(path, "init", "-q")
        git(path, "add", "-A")
        git(path, "commit", "-qm", "first")
        paths.append(path)
    return paths


def ballast(root: Path) -> None:
    """Files in folders below the repositories' ignored ones: what a search must not look at one by one."""
    for number in range(BALLAST // 1000):
        folder = root / f"repo{number:03}" / "node_modules" / "x"
        folder.mkdir(parents=True, exist_ok=True)
        for file in range(1000):
            (folder / f"{file}").touch()


def collector_of(root: Path) -> ReposCollector:
    return ReposCollector((root,), ReposSettings(), "host", SystemClock())


async def sweep(root: Path) -> float:
    collector = collector_of(root)
    begun = time.perf_counter()
    snapshot = None
    while snapshot is None or snapshot.unread:
        snapshot = await collector.collect() or snapshot
    took = time.perf_counter() - begun
    assert all(repo.error is None and repo.unstaged is not None for repo in snapshot.repos)
    await collector.close()
    return took


def xargs(paths: list[Path]) -> float:
    names = "\0".join(map(str, paths)).encode()
    begun = time.perf_counter()
    command = ["xargs", "-0", "-P2", "-I{}", "git", "-C", "{}", *LOOK[1:]]
    environment = os.environ | {"GIT_OPTIONAL_LOCKS": "0"}
    subprocess.run(command, input=names, check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - begun


def peer_gita(folder: Path, *, install: bool) -> str | None:
    """Where gita is: on the PATH or, only if asked for, installed into a place that is thrown away."""
    program = shutil.which("gita")
    if program is not None or not install:
        return program
    place = folder / "peer"
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    subprocess.run([str(place / "bin/pip"), "install", "-q", "gita", "setuptools<80"], check=True)
    return str(place / "bin/gita")


def against_gita(program: str | None, root: Path, paths: list[Path], home: Path) -> str:
    """Interleaved with sweeps of ours, the median of the ratios, in words."""
    if program is None:
        return "not installed"
    environment = os.environ | {"XDG_CONFIG_HOME": str(home), "HOME": str(home)}
    subprocess.run([program, "add", *map(str, paths)], check=True, env=environment, capture_output=True)
    pairs = []
    for _ in range(5):
        begun = time.perf_counter()
        done = subprocess.run([program, "ll"], check=True, env=environment, capture_output=True)
        took = time.perf_counter() - begun
        pairs.append((asyncio.run(sweep(root)), took))
        assert len(done.stdout.splitlines()) >= len(paths)
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    ours, theirs = ([pair[at] * 1000 for pair in pairs] for at in (0, 1))
    quickest = (
        f"the quickest of each {min(ours):.0f} and {min(theirs):.0f} ms: {min(ours) / min(theirs):.2f}×"
    )
    return f"{statistics.median(theirs):.0f} ms: {ratio:.2f}×; {quickest}"


async def live(root: Path, paths: list[Path]) -> None:
    collector = collector_of(root)
    await collector.collect()
    watch = collector._watch  # noqa: SLF001 - counts of its own
    followed = collector._schedules  # noqa: SLF001
    while isinstance(watch, InotifyWatch) and not all(one.watched for one in followed.values()):
        await collector.collect()
    while await collector.collect() is not None:  # the last one waits, because nothing happens
        pass
    if isinstance(watch, InotifyWatch):
        kept = sum(1 for path in paths for _ in folders_not_ignored(path))
        ratio = len(watch) / kept
        print(f"watches           {len(watch):6} for {kept} folders that are not ignored: {ratio:.2f}×")
    times, processes = [], []
    for number in range(CHANGES):
        begun = time.perf_counter()
        (paths[number % len(paths)] / "src/f0.py").write_text(f"changed {begun}\n")
        while (snapshot := await collector.collect()) is None:
            pass
        times.append((time.perf_counter() - begun) * 1000)
        processes.append(snapshot.git_processes)
    worst = sorted(times)[-2]
    print(f"one change        {statistics.median(times):6.1f} ms median, {worst:.1f} ms nearly worst, "
          f"{statistics.mean(processes):.2f} git processes")  # fmt: skip
    await quiet(collector)
    await collector.close()


def folders_not_ignored(path: Path) -> list[str]:
    return [folder for folder, _, _ in os.walk(path) if "/.git" not in folder and "/out" not in folder
            and "/node_modules" not in folder]  # fmt: skip


async def quiet(collector: ReposCollector) -> None:
    cpu, begun, passes = time.process_time(), time.perf_counter(), 0
    while time.perf_counter() - begun < QUIET_S:
        try:
            async with asyncio.timeout(QUIET_S):
                await collector.collect()
        except TimeoutError:
            break
        passes += 1
    used = (time.process_time() - cpu) * 1000 * 60 / (time.perf_counter() - begun)
    print(f"a quiet minute    {used:6.2f} ms of CPU, from {QUIET_S:g} s with {passes} passes")


def search(root: Path, prune: tuple[str, ...]) -> tuple[float, float]:
    """Milliseconds until those right below the root are found, and until a walk one deep is through."""
    walk = RepoSearch((root.resolve(),), 1, prune)
    begun = time.perf_counter()
    walk.step(0.0)
    first = time.perf_counter() - begun
    walk.step(60)
    return first * 1000, (time.perf_counter() - begun) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("count", nargs="?", type=int, default=200, help="repositories")
    parser.add_argument("rounds", nargs="?", type=int, default=5)
    parser.add_argument(
        "--peer", choices=["gita"], help="install it for this run where it is not on the PATH"
    )
    options = parser.parse_args()
    count, rounds = options.count, options.rounds
    with tempfile.TemporaryDirectory(prefix="agentdash-bench-") as name:
        root, home = Path(name) / "projects", Path(name) / "home"
        root.mkdir()
        home.mkdir()
        paths = build(root, count)
        xargs(paths)
        pairs = [(asyncio.run(sweep(root)), xargs(paths)) for _ in range(rounds)]
        ours, theirs = ([pair[at] * 1000 for pair in pairs] for at in (0, 1))
        ratio = statistics.median(mine / other for mine, other in pairs)
        against = f"xargs -P2 git status {statistics.median(theirs):.0f} ms: {ratio:.2f}×"
        quickest = (
            f"the quickest of each {min(ours):.0f} and {min(theirs):.0f} ms: {min(ours) / min(theirs):.2f}×"
        )
        print(f"cold sweep        {statistics.median(ours):6.0f} ms; {against}; {quickest}")
        program = peer_gita(Path(name), install=options.peer == "gita")
        print(f"  against gita ll  {against_gita(program, root, paths, home)}")
        asyncio.run(live(root, paths))
        ballast(root)
        prune = ReposSettings().prune
        times = [search(root, prune) for _ in range(20)]
        first, through = (statistics.median(pair[at] for pair in times) for at in (0, 1))
        print(f"finding them      {first:6.2f} ms, beside {BALLAST} other files; the walk {through:.2f} ms")


if __name__ == "__main__":
    main()

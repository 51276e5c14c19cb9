"""How long a person waits for the first picture: from exec to the first frame, on a real pseudo-terminal.

Beside `agentdash` on a small real place (a server with a stream and a run, a repository, a service, a log, a
finding) an empty Textual app is started in turn, in the same run; only the ratio means something. The first
frame has the borders of all panes and the header; the next row waits until every pane shows what is there.

    python -m benchmarks.paint [ROUNDS]
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from agentdash.core.runs.model import RunKeys
from agentdash.core.settings.model import RedisSettings
from agentdash.server.client import open_client
from agentdash.server.embedded import EmbeddedServer
from benchmarks.terminal import PseudoTerminal

EMPTY = """
from textual.app import App
from textual.widgets import Static

class EmptyApp(App):
    def compose(self):
        yield Static("the-first-frame")

EmptyApp().run()
"""
FRAME = (b"agentdash", b"1 Runs", b"5 Services", b"6 Log", "╯".encode())
DATA = (b"firstrun", b"orders", b"billing-repo", b"shop", b"following", b"something-is-amiss")
SETTINGS = """
[findings]
inbox = ["{place}/inbox.jsonl"]

[[services]]
name = "shop"
command = "sleep 1000"
log = "{place}/shop.log"
"""
FINDING = '{"category": "STALLED", "severity": "HIGH", "summary": "something-is-amiss", "service": "shop"}\n'


async def fill(url: str) -> None:
    """A run and a stream on the server at *url*."""
    client, keys = open_client(url, RedisSettings()), RunKeys()
    await client.xadd("orders", {"order": "1"})
    record = {"title": "firstrun", "status": "completed", "createdAt": "1"}
    await client.hset(keys.meta("r1"), mapping=record)
    await client.zadd(keys.index, {"r1": 1})
    await client.aclose()


def furnish(place: Path) -> None:
    """Files of the place: settings, a log, a finding, a repository."""
    (place / "agentdash.toml").write_text(SETTINGS.format(place=place))
    (place / "shop.log").write_text("2026-01-01T00:00:00Z INFO a-line-of-the-log\n")
    (place / "inbox.jsonl").write_text(FINDING)
    repo = place / "projects" / "billing-repo"
    repo.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(repo)], check=True)


def first(command: list[str], words: tuple[bytes, ...], place: Path) -> float:
    """Seconds until *words* are on the terminal; infinite where they do not come."""
    terminal = PseudoTerminal(command, place, {"HOME": str(place)})
    try:
        found = terminal.until(words, 10.0)
        if found is None:
            print("not seen:", *(word.decode() for word in words if word not in terminal.written), flush=True)
        return found or float("inf")
    finally:
        terminal.end()


def main(rounds: int = 9) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        use = EmbeddedServer(place / "server").acquire()
        try:
            asyncio.run(fill(use.url))
            furnish(place)
            ours = [
                sys.executable, "-m", "agentdash", "--redis", use.url, "--projects", str(place / "projects"),
            ]  # fmt: skip
            ways = {
                "empty Textual app": ([sys.executable, "-c", EMPTY], (b"the-first-frame",)),
                "first frame": (ours, FRAME),
                "every pane has data": (ours, DATA),
            }
            found: dict[str, list[float]] = {name: [] for name in ways}
            for _ in range(rounds):
                for name, (command, words) in ways.items():
                    found[name].append(first(command, words, place))
        finally:
            use.release()
    peer = found["empty Textual app"]
    print(f"from exec, {rounds} rounds, interleaved; the ratio of medians, and of the quickest")
    for name, times in found.items():
        middle, best = statistics.median(times), min(times)
        ratios = f"{middle / statistics.median(peer):5.2f} × {best / min(peer):5.2f} ×"
        print(f"  {name:<20} {middle * 1000:7.0f} ms {best * 1000:7.0f} ms  {ratios}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)

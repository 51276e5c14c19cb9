"""The steps of an agent's turn: read, write, test, commit, think; each is reported as an event and logged.

An event is a line of JSON with a ``__cody_event__`` object, which the worker decodes.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

RAN = re.compile(r"^Ran (\d+) tests?", re.MULTILINE)
BAD = re.compile(r"(?:failures|errors)=(\d+)")
SKIPPED = re.compile(r"skipped=(\d+)")


@dataclass(frozen=True, slots=True)
class TestCounts:
    """The counts of one test run, as unittest reports them."""

    passed: int
    failed: int
    skipped: int

    @property
    def good(self) -> bool:
        """Whether there were tests and none failed."""
        return self.passed > 0 and not self.failed

    def __str__(self) -> str:
        return f"{self.passed} passed" + (f", {self.failed} failed" if self.failed else "")


@dataclass(slots=True)
class DemoAgent:
    """One agent in one turn; the working folder is its repository.

    Attributes:
        turn: From 1.
        log: Its own log file.
        inbox: The folder for findings.
        pace: Factor of all thinking times.
    """

    title: str
    turn: int
    log: Path
    inbox: Path
    pace: float = 1.0
    used_in: int = 0
    used_out: int = 0
    random: random.Random = field(default_factory=random.Random)

    def print(self, text: str, level: str = "INFO") -> None:
        """Print a line, and append it to the log."""
        now = datetime.now().astimezone()
        print(text, flush=True)  # noqa: T201 - the agent's output
        with self.log.open("a") as file:
            file.write(f"{now:%Y-%m-%d %H:%M:%S},{now.microsecond // 1000:03} {level:<5} {text}\n")

    def event(self, kind: str, **data: object) -> None:
        """Print an event for the worker."""
        print(json.dumps({"__cody_event__": {"type": kind, **data}}), flush=True)  # noqa: T201 - see above

    def think(self, seconds: float) -> None:
        """Wait for about *seconds*, and count tokens for it."""
        time.sleep(seconds * self.pace * self.random.uniform(0.8, 1.2))
        self.used_in += self.random.randint(400, 1600)
        self.used_out += self.random.randint(60, 420)

    def read(self, path: str) -> str:
        """Read a file of the repository."""
        text = Path(path).read_text()
        self.report_tokens()
        self.event("file_read", path=path, lines=text.count("\n"))
        self.print(f"read {path}")
        self.think(1.0)
        return text

    def write(self, path: str, text: str) -> None:
        """Write a file of the repository."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text)
        self.report_tokens()
        self.event("file_written", path=path, bytes=len(text.encode()))
        self.print(f"edit {path}")
        self.think(1.5)

    def test(self) -> TestCounts:
        """Run the project's tests."""
        command = [sys.executable, "-S", "-B", "-m", "unittest"]
        self.report_tokens()
        self.event("test_run_started", command="python -m unittest")
        self.print("run the tests")
        began = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        ran = RAN.search(done.stderr)
        total = int(ran[1]) if ran else 0
        failed = sum(int(count) for count in BAD.findall(done.stderr))
        skipped = sum(int(count) for count in SKIPPED.findall(done.stderr))
        tests = TestCounts(max(0, total - failed - skipped), failed, skipped)
        duration = int((time.monotonic() - began) * 1000)
        self.event(
            "test_run_completed",
            passed=tests.passed, failed=failed, skipped=skipped,
            durationMs=duration, exitCode=done.returncode,
        )  # fmt: skip
        self.print(f"turn {self.turn}: {tests}", "WARN" if failed else "INFO")
        self.think(1.0)
        return tests

    def commit(self, message: str) -> None:
        """Commit everything, if there is something to commit."""
        for words in (["add", "-A"], ["commit", "-q", "-m", message]):
            subprocess.run(["git", *words], capture_output=True, timeout=20, check=False)
        self.print(f"commit {message}")

    def report_tokens(self) -> None:
        """Report the tokens used since the last report."""
        if self.used_in:
            self.event("token_usage", input=self.used_in, output=self.used_out, cached=self.used_in // 2)
        self.used_in = self.used_out = 0

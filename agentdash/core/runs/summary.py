"""Summarizes a run's events: its turns, the files it touched, its test runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from agentdash.core.runs import event as ev
from agentdash.core.runs.model import RunEvent, Tokens

MOST_TURNS = 2000
MOST_FILES = 2000
MOST_TESTS = 2000
_FILES = {ev.FILE_READ: "read", ev.FILE_WRITTEN: "written", ev.FILE_DELETED: "deleted"}
_END_STATES = {ev.RUN_FAILED: "failed", ev.RUN_CANCELLED: "cancelled"}
_COUNTS = ("total", "input", "output", "cached")


@dataclass(slots=True)
class TestRun:
    """One run of tests.

    Attributes:
        event: Id of the event of its end (or of its start, while it is running).
        command: The command, where the event has it; else ``""``.
        passed: None while it is running, or where the event has no count; likewise the others.
    """

    event: str
    at: int | None
    turn: int | None
    command: str = ""
    passed: int | None = None
    failed: int | None = None
    skipped: int | None = None
    duration_ms: int | None = None
    done: bool = False

    __test__ = False


@dataclass(slots=True)
class Turn:
    """One turn, as far as its events were read.

    Attributes:
        first: Id of its first event that was read.
        began: Unix ms; None where its start was not read.
        ended: Unix ms; None while it is running, or where unknown.
        state: ``running``, ``done``, ``failed``, ``cancelled``, or ``left`` where another turn began before
            its end.
        tokens: As reported at its end; before that, the sum of its events.
        tests: Its newest test run.
        files: Paths that it wrote or deleted.
    """

    number: int
    first: str
    began: int | None = None
    ended: int | None = None
    duration_ms: int | None = None
    state: str = "running"
    exit_code: int | None = None
    error: str = ""
    tokens: Tokens = field(default_factory=Tokens)
    tests: TestRun | None = None
    files: set[str] = field(default_factory=set)
    events: int = 0

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self.state != "running"

    def lasted_ms(self, now: int) -> int | None:
        """Its duration so far; None where unknown."""
        if self.duration_ms is not None:
            return self.duration_ms
        if self.began is None or (self.done and self.ended is None):
            return None
        return max(0, (now if self.ended is None else self.ended) - self.began)


@dataclass(slots=True)
class FileTouch:
    """One file: number of reads, writes and deletions, and the last of them."""

    path: str
    read: int = 0
    written: int = 0
    deleted: int = 0
    last: str = ""
    last_at: int | None = None
    last_turn: int | None = None


class RunSummary:
    """The summary of events added in their order; bounded, and what is dropped is counted.

    Attributes:
        turns: By number, in the order in which they began.
        files: By path, the most recently touched last.
        tests: Oldest first.
        dropped: Number of turns, files and test runs that were dropped.
    """

    def __init__(self, events: Iterable[RunEvent] = ()) -> None:
        self.turns: dict[int, Turn] = {}
        self.files: dict[str, FileTouch] = {}
        self.tests: list[TestRun] = []
        self.dropped = 0
        self._turn: Turn | None = None
        self.add(events)

    def add(self, events: Iterable[RunEvent]) -> None:
        """Add *events*, which follow the earlier ones."""
        for event in events:
            self._add(event)

    def _add(self, event: RunEvent) -> None:
        turn = self._turn_of(event)
        name = event.type
        if turn is not None:
            turn.events += 1
            if name == ev.TURN_STARTED:
                turn.began = event.at
            elif name == ev.TURN_COMPLETED:
                self._close(turn, event)
            elif name == ev.TOKEN_USAGE and not turn.done:
                turn.tokens = _sum(turn.tokens, _tokens(event.data))
            elif name in _END_STATES and not turn.done:
                turn.state, turn.ended = _END_STATES[name], event.at
        if name in _FILES:
            self._file(event, turn)
        elif name == ev.TESTS_STARTED:
            self._tests_started(event, turn)
        elif name == ev.TESTS_COMPLETED:
            self._tests_completed(event, turn)

    def _turn_of(self, event: RunEvent) -> Turn | None:
        number = event.turn
        if number is None or number < 1:
            return self._turn if event.type in _END_STATES else None
        turn = self.turns.get(number)
        if turn is None or (event.type == ev.TURN_STARTED and turn.began is not None):
            if self._turn is not None and not self._turn.done:
                self._turn.state = "left"
            # A repeated number: another worker has the run now and repeats that turn.
            self.turns.pop(number, None)
            turn = self.turns[number] = Turn(number, event.id)
            if len(self.turns) > MOST_TURNS:
                self.turns.pop(next(iter(self.turns)))
                self.dropped += 1
        self._turn = turn
        return turn

    def _close(self, turn: Turn, event: RunEvent) -> None:
        data = event.data
        turn.ended = event.at
        turn.exit_code = _number(data.get("exitCode"))
        turn.duration_ms = _number(data.get("durationMs"))
        error = data.get("error")
        turn.error = error if isinstance(error, str) else ""
        turn.state = "failed" if turn.error or turn.exit_code not in {None, 0} else "done"
        reported = data.get("tokens")
        if isinstance(reported, dict):
            turn.tokens = _tokens(reported)
        elif "tokens" in data:
            turn.tokens = Tokens()  # null: unknown to the worker

    def _file(self, event: RunEvent, turn: Turn | None) -> None:
        path = next(
            (p for name in ("path", "file") if isinstance(p := event.data.get(name), str) and p), None
        )
        if path is None:
            return
        path = path[:1000]
        touch = self.files.pop(path, None) or FileTouch(path)
        self.files[path] = touch
        how = _FILES[event.type]
        setattr(touch, how, getattr(touch, how) + 1)
        touch.last, touch.last_at, touch.last_turn = how, event.at, event.turn
        if turn is not None and how != "read" and len(turn.files) < MOST_FILES:
            turn.files.add(path)
        if len(self.files) > MOST_FILES:
            self.files.pop(next(iter(self.files)))
            self.dropped += 1

    def _tests_started(self, event: RunEvent, turn: Turn | None) -> None:
        started = TestRun(event.id, event.at, event.turn, _command(event.data))
        self._add_tests(started, turn)

    def _tests_completed(self, event: RunEvent, turn: Turn | None) -> None:
        data = event.data
        ended = self.tests[-1] if self.tests and not self.tests[-1].done else None
        if ended is None or ended.turn != event.turn:
            ended = TestRun(event.id, event.at, event.turn)
            self._add_tests(ended, turn)
        elif ended.at is not None and event.at is not None:
            ended.duration_ms = max(0, event.at - ended.at)
        ended.event, ended.done = event.id, True
        ended.command = _command(data) or ended.command
        ended.passed, ended.failed, ended.skipped = (
            _number(data.get(word)) for word in ("passed", "failed", "skipped")
        )
        reported = _number(data.get("durationMs"))
        ended.duration_ms = ended.duration_ms if reported is None else reported

    def _add_tests(self, tests: TestRun, turn: Turn | None) -> None:
        self.tests.append(tests)
        if turn is not None:
            turn.tests = tests
        if len(self.tests) > MOST_TESTS:
            del self.tests[0]
            self.dropped += 1


def _command(data: dict[str, object]) -> str:
    for name in ("command", "name"):
        value = data.get(name)
        if isinstance(value, str):
            return value[:1000]
        if isinstance(value, list):
            return " ".join(str(word) for word in value[:100])[:1000]
    return ""


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _tokens(data: dict[str, object]) -> Tokens:
    total, *parts = (_number(data.get(name)) for name in _COUNTS)
    if total is None and any(part is not None for part in parts):
        total = sum(part for part in parts if part is not None)
    return Tokens(total, *parts)


def _sum(one: Tokens, other: Tokens) -> Tokens:
    return Tokens(*(_plus(getattr(one, name), getattr(other, name)) for name in _COUNTS))


def _plus(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other

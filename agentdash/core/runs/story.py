"""What a run's events tell when they are put together: its turns, the files it touched, its tests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from agentdash.core.runs import event as ev
from agentdash.core.runs.model import RunEvent, Tokens

MOST_TURNS = 2000
MOST_FILES = 2000
MOST_TESTS = 2000
_FILES = {ev.FILE_READ: "read", ev.FILE_WRITTEN: "written", ev.FILE_DELETED: "deleted"}
_ENDS = {ev.RUN_FAILED: "failed", ev.RUN_CANCELLED: "cancelled"}
_COUNTS = ("total", "input", "output", "cached")


@dataclass(slots=True)
class TestRun:
    """One run of tests.

    Attributes:
        event: Id of the event that told its end (or its start, while it goes on).
        command: What was run, where the event says; else ``""``.
        passed: None while it goes on, or where the event does not say; so are the others.
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
    """One turn, as far as the events that were read tell it.

    Attributes:
        first: Id of the first event of it that was read.
        began: Unix ms; None where its start is in events that were not read.
        ended: Unix ms; None while it goes on, or where that is not known.
        done: Whether its end was seen.
        state: ``running``, ``done``, ``failed``, ``cancelled``, or ``left`` where another turn began without
            its end.
        tokens: As its end says; before that, what its events have added up to.
        tests: The newest run of tests in it.
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
        """Whether its end was seen."""
        return self.state != "running"

    def lasted_ms(self, now: int) -> int | None:
        """How long it took, or has taken so far; None where that is not known."""
        if self.duration_ms is not None:
            return self.duration_ms
        if self.began is None or (self.done and self.ended is None):
            return None
        return max(0, (now if self.ended is None else self.ended) - self.began)


@dataclass(slots=True)
class FileTouch:
    """One file: how often it was read, written, deleted, and when last."""

    path: str
    read: int = 0
    written: int = 0
    deleted: int = 0
    last: str = ""
    last_at: int | None = None
    last_turn: int | None = None


class RunStory:
    """Takes events in their order and keeps what they add up to; bounded, and what is dropped is counted.

    Attributes:
        turns: By number, in the order in which they began.
        files: By path; the one touched last is the last.
        tests: Oldest first.
        dropped: Turns, files and runs of tests that were let go.
    """

    def __init__(self, events: Iterable[RunEvent] = ()) -> None:
        self.turns: dict[int, Turn] = {}
        self.files: dict[str, FileTouch] = {}
        self.tests: list[TestRun] = []
        self.dropped = 0
        self._turn: Turn | None = None
        self.take(events)

    def take(self, events: Iterable[RunEvent]) -> None:
        """Add *events*, which follow those before."""
        for event in events:
            self._take(event)

    def _take(self, event: RunEvent) -> None:
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
            elif name in _ENDS and not turn.done:
                turn.state, turn.ended = _ENDS[name], event.at
        if name in _FILES:
            self._file(event, turn)
        elif name == ev.TESTS_STARTED:
            self._tests_started(event, turn)
        elif name == ev.TESTS_COMPLETED:
            self._tests_completed(event, turn)

    def _turn_of(self, event: RunEvent) -> Turn | None:
        number = event.turn
        if number is None or number < 1:
            return self._turn if event.type in _ENDS else None
        turn = self.turns.get(number)
        if turn is None or (event.type == ev.TURN_STARTED and turn.began is not None):
            if self._turn is not None and not self._turn.done:
                self._turn.state = "left"
            # A number that comes again: another worker took the run over and begins that turn anew.
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
        said = data.get("tokens")
        if isinstance(said, dict):
            turn.tokens = _tokens(said)
        elif "tokens" in data:
            turn.tokens = Tokens()  # the worker says that it does not know

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
        said = _number(data.get("durationMs"))
        ended.duration_ms = ended.duration_ms if said is None else said

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

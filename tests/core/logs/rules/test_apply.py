"""Each rule about logs: it appears, it clears, and a healthy twin stays silent."""

# ruff: noqa: E501 - a log line is as long as it is

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import pytest

from agentdash.core.findings.model import Finding, FindingStatus, Severity, Symptom
from agentdash.core.findings.tracker import FindingTracker
from agentdash.core.logs.model import Level, LogBatch, LogLine, LogSource
from agentdash.core.logs.parse.line import LogParser
from agentdash.core.logs.rules.apply import LogRules
from agentdash.core.logs.rules.classify import category_of, is_start, may_storm, message_pattern
from agentdash.core.secrets.mask import MASK
from agentdash.core.settings.model import LogsSettings

START = 1_732_120_000_000


class Logs:
    """Writes lines into the rules as services would."""

    def __init__(self) -> None:
        self.rules = LogRules(LogsSettings(finding_for=60))
        self.tracker = FindingTracker(1.0)
        self.now = START
        self.parsers: dict[str, LogParser] = {}
        self.offset = 0
        self.rules.add(LogBatch(START, "h", ()))

    def say(self, *texts: str, source: str = "web", skipped: int = 0) -> None:
        parser = self.parsers.setdefault(source, LogParser(source))
        lines = []
        for text in texts:
            for line in text.split("\n"):
                lines.append(parser.line(line.encode(), self.offset, self.now))
                self.offset += len(line) + 1
        errors = ((source, skipped),) if skipped else ()
        sources = (LogSource(source, f"/logs/{source}.log"),)
        self.rules.add(LogBatch(self.now, "h", tuple(lines), sources, skipped, 0, errors))

    def later(self, seconds: float) -> None:
        self.now += int(seconds * 1000)

    def seen(self) -> dict[str, Symptom]:
        symptoms = self.rules.symptoms(self.now)
        assert len({symptom.fingerprint for symptom in symptoms}) == len(symptoms)
        return {symptom.category: symptom for symptom in symptoms}

    def one(self, category: str) -> Symptom:
        self.later(1)
        seen = self.seen()
        assert list(seen) == [category]
        return seen[category]

    def open(self) -> list[Finding]:
        found = self.tracker.update(self.rules.symptoms(self.now), self.now)
        return [finding for finding in found if finding.status is FindingStatus.OPEN]


@pytest.fixture
def logs() -> Logs:
    return Logs()


TRACES = {
    "python": "2024-11-20 16:28:01,123 ERROR app failed\nTraceback (most recent call last):\n"
    '  File "a.py", line 1, in f\n    g()\nValueError: x 17',
    "node": "Error: boom\n    at f (/srv/a.js:1:2)\n    at async g (node:internal:3)",
    "java": "2024-11-20 16:28:01,123 [main] ERROR c.f.Bar - it broke\njava.lang.IllegalStateException: outer\n"
    "\tat com.foo.Bar.run(Bar.java:1)\nCaused by: java.io.IOException: inner\n\tat com.foo.Baz.run(Baz.java:1)",
    "bare python": 'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    g()\nValueError: x 17',
    "go": "panic: runtime error: index out of range [7]\n\ngoroutine 1 [running]:\nmain.main()\n\t/src/main.go:8 +0x1d",
    "rust": "thread 'main' panicked at src/main.rs:2:5:\n    index out of bounds\nstack backtrace:\n   0: rust_begin_unwind",
}


@pytest.mark.parametrize("name", TRACES)
def test_a_whole_trace_is_one_finding(logs: Logs, name: str) -> None:
    for number in range(3):
        logs.say("INFO before", TRACES[name].replace("17", str(number)), "INFO after")
    symptom = logs.one("BUG" if name in {"python", "node", "java"} else "CRASH")
    assert len(symptom.evidence) == TRACES[name].count("\n") + 1
    assert symptom.times == 3
    assert (symptom.service, symptom.see) == ("web", "agentdash logs /logs/web.log")


ERROR = "2024-11-20T16:28:01Z ERROR order 7 failed corr=o-7"
FRAMES = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    g()'
NODE_FRAMES = "    at f (/srv/a.js:1:2)\n    at async g (node:internal:3)"
GO_FRAMES = "\ngoroutine 1 [running]:\nmain.main()\n\t/src/main.go:8 +0x1d"
# name: (the line before, where there is one, and the trace), what the finding is called by
NAMED = {
    "python": (f"{ERROR}\n{FRAMES}\nValueError: boom", "ValueError: boom"),
    "python, alone": (f"{FRAMES}\npay.errors.Declined: no card", "pay.errors.Declined: no card"),
    "python, without words": (f"{ERROR}\n{FRAMES}\nAssertionError", "AssertionError"),
    "python, several rows": (f"{ERROR}\n{FRAMES}\npydantic.ValidationError: 1 error\n  card\n    missing", "pydantic.ValidationError: 1 error"),
    "python, chained": (f"{ERROR}\n{FRAMES}\nKeyError: 7\n\nDuring handling of the above exception, another exception occurred:\n\n{FRAMES}\nValueError: boom", "ValueError: boom"),
    "python, a group": (f'{ERROR}\n  + Exception Group Traceback (most recent call last):\n  |   File "a.py", line 1\n  |     f()\n  | ExceptionGroup: two (2 sub-exceptions)\n  +-+---------------- 1 ----------------\n    | ValueError: boom\n    +------------------------------------', "ExceptionGroup: two (2 sub-exceptions)"),
    "java": (f"{ERROR}\njava.lang.IllegalStateException: outer\n\tat com.foo.Bar.run(Bar.java:1)\nCaused by: java.io.IOException: inner\n\t... 7 more", "java.lang.IllegalStateException: outer"),
    "java, uncaught": ('Exception in thread "main" java.lang.Error: x\n\tat com.foo.Bar.run(Bar.java:1)', 'Exception in thread "main" java.lang.Error: x'),
    "node": (f"{ERROR}\nTypeError: x is not a function\n{NODE_FRAMES}", "TypeError: x is not a function"),
    "node, alone": (f"Error: boom\n{NODE_FRAMES}", "Error: boom"),
    "node, unhandled": (f"(node:7) UnhandledPromiseRejectionWarning: Error: x\n{NODE_FRAMES}", "(node:7) UnhandledPromiseRejectionWarning: Error: x"),
    "go": (f"{ERROR}\npanic: boom\n{GO_FRAMES}", "panic: boom"),
    "go, alone": (f"panic: runtime error: index out of range [7]\n{GO_FRAMES}\nexit status 2", "panic: runtime error: index out of range [7]"),
    "go, a server": (f"2024/11/20 16:28:01 http: panic serving 127.0.0.1:1: boom{GO_FRAMES}", "http: panic serving 127.0.0.1:1: boom"),
    "rust": (f"{ERROR}\nthread 'main' panicked at src/main.rs:2:5:\nindex out of bounds\nstack backtrace:\n   0: rust_begin_unwind", "thread 'main' panicked at src/main.rs:2:5: index out of bounds"),
    "rust, alone": ("thread 'w' (42) panicked at a.rs:2:5:\nboom\nnote: run with `RUST_BACKTRACE=1`", "thread 'w' (42) panicked at a.rs:2:5: boom"),
    "rust, before 1.73": ("thread 'main' panicked at 'boom', src/main.rs:2:5\nnote: run with `RUST_BACKTRACE=1`", "thread 'main' panicked at 'boom', src/main.rs:2:5"),
    "no trace": (ERROR, "order 7 failed corr=o-7"),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_a_trace_is_called_by_its_exception_and_is_whole(logs: Logs, name: str) -> None:
    text, title = NAMED[name]
    logs.say("INFO before", text, "INFO after")
    logs.later(1)
    (symptom,) = logs.seen().values()
    assert symptom.summary == title
    assert len(symptom.evidence) == text.count("\n") + 1
    assert symptom.correlation_id == ("o-7" if text.startswith(ERROR) else None)


@pytest.mark.parametrize(
    ("field", "title"),
    [
        ({"err": {"type": "TypeError", "stack": f"TypeError: x\n{NODE_FRAMES}"}}, "TypeError: x"),
        ({"exception": f"{FRAMES}\nValueError: boom"}, "ValueError: boom"),
        ({"error.stack_trace": "java.io.IOException: disk\n\tat a.B(B.java:1)"}, "java.io.IOException: disk"),
        ({"stack": "main.pay\n\t/src/main.go:8"}, "order failed"),
    ],
)
def test_a_trace_in_a_field_is_evidence_too(logs: Logs, field: dict[str, object], title: str) -> None:
    logs.say(json.dumps({"level": "error", "msg": "order failed", **field}), "INFO after")
    symptom = logs.one("BUG")
    assert symptom.summary == title
    assert symptom.evidence[0] == "order failed"
    assert len(symptom.evidence) > 2


def test_an_exception_tells_more_than_the_line_before_it(logs: Logs) -> None:
    logs.say(f"{ERROR}\n{FRAMES}\nredis.exceptions.TimeoutError: Timeout reading from socket")
    assert logs.one("TIMEOUT").summary.startswith("redis.exceptions.TimeoutError")


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("ERROR cannot pay order 7", "BUG"),
        ("FATAL giving up", "CRASH"),
        ("ERROR Unhandled promise rejection", "CRASH"),
        ('{"level":50,"time":1732120081123,"msg":"connect ECONNREFUSED 10.0.0.1:6379"}', "TIMEOUT"),
        ("WARN upstream timed out after 30 s", "TIMEOUT"),
        ("2024-11-20T16:28:01Z ERROR read ETIMEDOUT", "TIMEOUT"),
        ("ERROR FATAL ERROR: JavaScript heap out of memory", "MEMORY_LEAK"),
        ("UnhandledPromiseRejectionWarning: Error: x", "CRASH"),
        ("ValueError: nothing above it", "BUG"),
        ("Segmentation fault (core dumped)", "CRASH"),
    ],
)  # fmt: skip
def test_what_a_line_tells_of(logs: Logs, text: str, category: str) -> None:
    logs.say(text)
    assert logs.one(category).evidence == (logs.one(category).evidence[0],)


@pytest.mark.parametrize(
    "text",
    [
        "0 errors, 0 warnings", "no error found", "INFO retried after ERROR ETIMEDOUT", "INFO Unhandled cases: 0",
        "DEBUG Traceback (most recent call last): shown to the user", '{"level":30,"msg":"caught TypeError: x"}',
        "2024-11-20T16:28:01Z INFO FATAL was the level of the other", "WARN disk at 80 %", "ERRORS were not seen",
        "handled the timeout", "errors: 0", "Killed 3 stale jobs",
        "INFO SIGTERM received, shutting down", "Errors and exceptions, a guide", "error-free since monday",
    ],
)  # fmt: skip
def test_a_line_that_only_mentions_an_error_is_none(logs: Logs, text: str) -> None:
    logs.say(*[text] * 3)
    logs.later(1)
    assert logs.seen() == {}


def test_an_error_opens_at_once_and_clears(logs: Logs) -> None:
    logs.say("INFO ok", "ERROR order 7 of corr=abc-17 failed at 1732120081123-0")
    opened: list[Finding] = []
    for _ in range(8):
        logs.later(0.5)
        opened = logs.open()
    assert [(finding.finding_id, finding.symptom.category) for finding in opened] == [("LW-001", "BUG")]
    assert opened[0].symptom.correlation_id == "abc-17"
    assert opened[0].symptom.message_ids == ("1732120081123-0",)
    assert opened[0].symptom.severity is Severity.HIGH
    for _ in range(140):
        logs.later(0.5)
        opened = logs.open()
    assert opened == []
    assert logs.tracker.findings[0].status is FindingStatus.RESOLVED


def test_a_storm_with_its_rate_and_its_end(logs: Logs) -> None:
    for number in range(10):
        logs.say(f"WARN retrying job {number} in {number * 13} ms")
        logs.later(0.2)
    storm = logs.one("RETRY_STORM")
    assert dict(storm.metrics) == {"perMinute": 120.0, "lines": 10.0}
    assert storm.pattern == "retrying job # in # ms"
    logs.later(6)
    assert logs.seen() == {}


@pytest.mark.parametrize("text", ["INFO order {} paid", "DEBUG poll {}", "{} plain", "INFO login attempt {}"])
def test_a_busy_service_is_no_storm(logs: Logs, text: str) -> None:
    for number in range(100):
        logs.say(text.format(number))
        logs.later(0.05)
    assert logs.seen() == {}


def test_slow_retries_are_no_storm(logs: Logs) -> None:
    for number in range(20):
        logs.say(f"WARN retrying job {number}")
        logs.later(2)
        assert logs.seen() == {}


def test_silence_after_talk_and_its_end(logs: Logs) -> None:
    def talk(source: str, seconds: float) -> None:
        logs.say("INFO tick", source=source)
        logs.later(seconds)

    for _ in range(20):
        talk("web", 2)
    logs.later(26)
    assert logs.seen() == {}
    logs.later(5)
    assert logs.one("ANOMALY").summary.startswith("idle ")
    logs.rules.excused = frozenset({"web"})
    assert logs.seen() == {}
    logs.rules.excused = frozenset()
    logs.say("INFO tick")
    assert logs.seen() == {}


def test_a_service_that_talks_once_a_minute_is_not_silent(logs: Logs) -> None:
    for _ in range(20):
        logs.say("INFO tick")
        logs.later(60)
    logs.later(100)
    assert logs.seen() == {}
    logs.later(60)
    assert list(logs.seen()) == ["ANOMALY"]


@pytest.mark.parametrize("words", ["Server listening on port 80{}8", "starting order-api server, build {}"])
def test_a_restart_loop(logs: Logs, words: str) -> None:
    for number in range(3):
        assert logs.seen() == {}
        logs.say(f"INFO {words.format(number)}")
        logs.later(10)
    assert logs.one("CRASH").summary == "started 3 times in 2 minutes"
    logs.later(120)
    assert logs.seen() == {}


def test_workers_of_one_start_are_no_loop(logs: Logs) -> None:
    logs.say(*["INFO Application startup complete."] * 8)
    logs.later(10)
    assert logs.seen() == {}


def test_a_secret_is_reported_but_not_shown(logs: Logs) -> None:
    logs.say("INFO connecting with password=hunter22 to db", "INFO token: expired")
    symptom = logs.one("SECURITY")
    assert symptom.summary == "password in plain text"
    assert symptom.evidence == (f"connecting with password={MASK} to db",)
    assert "hunter22" not in str(symptom)
    logs.later(61)
    assert logs.seen() == {}


def test_times_that_run_backwards(logs: Logs) -> None:
    logs.say("2024-11-20T16:26:40Z INFO a", "2024-11-20T16:26:37Z INFO b, a little out of step")
    assert logs.seen() == {}
    logs.say("2024-11-20T16:25:40Z INFO c")
    assert logs.one("ANOMALY").summary == "times run backwards by 1m00"
    logs.later(61)
    assert logs.seen() == {}


@pytest.mark.parametrize(
    ("off", "found"), [(0, False), (-20, False), (-1800, True), (7200, True), (-3600, True), (-400, False)]
)
def test_a_clock_that_is_off(logs: Logs, off: int, found: bool) -> None:
    for _ in range(6):
        logs.say(json.dumps({"time": logs.now + off * 1000, "level": "info", "msg": "x"}))
        logs.later(1)
    assert list(logs.seen()) == (["ANOMALY"] if found else [])


def test_logs_of_different_formats(logs: Logs) -> None:
    for number in range(30):
        logs.say(json.dumps({"level": "info", "msg": f"m {number}"}), source="api")
        logs.say(f"INFO m {number}", source="web")
    symptom = logs.one("DOC_DRIFT")
    assert symptom.actual == "json: api; text: web"
    for number in range(400):
        logs.say(json.dumps({"level": "info", "msg": f"m {number}"}), source="web")
    assert logs.seen() == {}


def test_two_formats_in_one_log(logs: Logs) -> None:
    for number in range(30):
        logs.say(json.dumps({"level": "info", "msg": f"m {number}"}), f"printed {number}")
    assert logs.one("DOC_DRIFT").summary == "JSON and plain lines in one log"


def test_errors_that_were_only_counted(logs: Logs) -> None:
    logs.say("INFO x", skipped=1200)
    assert logs.one("BUG").evidence[0].startswith("1200 lines")
    logs.later(61)
    assert logs.seen() == {}


def test_what_was_there_before_is_news_only_if_it_is_new() -> None:
    parser = LogParser("web")
    rules = LogRules(LogsSettings(finding_for=60))
    times: Iterable[str] = ("2024-11-20T10:00:00Z", "2024-11-20T16:26:20Z")
    lines = [parser.line(f"{at} ERROR failed at {at[11:13]}".encode(), 0, START) for at in times]
    lines.append(parser.line(b"ERROR nobody knows when", 0, START))
    rules.add(LogBatch(START, "h", tuple(lines)))
    assert [symptom.evidence for symptom in rules.symptoms(START + 1000)] == [("failed at 16",)]


def test_memory_is_bounded(logs: Logs) -> None:
    word: Callable[[int], str] = lambda n: "".join(chr(97 + int(d)) for d in str(n))  # noqa: E731
    for number in range(3000):
        logs.say(f"ERROR {word(number)} went wrong")
    logs.later(1)
    assert len(logs.rules.symptoms(logs.now)) <= 1001


def test_the_pattern_has_no_variable_parts() -> None:
    texts = [
        "order 17 of 0xdead at 2024-11-20T16:28:01.123Z by 3f2504e0-4f89-41d3-9a0c-0305e82c3301 from 10.0.0.1:80",
        "order 9 of 0xbeef at 2023-01-02T03:04:05Z by 11111111-2222-4333-8444-555555555555 from 10.2.0.44:9000",
    ]
    assert {message_pattern(text) for text in texts} == {"order # of # at # by # from #"}


def test_own_words_of_a_level_win() -> None:
    line = LogParser("web").line(b'{"level":"info","msg":"ERROR: it is over"}', 0, 0)
    assert category_of(line) is None


def test_the_log_of_a_run_that_rests_is_not_silent() -> None:
    from dataclasses import replace

    from agentdash.core.runs.model import Run, RunsSnapshot, RunStatus
    from agentdash.runtime.analysis import idle_runs

    at_work = Run("1", "fix", RunStatus.RUNNING, orphaned=False)
    ended = Run("2", "fix", RunStatus.COMPLETED)
    paused = Run("3", "docs", RunStatus.PAUSED)
    assert idle_runs(RunsSnapshot(1, "host", (ended, paused), 2)) == {"fix", "docs"}
    assert idle_runs(RunsSnapshot(1, "host", (at_work, ended, paused), 3)) == {"docs"}
    assert idle_runs(RunsSnapshot(1, "host", (replace(at_work, orphaned=True),), 1)) == {"fix"}


@pytest.mark.parametrize(
    "text",
    [
        "Server is up", "application ready", "the app running", "Service listening", "Listening at: http://x:1",
        "Application startup complete.", "ready to accept connections", "Started Shop in 3.2 s", "Running on http://x",
        "Started server process [7]", "starting up", "Starting gunicorn 20", "starting the web daemon",
    ],
)  # fmt: skip
def test_what_services_say_when_they_begin(text: str) -> None:
    assert is_start(LogLine("web", 0, 0, text))
    assert not is_start(LogLine("web", 0, 0, text, level=Level.ERROR))


@pytest.mark.parametrize(
    "text", ["Retrying in 5 s", "re-try", "reconnecting", "Reconnect", "back-off 3", "backing off"]
)
def test_retries(text: str) -> None:
    assert may_storm(LogLine("web", 0, 0, text))
    assert not may_storm(LogLine("web", 0, 0, "feedback came"))

"""What kind of problem a log line reports, and what stays the same when it recurs."""

from __future__ import annotations

import re
from enum import StrEnum

from agentdash.core.findings.model import Severity
from agentdash.core.logs.model import Level, LogLine

ANALYST = "LOG_WATCHER"


class Category(StrEnum):
    """The categories of findings about logs."""

    BUG = "BUG"
    ANOMALY = "ANOMALY"
    SECURITY = "SECURITY"
    CRASH = "CRASH"
    RETRY_STORM = "RETRY_STORM"
    MEMORY_LEAK = "MEMORY_LEAK"
    TIMEOUT = "TIMEOUT"
    DOC_DRIFT = "DOC_DRIFT"


SEVERITY = {
    Category.BUG: Severity.HIGH,
    Category.CRASH: Severity.CRITICAL,
    Category.TIMEOUT: Severity.HIGH,
    Category.MEMORY_LEAK: Severity.CRITICAL,
}

_FAULTS = {Level.ERROR, Level.FATAL}
_MEMORY = re.compile(
    r"heap out of memory|out of memory|OutOfMemory|MemoryError|oom[- ]?kill|Cannot allocate memory",
    re.IGNORECASE,
)
_CRASH = re.compile(
    r"\b(?:un(?:handled|caught)\w*|segmentation fault|core dumped|panicked at|SIGKILL|SIGSEGV|SIGABRT)\b"
    r"|\bException in thread\b|^panic: |^fatal error: |exited with (?:code|signal|status) [1-9]",
    re.IGNORECASE,
)
_TIMEOUT = re.compile(
    r"\b(?:ETIMEDOUT|ECONNREFUSED|ECONNRESET|EHOSTUNREACH|EPIPE|ESOCKETTIMEDOUT)\b"
    r"|(?i:\btimed[ -]?out\b|\btime-?out\b|\bdeadline exceeded\b)"
    r"|(?i:\bconnection (?:refused|reset)\b|TimeoutError)"
)
# Of lines without a level only what cannot be prose counts.
_BARE = re.compile(
    r"(?:\+ Exception Group )?Traceback \(most recent call last\):|thread '.*' (?:\(\d+\) )?panicked at|"
    r"Exception in thread \"|goroutine \d+ \[|http: panic serving |\(node:\d+\) Un(?:handled|caught)|"
    r"(?:Uncaught |Unhandled )?(?:[a-z]\w*\.)*[A-Z]\w*(?:Error|Exception)(?:: |$)|"
    r"(?:UNHANDLED|UNCAUGHT|Unhandled|Uncaught)|.*\b(?:ETIMEDOUT|ECONNREFUSED|ECONNRESET)\b|"
    r"(?:ERROR|FATAL|CRITICAL)[:!]? |Segmentation fault|.*JavaScript heap out of memory|Killed$"
)
_RETRY = re.compile(r"\b(?:re-?tr(?:y|ies|ied|ying)|reconnect\w*|back(?:ing)?[ -]?off)\b", re.IGNORECASE)
_STARTED = re.compile(
    r"\b(?:(?:server|service|app(?:lication)?) (?:is )?(?:started|running|up|ready|listening)|"
    r"listening (?:on|at)\b|application startup complete|ready to accept connections|"
    r"started \w+ in [\d.]+ ?m?s|running on https?://|started server process|server started|"
    r"starting (?:up\b|(?:the )?(?:[\w.-]+ )?(?:server|service|app(?:lication)?|daemon)\b|gunicorn\b))",
    re.IGNORECASE,
)
# The two above are searched for only where one of these occurs: they cost ten times as much.
_RETRY_HINTS = ("retr", "re-tr", "reconnect", "back")
_STARTED_HINTS = ("start", "listening", "ready", "running", " up")
_VARIABLE = re.compile(
    r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*|0x[0-9a-fA-F]+"
    r"|\b(?=[a-z-]*\d)[0-9a-f]{7,}\b|\b(?=\w*\d)(?=\w*[A-Za-z])\w{12,}\b|\d+(?:[.:,]\d+)*"
)
_MESSAGE_ID = re.compile(r"\b\d{13}-\d+\b")
_LONGEST = 300


def category_of(line: LogLine) -> Category | None:
    """The kind of problem that a line reports; None without one.

    A level decides where there is one: prose about an error is no error.
    """
    text = line.message
    if line.level is None:
        if _BARE.match(text) is None or (text.startswith("Killed") and len(text) > 20):
            return None
        category = _category_in(text)
        return Category.CRASH if category is Category.BUG and _is_trace(text) else category
    if line.level in _FAULTS:
        kind = _category_in(text)
        return Category.CRASH if line.level is Level.FATAL and kind is Category.BUG else kind
    if line.level is Level.WARN and _TIMEOUT.search(text) is not None:
        return Category.TIMEOUT
    return None


def category_with_trace(category: Category, text: str) -> Category:
    """The kind of problem of a line with an exception below it, which may be more specific."""
    return _category_in(text) if category is Category.BUG else category


def _category_in(text: str) -> Category:
    if _MEMORY.search(text):
        return Category.MEMORY_LEAK
    if _CRASH.search(text):
        return Category.CRASH
    return Category.TIMEOUT if _TIMEOUT.search(text) else Category.BUG


def _is_trace(text: str) -> bool:
    return text.startswith(
        ("Traceback ", "+ Exception Group ", "goroutine ", "thread '", "Exception in thread")
    )


def may_storm(line: LogLine) -> bool:
    """Whether it is a problem when a line like this recurs quickly."""
    loud = line.level in {Level.WARN, Level.ERROR, Level.FATAL}
    return loud or (_has_one(_RETRY_HINTS, line.message.lower()) and _RETRY.search(line.message) is not None)


def is_start(line: LogLine) -> bool:
    """Whether it is the line of a service that has started."""
    if line.level in _FAULTS or not _has_one(_STARTED_HINTS, line.message.lower()):
        return False
    return _STARTED.search(line.message) is not None


def _has_one(hints: tuple[str, ...], low: str) -> bool:
    for hint in hints:  # noqa: SIM110 - a generator costs more than the search
        if hint in low:
            return True
    return False


def message_pattern(text: str) -> str:
    """A message without its numbers, ids and times."""
    return _VARIABLE.sub("#", text[:_LONGEST]).strip()


def message_ids(text: str) -> tuple[str, ...]:
    """Ids of stream entries in a text."""
    return tuple(dict.fromkeys(_MESSAGE_ID.findall(text)))[:10]

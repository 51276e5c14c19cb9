"""What a log line tells the rules: its kind of trouble, and what stays the same when it recurs."""

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
_WAITED = re.compile(
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
_AGAIN = re.compile(r"\b(?:re-?tr(?:y|ies|ied|ying)|reconnect\w*|back(?:ing)?[ -]?off)\b", re.IGNORECASE)
_STARTED = re.compile(
    r"\b(?:(?:server|service|app(?:lication)?) (?:is )?(?:started|running|up|ready|listening)|"
    r"listening (?:on|at)\b|application startup complete|ready to accept connections|"
    r"started \w+ in [\d.]+ ?m?s|running on https?://|started server process|server started|"
    r"starting (?:up\b|(?:the )?(?:[\w.-]+ )?(?:server|service|app(?:lication)?|daemon)\b|gunicorn\b))",
    re.IGNORECASE,
)
# Without one of these in small letters the two above are not searched for: that costs ten times as much.
_AGAIN_HINTS = ("retr", "re-tr", "reconnect", "back")
_STARTED_HINTS = ("start", "listening", "ready", "running", " up")
_VARIABLE = re.compile(
    r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*|0x[0-9a-fA-F]+"
    r"|\b(?=[a-z-]*\d)[0-9a-f]{7,}\b|\b(?=\w*\d)(?=\w*[A-Za-z])\w{12,}\b|\d+(?:[.:,]\d+)*"
)
_MESSAGE_ID = re.compile(r"\b\d{13}-\d+\b")
_LONGEST = 300


def trouble(line: LogLine) -> Category | None:
    """The kind of trouble that a line tells of; None where it tells of none.

    A line is judged by its own level where it has one: prose about an error is no error.
    """
    text = line.message
    if line.level is None:
        if _BARE.match(text) is None or (text.startswith("Killed") and len(text) > 20):
            return None
        by_words = _by_words(text)
        return Category.CRASH if by_words is Category.BUG and _is_trace(text) else by_words
    if line.level in _FAULTS:
        kind = _by_words(text)
        return Category.CRASH if line.level is Level.FATAL and kind is Category.BUG else kind
    if line.level is Level.WARN and _WAITED.search(text) is not None:
        return Category.TIMEOUT
    return None


def graver(category: Category, text: str) -> Category:
    """The kind of trouble of a line, where the exception below it may tell more than it does itself."""
    return _by_words(text) if category is Category.BUG else category


def _by_words(text: str) -> Category:
    if _MEMORY.search(text):
        return Category.MEMORY_LEAK
    if _CRASH.search(text):
        return Category.CRASH
    return Category.TIMEOUT if _WAITED.search(text) else Category.BUG


def _is_trace(text: str) -> bool:
    return text.startswith(
        ("Traceback ", "+ Exception Group ", "goroutine ", "thread '", "Exception in thread")
    )


def may_storm(line: LogLine) -> bool:
    """Whether it is worth a word that a line like this comes again and again."""
    loud = line.level in {Level.WARN, Level.ERROR, Level.FATAL}
    return loud or (_has_one(_AGAIN_HINTS, line.message.lower()) and _AGAIN.search(line.message) is not None)


def is_start(line: LogLine) -> bool:
    """Whether it is what a service says when it has begun."""
    if line.level in _FAULTS or not _has_one(_STARTED_HINTS, line.message.lower()):
        return False
    return _STARTED.search(line.message) is not None


def _has_one(hints: tuple[str, ...], low: str) -> bool:
    for hint in hints:  # noqa: SIM110 - a generator costs more than all of the looking
        if hint in low:
            return True
    return False


def pattern(text: str) -> str:
    """What stays of a message when its numbers, ids and times are taken out."""
    return _VARIABLE.sub("#", text[:_LONGEST]).strip()


def message_ids(text: str) -> tuple[str, ...]:
    """Ids of stream entries that a text names."""
    return tuple(dict.fromkeys(_MESSAGE_ID.findall(text)))[:10]

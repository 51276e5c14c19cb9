"""The current activity of a run in one line of text, from its newest event."""

from __future__ import annotations

import re
from collections.abc import Callable

from agentdash.core.bounds import OUT_OF_RANGE
from agentdash.core.runs import event as ev
from agentdash.core.runs.model import Run, RunEvent, RunStatus
from agentdash.core.text import printable, strip_escapes
from agentdash.core.units import count, size

WIDTH = 200
"""Characters kept at most; a table may cut further."""

_CUT_EVENT = re.compile(rf'\s*\{{\s*"{ev.ENVELOPE}"\s*:')
"""The beginning of a line with an event; a piece of output may end within it."""

_Describe = Callable[[dict[str, object]], str]


def activity_text(run: Run) -> str:
    """One printable line: ``edit src/auth/token.py``, ``test 42 passed, 1 failed``, the last output.

    The state (for an ended run with its cause) where nothing runs, else the newest event.
    """
    return printable(_line(run))[:WIDTH].strip()


def event_line(event: RunEvent) -> str:
    """One printable line for any event."""
    describe = _DESCRIBE.get(event.type)
    text = describe(event.data) if describe else _plain(event.type, event.data)
    return printable(text or event.type.replace("_", " "))[:WIDTH]


def _line(run: Run) -> str:
    if run.status is RunStatus.FAILED:
        return run.error_message or run.error_code or "failed"
    if run.status is RunStatus.CANCELLED:
        return run.reason or "cancelled"
    if run.status is RunStatus.COMPLETED:
        return run.completion or "completed"
    if run.orphaned:
        return "no worker"
    if run.status is RunStatus.PAUSED:
        return f"paused: {run.reason}" if run.reason else "paused"
    if run.status is RunStatus.QUEUED:
        return "waiting for a worker"
    if run.last_event is None:
        return ""
    return event_line(run.last_event)


def _text(data: dict[str, object], *names: str) -> str:
    for name in names:
        value = data.get(name)
        if isinstance(value, str) and value.strip():
            return value
    return ""


def _last_line(text: str) -> str:
    lines = [line.strip() for line in strip_escapes(text).replace("\r", "\n").split("\n")]
    return next((line for line in reversed(lines) if line), "")


def _printed(data: dict[str, object]) -> str:
    """The last line of output, without lines of events, which are events of their own."""
    text = _text(data, "text")
    lines = [line for line in text.splitlines() if line.strip()]
    kept = [line for line in lines if not (ev.is_telemetry(line) or _CUT_EVENT.match(line))]
    return _last_line("\n".join(kept)) or (ev.TELEMETRY if len(kept) < len(lines) else "output")


def _number(data: dict[str, object], name: str) -> int | None:
    value = data.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _tests(data: dict[str, object]) -> str:
    parts = [
        f"{number} {word}"
        for word in ("passed", "failed", "skipped")
        if (number := _number(data, word)) is not None and (number or word == "passed")
    ]
    return "test " + (", ".join(parts) or "done")


def _turn_end(data: dict[str, object]) -> str:
    code = _number(data, "exitCode")
    return "turn ended" if code in {None, 0} else f"turn ended with exit code {code}"


def _cancelling(data: dict[str, object]) -> str:
    signal = _text(data, "signal")
    return f"cancelling: {signal} sent" if signal else "cancelling"


def _tokens(data: dict[str, object]) -> str:
    return f"{count(_number(data, 'total'))} tokens"


def _file(verb: str) -> _Describe:
    return lambda data: f"{verb} {_text(data, 'path', 'file') or 'a file'}"


def _tool(data: dict[str, object]) -> str:
    return f"{_text(data, 'tool') or 'tool'} {_last_line(_text(data, 'target'))}".strip()


def _retry(data: dict[str, object]) -> str:
    attempt, most = _number(data, "attempt"), _number(data, "max")
    place = "" if attempt is None else f" {attempt}" if most is None else f" {attempt}/{most}"
    return f"retry{place}: {_last_line(_text(data, 'message'))}".strip(": ")


def _step(data: dict[str, object]) -> str:
    done, total = _number(data, "done"), _number(data, "total")
    return f"plan {done}/{total}: {_text(data, 'current')}".strip(": ")


def _plain(name: str, data: dict[str, object]) -> str:
    """An unknown type: its name, and the first text found in it."""
    text = _text(data, "message", "text", "summary", "title", "path", "name", "raw")
    return f"{name.replace('_', ' ')} {_last_line(text)}".strip()


_DESCRIBE: dict[str, _Describe] = {
    ev.FILE_READ: _file("read"),
    ev.FILE_WRITTEN: _file("edit"),
    ev.FILE_DELETED: _file("delete"),
    ev.OUTPUT: _printed,
    ev.LOG_UPDATED: lambda data: _last_line(_text(data, "text", "tail")) or _file("log")(data),
    ev.TESTS_STARTED: lambda data: f"test {_text(data, 'command', 'name') or '…'}",
    ev.TESTS_COMPLETED: _tests,
    ev.TOKEN_USAGE: _tokens,
    ev.AGENT_SESSION: lambda data: (
        f"{_text(data, 'program') or 'agent'} started {_text(data, 'model')}".strip()
    ),
    ev.AGENT_MESSAGE: lambda data: _last_line(_text(data, "text")),
    ev.AGENT_RETRY: _retry,
    ev.AGENT_WARNING: lambda data: f"warning: {_text(data, 'message')}",
    ev.AGENT_FAILED: lambda data: f"failed: {_text(data, 'message')}",
    ev.TOOL_CALL: _tool,
    ev.TOOL_FAILED: lambda data: f"failed: {_tool(data)}",
    ev.PLAN: _step,
    ev.SIGNAL: lambda data: f"{_text(data, 'signal') or 'signal'} sent",
    ev.TURN_STARTED: lambda _: "turn started",
    ev.TURN_COMPLETED: _turn_end,
    ev.COMPLETION: lambda data: f"done: {_text(data, 'line')}".strip(": "),
    ev.RUN_PAUSING: lambda _: "pausing after this turn",
    ev.RUN_PAUSED: lambda _: "paused",
    ev.RUN_RESUMED: lambda _: "resumed",
    ev.RUN_STARTED: lambda _: "started",
    ev.RUN_QUEUED: lambda _: "queued",
    ev.RUN_CANCELLING: _cancelling,
    ev.RUN_FAILED: lambda data: _text(data, "message", "code") or "failed",
    ev.DROPPED: lambda data: f"{_number(data, 'count') or 'some'} events dropped",
}


def tokens_text(run: Run) -> str:
    """The total of tokens: ``12.4k``, ``–`` where unknown, ``out of range`` beyond all bounds."""
    return OUT_OF_RANGE if "stats.tokens" in run.out_of_range else count(run.tokens.total)


def malformed_text(run: Run) -> str:
    """The malformed fields, with the reason if known: ``endedAt (out of range)``."""
    sizes = dict(run.too_large)

    def word(name: str) -> str:
        if name in sizes:
            bytes_ = sizes[name]
            return f"{name} (too large{'' if bytes_ is None else ': ' + size(bytes_)})"
        return f"{name} ({OUT_OF_RANGE})" if name in run.out_of_range else name

    return ", ".join(map(word, run.malformed))

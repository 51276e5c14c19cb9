"""Rows of ``codex exec --json`` (observed with 0.45, 0.98 and 0.163), one JSON object per line.

``thread.started``, ``turn.started``, items, then ``turn.completed`` with the usage of the *whole thread so
far*, or ``turn.failed``. A top-level ``error`` row is a retry; an item of type ``error`` is a warning; a
failed command does not fail the turn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from agentdash.core.runs import event as ev
from agentdash.runner.agents.event import (
    TEXT_LIMIT,
    AgentEvent,
    TurnFailure,
    known,
    line_of,
    number_of,
    text_of,
)
from agentdash.runner.agents.rollout import Rollouts
from agentdash.runner.agents.test_suites import counts, is_test_command
from agentdash.runner.agents.usage import TokenUsage, UsageCounters, read_usage

_Row = Mapping[str, object]
_RETRY = re.compile(r"reconnecting|retrying|stream (?:error|disconnected)", re.IGNORECASE)
_ATTEMPT = re.compile(r"(\d{1,4})/(\d{1,4})")
_STATUS = re.compile(r"\b([45]\d\d)\b")
_TRANSIENT = re.compile(
    r"\b(408|409|429|5\d\d)\b|overload|rate.?limit|time.?out|disconnect|reconnect", re.IGNORECASE
)
_CHANGE_EVENTS = {"add": ev.FILE_WRITTEN, "update": ev.FILE_WRITTEN, "delete": ev.FILE_DELETED}
_MOST_CHANGES = 50
_BEGAN_OUTSIDE = "the thread began outside of this run; what it had used before is not known"


class CodexDecoder:
    """A `ProgramDecoder`.

    Args:
        threads: Tokens counted of threads in earlier turns; a resumed thread continues from there.
        rollouts: For the tokens of a thread that no earlier turn has counted; None: such a thread is new.
    """

    def __init__(self, threads: UsageCounters, rollouts: Rollouts | None = None) -> None:
        self._threads = threads
        self._rollouts = rollouts
        self._own = UsageCounters()
        self._thread: str | None = None
        self._before: TokenUsage | None = TokenUsage()
        self._last_message = ""
        self.unknown = 0

    @staticmethod
    def recognises(row: _Row) -> bool:
        """See `ProgramDecoder`."""
        name = row.get("type")
        if not isinstance(name, str):
            return False
        return name in {"thread.started", "turn.started", "turn.completed", "turn.failed"} or (
            name in {"item.started", "item.updated", "item.completed"} and isinstance(row.get("item"), dict)
        )

    def decode_row(self, row: _Row) -> list[AgentEvent]:
        """See `ProgramDecoder`."""
        match row.get("type"):
            case "thread.started":
                return self._thread_started(row)
            case "turn.completed":
                return self._turn_completed(row)
            case "turn.failed":
                return [_turn_failed(row)]
            case "error":
                return [_error(row)]
            case "item.started":
                return self._item(row, _STARTED)
            case "item.updated":
                return self._item(row, _UPDATED)
            case "item.completed":
                return self._item(row, _COMPLETED)
            case "turn.started" | "item.plan.delta":
                return []
        self.unknown += 1
        return []

    def _thread_started(self, row: _Row) -> list[AgentEvent]:
        self._thread = thread = text_of(row.get("thread_id"), 200) or None
        self._before = TokenUsage()
        if thread is not None and self._rollouts is not None and thread not in self._threads:
            self._before = self._rollouts.used_before(thread)
        return [AgentEvent(ev.AGENT_SESSION, known(program="codex", session=self._thread))]

    def _turn_completed(self, row: _Row) -> list[AgentEvent]:
        done = AgentEvent(
            ev.COMPLETION, {"line": line_of(self._last_message)}, final_message=self._last_message
        )
        usage = row.get("usage")
        total = read_usage(usage) if isinstance(usage, dict) else None
        if total is None:
            return [done]
        so_far, name = (self._own, "") if self._thread is None else (self._threads, self._thread)
        before = self._before
        if name not in so_far:
            if before is None or before.exceeds(total):
                so_far.advance(name, total)
                data: dict[str, object] = {"ofThread": total.as_data(), "why": _BEGAN_OUTSIDE}
                return [AgentEvent(ev.TOKEN_USAGE, data, uncounted=True), done]
            so_far.advance(name, before)
        used = so_far.advance(name, total)
        return [AgentEvent(ev.TOKEN_USAGE, {**used.as_data(), "ofThread": total.as_data()}, usage=used), done]

    def _item(self, row: _Row, table: Mapping[str, Callable[[_Row], list[AgentEvent]]]) -> list[AgentEvent]:
        item = row.get("item")
        name = (item.get("type") or item.get("item_type")) if isinstance(item, dict) else None
        if not isinstance(item, dict) or not isinstance(name, str) or name not in _ITEMS:
            self.unknown += 1
            return []
        decode = table.get(name)
        events = decode(item) if decode else []
        self._last_message = next((one.message for one in events if one.message), self._last_message)
        return events


def _turn_failed(row: _Row) -> AgentEvent:
    error = row.get("error")
    message = line_of(error.get("message") if isinstance(error, dict) else error, TEXT_LIMIT)
    message = message or "codex reported a failed turn"
    transient = _TRANSIENT.search(message) is not None
    return AgentEvent(ev.AGENT_FAILED, {"message": message}, failure=TurnFailure(message, transient))


def _error(row: _Row) -> AgentEvent:
    message = line_of(row.get("message"), TEXT_LIMIT)
    if not _RETRY.search(message):
        return AgentEvent(ev.AGENT_WARNING, {"message": message})
    attempt, status = _ATTEMPT.search(message), _STATUS.search(message)
    return AgentEvent(
        ev.AGENT_RETRY,
        known(
            message=message,
            attempt=int(attempt[1]) if attempt else None,
            max=int(attempt[2]) if attempt else None,
            status=int(status[1]) if status else None,
        ),
    )


def _command(item: _Row) -> str:
    command = item.get("command")
    if isinstance(command, list):
        command = " ".join(word for word in command if isinstance(word, str))
    return text_of(command)


def _command_started(item: _Row) -> list[AgentEvent]:
    command = _command(item)
    if is_test_command(command):
        return [AgentEvent(ev.TESTS_STARTED, {"command": command})]
    return [AgentEvent(ev.TOOL_CALL, known(tool="shell", target=command))]


def _command_completed(item: _Row) -> list[AgentEvent]:
    command, code = _command(item), number_of(item.get("exit_code"))
    if is_test_command(command) and item.get("status") != "declined":
        found = counts(item.get("aggregated_output"))
        return [AgentEvent(ev.TESTS_COMPLETED, {**known(command=command, exitCode=code), **found})]
    if text_of(item.get("status"), 50) in {"failed", "declined"}:
        return [AgentEvent(ev.TOOL_FAILED, known(tool="shell", target=command, exitCode=code))]
    return []


def _file_change(item: _Row) -> list[AgentEvent]:
    changes = item.get("changes")
    found: list[AgentEvent] = []
    for change in changes[:_MOST_CHANGES] if isinstance(changes, list) else ():
        kind = change.get("kind") if isinstance(change, dict) else None
        if isinstance(kind, dict):
            kind = kind.get("type")
        name = _CHANGE_EVENTS.get(kind) if isinstance(kind, str) else None
        path = text_of(change.get("path")) if isinstance(change, dict) else ""
        if name and path:
            failed = item.get("status") == "failed"
            found.append(
                AgentEvent(ev.TOOL_FAILED, {"tool": "edit", "target": path})
                if failed
                else AgentEvent(name, {"path": path})
            )
    return found


def _message(item: _Row) -> list[AgentEvent]:
    text = text_of(item.get("text"))
    return [AgentEvent(ev.AGENT_MESSAGE, {"text": text}, message=text)] if text else []


def _tool(item: _Row) -> list[AgentEvent]:
    name = ".".join(part for key in ("server", "tool") if (part := text_of(item.get(key), 100)))
    return [AgentEvent(ev.TOOL_CALL, known(tool=name or "tool"))]


def _tool_done(item: _Row) -> list[AgentEvent]:
    if item.get("status") != "failed":
        return []
    error = item.get("error")
    message = line_of(error.get("message") if isinstance(error, dict) else error)
    return [AgentEvent(ev.TOOL_FAILED, {**_tool(item)[0].data, **known(message=message)})]


def _plan(item: _Row) -> list[AgentEvent]:
    steps = item.get("items")
    steps = [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []
    if not steps:
        return []
    open_steps = [step for step in steps if step.get("completed") is not True]
    current = line_of(open_steps[0].get("text"), 200) if open_steps else None
    data = known(done=len(steps) - len(open_steps), total=len(steps), current=current)
    return [AgentEvent(ev.PLAN, data)]


_STARTED: dict[str, Callable[[_Row], list[AgentEvent]]] = {
    "command_execution": _command_started,
    "mcp_tool_call": _tool,
    "collab_tool_call": _tool,
    "web_search": lambda item: [
        AgentEvent(ev.TOOL_CALL, known(tool="web_search", target=text_of(item.get("query"))))
    ],
    "todo_list": _plan,
}
_UPDATED: dict[str, Callable[[_Row], list[AgentEvent]]] = {"todo_list": _plan}
_COMPLETED: dict[str, Callable[[_Row], list[AgentEvent]]] = {
    "agent_message": _message,
    "assistant_message": _message,
    "command_execution": _command_completed,
    "file_change": _file_change,
    "mcp_tool_call": _tool_done,
    "collab_tool_call": _tool_done,
    "todo_list": _plan,
    "error": lambda item: [
        AgentEvent(ev.AGENT_WARNING, {"message": line_of(item.get("message"), TEXT_LIMIT)})
    ],
}
_ITEMS = {*_STARTED, *_COMPLETED, "reasoning"}

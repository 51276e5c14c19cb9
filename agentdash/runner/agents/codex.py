"""The rows that ``codex exec --json`` prints (as seen of 0.45, 0.98 and 0.163), one JSON object a line.

``thread.started``, ``turn.started``, items, then ``turn.completed`` with the usage of the *whole thread so
far*, or ``turn.failed``. An ``error`` row at the top says that it asks again; an item of type ``error`` is a
warning; a command that failed is no failed turn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from agentdash.core.runs import event as ev
from agentdash.runner.agents.reported import TEXT_LIMIT, Failure, Told, known, line_of, number_of, text_of
from agentdash.runner.agents.rollout import Rollouts
from agentdash.runner.agents.test_suites import counts, is_test_command
from agentdash.runner.agents.usage import Usage, UsageSoFar, read_usage

_Row = Mapping[str, object]
_AGAIN = re.compile(r"reconnecting|retrying|stream (?:error|disconnected)", re.IGNORECASE)
_ATTEMPT = re.compile(r"(\d{1,4})/(\d{1,4})")
_STATUS = re.compile(r"\b([45]\d\d)\b")
_LATER = re.compile(
    r"\b(408|409|429|5\d\d)\b|overload|rate.?limit|time.?out|disconnect|reconnect", re.IGNORECASE
)
_KINDS = {"add": ev.FILE_WRITTEN, "update": ev.FILE_WRITTEN, "delete": ev.FILE_DELETED}
_MOST_CHANGES = 50
_BEGAN_OUTSIDE = "the thread began outside of this run; what it had used before is not known"


class CodexDecoder:
    """Understands these rows.

    Args:
        threads: What was counted of threads before; a resumed one goes on there.
        rollouts: Tell what a thread had used before that none of our turns has seen; None: it is a new one.

    Attributes:
        unknown: Rows and items of types that are not known.
    """

    def __init__(self, threads: UsageSoFar, rollouts: Rollouts | None = None) -> None:
        self._threads = threads
        self._rollouts = rollouts
        self._own = UsageSoFar()
        self._thread: str | None = None
        self._before: Usage | None = Usage()
        self._said = ""
        self.unknown = 0

    @staticmethod
    def knows(row: _Row) -> bool:
        """Whether *row* is one of these."""
        name = row.get("type")
        if not isinstance(name, str):
            return False
        return name in {"thread.started", "turn.started", "turn.completed", "turn.failed"} or (
            name in {"item.started", "item.updated", "item.completed"} and isinstance(row.get("item"), dict)
        )

    def row(self, row: _Row) -> list[Told]:
        """What one row tells."""
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

    def _thread_started(self, row: _Row) -> list[Told]:
        self._thread = thread = text_of(row.get("thread_id"), 200) or None
        self._before = Usage()
        if thread is not None and self._rollouts is not None and not self._threads.knows(thread):
            self._before = self._rollouts.used_before(thread)
        return [Told(ev.AGENT_SESSION, known(program="codex", session=self._thread))]

    def _turn_completed(self, row: _Row) -> list[Told]:
        done = Told(ev.COMPLETION, {"line": line_of(self._said)}, done=self._said)
        usage = row.get("usage")
        total = read_usage(usage) if isinstance(usage, dict) else None
        if total is None:
            return [done]
        so_far, name = (self._own, "") if self._thread is None else (self._threads, self._thread)
        before = self._before
        if not so_far.knows(name):
            if before is None or before.exceeds(total):
                so_far.risen_to(name, total)
                data: dict[str, object] = {"ofThread": total.as_data(), "why": _BEGAN_OUTSIDE}
                return [Told(ev.TOKEN_USAGE, data, uncounted=True), done]
            so_far.risen_to(name, before)
        used = so_far.risen_to(name, total)
        return [Told(ev.TOKEN_USAGE, {**used.as_data(), "ofThread": total.as_data()}, usage=used), done]

    def _item(self, row: _Row, table: Mapping[str, Callable[[_Row], list[Told]]]) -> list[Told]:
        item = row.get("item")
        name = (item.get("type") or item.get("item_type")) if isinstance(item, dict) else None
        if not isinstance(item, dict) or not isinstance(name, str) or name not in _ITEMS:
            self.unknown += 1
            return []
        say = table.get(name)
        told = say(item) if say else []
        self._said = next((one.words for one in told if one.words), self._said)
        return told


def _turn_failed(row: _Row) -> Told:
    error = row.get("error")
    message = line_of(error.get("message") if isinstance(error, dict) else error, TEXT_LIMIT)
    message = message or "codex says that the turn failed"
    later = _LATER.search(message) is not None
    return Told(ev.AGENT_FAILED, {"message": message}, failure=Failure(message, later))


def _error(row: _Row) -> Told:
    message = line_of(row.get("message"), TEXT_LIMIT)
    if not _AGAIN.search(message):
        return Told(ev.AGENT_WARNING, {"message": message})
    attempt, status = _ATTEMPT.search(message), _STATUS.search(message)
    return Told(
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


def _command_started(item: _Row) -> list[Told]:
    command = _command(item)
    if is_test_command(command):
        return [Told(ev.TESTS_STARTED, {"command": command})]
    return [Told(ev.TOOL_CALL, known(tool="shell", target=command))]


def _command_completed(item: _Row) -> list[Told]:
    command, code = _command(item), number_of(item.get("exit_code"))
    if is_test_command(command) and item.get("status") != "declined":
        found = counts(item.get("aggregated_output"))
        return [Told(ev.TESTS_COMPLETED, {**known(command=command, exitCode=code), **found})]
    if text_of(item.get("status"), 50) in {"failed", "declined"}:
        return [Told(ev.TOOL_FAILED, known(tool="shell", target=command, exitCode=code))]
    return []


def _file_change(item: _Row) -> list[Told]:
    changes = item.get("changes")
    found: list[Told] = []
    for change in changes[:_MOST_CHANGES] if isinstance(changes, list) else ():
        kind = change.get("kind") if isinstance(change, dict) else None
        if isinstance(kind, dict):
            kind = kind.get("type")
        name = _KINDS.get(kind) if isinstance(kind, str) else None
        path = text_of(change.get("path")) if isinstance(change, dict) else ""
        if name and path:
            failed = item.get("status") == "failed"
            found.append(
                Told(ev.TOOL_FAILED, {"tool": "edit", "target": path})
                if failed
                else Told(name, {"path": path})
            )
    return found


def _message(item: _Row) -> list[Told]:
    text = text_of(item.get("text"))
    return [Told(ev.AGENT_MESSAGE, {"text": text}, words=text)] if text else []


def _tool(item: _Row) -> list[Told]:
    name = ".".join(part for key in ("server", "tool") if (part := text_of(item.get(key), 100)))
    return [Told(ev.TOOL_CALL, known(tool=name or "tool"))]


def _tool_done(item: _Row) -> list[Told]:
    if item.get("status") != "failed":
        return []
    error = item.get("error")
    message = line_of(error.get("message") if isinstance(error, dict) else error)
    return [Told(ev.TOOL_FAILED, {**_tool(item)[0].data, **known(message=message)})]


def _plan(item: _Row) -> list[Told]:
    steps = item.get("items")
    steps = [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []
    if not steps:
        return []
    open_steps = [step for step in steps if step.get("completed") is not True]
    current = line_of(open_steps[0].get("text"), 200) if open_steps else None
    data = known(done=len(steps) - len(open_steps), total=len(steps), current=current)
    return [Told(ev.PLAN, data)]


_STARTED: dict[str, Callable[[_Row], list[Told]]] = {
    "command_execution": _command_started,
    "mcp_tool_call": _tool,
    "collab_tool_call": _tool,
    "web_search": lambda item: [
        Told(ev.TOOL_CALL, known(tool="web_search", target=text_of(item.get("query"))))
    ],
    "todo_list": _plan,
}
_UPDATED: dict[str, Callable[[_Row], list[Told]]] = {"todo_list": _plan}
_COMPLETED: dict[str, Callable[[_Row], list[Told]]] = {
    "agent_message": _message,
    "assistant_message": _message,
    "command_execution": _command_completed,
    "file_change": _file_change,
    "mcp_tool_call": _tool_done,
    "collab_tool_call": _tool_done,
    "todo_list": _plan,
    "error": lambda item: [Told(ev.AGENT_WARNING, {"message": line_of(item.get("message"), TEXT_LIMIT)})],
}
_ITEMS = {*_STARTED, *_COMPLETED, "reasoning"}

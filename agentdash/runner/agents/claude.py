"""Rows of ``claude -p --output-format stream-json`` (observed with 1.0.128, 2.0.30 and 2.1.197).

``system/init``, then messages, one row for each content block, then one ``result``. Only the result has the
tokens used: those in message rows are counts at the message's start. Its ``modelUsage`` includes sub-agents,
its ``usage`` does not. Failure is in ``is_error``, not in ``subtype``.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

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
_MOST_OPEN_CALLS = 500
"""Tool calls without a result that are kept at most."""
_MOST_MODELS = 20
_FILES = {
    "Read": ev.FILE_READ, "NotebookRead": ev.FILE_READ, "Write": ev.FILE_WRITTEN, "Edit": ev.FILE_WRITTEN,
    "MultiEdit": ev.FILE_WRITTEN, "NotebookEdit": ev.FILE_WRITTEN,
}  # fmt: skip
_TARGETS = (
    "file_path",
    "notebook_path",
    "path",
    "command",
    "description",
    "pattern",
    "query",
    "url",
    "prompt",
)
_IGNORED = frozenset({
    "stream_event", "rate_limit_event", "tool_progress", "auth_status", "keep_alive", "tool_use_summary",
    "prompt_suggestion", "control_request", "control_response", "control_cancel_request", "log",
})  # fmt: skip
"""Known rows of which a run records nothing."""


@dataclass(frozen=True, slots=True)
class _Call:
    tool: str
    target: str


class ClaudeDecoder:
    """A `ProgramDecoder`; *threads* and *rollouts* are unused, as each process reports its own tokens."""

    def __init__(self, threads: UsageCounters, rollouts: Rollouts | None = None) -> None:
        del threads, rollouts
        self._used = UsageCounters(restarts=True)
        self._open: OrderedDict[str, _Call] = OrderedDict()
        self.unknown = 0

    @staticmethod
    def recognises(row: _Row) -> bool:
        """See `ProgramDecoder`."""
        if not isinstance(row.get("session_id"), str):
            return False
        match row.get("type"):
            case "system":
                return isinstance(row.get("subtype"), str)
            case "assistant" | "user":
                return isinstance(row.get("message"), dict)
            case "result":
                return isinstance(row.get("is_error"), bool) or isinstance(row.get("subtype"), str)
        return False

    def decode_row(self, row: _Row) -> list[AgentEvent]:
        """See `ProgramDecoder`."""
        match row.get("type"):
            case "system":
                decode = _SYSTEM.get(str(row.get("subtype")))
                return decode(row) if decode else []
            case "assistant":
                return self._assistant(row)
            case "user":
                return [event for block in _blocks(row) for event in self._result_of_tool(block)]
            case "result":
                return self._result(row)
            case str() as name if name in _IGNORED:
                return []
        self.unknown += 1
        return []

    def _assistant(self, row: _Row) -> list[AgentEvent]:
        error = text_of(row.get("error"), 200)
        if error:
            text = " ".join(
                line_of(block.get("text")) for block in _blocks(row) if block.get("type") == "text"
            )
            return [AgentEvent(ev.AGENT_WARNING, known(message=text or error, code=error))]
        main = row.get("parent_tool_use_id") is None
        found: list[AgentEvent] = []
        for block in _blocks(row):
            match block.get("type"):
                case "text" if text := text_of(block.get("text")):
                    if main:
                        found.append(AgentEvent(ev.AGENT_MESSAGE, {"text": text}, message=text))
                case "tool_use":
                    found += self._tool_use(block)
        return found

    def _tool_use(self, block: _Row) -> list[AgentEvent]:
        call_id, name = text_of(block.get("id"), 200), text_of(block.get("name"), 200) or "tool"
        given = block.get("input")
        given = given if isinstance(given, dict) else {}
        call = _Call(name, next((text for key in _TARGETS if (text := text_of(given.get(key)))), ""))
        if call_id in self._open:
            return []
        if call_id:
            self._open[call_id] = call
        if len(self._open) > _MOST_OPEN_CALLS:
            self._open.popitem(last=False)
        if name == "TodoWrite":
            return _plan(given.get("todos"))
        if name in _FILES:
            return []  # reported with its result
        if name == "Bash" and is_test_command(call.target):
            return [AgentEvent(ev.TESTS_STARTED, {"command": call.target})]
        return [AgentEvent(ev.TOOL_CALL, known(tool=name, target=call.target))]

    def _result_of_tool(self, block: _Row) -> list[AgentEvent]:
        call = self._open.pop(text_of(block.get("tool_use_id"), 200), None)
        if block.get("type") != "tool_result" or call is None:
            return []
        failed = block.get("is_error") is True
        text = _content(block.get("content"))
        if call.tool == "Bash" and is_test_command(call.target):
            return [
                AgentEvent(ev.TESTS_COMPLETED, {**known(command=call.target, ok=not failed), **counts(text)})
            ]
        if failed:
            return [
                AgentEvent(ev.TOOL_FAILED, known(tool=call.tool, target=call.target, message=line_of(text)))
            ]
        if call.tool in _FILES and call.target:
            return [AgentEvent(_FILES[call.tool], {"path": call.target})]
        return []

    def _result(self, row: _Row) -> list[AgentEvent]:
        found: list[AgentEvent] = []
        total, models = _usage(row)
        if total is not None:
            used = self._used.advance("", total)
            cost = row.get("total_cost_usd")
            beside = known(costUsd=cost if isinstance(cost, int | float) else None, models=models or None)
            found.append(AgentEvent(ev.TOKEN_USAGE, {**used.as_data(), **beside}, usage=used))
        return [*found, _ending(row)]


def _usage(row: _Row) -> tuple[TokenUsage | None, dict[str, object]]:
    """Tokens of the whole process, with sub-agents where reported, and the totals by model."""
    of_models = row.get("modelUsage")
    by_model: dict[str, TokenUsage] = {}
    for name, used in of_models.items() if isinstance(of_models, dict) else ():
        if isinstance(used, dict) and (one := read_usage(used)) is not None:
            by_model[str(name)[:100]] = one
    if by_model:
        total = sum(by_model.values(), TokenUsage())
        return total, {name: one.total for name, one in list(by_model.items())[:_MOST_MODELS]}
    plain = row.get("usage")
    return (read_usage(plain) if isinstance(plain, dict) else None), {}


def _ending(row: _Row) -> AgentEvent:
    subtype = text_of(row.get("subtype"), 100)
    is_error = row.get("is_error")
    failed = is_error if isinstance(is_error, bool) else subtype.startswith("error")
    result = text_of(row.get("result"))
    if not failed:
        denied = row.get("permission_denials")
        denials = len(denied) if isinstance(denied, list) and denied else None
        return AgentEvent(
            ev.COMPLETION,
            {"line": line_of(result), **known(denials=denials)},
            message=result,
            final_message=result,
        )
    errors = row.get("errors")
    first = (
        next((line for error in errors if (line := line_of(error))), "") if isinstance(errors, list) else ""
    )
    message = line_of(result, TEXT_LIMIT) or first or subtype.replace("_", " ") or "claude reported a failure"
    status = number_of(row.get("api_error_status"))
    transient = status in {408, 409, 429} or (status is not None and status >= 500) or "verloaded" in message
    return AgentEvent(
        ev.AGENT_FAILED,
        known(message=message, subtype=subtype, status=status),
        failure=TurnFailure(message, transient),
    )


def _init(row: _Row) -> list[AgentEvent]:
    data = known(
        program="claude",
        session=text_of(row.get("session_id"), 200),
        model=text_of(row.get("model"), 200),
        version=text_of(row.get("claude_code_version"), 50),
    )
    return [AgentEvent(ev.AGENT_SESSION, data)]


def _retry(row: _Row) -> list[AgentEvent]:
    error = row.get("error")
    message = error.get("message") if isinstance(error, dict) else error
    data = known(
        message=line_of(message),
        attempt=number_of(row.get("attempt")),
        max=number_of(row.get("max_retries")),
        status=number_of(row.get("error_status")),
        delayMs=row.get("retry_delay_ms") if isinstance(row.get("retry_delay_ms"), int | float) else None,
    )
    return [AgentEvent(ev.AGENT_RETRY, data)]


def _task_over(row: _Row) -> list[AgentEvent]:
    if row.get("status") != "failed":
        return []
    return [AgentEvent(ev.TOOL_FAILED, known(tool="task", message=line_of(row.get("summary"))))]


def _compacted(_: _Row) -> list[AgentEvent]:
    return [AgentEvent(ev.AGENT_WARNING, {"message": "the conversation was compacted"})]


_SYSTEM: dict[str, Callable[[_Row], list[AgentEvent]]] = {
    "init": _init,
    "api_retry": _retry,
    "task_notification": _task_over,
    "compact_boundary": _compacted,
}
"""By subtype; of the other (about forty) kinds a run records nothing."""


def _plan(todos: object) -> list[AgentEvent]:
    steps = [todo for todo in todos if isinstance(todo, dict)] if isinstance(todos, list) else []
    if not steps:
        return []
    done = sum(step.get("status") == "completed" for step in steps)
    current = next((step for step in steps if step.get("status") == "in_progress"), None)
    step = line_of(current.get("activeForm") or current.get("content"), 200) if current else None
    return [AgentEvent(ev.PLAN, known(done=done, total=len(steps), current=step))]


def _blocks(row: _Row) -> Iterator[_Row]:
    message = row.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    yield from (block for block in content if isinstance(block, dict)) if isinstance(content, list) else ()


def _content(content: object) -> str:
    if isinstance(content, list):
        texts = (block.get("text") for block in content if isinstance(block, dict))
        return "\n".join(text for text in texts if isinstance(text, str))
    return content if isinstance(content, str) else ""

"""The rows that ``claude -p --output-format stream-json`` prints (as seen of 1.0.128, 2.0.30 and 2.1.197).

``system/init``, then messages, one row for each block of content, then one ``result``. Only the result tells
how many tokens were used: those in the rows of messages are the state at their beginning. Its ``modelUsage``
includes sub-agents, its ``usage`` does not. Whether it failed stands in ``is_error``, not in ``subtype``.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from agentdash.core.runs import event as ev
from agentdash.runner.agents.reported import TEXT_LIMIT, Failure, Told, known, line_of, number_of, text_of
from agentdash.runner.agents.rollout import Rollouts
from agentdash.runner.agents.test_suites import counts, is_test_command
from agentdash.runner.agents.usage import Usage, UsageSoFar, read_usage

_Row = Mapping[str, object]
_OPEN = 500
"""Calls of tools without a result that are remembered."""
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
_QUIET = frozenset({
    "stream_event", "rate_limit_event", "tool_progress", "auth_status", "keep_alive", "tool_use_summary",
    "prompt_suggestion", "control_request", "control_response", "control_cancel_request", "log",
})  # fmt: skip
"""Rows that are known and tell nothing that a run records."""


@dataclass(frozen=True, slots=True)
class _Call:
    tool: str
    target: str


class ClaudeDecoder:
    """Understands these rows.

    Args:
        threads: Not needed: each process tells its own tokens.
        rollouts: Nor are these.

    Attributes:
        unknown: Rows of types that are not known.
    """

    def __init__(self, threads: UsageSoFar, rollouts: Rollouts | None = None) -> None:
        del threads, rollouts
        self._used = UsageSoFar(restarts=True)
        self._open: OrderedDict[str, _Call] = OrderedDict()
        self.unknown = 0

    @staticmethod
    def knows(row: _Row) -> bool:
        """Whether *row* is one of these."""
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

    def row(self, row: _Row) -> list[Told]:
        """What one row tells."""
        match row.get("type"):
            case "system":
                say = _SYSTEM.get(str(row.get("subtype")))
                return say(row) if say else []
            case "assistant":
                return self._assistant(row)
            case "user":
                return [told for block in _blocks(row) for told in self._result_of_tool(block)]
            case "result":
                return self._result(row)
            case str() as name if name in _QUIET:
                return []
        self.unknown += 1
        return []

    def _assistant(self, row: _Row) -> list[Told]:
        error = text_of(row.get("error"), 200)
        if error:
            said = " ".join(
                line_of(block.get("text")) for block in _blocks(row) if block.get("type") == "text"
            )
            return [Told(ev.AGENT_WARNING, known(message=said or error, code=error))]
        main = row.get("parent_tool_use_id") is None
        found: list[Told] = []
        for block in _blocks(row):
            match block.get("type"):
                case "text" if text := text_of(block.get("text")):
                    if main:
                        found.append(Told(ev.AGENT_MESSAGE, {"text": text}, words=text))
                case "tool_use":
                    found += self._tool_use(block)
        return found

    def _tool_use(self, block: _Row) -> list[Told]:
        call_id, name = text_of(block.get("id"), 200), text_of(block.get("name"), 200) or "tool"
        given = block.get("input")
        given = given if isinstance(given, dict) else {}
        call = _Call(name, next((text for key in _TARGETS if (text := text_of(given.get(key)))), ""))
        if call_id in self._open:
            return []
        if call_id:
            self._open[call_id] = call
        if len(self._open) > _OPEN:
            self._open.popitem(last=False)
        if name == "TodoWrite":
            return _plan(given.get("todos"))
        if name in _FILES:
            return []  # told when it has worked
        if name == "Bash" and is_test_command(call.target):
            return [Told(ev.TESTS_STARTED, {"command": call.target})]
        return [Told(ev.TOOL_CALL, known(tool=name, target=call.target))]

    def _result_of_tool(self, block: _Row) -> list[Told]:
        call = self._open.pop(text_of(block.get("tool_use_id"), 200), None)
        if block.get("type") != "tool_result" or call is None:
            return []
        failed = block.get("is_error") is True
        said = _content(block.get("content"))
        if call.tool == "Bash" and is_test_command(call.target):
            return [Told(ev.TESTS_COMPLETED, {**known(command=call.target, ok=not failed), **counts(said)})]
        if failed:
            return [Told(ev.TOOL_FAILED, known(tool=call.tool, target=call.target, message=line_of(said)))]
        if call.tool in _FILES and call.target:
            return [Told(_FILES[call.tool], {"path": call.target})]
        return []

    def _result(self, row: _Row) -> list[Told]:
        found: list[Told] = []
        total, models = _usage(row)
        if total is not None:
            used = self._used.risen_to("", total)
            cost = row.get("total_cost_usd")
            beside = known(costUsd=cost if isinstance(cost, int | float) else None, models=models or None)
            found.append(Told(ev.TOKEN_USAGE, {**used.as_data(), **beside}, usage=used))
        return [*found, _ending(row)]


def _usage(row: _Row) -> tuple[Usage | None, dict[str, object]]:
    """Tokens of the whole process, with sub-agents where it tells them, and the totals by model."""
    of_models = row.get("modelUsage")
    by_model: dict[str, Usage] = {}
    for name, used in of_models.items() if isinstance(of_models, dict) else ():
        if isinstance(used, dict) and (one := read_usage(used)) is not None:
            by_model[str(name)[:100]] = one
    if by_model:
        total = sum(by_model.values(), Usage())
        return total, {name: one.total for name, one in list(by_model.items())[:_MOST_MODELS]}
    plain = row.get("usage")
    return (read_usage(plain) if isinstance(plain, dict) else None), {}


def _ending(row: _Row) -> Told:
    subtype = text_of(row.get("subtype"), 100)
    is_error = row.get("is_error")
    failed = is_error if isinstance(is_error, bool) else subtype.startswith("error")
    words = text_of(row.get("result"))
    if not failed:
        denied = row.get("permission_denials")
        denials = len(denied) if isinstance(denied, list) and denied else None
        return Told(
            ev.COMPLETION, {"line": line_of(words), **known(denials=denials)}, words=words, done=words
        )
    errors = row.get("errors")
    first = (
        next((line for error in errors if (line := line_of(error))), "") if isinstance(errors, list) else ""
    )
    message = line_of(words, TEXT_LIMIT) or first or subtype.replace("_", " ") or "claude says that it failed"
    status = number_of(row.get("api_error_status"))
    later = status in {408, 409, 429} or (status is not None and status >= 500) or "verloaded" in message
    return Told(
        ev.AGENT_FAILED,
        known(message=message, subtype=subtype, status=status),
        failure=Failure(message, later),
    )


def _init(row: _Row) -> list[Told]:
    data = known(
        program="claude",
        session=text_of(row.get("session_id"), 200),
        model=text_of(row.get("model"), 200),
        version=text_of(row.get("claude_code_version"), 50),
    )
    return [Told(ev.AGENT_SESSION, data)]


def _retry(row: _Row) -> list[Told]:
    error = row.get("error")
    message = error.get("message") if isinstance(error, dict) else error
    data = known(
        message=line_of(message),
        attempt=number_of(row.get("attempt")),
        max=number_of(row.get("max_retries")),
        status=number_of(row.get("error_status")),
        delayMs=row.get("retry_delay_ms") if isinstance(row.get("retry_delay_ms"), int | float) else None,
    )
    return [Told(ev.AGENT_RETRY, data)]


def _task_over(row: _Row) -> list[Told]:
    if row.get("status") != "failed":
        return []
    return [Told(ev.TOOL_FAILED, known(tool="task", message=line_of(row.get("summary"))))]


def _compacted(_: _Row) -> list[Told]:
    return [Told(ev.AGENT_WARNING, {"message": "the conversation was compacted"})]


_SYSTEM: dict[str, Callable[[_Row], list[Told]]] = {
    "init": _init,
    "api_retry": _retry,
    "task_notification": _task_over,
    "compact_boundary": _compacted,
}
"""There are about forty kinds; the rest tells nothing that a run records."""


def _plan(todos: object) -> list[Told]:
    steps = [todo for todo in todos if isinstance(todo, dict)] if isinstance(todos, list) else []
    if not steps:
        return []
    done = sum(step.get("status") == "completed" for step in steps)
    current = next((step for step in steps if step.get("status") == "in_progress"), None)
    words = line_of(current.get("activeForm") or current.get("content"), 200) if current else None
    return [Told(ev.PLAN, known(done=done, total=len(steps), current=words))]


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

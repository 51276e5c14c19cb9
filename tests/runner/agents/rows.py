"""Rows as the two programs print them, made by the formats that their real output was seen to have."""

from __future__ import annotations

import json

SESSION = "03bb2cc3-d800-7d91-a4c3-6e7f6f6b4f30"
"""An id of version 7 tells when the thread began: of this one, in 2100, so that it is always a new one."""
OTHER_SESSION = "03bb2cc3-d801-7d91-a4c3-6e7f6f6b4f30"
OLD_SESSION = "0199a6f2-63c1-7d91-a4c3-6e7f6f6b4f30"
"""Of a thread that began on 2025-10-02."""


def lines(*rows: object) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def codex(
    input_tokens: int, cached: int, output: int, *, thread: str = SESSION, text: str = "all done"
) -> list[object]:
    """One turn of ``codex exec --json``; the usage is that of the thread so far."""
    command = "bash -lc 'cd /src && uv run pytest -q'"
    usage = {
        "input_tokens": input_tokens, "cached_input_tokens": cached, "output_tokens": output,
        "cache_write_input_tokens": 5, "reasoning_output_tokens": 3,
    }  # fmt: skip
    return [
        {"type": "thread.started", "thread_id": thread},
        item("completed", "item_0", "error", message="Model metadata for `x` not found"),
        {"type": "turn.started"},
        item("completed", "item_1", "reasoning", text="**Thinking**"),
        {"type": "error", "message": "Reconnecting... 1/5 (unexpected status 429 Too Many Requests)"},
        item("started", "item_2", "command_execution", command=command, aggregated_output="", exit_code=None,
             status="in_progress"),
        item("completed", "item_2", "command_execution", command=command, exit_code=1, status="failed",
             aggregated_output="F.\n1 failed, 41 passed, 2 skipped in 0.50s\n"),
        item("completed", "item_3", "file_change", status="completed",
             changes=[{"path": "/src/ü.py", "kind": "update"}, {"path": "/src/old.py", "kind": "delete"}]),
        item("started", "item_4", "todo_list", items=[{"text": "a", "completed": True}, {"text": "b"}]),
        {"type": "item.plan.delta", "delta": "…"},
        item("completed", "item_5", "agent_message", text=text),
        {"type": "turn.completed", "usage": usage},
    ]  # fmt: skip


def item(step: str, item_id: str, kind: str, **fields: object) -> dict[str, object]:
    return {"type": f"item.{step}", "item": {"id": item_id, "type": kind, **fields}}


def claude(*, result: dict[str, object] | None = None, session: str = SESSION) -> list[object]:
    """One ``claude -p --output-format stream-json``, with a sub-agent of another model."""
    start = {
        "input_tokens": 4, "cache_creation_input_tokens": 100, "cache_read_input_tokens": 900,
        "output_tokens": 1, "service_tier": "standard",
    }  # fmt: skip

    def said(block: object, parent: str | None = None) -> dict[str, object]:
        message = {"id": "msg_1", "role": "assistant", "content": [block], "usage": start}
        return {"type": "assistant", "message": message, "parent_tool_use_id": parent, "session_id": session}

    def use(call: str, name: str, **given: object) -> object:
        return {"type": "tool_use", "id": call, "name": name, "input": given}

    def answer(call: str, content: object, error: bool | None = None) -> dict[str, object]:
        block = {"type": "tool_result", "tool_use_id": call, "content": content}
        if error is not None:
            block["is_error"] = error
        return {"type": "user", "message": {"role": "user", "content": [block]}, "session_id": session}

    ran = "..\nRan 12 tests in 0.01s\n\nFAILED (failures=1, errors=1, skipped=2)"
    return [
        {"type": "system", "subtype": "init", "cwd": "/src", "session_id": session, "tools": ["Bash"],
         "model": "claude-opus-4-8[1m]", "claude_code_version": "2.1.197"},
        said({"type": "thinking", "thinking": "hm"}),
        said({"type": "text", "text": "Let me look.\nIt is in token.py"}),
        said(use("t1", "Read", file_path="/src/token.py")),
        answer("t1", [{"type": "text", "text": "1→x"}]),
        said(use("t2", "Edit", file_path="/src/token.py", old_string="x", new_string="ü")),
        answer("t2", "The file has been updated"),
        said(use("t3", "Write", file_path="/etc/passwd", content="x")),
        answer("t3", "Permission denied", error=True),
        said(use("t4", "Bash", command="python -m unittest")),
        answer("t4", ran, error=True),
        {"type": "system", "subtype": "api_retry", "attempt": 1, "max_retries": 10, "retry_delay_ms": 512,
         "error_status": 529, "error": "overloaded", "session_id": session},
        said(use("t5", "Task", description="look context", prompt="…", subagent_type="Explore")),
        said({"type": "text", "text": "ALL DONE says the sub-agent"}, parent="t5"),
        answer("t5", "found"),
        {"type": "rate_limit_event", "session_id": session},
        result if result is not None else claude_result(session=session),
    ]  # fmt: skip


def claude_result(*, session: str = SESSION, **changes: object) -> dict[str, object]:
    return {
        "type": "result", "subtype": "success", "is_error": False, "duration_ms": 1, "num_turns": 4,
        "result": "Fixed.\nALL DONE", "session_id": session, "total_cost_usd": 0.25,
        "usage": {"input_tokens": 10, "cache_creation_input_tokens": 100, "cache_read_input_tokens": 2000,
                  "output_tokens": 50},
        "modelUsage": {
            "claude-opus-4-8[1m]": {"inputTokens": 10, "outputTokens": 50, "cacheReadInputTokens": 2000,
                                    "cacheCreationInputTokens": 100, "webSearchRequests": 0, "costUSD": 0.2},
            "claude-haiku": {"inputTokens": 7, "outputTokens": 3, "cacheReadInputTokens": 0,
                             "cacheCreationInputTokens": 0, "costUSD": 0.05},
        },
        "permission_denials": [], **changes,
    }  # fmt: skip

"""What a thread of Codex had used before, from its rollout: by the formats of three versions."""

from __future__ import annotations

import json
import pwd
from pathlib import Path

import pytest

from agentdash.runner.agents.rollout import TAIL, Rollouts, codex_home
from agentdash.runner.agents.usage import TokenUsage
from tests.runner.agents.rows import OLD_SESSION, SESSION

BEGAN = 1_760_000_000_000
EARLY, LATE = "2025-10-02T10:00:00.000Z", "2025-10-09T08:53:21.000Z"
USED = {"input_tokens": 100, "cached_input_tokens": 40, "output_tokens": 7, "total_tokens": 107}
MORE = {"input_tokens": 900, "cached_input_tokens": 40, "output_tokens": 70, "total_tokens": 970}


def event(payload: object, at: str = EARLY, kind: str = "event_msg") -> object:
    return {"timestamp": at, "type": kind, "payload": payload}


def count(total: object, at: str = EARLY) -> object:
    info = None if total is None else {"total_token_usage": total, "last_token_usage": USED}
    return event({"type": "token_count", "info": info, "rate_limits": None}, at)


def write(home: Path, *rows: object, folder: str = "sessions/2025/10/02", thread: str = OLD_SESSION) -> Path:
    path = home / folder / f"rollout-2025-10-02T23-00-00-{thread}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows) + '{"timestamp": "2025-10-02T1')
    return path


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([count(USED), event({"type": "x", "message": '"token_count"'}), count(None)], (107, 60, 7, 40)),
        ([count(USED), count(MORE), count(MORE, LATE), 42, [1]], (970, 860, 70, 40)),
        ([event({"thread_token_usage": USED, "usage": MORE}, kind="token_usage_record")], (107, 60, 7, 40)),
        ([count(None)], (0, 0, 0, 0)),
        ([count(USED, "soon"), count({"input_tokens": "x"})], None),
        ([event({"type": "user_message", "message": "hi"})], None),
        ([count(USED, LATE)], None),
    ],
)  # fmt: skip
def test_the_newest_total_before_the_run(tmp_path: Path, rows: list[object], expected: object) -> None:
    write(tmp_path, *rows)
    found = Rollouts(tmp_path, BEGAN).used_before(OLD_SESSION)
    assert found == (None if expected is None else TokenUsage(*expected))  # type: ignore[misc]


def test_where_it_lies_and_what_is_new(tmp_path: Path) -> None:
    rollouts = Rollouts(tmp_path, BEGAN)
    assert rollouts.used_before(OLD_SESSION) is None
    assert rollouts.used_before(SESSION) == TokenUsage()
    assert rollouts.used_before("no-uuid") is None
    assert rollouts.used_before("../../x") is None
    write(tmp_path, count(USED), thread="no-uuid")
    assert rollouts.used_before("no-uuid") == TokenUsage(107, 60, 7, 40)
    write(tmp_path, count(USED), folder="archived_sessions")
    assert rollouts.used_before(OLD_SESSION) == TokenUsage(107, 60, 7, 40)


def test_of_a_large_file_only_the_end_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, count(USED))
    with path.open("ab") as file:
        file.write(b"\n" + b"x" * TAIL)
    assert Rollouts(tmp_path, BEGAN).used_before(OLD_SESSION) is None
    with path.open("ab") as file:
        file.write(b"\n" + json.dumps(count(MORE)).encode() + b"\n")
    assert Rollouts(tmp_path, BEGAN).used_before(OLD_SESSION) == TokenUsage(970, 860, 70, 40)


def test_a_user_without_a_home_has_no_rollouts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CODEX_HOME", raising=False)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", {}.__getitem__)  # KeyError: as in a container with any user id
    assert Rollouts(codex_home(), BEGAN).used_before(OLD_SESSION) is None

"""Tokens that a Codex thread used before the run, from Codex's own session file (its *rollout*).

``$CODEX_HOME/sessions/YYYY/MM/DD/rollout-…-<thread>.jsonl``, the date in local time; archived ones are
directly in ``archived_sessions``. A line: ``{"timestamp": ISO 8601 UTC, "type", "payload"}``. The newest
non-null ``info.total_token_usage`` of a ``token_count`` (0.45 to 0.163), or ``thread_token_usage`` of a
``token_usage_record`` (0.163), is the thread's total. Only numbers and times are read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from agentdash.core.bounded_json import read_json
from agentdash.runner.agents.usage import TokenUsage, read_usage

TAIL = 4 * 1024 * 1024
"""Bytes read of a rollout at most, from its end."""

_DAYS = 400
"""Day folders searched for a thread whose id has no creation time."""
_MOST_FILES = 5_000
_SLACK_MS = 1_000
_USAGE_TYPES = (b'"token_count"', b'"token_usage_record"')


def codex_home() -> Path:
    """Codex's home folder; the null device for a user without a home, as in a container."""
    try:
        return Path(os.environ.get("CODEX_HOME") or "~/.codex").expanduser()
    except RuntimeError:
        return Path(os.devnull)


@dataclass(frozen=True, slots=True)
class Rollouts:
    """The rollouts of this user.

    Attributes:
        home: Codex's home folder.
        began: When the run began, Unix ms; later rollout entries are the run's own.
    """

    home: Path
    began: int

    def used_before(self, thread: str) -> TokenUsage | None:
        """Tokens that *thread* had used when the run began; None where unknown. Reads files."""
        born = _born(thread)
        path = self._path(thread, born)
        found = None if path is None else self._total(path)
        if found is None and born is not None and born >= self.began - _SLACK_MS:
            return TokenUsage()
        return found

    def _path(self, thread: str, born: int | None) -> Path | None:
        if not thread or os.sep in thread:
            return None
        run_outcome = f"-{thread}.jsonl"
        for folder in self._folders(born):
            with suppress(OSError), os.scandir(folder) as entries:
                for _, entry in zip(range(_MOST_FILES), entries, strict=False):
                    if entry.name.endswith(run_outcome):
                        return Path(entry.path)
        return None

    def _folders(self, born: int | None) -> Iterator[Path]:
        sessions = self.home / "sessions"
        if born is None:
            yield from _newest_days(sessions)
        else:
            with suppress(OverflowError, OSError, ValueError):
                day = datetime.fromtimestamp(born / 1000).astimezone()
                for shift in (0, -1, 1):
                    yield sessions / f"{day + timedelta(days=shift):%Y/%m/%d}"
        yield self.home / "archived_sessions"

    def _total(self, path: Path) -> TokenUsage | None:
        try:
            with path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - TAIL))
                lines = file.read(TAIL).split(b"\n")
        except OSError:
            return None
        unused = False
        for line in reversed(lines if size <= TAIL else lines[1:]):
            row = _row(line)
            if row is None or _at(row) is None or (_at(row) or 0) >= self.began:
                continue
            unused = unused or _is_empty(row)
            if (total := _total_of(row)) is not None:
                return total
        return TokenUsage() if unused and size <= TAIL else None


def _newest_days(sessions: Path) -> Iterator[Path]:
    left = _DAYS
    for year in _numbered(sessions):
        for month in _numbered(year):
            for day in _numbered(month):
                if not left:
                    return
                left -= 1
                yield day


def _numbered(folder: Path) -> list[Path]:
    """Subfolders with numeric names, the greatest first."""
    with suppress(OSError):
        return sorted((child for child in folder.iterdir() if child.name.isdecimal()), reverse=True)
    return []


def _born(thread: str) -> int | None:
    """When a thread began, Unix ms, from its id, a UUID version 7 (RFC 9562); None for another id."""
    try:
        known = UUID(thread)
    except ValueError:
        return None
    return known.int >> 80 if known.version == 7 else None


def _row(line: bytes) -> dict[str, object] | None:
    if not any(name in line for name in _USAGE_TYPES):
        return None
    try:
        row = read_json(line)
    except ValueError:
        return None
    payload = row.get("payload") if isinstance(row, dict) else None
    if not isinstance(payload, dict):
        return None
    kinds = (
        {row.get("type"), payload.get("type")}
        if all(isinstance(one.get("type"), str | None) for one in (row, payload))
        else set()
    )
    return row if kinds & {"token_count", "token_usage_record"} else None


def _at(row: dict[str, object]) -> float | None:
    reported = row.get("timestamp")
    try:
        return datetime.fromisoformat(reported).timestamp() * 1000 if isinstance(reported, str) else None
    except (ValueError, OverflowError):
        return None


def _is_empty(row: dict[str, object]) -> bool:
    """Whether nothing was used yet: the first count of a thread is null."""
    payload = row.get("payload")
    return isinstance(payload, dict) and "info" in payload and payload["info"] is None


def _total_of(row: dict[str, object]) -> TokenUsage | None:
    payload = row.get("payload")
    if not isinstance(payload, dict):
        return None
    info = payload.get("info")
    total = info.get("total_token_usage") if isinstance(info, dict) else payload.get("thread_token_usage")
    return read_usage(_own_sum(total)) if isinstance(total, dict) else None


def _own_sum(usage: dict[str, object]) -> dict[str, object]:
    """*usage* without ``total_tokens``, which the ``turn.completed`` rows it is compared with do not have."""
    return {name: value for name, value in usage.items() if name != "total_tokens"}

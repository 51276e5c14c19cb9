"""Parses and encodes the record of a run in Redis.

The keys and their types are those of `agentdash.core.runs.model.RunKeys`. Other programs write such records
too, so any field may be absent, empty or ``null``; malformed fields are named, and the run is still shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TypeVar

from agentdash.core.bounded_json import read_json
from agentdash.core.bounds import LARGEST, bounded_int, is_number
from agentdash.core.runs.model import ControlAction, Run, RunStatus, Tokens
from agentdash.core.secrets.commands import masked_words
from agentdash.core.secrets.mask import mask
from agentdash.core.secrets.safe_text import as_text

TEXT_LIMIT = 4000
"""Characters kept of a text field."""
COMMAND_LIMIT = 4000
"""Characters kept of a command in total, and `WORDS_LIMIT` words."""
WORDS_LIMIT = 500
_BEYOND = 8192
"""Characters read beyond a limit, to recognise a secret at the limit."""

_LATEST = 10**14  # Unix ms in the year 5138: larger values are microseconds
_EMPTY = frozenset({b"", b"null", b"None", b"undefined"})
_FALSE = frozenset({b"false", b"0", b"no"})
_TRUE = frozenset({b"true", b"1", b"yes"})

T = TypeVar("T")

FIELDS: tuple[str, ...] = (
    "id", "title", "command", "cwd", "host", "status", "reason", "pid", "worker",
    "createdAt", "startedAt", "updatedAt", "endedAt", "currentTurn", "maxTurns",
    "stats.turns", "stats.tokens", "stats.tokens.input", "stats.tokens.output", "stats.tokens.cached",
    "completion.detected", "completion.line", "error.code", "error.message", "error.retryable",
    "exitCode", "control.id", "turnStartedAt", "pidCreatedAt", "stats.retries", "stats.plan.done",
    "stats.plan.total",
)  # fmt: skip
"""The fields that are read, whatever others a record has.

``control.id`` is the newest control message that the worker has handled; a writer may omit it."""


class _Reader:
    """Reads the fields of one record, and collects the names of malformed ones."""

    def __init__(self, fields: Mapping[str, bytes]) -> None:
        self._fields = fields
        self.malformed: list[str] = []
        self.out_of_range: list[str] = []
        self.left_out = 0

    def raw(self, name: str) -> bytes | None:
        value = self._fields.get(name)
        return None if value is None or value.strip() in _EMPTY else value

    def text(self, name: str) -> str | None:
        value = self.raw(name)
        return None if value is None else as_text(value[: 4 * TEXT_LIMIT], TEXT_LIMIT)

    def number(self, name: str, low: int = 0, high: int = LARGEST) -> int | None:
        value = self.raw(name)
        if value is None:
            return None
        number = bounded_int(value.strip(), low, high)
        if number is None:
            self.malformed.append(name)
            if is_number(value):
                self.out_of_range.append(name)
        return number

    def time(self, name: str) -> int | None:
        return self.number(name, high=_LATEST)

    def flag(self, name: str) -> bool | None:
        value = self.raw(name)
        if value is None:
            return None
        word = value.strip().lower()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
        self.malformed.append(name)
        return None

    def words(self, name: str) -> tuple[str, ...]:
        value = self.raw(name)
        if value is None:
            return ()
        try:
            parsed = read_json(value)
        except ValueError:
            parsed = None
        if isinstance(parsed, list) and all(isinstance(word, str) for word in parsed):
            words = _masked(tuple(_first(parsed, COMMAND_LIMIT + _BEYOND)))
            self.left_out = sum(map(len, parsed)) - sum(map(len, words)) if _is_long(parsed) else 0
            return words
        self.malformed.append(name)
        return ()

    def status(self, name: str) -> tuple[RunStatus, str]:
        value = self.raw(name)
        if value is None:
            return RunStatus.UNKNOWN, ""
        word = as_text(value.strip())[:100]
        try:
            return RunStatus(word.lower()), word
        except ValueError:
            self.malformed.append(name)
            return RunStatus.UNKNOWN, word


@lru_cache(maxsize=512)
def _masked(words: tuple[str, ...]) -> tuple[str, ...]:
    """A command line with secrets masked, cut; cached, as it is read again whenever its run has changed.

    The cache has at most 25 MB: each line has `COMMAND_LIMIT` + `_BEYOND` characters of 4 bytes at most.
    """
    safe = masked_words(words, lambda word: mask(word)[0])
    return tuple(_first([as_text(word.encode("utf-8", "backslashreplace")) for word in safe], COMMAND_LIMIT))


def _first(words: list[str], most: int) -> Iterator[str]:
    """The first words, *most* characters in total; the last one may be cut."""
    for word in words[:WORDS_LIMIT]:
        if most <= 0:
            return
        yield word[:most]
        most -= len(word)


def _is_long(words: list[str]) -> bool:
    return len(words) > WORDS_LIMIT or sum(map(len, words)) > COMMAND_LIMIT


def parse_run(run_id: str, fields: Mapping[str, bytes]) -> Run:
    """A `Run` from the fields of its ``meta`` hash.

    Args:
        run_id: From the key or the index; takes precedence over the record's own ``id``.
        fields: Raw values; any may be missing.

    Returns:
        The run, without what is in other keys (lock, events, requests). Text is printable.
    """
    read = _Reader(fields)
    status, status_text = read.status("status")
    command = read.words("command")
    shown_id = as_text(run_id.encode("utf-8", "backslashreplace"))
    detected = read.flag("completion.detected")
    line = read.text("completion.line")
    return Run(
        id=run_id,
        title=read.text("title") or " ".join(command)[:200] or shown_id,
        status=status,
        status_text=status_text,
        current_turn=read.number("currentTurn"),
        max_turns=read.number("maxTurns"),
        turns=read.number("stats.turns"),
        tokens=Tokens(
            total=read.number("stats.tokens"),
            input=read.number("stats.tokens.input"),
            output=read.number("stats.tokens.output"),
            cached=read.number("stats.tokens.cached"),
        ),
        pid=read.number("pid", low=2, high=2**31),
        host=read.text("host"),
        cwd=read.text("cwd"),
        command=command,
        worker=read.text("worker"),
        reason=read.text("reason"),
        created_at=read.time("createdAt"),
        started_at=read.time("startedAt"),
        updated_at=read.time("updatedAt"),
        ended_at=read.time("endedAt"),
        completion=(line or "detected") if detected else line if detected is None else None,
        exit_code=read.number("exitCode", low=-(2**31), high=2**31),
        error_code=read.text("error.code"),
        error_message=read.text("error.message"),
        retryable=read.flag("error.retryable"),
        turn_started_at=read.time("turnStartedAt"),
        retries=read.number("stats.retries"),
        plan_done=read.number("stats.plan.done"),
        plan_total=read.number("stats.plan.total"),
        pid_created_at=read.time("pidCreatedAt"),
        malformed=tuple(read.malformed),
        out_of_range=tuple(read.out_of_range),
        command_left_out=read.left_out,
    )


def pending_request(
    status: RunStatus, action: str | None, entry_id: str, handled_id: str | None
) -> ControlAction | None:
    """The action of the newest control message, if it has no effect yet.

    Args:
        status: The current state of the run.
        action: The action of the newest message; None where there is no message.
        entry_id: That message's id.
        handled_id: The record's ``control.id``; None where there is none.

    Returns:
        The action; None if there is none, it is unknown, or it has taken effect.
    """
    try:
        asked = ControlAction(action or "")
    except ValueError:
        return None
    if handled_id is not None and entry_key(handled_id) >= entry_key(entry_id):
        return None
    waiting = {
        ControlAction.PAUSE: {RunStatus.QUEUED, RunStatus.RUNNING},
        ControlAction.RESUME: {RunStatus.PAUSING, RunStatus.PAUSED},
        ControlAction.CANCEL: {RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.PAUSING, RunStatus.PAUSED},
    }
    return asked if status in waiting[asked] else None


def entry_key(entry_id: str) -> tuple[int, int]:
    """Sort key of stream entry ids: ``ms-seq`` as numbers; an invalid id sorts first."""
    ms, _, seq = entry_id.partition("-")
    try:
        return int(ms), int(seq or 0)
    except ValueError:
        return -1, -1


def to_fields(values: Mapping[str, object]) -> dict[str, str]:
    """Values as fields of the record: text, numbers in decimal, lists as JSON, None as the empty string."""
    return {name: _to_text(value) for name, value in values.items()}


def _to_text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return json.dumps(list(value), ensure_ascii=False)
        case _:
            return str(value)


def named(names: Iterable[str], values: Iterable[bytes | None]) -> dict[str, bytes]:
    """The reply to ``HMGET names`` as a mapping, without absent fields."""
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}

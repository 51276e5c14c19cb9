"""Entries of the systemd journal as ``journalctl -o json`` writes them: envelopes around lines of programs.

Fields and their meaning: systemd.journal-fields(7).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from agentdash.core.bounded_json import read_json
from agentdash.core.logs.model import Level
from agentdash.core.logs.parse.levels import SYSLOG
from agentdash.core.logs.parse.parts import Parts

LEVEL = "PRIORITY"
"""The field of an entry's level."""

_MARKER = '"__REALTIME_TIMESTAMP"'
_PART = "_AGENTDASH_PART"  # our own field: the entry is a further line of the one before
_SEVERAL = re.compile(rb"\\n|[,\[]\s?10\s?[,\]]")


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A line in the journal.

    Attributes:
        message: The line, which may have any format itself.
        at: When, Unix ms.
        level: The priority it was logged with.
        service: The program's name, else the unit's.
        fields: ``unit`` and ``pid``, where they are known.
        part: Whether it is a further line of the message of the entry before.
    """

    message: str
    at: int | None
    level: Level | None
    service: str | None
    fields: dict[str, object]
    part: bool = False

    def complete(self, parts: Parts) -> None:
        """Add what only the journal knows to the parts of the message, which take precedence."""
        parts.at = self.at if self.at is not None else parts.at
        parts.level = parts.level or self.level
        parts.service = parts.service or self.service
        parts.fields = {**self.fields, **parts.fields}


def entry(text: str) -> JournalEntry | None:
    """The entry of a line; None for another line."""
    if _MARKER not in text or not text.startswith("{"):
        return None
    try:
        record = read_json(text)
    except ValueError:
        return None
    if not isinstance(record, dict):
        return None
    at, priority = _number(record.get("__REALTIME_TIMESTAMP")), _number(record.get(LEVEL))
    named = (record.get(name) for name in ("SYSLOG_IDENTIFIER", "_COMM", "_SYSTEMD_UNIT"))
    shown = {"unit": record.get("_SYSTEMD_UNIT"), "pid": _number(record.get("_PID"))}
    return JournalEntry(
        _message(record["MESSAGE"]) if "MESSAGE" in record else "(no message)",
        None if at is None else at // 1000,
        SYSLOG[priority] if priority is not None and priority < len(SYSLOG) else None,
        next((name for name in named if isinstance(name, str) and name), None),
        {name: value for name, value in shown.items() if value is not None},
        _PART in record,
    )


def split_entry(line: bytes) -> list[bytes]:
    """An entry as one per line of its message; any other line as it is."""
    if _SEVERAL.search(line) is None:
        return [line]
    try:
        record = read_json(line)
        lines = _message(record["MESSAGE"]).rstrip("\n").split("\n")
    except (ValueError, RecursionError, KeyError, TypeError):
        return [line]
    if len(lines) == 1:
        return [line]
    parts = [{**record, "MESSAGE": text, _PART: number} for number, text in enumerate(lines)]
    del parts[0][_PART]
    return [json.dumps(part).encode() for part in parts]


def _message(value: object) -> str:
    """The text of the field; several values of it are a list."""
    several = value if isinstance(value, list) and not _is_bytes(value) else [value]
    return " ".join(map(_one_message, several))


def _one_message(value: object) -> str:
    """The text of a value: a list of bytes where it is not UTF-8, null where it is too long."""
    if isinstance(value, list) and _is_bytes(value):
        return bytes(value).decode("utf-8", "backslashreplace")
    return value if isinstance(value, str) else "(too long for the journal to show)"


def _is_bytes(value: list[object]) -> bool:
    return all(isinstance(item, int) and 0 <= item < 256 for item in value)


def _number(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        return int(value)
    return None

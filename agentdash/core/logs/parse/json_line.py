"""JSON lines.

One table of field names is for pino, bunyan, winston, structlog, python-json-logger, zap, zerolog, logrus,
loguru, ECS, GELF and container logs: they differ in names and scales only.
"""

from __future__ import annotations

import json
from typing import Any

from agentdash.core.bounded_json import read_json
from agentdash.core.correlation import CORRELATION_NAMES
from agentdash.core.logs.model import Level
from agentdash.core.logs.parse import levels, times
from agentdash.core.logs.parse.parts import Parts

TIME = (
    "time",
    "timestamp",
    "@timestamp",
    "ts",
    "asctime",
    "@t",
    "datetime",
    "date",
    "eventTime",
    "t",
    "T",
    "Timestamp",
)
LEVEL = ("level", "severity", "levelname", "lvl", "log.level", "level_name", "@l", "loglevel", "L", "Level")
LEVEL_OF_PYTHON = ("levelno", "level_no")
MESSAGE = ("message", "msg", "event", "@m", "@mt", "short_message", "text", "M", "body", "Message")
SERVICE = (
    "service",
    "service.name",
    "app",
    "application",
    "component",
    "name",
    "logger",
    "logger_name",
    "log.logger",
)


def read(text: str, read_at: int) -> Parts | None:
    """The parts of a JSON object; None for another text.

    Args:
        text: The line, trimmed.
        read_at: When it was read, Unix ms.
    """
    if not (text.startswith("{") and text.endswith("}")):
        return None
    try:
        record = read_json(text)
    except ValueError:
        return None
    return of_record(record, read_at) if isinstance(record, dict) else None


def of_record(record: dict[str, Any], read_at: int) -> Parts:
    """The parts of a decoded record; unknown fields stay in ``fields``."""
    if isinstance(record.get("record"), dict) and isinstance(record.get("text"), str):
        record = _loguru(record["record"])
    rest = dict(record)
    at = _time(rest, read_at)
    level = _level(rest)
    message = _text(rest, MESSAGE)
    parts = Parts(message or "", at, level, _service(rest), _correlation(rest), rest)
    if message is None:
        parts.message = " ".join(f"{name}={_short(value)}" for name, value in rest.items())
    return parts


def _loguru(record: dict[str, Any]) -> dict[str, Any]:
    """The flat record of loguru's ``serialize=True``, which nests everything."""
    flat = {name: value for name, value in record.items() if value is not None and name != "elapsed"}
    for name, inner in (
        ("level", "name"),
        ("time", "timestamp"),
        ("process", "id"),
        ("thread", "name"),
        ("file", "path"),
    ):
        if isinstance(flat.get(name), dict):
            flat[name] = flat[name].get(inner)
    extra = flat.pop("extra", None)
    return {**flat, **extra} if isinstance(extra, dict) else flat


def _time(rest: dict[str, Any], read_at: int) -> int | None:
    for name in TIME:
        if name in rest and (at := times.of_value(rest[name], read_at)) is not None:
            del rest[name]
            return at
    return None


def _level(rest: dict[str, Any]) -> Level | None:
    for name in LEVEL:
        if name in rest and (level := levels.of_value(rest[name])) is not None:
            del rest[name]
            return level
    for name in LEVEL_OF_PYTHON:
        if name in rest and (level := levels.of_value(rest[name], python=True)) is not None:
            del rest[name]
            return level
    nested = rest.get("log")
    return levels.of_value(nested.get("level")) if isinstance(nested, dict) else None


def _text(rest: dict[str, Any], names: tuple[str, ...]) -> str | None:
    for name in names:
        value = rest.get(name)
        if isinstance(value, str):
            del rest[name]
            return value
    return None


def _service(rest: dict[str, Any]) -> str | None:
    for name in SERVICE:
        value = rest.get(name)
        if isinstance(value, dict):
            value = value.get("name")
        if isinstance(value, str) and value:
            return value
    return None


def _correlation(rest: dict[str, Any]) -> str | None:
    lower = {name.lower(): name for name in rest} if len(rest) < 200 else {}
    for known in CORRELATION_NAMES:
        if known not in lower:
            continue
        value = rest[lower[known]]
        if isinstance(value, dict):
            value = value.get("id")
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return str(value)
    return None


def _short(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)[:200]

"""The log file of a service, in one of three formats, rotated by size."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

LIMIT = 1_000_000
"""Bytes after which the file is renamed to ``.1`` and a new one is created."""

PINO = {"DEBUG": 20, "INFO": 30, "WARN": 40, "ERROR": 50, "FATAL": 60}
"""Levels as numbers, of https://github.com/pinojs/pino/blob/main/docs/api.md#logger-level."""

Format = Callable[[str, str, str, dict[str, object]], str]


def pino(service: str, level: str, message: str, fields: dict[str, object]) -> str:
    """One JSON object, as pino writes it."""
    head: dict[str, object] = {"level": PINO[level], "time": time.time_ns() // 1_000_000, "pid": os.getpid()}
    return json.dumps({**head, "name": service, **fields, "msg": message})


def plain(_service: str, level: str, message: str, fields: dict[str, object]) -> str:
    """Time, level, text, as Python's logging writes it."""
    now = datetime.now().astimezone()
    tail = "".join(f" {key}={value}" for key, value in fields.items())
    return f"{now:%Y-%m-%d %H:%M:%S},{now.microsecond // 1000:03} {level:<5} {message}{tail}"


def logfmt(service: str, level: str, message: str, fields: dict[str, object]) -> str:
    """``key=value`` pairs, as Go services write them."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    tail = "".join(f" {key}={value}" for key, value in fields.items())
    return f"time={now} level={level.lower()} service={service} msg={json.dumps(message)}{tail}"


class ServiceLog:
    """Appends lines to one file."""

    def __init__(self, path: Path, service: str, form: Format) -> None:
        self._path = path
        self._service = service
        self._form = form
        self._file = path.open("a", buffering=1)

    def write(self, level: str, message: str, *, corr: str | None = None, **fields: object) -> None:
        """Append one line.

        Args:
            level: A key of `PINO`.
            message: The text.
            corr: The correlation id, where the line belongs to a flow.
            **fields: Further values.
        """
        if corr is not None:
            fields = {("correlationId" if self._form is pino else "corr"): corr, **fields}
        self._append(self._form(self._service, level, message, fields))

    def failed(self, message: str, trace: str, *, corr: str | None = None) -> None:
        """Append a line at ERROR with its traceback, as usual in the format."""
        if self._form is pino:
            self.write("ERROR", message, corr=corr, err={"stack": trace})
        else:
            self.write("ERROR", message, corr=corr)
            self._append(trace.rstrip())

    def _append(self, line: str) -> None:
        if self._file.tell() + len(line) > LIMIT:
            self._file.close()
            self._path.replace(self._path.with_name(self._path.name + ".1"))
            self._file = self._path.open("a", buffering=1)
        self._file.write(line + "\n")

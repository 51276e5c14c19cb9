"""The exception of a stack trace: it names the finding, whatever the line before it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice

_TRACEBACK = "Traceback (most recent call last):"
_GROUP = "+ Exception Group Traceback (most recent call last):"
_IN_GROUP = re.compile(r"\s*\| (?P<message>[^\s|+].*)")
# Opens a trace with its message, in Node, Java, Go and Rust.
_NAMED = re.compile(
    r"Exception in thread \"|panic: |thread '.*' .*panicked at|"
    r"(?:Uncaught |Unhandled )?"
    r"(?:(?:[a-z]\w*\.)+[A-Z]\w*(?:Exception|Error|Throwable)|[A-Z]\w*(?:Error|Exception)|Error)(?:: |$| \[)"
)
_STACKS = ("stack", "stacktrace", "stack_trace", "exception", "exc_info", "traceback", "error.stack_trace")
_INSIDE = ("err", "error", "exception", "exc")


def exception(lines: Sequence[str]) -> str | None:
    """The line that names the exception; None where none does.

    Args:
        lines: A line of a log, and those that continue it: one or several traces of Python, Java, Node, Go or
            Rust. Of several of Python it is the last, which was not caught.
    """
    for number, line in enumerate(lines):
        if line.lstrip() == _GROUP:
            inside = (_IN_GROUP.match(below) for below in lines[number + 1 :])
            return next((found["message"] for found in inside if found is not None), None)
    for number in range(len(lines) - 1, -1, -1):
        if lines[number].startswith(_TRACEBACK):
            return next((below for below in lines[number + 1 :] if below and not below[0].isspace()), None)
    for number, line in enumerate(lines):
        if _NAMED.match(line) is not None:
            on_next = "panicked at" in line and line.endswith(":") and number + 1 < len(lines)
            return f"{line} {lines[number + 1].strip()}" if on_next else line
    return None


def stack(fields: Mapping[str, object]) -> tuple[str, ...]:
    """The lines of the trace in a field of a structured line; empty without one."""
    inner = (fields.get(name) for name in _INSIDE)
    for record in (fields, *(value for value in inner if isinstance(value, Mapping))):
        for name in _STACKS:
            value = record.get(name)
            if isinstance(value, str) and "\n" in value:
                return tuple(islice((line.rstrip() for line in value.split("\n") if line.strip()), 200))
    return ()

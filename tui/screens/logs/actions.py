"""Actions on the log: search, go to a time, write to a file, trace."""

from __future__ import annotations

import asyncio
import os
import re
from datetime import datetime, tzinfo
from datetime import time as clock_time
from pathlib import Path
from typing import TYPE_CHECKING

from agentdash.core import units
from agentdash.core.clock import local_time, time_text
from agentdash.core.logs.model import LogLine
from agentdash.core.text import printable
from tui.screens.dialogs.prompt import Prompt
from tui.screens.logs.trace import TraceScreen
from tui.widgets.document import Para
from tui.widgets.log.draw import line_text
from tui.widgets.log.view import LogView

if TYPE_CHECKING:
    from tui.dash import Dash

_TIME = re.compile(r"(?:(\d{4}-\d\d-\d\d)[ T])?(\d{1,2}):(\d\d)(?::(\d\d))?")
_AGO = re.compile(r"(\d{1,9})\s*([smhd])", re.IGNORECASE)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def search(dash: Dash, view: LogView) -> None:
    """Ask for a text to highlight, and go to the next match."""

    def accept(text: str | None) -> None:
        if text is None:
            return
        view.search_text = text
        if text and not view.action_search_next():
            dash.say(f"no matches: “{text}”", good=False)

    lines = [Para.of("n, N: next, previous match; no line is hidden. /…/ is a pattern.", "dim")]
    dash.push_screen(Prompt("Search the log", lines, value=view.search_text), accept)


def jump(dash: Dash, view: LogView) -> None:
    """Ask for a time, and go to its first line."""

    def accept(text: str | None) -> None:
        at = moment(text or "", dash.now(), dash.zone)
        if at is not None and not view.go_to_time(at):
            dash.say("no line at that time or later", good=False)

    def check(text: str) -> str | None:
        return (
            None
            if moment(text, dash.now(), dash.zone) is not None
            else "give a time such as 14:05, 14:05:30 or 10m (ago)"
        )

    dash.push_screen(
        Prompt(
            "Go to a time", [Para.of("14:05 · 14:05:30 · 2026-11-20 14:05 · 10m ago", "dim")], check=check
        ),
        accept,
    )


def moment(text: str, now: int, zone: tzinfo | None) -> int | None:
    """Unix ms of ``14:05``, ``2026-11-20 14:05:30`` or ``10m`` (ago); a time of day is the last one."""
    if (ago := _AGO.match(text.strip())) is not None:
        return now - int(ago[1]) * _UNITS[ago[2].lower()] * 1000
    match = _TIME.fullmatch(text.strip())
    today = local_time(now, zone)
    if match is None or today is None:
        return None
    hour, minute, second = int(match[2]), int(match[3]), int(match[4] or 0)
    try:
        date = datetime.fromisoformat(match[1]).date() if match[1] else today.date()
        local = datetime.combine(date, clock_time(hour, minute, second), today.tzinfo)
        at = int(local.timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        return None
    return at - 86_400_000 if at > now and not match[1] else at


def export(dash: Dash, view: LogView) -> None:
    """Ask for a file, and write the shown lines to it."""
    lines = view.lines()

    def accept(text: str | None) -> None:
        if text is None:
            return
        path = Path(text).expanduser().absolute()
        work = _write(dash, path, lines)
        dash.run_worker(work, name="write log", group="commands")

    def check(text: str) -> str | None:
        if not text.strip():
            return "give the name of a file"
        return "the file exists: give another name" if Path(text).expanduser().exists() else None

    text = [Para.of(f"{units.plural(len(lines), 'line')}, as shown: filtered, secrets masked.", "dim")]
    stamp = time_text(dash.now(), dash.zone, "%Y%m%d-%H%M%S")
    dash.push_screen(
        Prompt("Write the log to a file", text, value=f"agentdash-{stamp}.log", check=check), accept
    )


async def _write(dash: Dash, path: Path, lines: list[LogLine]) -> None:
    try:
        await asyncio.to_thread(write, path, lines, dash.zone)
    except OSError as problem:
        dash.say(f"cannot write {path}: {problem.strerror}", good=False)
    else:
        dash.say(f"{units.plural(len(lines), 'line')} written to {path}", good=True)


def write(path: Path, lines: list[LogLine], zone: tzinfo | None) -> None:
    """Write *lines* to a new file that only its owner may read.

    Raises:
        OSError: when it cannot be written; an existing file is not replaced.
    """
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.writelines(
            f"{printable(f'    {line.message}' if line.continues is not None else line_text(line, zone))}\n"
            for line in lines
        )


def trace(dash: Dash, line: LogLine | None) -> None:
    """Open the trace of the correlation id of *line*."""
    if line is None or not line.correlation_id:
        dash.say("this line has no correlation id", good=False)
    else:
        dash.push_screen(TraceScreen(line.correlation_id))

"""The activity log as a source: what other agentdash processes (workers, the command line) write to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from agentdash.core.logs.model import Level, LogLine


@dataclass(frozen=True, slots=True)
class ActivityLogFile:
    """The activity log; this process shows its own lines without reading them back.

    Attributes:
        path: The file.
        wrote: Whether this process wrote a line, given without its end.
    """

    path: Path
    wrote: Callable[[bytes], bool]


def own_line(line: LogLine) -> LogLine | None:
    """A line of the activity log as this process shows its own; None for routine.

    ``runs ok read 4 runs`` becomes ``runs: read 4 runs``: the outcome shows in the level.
    """
    if line.level is Level.DEBUG:
        return None
    actor, _, rest = line.message.partition(" ")
    how, _, step = rest.partition(" ")
    return replace(line, message=f"{actor}: {step}") if how in {"ok", "failed"} else line

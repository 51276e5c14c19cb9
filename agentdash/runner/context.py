"""The environment of a worker: where its output and messages go, its machine and clock."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from agentdash.core.clock import Clock, SystemClock


@dataclass(frozen=True, slots=True)
class WorkerContext:
    """The environment of a worker.

    Attributes:
        sinks: File descriptors that ``stdout`` and ``stderr`` are passed on to; may be empty.
        report: Receives the worker's own messages, line by line.
        host: The machine's name.
        clock: For the times in the record.
    """

    sinks: Mapping[str, int] = field(default_factory=dict)
    report: Callable[[str], None] = lambda _: None
    host: str = field(default_factory=socket.gethostname)
    clock: Clock = field(default_factory=SystemClock)

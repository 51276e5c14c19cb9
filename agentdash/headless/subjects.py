"""One row per subject: the help of its command. ``<topic>/view.py`` has its document and its table.

That module has ``VIEW``, the fields of the document, and ``gaps(store)``, what could not be read. All but the
logs have a table: ``COLUMNS`` (see `grid.columns_of`), ``rows(store, now)``, and ``EMPTY``, printed for none.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from agentdash.core.snapshot import Topic


@dataclass(frozen=True, slots=True)
class Subject:
    """How a topic is printed.

    Attributes:
        summary: Help of its command.
    """

    topic: Topic
    summary: str

    @property
    def module(self) -> Any:
        """The module of its view; imported when it is used, so that help does not wait for it."""
        return import_module(f"{__package__}.{self.topic}.view")


SUBJECTS = {
    subject.topic: subject
    for subject in (
        Subject(Topic.RUNS, "Runs of agents: state, turn, tokens, activity."),
        Subject(Topic.STREAMS, "Redis streams: length, rate, groups, lag, pending entries, verdicts."),
        Subject(Topic.FINDINGS, "Findings, worst first, with evidence and recommendation."),
        Subject(Topic.REPOS, "Git repositories: branch, changes, unfinished operations."),
        Subject(Topic.SERVICES, "Services: state, CPU, memory, ports, probes, last line."),
        Subject(Topic.LOGS, "Lines of the followed logs, or of FILEs, as records."),
    )
}

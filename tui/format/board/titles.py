"""The panes of the first screen: their numbers, their names, their order. Loaded before the first paint."""

from __future__ import annotations

from agentdash.core.snapshot import Topic

TITLES = {
    Topic.RUNS: "Runs",
    Topic.STREAMS: "Streams",
    Topic.FINDINGS: "Findings",
    Topic.REPOS: "Repos",
    Topic.SERVICES: "Services",
    Topic.LOGS: "Log",
}
"""In the order of their numbers."""
NUMBERS = {topic: number for number, topic in enumerate(TITLES, 1)}
PAST = "Last 10 min"
"""The pane without a number."""
PLACED = (Topic.RUNS, Topic.FINDINGS, Topic.STREAMS, Topic.REPOS, Topic.SERVICES, None, Topic.LOGS)
"""The order in which panes are placed, line by line; None is `PAST`."""


def title(topic: Topic) -> str:
    """``1 Runs``."""
    return f"{NUMBERS[topic]} {TITLES[topic]}"

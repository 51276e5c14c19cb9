"""One row per subject: the module of its view.

Each has ``VIEW``, the fields of its document, and ``gaps(store)``, what could not be read. All but the logs
have a table: ``COLUMNS`` (see `grid.columns_of`), ``rows(store, now)``, and ``EMPTY``, printed where there
are none.
"""

from __future__ import annotations

from typing import Any

from agentdash.core.snapshot import Topic
from agentdash.headless.findings import view as findings
from agentdash.headless.logs import view as logs
from agentdash.headless.repos import view as repos
from agentdash.headless.runs import view as runs
from agentdash.headless.services import view as services
from agentdash.headless.streams import view as streams

SUBJECTS: dict[Topic, Any] = {
    Topic.RUNS: runs,
    Topic.STREAMS: streams,
    Topic.FINDINGS: findings,
    Topic.REPOS: repos,
    Topic.SERVICES: services,
    Topic.LOGS: logs,
}

"""The page beside a zoomed pane: (store, now, zone, *record) → paragraphs."""

from __future__ import annotations

from datetime import tzinfo

from agentdash.core.findings.model import Finding
from agentdash.core.runs.model import Run
from agentdash.core.services.model import Service
from agentdash.core.store import Store
from agentdash.core.streams.model import Group, Stream
from tui.format import detail
from tui.format.services import page as service_page
from tui.widgets.document import Para


def of_run(_store: Store, now: int, zone: tzinfo | None, run: Run) -> list[Para]:
    """A run."""
    return detail.run(run, now, zone)


def of_stream(
    store: Store, now: int, _zone: tzinfo | None, stream: Stream, group: Group | None
) -> list[Para]:
    """A stream, or one group of it."""
    judgement = store.judgement(stream.name)
    return detail.group(group, judgement, now) if group else detail.stream(stream, judgement, now)


def of_finding(_store: Store, now: int, _zone: tzinfo | None, finding: Finding) -> list[Para]:
    """A finding."""
    return detail.finding(finding, now)


def of_service(_store: Store, now: int, zone: tzinfo | None, service: Service) -> list[Para]:
    """A service."""
    return service_page.page(service, now, zone)

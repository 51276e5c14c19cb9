"""The table of ``agentdash services``."""

from __future__ import annotations

from collections.abc import Iterator

from agentdash.core.services.model import Service, ServiceState
from agentdash.core.store import Store
from agentdash.core.units import UNKNOWN, count, percent, size
from agentdash.headless.grid import GridCell, Row, since

COLUMNS = "SERVICE | STATE | >PID | >UP | >CPU | >MEMORY | PORTS | >RESTARTS | >SILENT | ~LAST LINE"
_TONES = {ServiceState.UP: "good", ServiceState.STARTING: "warn", ServiceState.UNKNOWN: "dim"}


def rows(store: Store, now: int) -> Iterator[Row]:
    """One row per service."""
    for service in store.services.services if store.services else ():
        yield _service(service, now)


def _service(service: Service, now: int) -> Row:
    return (
        service.name,
        GridCell(service.state.value, _TONES.get(service.state, "bad")),
        str(service.pid) if service.pid else UNKNOWN,
        since(service.create_time, now),
        percent(service.cpu_percent),
        size(service.rss_bytes),
        ",".join(map(str, service.ports)) or UNKNOWN,
        count(service.restarts),
        since(service.last_line_at, now),
        service.error or service.last_line or "",
    )

"""The list of services."""

from __future__ import annotations

from dataclasses import replace

from agentdash.core import units
from agentdash.core.fleet import service_in_trouble
from agentdash.core.secrets.safe_text import safe_text
from agentdash.core.services.model import Service, ServicesSnapshot, ServiceState, exit_text
from tui.format.item import Cell, Column, Item, Listing, ListingView, Row
from tui.widgets.cells import sparkline

COLUMNS = (
    Column("mark", "", 1, sortable=False),
    Column("service", "SERVICE", 10, flex=1, min_width=8),
    Column("port", "PORT", 6, align="right", priority=4),
    Column("cpu", "CPU", 7, align="right", priority=0),
    Column("trend", "", 8, priority=5, sortable=False),
    Column("memory", "MEMORY", 7, align="right", priority=1),
    Column("up", "UP", 4, align="right", priority=3),
    Column("note", "NOTE", 18, flex=2, priority=2, min_width=12),
)
WIDE = (
    *COLUMNS[:-1],
    replace(COLUMNS[-1], min_width=24),  # problems come first
    Column("pid", "PID", 7, align="right", priority=6),
    Column("threads", "THR", 4, align="right", priority=8),
    Column("files", "FDS", 4, align="right", priority=9),
    Column("command", "COMMAND", 20, flex=2, priority=10),
)
GLYPHS = {
    ServiceState.UP: ("●", "good"),
    ServiceState.DOWN: ("■", "bad"),
    ServiceState.STARTING: ("◌", "warn"),
    ServiceState.ZOMBIE: ("✗", "bad"),
    ServiceState.FLAPPING: ("◐", "warn"),
    ServiceState.UNKNOWN: ("?", "unknown"),
}
_ENDED = {ServiceState.DOWN, ServiceState.ZOMBIE, ServiceState.FLAPPING}
IDLE_MS = 30_000
"""Time without a log line after which a service is shown as idle."""
GROWING = 2_000_000
"""Growth of memory in bytes per minute that is shown as a warning."""


def listing(snapshot: ServicesSnapshot, now: int, _view: ListingView | None = None) -> Listing:
    """All services, those with problems first."""
    services = sorted(snapshot.services, key=lambda s: (not service_in_trouble(s), s.never_seen, s.name))
    down = sum(s.state in {ServiceState.DOWN, ServiceState.ZOMBIE} and not s.never_seen for s in services)
    not_started = sum(s.never_seen for s in services)
    return Listing(
        items=tuple(item(service, now) for service in services),
        summary=f"{len(services) - not_started} · {f'{down} down' if down else 'all up'}"
        + (f" · {not_started} not started" if not_started else "")
        if services
        else "",
        notes=snapshot.gaps,
        empty=("no services", "configure them in the settings, or start one that listens below a project"),
    )


def item(service: Service, now: int) -> Item:
    """One service as a row."""
    glyph, colour = ("○", "dim") if service.never_seen else GLYPHS[service.state]
    trouble = service_in_trouble(service)
    up_ms = now - service.create_time if service.create_time is not None else None
    shown = service.cpu_percent is not None
    cpu = Cell(units.percent(service.cpu_percent), "" if shown and (service.cpu_percent or 0) >= 1 else "dim")
    if service.never_seen:
        cpu = Cell(units.UNKNOWN, "dim")
    elif service.state is not ServiceState.UP and not shown:
        cpu = Cell(service.state.value.upper(), f"{colour} bold")
    words, style = note(service, now)
    cells = (
        Cell(glyph, colour),
        Cell(safe_text(service.name), f"{colour} bold" if trouble else ""),
        Cell(f":{service.ports[0]}" if service.ports else "", "dim"),
        cpu,
        Cell(sparkline(service.cpu_history, 8), "bad" if trouble else "spark"),
        Cell(units.size(service.rss_bytes), "warn" if (service.rss_trend or 0) > GROWING else ""),
        Cell(units.coarse(up_ms), "dim"),
        Cell(words, style),
        Cell(units.UNKNOWN if service.pid is None else str(service.pid), "dim"),
        Cell(units.UNKNOWN if service.threads is None else str(service.threads), "dim"),
        Cell(units.UNKNOWN if service.open_files is None else str(service.open_files), "dim"),
        Cell(safe_text(service.command or units.UNKNOWN), "dim"),
    )
    sort = (
        None, service.name, service.ports[0] if service.ports else None, service.cpu_percent, None,
        service.rss_bytes, up_ms, words, service.pid, service.threads, service.open_files, service.command,
    )  # fmt: skip
    return Item(Row(key=service.name, cells=cells, sort=sort), service, problem=trouble)


def note(service: Service, now: int) -> tuple[str, str]:
    """The most important note about it, and its style."""
    parts: list[str] = []
    if service.never_seen:
        return f"in {service.origin}, not started", "dim"
    if service.exit_code is not None and service.state in _ENDED:
        parts.append(exit_text(service.exit_code))
    if service.state is ServiceState.DOWN and service.down_since is not None:
        parts.append(f"down {units.coarse(now - service.down_since)}")
    if service.restarts:
        parts.append(f"{service.restarts} restart{'s' if service.restarts > 1 else ''}")
    if parts:
        return ", ".join(parts), "bad" if service_in_trouble(service) else "warn"
    if service.error:
        return safe_text(service.error), "unknown"
    if service.probe is not None and service.probe.ok is False:
        return safe_text(f"probe failed: {service.probe.error or 'no answer'}"), "bad"
    idle = now - service.last_line_at if service.last_line and service.last_line_at is not None else 0
    if idle > IDLE_MS:
        return f"idle {units.coarse(idle)}", "warn"
    if (service.rss_trend or 0) > GROWING:
        return f"memory ↑ {units.size(service.rss_trend)}/min", "warn"
    if service.probe is not None and service.probe.latency_ms is not None:
        return f"{service.probe.latency_ms:.1f} ms", "good"
    return safe_text(service.last_line or ""), "dim"

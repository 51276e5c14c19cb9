"""``agentdash services``: the fields of its JSON, and its table."""

from __future__ import annotations

from collections.abc import Iterator

from agentdash.core.services.model import Service, ServiceState
from agentdash.core.store import Store
from agentdash.core.units import UNKNOWN, count, percent, size
from agentdash.headless.envelope import Moment, view_of
from agentdash.headless.grid import GridCell, Row, since
from agentdash.headless.json_object import Field, JsonObject

PROBE = JsonObject(
    "Probe",
    "The result of a health probe.",
    (
        Field("kind", str),
        Field("target", str),
        Field("ok", bool | None),
        Field("latencyMs", float | None),
        Field("error", str | None),
    ),
)
PROCESS = JsonObject(
    "ServiceProcess",
    "One process of a service.",
    (
        Field("pid", int),
        Field("parent", int),
        Field("createdAt", int),
        Field("command", str | None),
        Field("status", str | None, "as the system names it, e.g. sleeping, stopped, zombie"),
        Field("cpuPercent", float | None, "of one core, without its children"),
        Field("rssBytes", int | None),
        Field("threads", int | None),
    ),
)


def _silent_ms(service: Service, moment: Moment) -> int | None:
    return None if service.last_line_at is None else max(0, moment.now - service.last_line_at)


SERVICE = JsonObject(
    "Service",
    "One service; null also where a process of another user may not be read.",
    (
        Field("name", str),
        Field("state", ServiceState),
        Field("pid", int | None),
        Field("createTime", int | None),
        Field("command", str | None),
        Field("cwd", str | None),
        Field("cpuPercent", float | None, "of one core, with its children"),
        Field("rssBytes", int | None, "with its children"),
        Field("rssTrendPerMin", float | None, get="rss_trend"),
        Field("threads", int | None),
        Field("openFiles", int | None),
        Field("children", int | None),
        Field("ports", list[int]),
        Field("restarts", int),
        Field("downSince", int | None),
        Field("exitCode", int | None, "of the process that ended last; below 0 the signal"),
        Field("exitUnknown", str | None, "why that is unknown, where a process has ended"),
        Field("processes", [PROCESS], "its own and its children, parents first, at most 50"),
        Field("probe", (PROBE, None)),
        Field("lastLine", str | None),
        Field("silentMs", int | None, "since the last line of its log", _silent_ms),
        Field("error", str | None),
    ),
)
VIEW = view_of("services", SERVICE)


def gaps(store: Store) -> tuple[str, ...]:
    """What could not be read."""
    return store.services.gaps if store.services else ()


COLUMNS = "SERVICE | STATE | >PID | >UP | >CPU | >MEMORY | PORTS | >RESTARTS | >IDLE | ~LAST LINE"
EMPTY = "no services are set or found: name them as [[services]] in agentdash.toml"
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

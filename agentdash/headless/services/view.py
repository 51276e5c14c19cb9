"""The fields of ``agentdash services --json``."""

from __future__ import annotations

from agentdash.core.services.model import Service, ServiceState
from agentdash.core.store import Store
from agentdash.headless.envelope import Moment, view_of
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
SERVICES = view_of("services", SERVICE)


def gaps(store: Store) -> tuple[str, ...]:
    """What could not be read."""
    return store.services.gaps if store.services else ()

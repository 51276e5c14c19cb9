"""A service to look at in depth: ten minutes of its course with a gap, two children, a log; made by hand."""

from __future__ import annotations

from math import sin

from agentdash.core.logs.model import Level, LogBatch, LogLine
from agentdash.core.services.history import BUCKET_MS, BUCKETS
from agentdash.core.services.model import Probe, Service, ServiceProcess, ServicesSnapshot, ServiceState
from agentdash.core.snapshot import Topic
from tests.tui import scene
from tests.tui.scene import HOST, NOW
from tui.app import AgentDash

COMMAND = "/srv/shop/.venv/bin/gunicorn shop.wsgi --workers 2 --bind 127.0.0.1:8080"


def _process(
    pid: int, parent: int, depth: int, cpu: float | None, rss: int, **more: object
) -> ServiceProcess:
    values: dict[str, object] = {
        "pid": pid, "parent": parent, "depth": depth, "created_at": NOW - 540_000 + 1000 * depth,
        "command": COMMAND, "status": "sleeping", "cpu_percent": cpu, "rss_bytes": rss, "threads": 4, **more,
    }  # fmt: skip
    return ServiceProcess(**values)  # type: ignore[arg-type]


def shop(step: int = BUCKETS - 1) -> Service:
    """The service as it was in one of the last ten minutes' buckets, the last by default."""
    at = NOW - (BUCKETS - 1 - step) * BUCKET_MS
    cpu, rss = 20 + 18 * sin(step / 5), 180_000_000 + step * 900_000
    processes = (
        _process(41_200, 1, 0, 0.3, 61_000_000, threads=2),
        _process(41_207, 41_200, 1, cpu, rss - 140_000_000, status="running"),
        _process(41_208, 41_200, 1, 2.4, 79_000_000),
        _process(41_390, 41_208, 2, None, 0, status="zombie", command=None, threads=None),
    )
    return Service(
        "shop", ServiceState.UP, 41_200, NOW - 540_000, COMMAND, "/srv/shop", cpu, (3.0, 20.0, 38.0),
        rss,
        11_000_000.0, 10, 46, 3, processes, (8080, 9191), 1,
        exit_code=-9, probe=Probe("http", "http://127.0.0.1:8080/health", True, 3.1 + step % 7),
        last_line="GET /orders/1042 200", last_line_at=at - 47_000,
        start_command=COMMAND, start_exact=COMMAND,
        start_folder="/srv/shop", log="/srv/shop/log/shop.log",
    )  # fmt: skip


def app() -> AgentDash:
    """The app with the one service, over a store that stands still."""
    dash = scene.app()
    store = dash.engine.store
    for step in range(BUCKETS):
        seen = shop(step) if not 8 <= step < 12 else Service("shop", ServiceState.DOWN)
        at = NOW - (BUCKETS - 1 - step) * BUCKET_MS
        store.service_history.add(ServicesSnapshot(at, HOST, (seen,)))
    store.put(Topic.SERVICES, ServicesSnapshot(NOW, HOST, (shop(),)))
    said = (
        (Level.INFO, "GET /orders 200"),
        (Level.WARN, "slow query: 812 ms"),
        (Level.INFO, "GET /orders/1042 200"),
    )
    lines = tuple(
        LogLine("shop", n, NOW - 60_000 + 5000 * n, message, NOW - 60_000 + 5000 * n, level, "shop")
        for n, (level, message) in enumerate(said)
    )
    store.put_lines(LogBatch(taken_at=NOW, host=HOST, lines=lines))
    return dash

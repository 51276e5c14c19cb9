"""Fills Redis with what a fleet would have written earlier, and removes old runs."""

from __future__ import annotations

import secrets

import redis

from agentdash.core.runs.model import RunKeys
from agentdash.demo.services.service import open_client

BACKLOG = 140
"""Payments not yet read by the ledger when the demo starts."""

RUNS_KEPT = 24


def seed(url: str) -> None:
    """Publish earlier entries, and read five clicks as a consumer that never returns."""
    client = open_client(url)
    try:
        pipe = client.pipeline(transaction=False)
        for number in range(BACKLOG):
            order = {
                "orderId": f"o-{800 + number}",
                "amountCents": "4900",
                "correlationId": secrets.token_hex(4),
            }
            pipe.xadd("payments", order)
        for page in ("/", "/bags", "/shoes", "/", "/checkout", "/bags", "/", "/shoes"):
            pipe.xadd("clicks", {"page": page})
        for customer in range(5):
            pipe.xadd("emails", {"to": f"customer-{customer}", "template": "welcome"})
        pipe.xgroup_create("clicks", "reports", id="0")
        pipe.execute()
        client.xreadgroup("reports", "reports-1", {"clicks": ">"}, count=5)
    finally:
        client.close()


def trim_runs(url: str, keep: int = RUNS_KEPT) -> None:
    """Delete all but the newest *keep* runs. Does nothing while the server is unavailable."""
    keys = RunKeys()
    client = open_client(url)
    try:
        for run_id in client.zrange(keys.index, 0, -keep - 1):
            client.unlink(keys.meta(run_id), keys.events(run_id), keys.control(run_id), keys.lock(run_id))
            client.zrem(keys.index, run_id)
    except redis.RedisError:
        return
    finally:
        client.close()

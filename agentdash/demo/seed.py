"""What a fleet that has been at work for a while would have left in Redis, and what is not kept for ever."""

from __future__ import annotations

import secrets

import redis

from agentdash.core.runs.model import RunKeys
from agentdash.demo.services.kit import open_client

BACKLOG = 140
"""Payments that wait for the ledger when the demo begins."""

RUNS_KEPT = 24


def seed(url: str) -> None:
    """Publish what was there before, and let the reports' only consumer take five clicks and go for good."""
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


def forget_old_runs(url: str, keep: int = RUNS_KEPT) -> None:
    """Drop the records of all but the newest *keep* runs, so that a long demo does not fill its server.

    Nothing is raised when the server is away: there is a next time.
    """
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

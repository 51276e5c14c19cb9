"""Reports outages of the store to a worker's user."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from agentdash.runner.store.journal import Journal

REPORT_AFTER_S = 5.0
"""Seconds without a successful write before an outage is reported."""
_POLL_S = 1.0


async def report_outages(
    journal: Journal, report: Callable[[str], None], describe: Callable[[BaseException], str]
) -> None:
    """Report when writes fail, why, and when they work again, until cancelled."""
    began: float | None = None
    while True:
        await asyncio.sleep(_POLL_S)
        now, since = time.monotonic(), journal.failing_since
        if (
            began is None
            and since is not None
            and journal.error is not None
            and now - since >= REPORT_AFTER_S
        ):
            began = since
            report(
                f"store not writable for {now - since:.0f} s: {describe(journal.error)}; "
                "events are buffered in memory"
            )
        elif began is not None and since is None:
            report(f"store writable again after {now - began:.0f} s")
            began = None

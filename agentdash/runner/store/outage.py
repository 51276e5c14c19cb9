"""What a worker says of a store that takes no writes, while that lasts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from agentdash.runner.store.journal import Journal

SAY_AFTER_S = 5.0
"""Seconds without a write that works, before it is said: a shorter time nobody needs to know of."""
_PACE_S = 1.0


async def report_outages(
    journal: Journal, tell: Callable[[str], None], words: Callable[[BaseException], str]
) -> None:
    """Say that the store takes no writes, why, and when it takes them again. For ever.

    Args:
        journal: Knows how writing goes.
        tell: Gets the sentences.
        words: What an error of the store means.
    """
    began: float | None = None
    while True:
        await asyncio.sleep(_PACE_S)
        now, since = time.monotonic(), journal.failing_since
        if began is None and since is not None and journal.error is not None and now - since >= SAY_AFTER_S:
            began = since
            tell(
                f"store not writable for {now - since:.0f} s: {words(journal.error)}; "
                "events are kept in memory meanwhile"
            )
        elif began is not None and since is None:
            tell(f"the store takes writes again, after {now - began:.0f} s")
            began = None

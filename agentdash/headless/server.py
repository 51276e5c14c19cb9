"""The server and the activity log, for commands that change something."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from agentdash.core.paths import activity_log
from agentdash.core.settings.model import Settings

if TYPE_CHECKING:
    from agentdash.activity import Activity
    from agentdash.server.find import ServerHandle


@asynccontextmanager
async def open_server(settings: Settings) -> AsyncIterator[tuple[ServerHandle, Activity]]:
    """The server in use and the activity log; both are closed on exit.

    Raises:
        SourceError: when there is no server, or it fails while it is used.
    """
    from redis.exceptions import RedisError

    from agentdash.activity import Activity
    from agentdash.server.client import source_error
    from agentdash.server.find import connect

    activity = Activity(activity_log(settings), settings.logs.limit)
    try:
        handle = await connect(settings, activity=activity)
        try:
            yield handle, activity
        except (RedisError, ConnectionError) as problem:
            raise source_error(problem, handle.url) from problem
        finally:
            await handle.close()
    finally:
        await asyncio.to_thread(activity.close)

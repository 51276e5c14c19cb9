"""What a change costs the groups of a stream, counted on a real server."""

from __future__ import annotations

from redis.asyncio import Redis

from agentdash.core.settings.model import Settings
from agentdash.core.streams.commands import SetGroupId, TrimStream
from agentdash.core.streams.model import Group, Lag, Stream
from agentdash.runtime.engine import Engine
from agentdash.server.find import ServerHandle
from tui.format.streams.cost import Cost, EntryCount
from tui.screens.streams.cost import MOST_COUNTED, set_id_cost, trim_cost

LENGTH = 20


async def stream_of(client: Redis, length: int = LENGTH) -> Stream:
    """Ids from 1-0 on; the group was given ten, and has acknowledged the third."""
    pipe = client.pipeline(transaction=False)
    for number in range(1, length + 1):
        pipe.xadd("jobs", {"n": number}, id=f"{number}-0")
    pipe.xgroup_create("jobs", "g", "0")
    pipe.xreadgroup("g", "a", {"jobs": ">"}, count=10)
    pipe.xack("jobs", "g", "3-0")
    await pipe.execute()
    group = Group(b"g", 9, Lag(length - 10), "10-0", None)
    return Stream(b"jobs", length, first_id="1-0", last_id=f"{length}-0", groups=(group,))


async def test_the_cost_is_counted(client: Redis, redis_url: str) -> None:
    stream = await stream_of(client)
    engine = Engine(Settings())
    engine.handle = ServerHandle(redis_url, "setting", client)
    ask = engine.ask

    def pending(least: int) -> Cost:
        return Cost(pending=((b"g", EntryCount(least)),))

    assert await trim_cost(ask, TrimStream(b"jobs", minid="5-0"), stream) == pending(3)
    assert await trim_cost(ask, TrimStream(b"jobs", maxlen=16), stream) == pending(3)
    assert await trim_cost(ask, TrimStream(b"jobs", maxlen=0), stream) == pending(9)
    assert await trim_cost(ask, TrimStream(b"jobs", maxlen=LENGTH), stream) == Cost()
    assert await set_id_cost(ask, SetGroupId(b"jobs", b"g", "$", "10-0"), stream) == Cost(
        passed=EntryCount(10)
    )
    assert await set_id_cost(ask, SetGroupId(b"jobs", b"g", "0", "10-0"), stream) == Cost(
        passed=EntryCount(10)
    )
    assert await set_id_cost(ask, SetGroupId(b"jobs", b"g", "7-0", "10-0"), stream) == Cost(
        passed=EntryCount(3)
    )


async def test_what_takes_too_much_reading_is_a_lower_bound_or_not_known(
    client: Redis, redis_url: str
) -> None:
    length = 2 * MOST_COUNTED + 100
    stream = await stream_of(client, length)
    engine = Engine(Settings())
    engine.handle = ServerHandle(redis_url, "setting", client)
    ask = engine.ask

    moved = await set_id_cost(ask, SetGroupId(b"jobs", b"g", "$", "10-0"), stream)
    assert moved == Cost(passed=EntryCount(MOST_COUNTED, exact=False))
    trimmed = await trim_cost(ask, TrimStream(b"jobs", maxlen=MOST_COUNTED + 50), stream)
    assert trimmed.problem is not None

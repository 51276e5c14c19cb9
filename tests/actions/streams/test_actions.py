"""Every change of a stream on a real server: its effect is read back, and what it refuses is untouched."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from agentdash.actions.streams.entries import change_entries
from agentdash.actions.streams.groups import change
from agentdash.actions.streams.send import Sender
from agentdash.core.commands import Effect, Outcome, Refused
from agentdash.core.settings.model import RedisSettings
from agentdash.core.streams.commands import (
    AcknowledgeEntries,
    ClaimEntries,
    CreateGroup,
    DeadLetterEntries,
    DeleteConsumer,
    DeleteEntries,
    DestroyGroup,
    SeenEntry,
    SetGroupId,
    TrimStream,
)
from agentdash.server.client import open_client
from tests.collectors.streams.servers import PATHS, server_of
from tests.support import ROOT

__all__ = ["server_of"]

STREAM, GROUP = b"jobs\xff\n[/x]", b"g \x1b[2J"
DEAD = b"jobs:dead"


@pytest.fixture(params=["embedded", "7.0", "6.2", *(["5.0"] if PATHS["5.0"] else [])])
async def redis_url(request: pytest.FixtureRequest, server_of: Callable[[str], str]) -> str:
    """An empty server of each version."""
    if request.param == "embedded":
        place = request.getfixturevalue("private_server").url
    else:
        place = server_of(request.param)
    emptied = open_client(place, RedisSettings())
    await emptied.flushall()
    await emptied.aclose()
    await emptied.connection_pool.disconnect()
    return place


@pytest.fixture
async def ids(client: Redis) -> list[str]:
    """Five entries, of which consumer a holds three and b one."""
    await client.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
    added = [(await client.xadd(STREAM, {"n": n, b"\xfe": b"\x00\xff"})).decode() for n in range(5)]
    await client.execute_command(b"XREADGROUP", "GROUP", GROUP, "a", "COUNT", 3, "STREAMS", STREAM, ">")
    await client.execute_command(b"XREADGROUP", "GROUP", GROUP, "b", "COUNT", 1, "STREAMS", STREAM, ">")
    return added


async def held(client: Redis) -> dict[str, bytes]:
    lines = await client.execute_command(b"XPENDING", STREAM, GROUP, "-", "+", 100)
    return {line[0].decode(): line[1] for line in lines}


async def there(client: Redis, stream: bytes = STREAM) -> list[str]:
    return [entry[0].decode() for entry in await client.execute_command(b"XRANGE", stream, "-", "+")]


def seen(ids: Sequence[str], consumer: bytes | None = b"a", idle: int = 0) -> tuple[SeenEntry, ...]:
    return tuple(SeenEntry(entry_id, consumer, idle) for entry_id in ids)


async def test_acknowledge(client: Redis, ids: list[str]) -> None:
    outcome = await change(client, AcknowledgeEntries(STREAM, GROUP, seen(ids[:2])))
    assert outcome.ok, outcome
    assert await held(client) == {ids[2]: b"a", ids[3]: b"b"}
    assert outcome.sent == (f'XACK "jobs\\xff\\n[/x]" "g \\x1b[2J" {ids[0]} {ids[1]} → 2',)


async def test_what_changed_hands_is_left_out_and_said(client: Redis, ids: list[str]) -> None:
    await client.execute_command("XCLAIM", STREAM, GROUP, "c", 0, ids[1])
    await client.xack(STREAM, GROUP, ids[2])
    outcome = await change(client, AcknowledgeEntries(STREAM, GROUP, seen(ids[:3])))
    assert not outcome.ok
    assert f"1 of 3; {ids[1]} belongs to c now, not to a; {ids[2]} is no longer pending" in outcome.message
    assert await held(client) == {ids[1]: b"c", ids[3]: b"b"}


@pytest.mark.parametrize(
    "make",
    [
        lambda entries: AcknowledgeEntries(STREAM, GROUP, entries),
        lambda entries: ClaimEntries(STREAM, GROUP, entries, b"z"),
        lambda entries: DeleteEntries(STREAM, entries, GROUP),
        lambda entries: DeadLetterEntries(STREAM, GROUP, entries, DEAD),
    ],
    ids=["acknowledge", "claim", "delete", "dead letter"],
)
async def test_nothing_is_done_when_the_owner_changed(client: Redis, ids: list[str], make: Any) -> None:
    await client.execute_command("XCLAIM", STREAM, GROUP, "c", 0, ids[0])
    before = (await held(client), await there(client))
    with pytest.raises(Refused, match=r"nothing was changed: .* belongs to c now, not to a"):
        await change(client, make(seen(ids[:1])))
    assert (await held(client), await there(client)) == before
    assert not await client.exists(DEAD)


async def test_claim_by_the_idle_time_that_was_seen(client: Redis, ids: list[str]) -> None:
    with pytest.raises(Refused, match="delivered again meanwhile"):
        await change(client, ClaimEntries(STREAM, GROUP, seen(ids[:1], idle=3_600_000), b"z"))
    assert (await held(client))[ids[0]] == b"a"
    outcome = await change(client, ClaimEntries(STREAM, GROUP, seen(ids[:3]), b"z"))
    assert outcome.ok
    assert list((await held(client)).values()) == [b"z", b"z", b"z", b"b"]
    lines = await client.execute_command(b"XPENDING", STREAM, GROUP, "-", "+", 1)
    assert lines[0][3] == 1, "a claim is no delivery"


async def test_delete_what_is_pending_leaves_no_ghost(client: Redis, ids: list[str]) -> None:
    outcome = await change(client, DeleteEntries(STREAM, seen(ids[:1]), GROUP))
    assert outcome.ok
    assert await there(client) == ids[1:]
    assert ids[0] not in await held(client)


async def test_delete_from_the_stream_itself(client: Redis, ids: list[str]) -> None:
    assert (await change(client, DeleteEntries(STREAM, seen(ids[4:], None)))).ok
    assert await there(client) == ids[:4]
    with pytest.raises(Refused, match="not in the stream"):
        await change(client, DeleteEntries(STREAM, seen(ids[4:], None)))


async def test_dead_letters_are_copied_whole_and_acknowledged(client: Redis, ids: list[str]) -> None:
    outcome = await change(client, DeadLetterEntries(STREAM, GROUP, seen(ids[:2]), DEAD))
    assert outcome.ok, outcome
    assert await held(client) == {ids[2]: b"a", ids[3]: b"b"}
    assert await there(client) == ids, "the stream keeps its entries"
    copies = await client.execute_command(b"XRANGE", DEAD, "-", "+")
    flat = copies[0][1]
    assert flat[:4] == [b"n", b"0", b"\xfe", b"\x00\xff"]
    origin = dict(zip(flat[4::2], flat[5::2], strict=True))
    assert origin == {
        b"dlq.stream": STREAM,
        b"dlq.group": GROUP,
        b"dlq.id": ids[0].encode(),
        b"dlq.consumer": b"a",
    }


async def test_a_dead_letter_without_data_stays(client: Redis, ids: list[str]) -> None:
    await client.xdel(STREAM, ids[0])
    outcome = await change(client, DeadLetterEntries(STREAM, GROUP, seen(ids[:2]), DEAD))
    assert "has no data" in outcome.message
    assert set(await held(client)) == {ids[0], ids[2], ids[3]}


async def test_an_entry_without_data_is_not_claimed_and_may_be_acknowledged(
    client: Redis, ids: list[str]
) -> None:
    await client.xdel(STREAM, ids[0])
    before = await held(client)
    with pytest.raises(Refused, match="has no data: acknowledge it instead") as refused:
        await change(client, ClaimEntries(STREAM, GROUP, seen(ids[:1]), b"z"))
    assert await held(client) == before, "XCLAIM would have dropped it"
    assert refused.value.instead == AcknowledgeEntries(STREAM, GROUP, seen(ids[:1]))
    outcome = await change(client, ClaimEntries(STREAM, GROUP, seen(ids[:3]), b"z"))
    assert outcome.effect is Effect.PARTLY
    assert f"2 of 3; {ids[0]} has no data" in outcome.message
    assert outcome.instead == AcknowledgeEntries(STREAM, GROUP, seen(ids[:1]))
    assert await held(client) == {ids[0]: b"a", ids[1]: b"z", ids[2]: b"z", ids[3]: b"b"}
    assert (await change(client, outcome.instead)).ok
    assert ids[0] not in await held(client)


async def test_what_goes_in_the_moment_of_a_claim_is_said(client: Redis, ids: list[str]) -> None:
    sender = Overtaken(client, "XACK", STREAM, GROUP, ids[0])
    with pytest.raises(Refused, match="was just acknowledged or deleted"):
        await change_entries(sender, ClaimEntries(STREAM, GROUP, seen(ids[:1]), b"z"))
    assert ids[0] not in await held(client)


async def test_deleting_what_is_gone_already_says_so(client: Redis, ids: list[str]) -> None:
    await client.xdel(STREAM, ids[0], ids[4])
    outcome = await change(client, DeleteEntries(STREAM, seen(ids[:1]), GROUP))
    assert "was not in the stream; it is acknowledged now" in outcome.message
    outcome = await change(client, DeleteEntries(STREAM, seen(ids[3:], None)))
    assert "1 of them were not in the stream" in outcome.message
    assert await there(client) == ids[1:3]


async def test_what_cannot_be_copied_is_not_acknowledged(client: Redis, ids: list[str]) -> None:
    await client.set(DEAD, "not a stream")
    with pytest.raises(Refused, match="could not be copied"):
        await change(client, DeadLetterEntries(STREAM, GROUP, seen(ids[:2]), DEAD))
    assert len(await held(client)) == 4
    with pytest.raises(Refused, match="cannot be the stream itself"):
        await change(client, DeadLetterEntries(STREAM, GROUP, seen(ids[:2]), STREAM))


class Overtaken(Sender):
    """Lets another client be quicker: right after the look, before the change."""

    def __init__(self, client: Redis, *steps: object) -> None:
        super().__init__(client)
        self.client = client
        self.steps = steps

    async def read(self, commands: Any) -> list[Any]:
        replies = await super().read(commands)
        await self.client.execute_command(*self.steps)
        return replies


async def test_who_was_quicker_is_said(client: Redis, ids: list[str]) -> None:
    sender = Overtaken(client, "XCLAIM", STREAM, GROUP, "c", 0, ids[0])
    outcome = await change_entries(sender, AcknowledgeEntries(STREAM, GROUP, seen(ids[:2])))
    assert not outcome.ok
    assert f"{ids[0]} was changed, but meanwhile belongs to c now" in outcome.message
    assert ids[0] not in await held(client)


async def test_a_claim_is_never_too_late(client: Redis, ids: list[str]) -> None:
    lines = await client.execute_command(b"XPENDING", STREAM, GROUP, ids[0], ids[0], 1)
    while lines[0][2] < 20:
        lines = await client.execute_command(b"XPENDING", STREAM, GROUP, ids[0], ids[0], 1)
    sender = Overtaken(client, "XCLAIM", STREAM, GROUP, "c", 0, ids[0])
    with pytest.raises(Refused, match="delivered again meanwhile"):
        await change_entries(sender, ClaimEntries(STREAM, GROUP, seen(ids[:1], idle=lines[0][2]), b"z"))
    assert (await held(client))[ids[0]] == b"c"


async def test_groups_are_made_and_removed(client: Redis, ids: list[str]) -> None:
    assert (await change(client, CreateGroup(STREAM, b"new", ids[2]))).ok
    assert len(await client.execute_command(b"XINFO", "GROUPS", STREAM)) == 2
    with pytest.raises(Refused, match="already has a group"):
        await change(client, CreateGroup(STREAM, b"new"))
    with pytest.raises(Refused, match="no longer exists"):
        await change(client, CreateGroup(b"nothing", b"new"))
    assert (await change(client, DestroyGroup(STREAM, b"new"))).ok
    with pytest.raises(Refused, match="no longer exists"):
        await change(client, DestroyGroup(STREAM, b"new"))


async def test_a_group_with_more_pending_than_seen_is_kept(client: Redis, ids: list[str]) -> None:
    with pytest.raises(Refused, match="has 4 pending entries now, had 3"):
        await change(client, DestroyGroup(STREAM, GROUP, pending=3))
    outcome = await change(client, DestroyGroup(STREAM, GROUP, pending=4))
    assert "with it its list of 4 pending entries" in outcome.message
    assert not await client.execute_command(b"XINFO", "GROUPS", STREAM)


async def test_a_consumer_that_holds_entries_is_kept(client: Redis, ids: list[str]) -> None:
    with pytest.raises(Refused, match="b holds 1 pending entry"):
        await change(client, DeleteConsumer(STREAM, GROUP, b"b"))
    await client.xack(STREAM, GROUP, ids[3])
    assert (await change(client, DeleteConsumer(STREAM, GROUP, b"b"))).ok
    with pytest.raises(Refused, match="b no longer exists"):
        await change(client, DeleteConsumer(STREAM, GROUP, b"b"))


async def test_a_group_is_moved_only_in_the_direction_that_was_shown(client: Redis, ids: list[str]) -> None:
    async def position() -> str:
        (group,) = await client.execute_command(b"XINFO", "GROUPS", STREAM)
        return dict(zip(group[::2], group[1::2], strict=True))[b"last-delivered-id"].decode()

    assert (await change(client, SetGroupId(STREAM, GROUP, ids[0], seen=ids[3]))).ok
    assert await position() == ids[0]
    assert (await change(client, SetGroupId(STREAM, GROUP, "$", seen=ids[0]))).ok
    assert await position() == ids[4]
    with pytest.raises(Refused, match="has moved"):
        await change(client, SetGroupId(STREAM, GROUP, ids[2], seen=ids[0]))
    assert await position() == ids[4]


async def test_trim(client: Redis, ids: list[str]) -> None:
    outcome = await change(client, TrimStream(STREAM, maxlen=3, seen=ids[4]))
    assert "2 entries dropped" in outcome.message
    assert await there(client) == ids[2:]
    version = (await client.info("server"))["redis_version"]
    at_4 = TrimStream(STREAM, maxlen=1) if version.startswith("5.") else TrimStream(STREAM, minid=ids[4])
    await change(client, at_4)
    assert await there(client) == ids[4:]
    await client.delete(STREAM)
    await client.execute_command("XADD", STREAM, "1-1", "a", "b")
    with pytest.raises(Refused, match="another stream now"):
        await change(client, TrimStream(STREAM, maxlen=0, seen=ids[4]))


async def test_what_is_gone_is_refused(client: Redis, ids: list[str]) -> None:
    await client.delete(STREAM)
    for command in (
        AcknowledgeEntries(STREAM, GROUP, seen(ids[:1])),
        SetGroupId(STREAM, GROUP, "$", ids[0]),
        DeleteConsumer(STREAM, GROUP, b"a"),
        TrimStream(STREAM, maxlen=1),
    ):
        with pytest.raises(Refused, match="no longer exists"):
            await change(client, command)


@pytest.fixture
async def watcher(client: Redis, redis_url: str) -> AsyncIterator[Redis]:
    """A user who may look at everything and change nothing."""
    await without_acl(client)
    await client.execute_command(
        "ACL", "SETUSER", "watcher", "on", ">pw", "~*", "+@read", "+@connection", "+@transaction", "-@write"
    )
    narrow = open_client(
        f"{redis_url}{'&' if '?' in redis_url else '?'}username=watcher&password=pw", RedisSettings()
    )
    yield narrow
    await narrow.aclose()
    await narrow.connection_pool.disconnect()
    await client.execute_command("ACL", "DELUSER", "watcher")


async def test_what_the_acl_forbids_is_named(client: Redis, ids: list[str], watcher: Redis) -> None:
    before = (await held(client), await there(client))

    async def denied(command: Any) -> Outcome:
        outcome = await change(watcher, command)
        assert not outcome.ok
        return outcome

    assert (await denied(AcknowledgeEntries(STREAM, GROUP, seen(ids[:1])))).denied == "XACK"
    assert (await denied(ClaimEntries(STREAM, GROUP, seen(ids[:1]), b"z"))).denied == "XCLAIM"
    assert (await denied(DeleteEntries(STREAM, seen(ids[:1]), GROUP))).denied == "XACK"
    assert (await denied(DeadLetterEntries(STREAM, GROUP, seen(ids[:1]), DEAD))).denied == "XADD"
    assert (await denied(DestroyGroup(STREAM, GROUP, 9))).denied == "XGROUP DESTROY"
    assert (await denied(TrimStream(STREAM, maxlen=0))).denied == "XTRIM"
    assert (await held(client), await there(client)) == before


async def without_acl(client: Redis) -> None:
    """Leave the test where the server is older than 6.0: it has no users."""
    try:
        await client.execute_command("ACL", "WHOAMI")
    except ResponseError:
        pytest.skip("this server has no ACL")


READING = (
    "%R~*", "resetchannels", "-@all", "+ping", "+time", "+info", "+scan", "+xinfo", "+xlen", "+xpending",
    "+xrange", "+xrevrange",
)  # fmt: skip
CHANGING = ("~jobs*", "+multi", "+exec", "+xack", "+xclaim", "+xdel", "+xadd", "+xtrim", "+xgroup")


async def test_the_rights_that_are_documented_suffice(client: Redis, redis_url: str, ids: list[str]) -> None:
    await without_acl(client)
    documented = (ROOT / "docs" / "streams.md").read_text()
    assert f"~orders* {' '.join(CHANGING[1:])} " in documented
    try:
        await client.execute_command("ACL", "SETUSER", "dash", "on", ">pw", *READING, *CHANGING)
    except ResponseError:  # before Redis 7.0 a key is allowed or not
        assert "Redis 6 has no `%R~`: write `~*` there" in documented
        whole = [rule.replace("%R~", "~") for rule in READING]
        await client.execute_command("ACL", "SETUSER", "dash", "on", ">pw", *whole, *CHANGING[1:])
    sign = "&" if "?" in redis_url else "?"
    user = open_client(f"{redis_url}{sign}username=dash&password=pw", RedisSettings())
    try:
        for command in (
            ClaimEntries(STREAM, GROUP, seen(ids[:3]), b"z"),
            AcknowledgeEntries(STREAM, GROUP, seen(ids[:1], b"z")),
            DeadLetterEntries(STREAM, GROUP, seen(ids[1:2], b"z"), DEAD),
            DeleteEntries(STREAM, seen(ids[2:3], b"z"), GROUP),
            DeleteConsumer(STREAM, GROUP, b"z"),
            SetGroupId(STREAM, GROUP, "0", ids[3]),
            CreateGroup(STREAM, b"new"),
            TrimStream(STREAM, maxlen=1),
            DestroyGroup(STREAM, GROUP, 1),
        ):
            outcome = await change(user, command)
            assert outcome.ok, outcome
    finally:
        await user.aclose()
        await user.connection_pool.disconnect()
        await client.execute_command("ACL", "DELUSER", "dash")

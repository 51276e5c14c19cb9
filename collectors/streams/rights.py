"""Which changes of a stream the server's ACL allows, read before anything is tried: ``ACL DRYRUN``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redis.exceptions import ResponseError

from agentdash.core.secrets.safe_text import as_text
from agentdash.core.streams.queries import Rights, RightsOn
from collectors.streams.read import Reads

if TYPE_CHECKING:
    from redis.asyncio import Redis


def samples(stream: bytes) -> dict[str, tuple[object, ...]]:
    """A form of each command that a change needs, for a dry run."""
    return {
        "MULTI": ("MULTI",),
        "EXEC": ("EXEC",),
        "XPENDING": ("XPENDING", stream, "g"),
        "XRANGE": ("XRANGE", stream, "-", "-", "COUNT", 1),
        "XINFO GROUPS": ("XINFO", "GROUPS", stream),
        "XINFO CONSUMERS": ("XINFO", "CONSUMERS", stream, "g"),
        "XACK": ("XACK", stream, "g", "0-1"),
        "XCLAIM": ("XCLAIM", stream, "g", "c", 0, "0-1"),
        "XDEL": ("XDEL", stream, "0-1"),
        "XADD": ("XADD", stream + b":dead", "*", "a", "b"),
        "XTRIM": ("XTRIM", stream, "MAXLEN", 0),
        "XGROUP CREATE": ("XGROUP", "CREATE", stream, "g", "$"),
        "XGROUP DESTROY": ("XGROUP", "DESTROY", stream, "g"),
        "XGROUP DELCONSUMER": ("XGROUP", "DELCONSUMER", stream, "g", "c"),
        "XGROUP SETID": ("XGROUP", "SETID", stream, "g", "$"),
    }


async def rights(client: Redis, query: RightsOn) -> Rights:
    """The changes of a stream that this user may make.

    Returns:
        `Rights.known` is False where the server is older than 7.0, or the user may not run ``ACL`` (as most
        with few rights): then the first denied command shows it.

    Raises:
        redis.exceptions.RedisError: when the connection fails.
    """
    reads = Reads(client)
    (user,) = await reads.ask([("ACL", "WHOAMI")], near=query.stream)
    if isinstance(user, ResponseError) or not isinstance(user, bytes):
        return Rights()
    forms = samples(query.stream)
    replies = await reads.ask(
        [("ACL", "DRYRUN", user, *words) for words in forms.values()], near=query.stream
    )
    denied = []
    for name, reply in zip(forms, replies, strict=True):
        if isinstance(reply, ResponseError):
            return Rights()
        if reply != b"OK":
            denied.append((name, f"the server's ACL says: {as_text(reply)}"))
    return Rights(True, tuple(denied))

"""Opens clients for Redis: explicit time-outs, few connections, one retry."""

from __future__ import annotations

from redis.asyncio import Redis

from agentdash.core.settings.model import RedisSettings
from agentdash.core.snapshot import SourceError
from agentdash.core.text import printable
from agentdash.server.address import address
from agentdash.server.cluster import ClusterClient
from agentdash.server.connections import CLIENT_NAME, Client, pool_of
from agentdash.server.errors import UNREADABLE, place, source_error
from agentdash.server.sentinel import primary_pool

__all__ = ["CLIENT_NAME", "UNREADABLE", "open_client", "place", "source_error", "url_of"]

_EXAMPLE = (
    "Use redis://[user:password@]host:6379/0, rediss://… for TLS, unix:///path/to/redis.sock?db=0, "
    "redis+sentinel://host:26379,host:26379/NAME or redis+cluster://host:6379,host:6379."
)


def open_client(url: str, settings: RedisSettings) -> Redis:
    """A client for *url* that has not connected yet; its replies are bytes.

    The protocol is RESP2: every server since 5.0 supports it (HELLO, for RESP3, needs 6.0), and replies of
    XINFO then have the same shape (flat lists of names and values) from all of them. Options in the URL's
    query that would change the shape of replies are ignored.

    A command is repeated once if the connection was closed (a restarted server); not after a time-out, so
    that a silent server is reported after ``settings.timeout`` seconds. A command that blocks on the server
    must block for less than that.

    ``redis+sentinel://`` queries the sentinels for the primary whenever a connection is opened, so also after
    a failover. ``redis+cluster://`` sends each command to the node of its key: see `ClusterClient`.

    Raises:
        SourceError: when *url* cannot be used.
    """
    try:
        known = address(url)
        match known.kind:
            case "cluster":
                return ClusterClient.to(
                    known,
                    lambda host: Client.of(pool_of(known.of_host(host), settings), known.one(host)),
                )
            case "sentinel":
                return Client.of(primary_pool(known, settings), known.bare)
            case _:
                return Client.of(pool_of(url, settings), known.bare)
    except (ValueError, TypeError) as error:
        raise _bad(error) from error


def url_of(client: Redis) -> str:
    """The URL of *client* without user and password, for messages."""
    if isinstance(client, Client):
        return client.named
    kwargs = client.connection_pool.connection_kwargs
    if path := kwargs.get("path"):
        return f"unix://{path}"
    return f"redis://{kwargs.get('host', 'localhost')}:{kwargs.get('port', 6379)}/{kwargs.get('db') or 0}"


def _bad(error: Exception) -> SourceError:
    """The error without the URL: in a malformed one the password cannot be located."""
    text = str(error)
    if "unexpected keyword argument" in text:
        text = f"unknown option: {text.rpartition(' ')[2]}"
    elif "Port" in text or "port" in text:
        text = "its port is not a number from 0 to 65535"
    return SourceError(f"The URL of Redis cannot be used: {printable(text)}", _EXAMPLE)

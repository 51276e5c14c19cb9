"""The one way in which agentdash talks to Redis: explicit time-outs, few connections, one retry."""

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

    RESP2 is spoken: every server since 5.0 knows it, whereas HELLO, which RESP3 begins with, came with 6.0;
    and replies of XINFO then have one shape (flat lists of names and values) from all of them. Options in the
    URL's query that would change the shape of replies are ignored.

    A command is repeated once, when the connection turns out to be closed (a server that was restarted); a
    time-out is not, so that a silent server is known after ``settings.timeout`` seconds. A command that
    blocks on the server must ask for less than that.

    ``redis+sentinel://`` asks the sentinels for the primary whenever a connection is opened, so also after a
    failover. ``redis+cluster://`` sends each command to the node that holds its key: see `ClusterClient`.

    Raises:
        SourceError: when *url* is not one that can be used.
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
    """What *client* talks to, for messages: a URL without user and password."""
    if isinstance(client, Client):
        return client.named
    kwargs = client.connection_pool.connection_kwargs
    if path := kwargs.get("path"):
        return f"unix://{path}"
    return f"redis://{kwargs.get('host', 'localhost')}:{kwargs.get('port', 6379)}/{kwargs.get('db') or 0}"


def _bad(error: Exception) -> SourceError:
    """What is wrong, without the URL: in one that is malformed nobody knows where the password is."""
    text = str(error)
    if "unexpected keyword argument" in text:
        text = f"it has an option that is not known: {text.rpartition(' ')[2]}"
    elif "Port" in text or "port" in text:
        text = "its port is not a number from 0 to 65535"
    return SourceError(f"The URL of Redis cannot be used: {printable(text)}", _EXAMPLE)

"""The primary of a Sentinel service, discovered whenever a connection is opened."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast
from urllib.parse import parse_qsl, quote, urlencode

from redis import exceptions as faults
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.sentinel import (
    Sentinel,
    SentinelConnectionPool,
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)

from agentdash.core.secrets.safe_text import as_text
from agentdash.core.settings.model import RedisSettings
from agentdash.core.text import printable
from agentdash.server.address import Address, spelled
from agentdash.server.connections import Client, pool_of

_LOGIN = ("sentinel_username", "sentinel_password")
"""Options of the URL: the login of the sentinels, where needed."""
_NAMED = 5


class SentinelError(faults.ConnectionError):
    """No primary was found; its text says why, without secrets.

    Attributes:
        cure: What to do.
    """

    def __init__(self, text: str, cure: str) -> None:
        super().__init__(text)
        self.cure = cure


class PrimaryPool(SentinelConnectionPool, BlockingConnectionPool):
    """redis-py's connections to the primary, in a limited number: further users wait."""

    async def disconnect(self, inuse_connections: bool = True) -> None:
        """Close the connections; if all of them, those to the sentinels too."""
        await super().disconnect(inuse_connections)
        if inuse_connections:
            await self.sentinel_manager.aclose()


class Sentinels(Sentinel):
    """The sentinels of the URL; the one that answered last is queried first.

    Args:
        clients: One for each.
    """

    def __init__(self, clients: list[Client]) -> None:
        super().__init__([])  # type: ignore[no-untyped-call]
        self.sentinels = list[Redis](clients)

    async def discover_master(self, service_name: str) -> tuple[str, int]:
        """Host and port of the primary.

        Raises:
            SentinelError: when no sentinel answers, none knows the service, or its primary is down.
        """
        silent: faults.RedisError | OSError | None = None
        services: set[str] = set()
        down = answered = False
        for sentinel in list(self.sentinels):
            try:
                known = cast("dict[str, dict[str, Any]]", await sentinel.sentinel_masters())
            except (faults.RedisError, OSError) as problem:
                silent = silent or problem
                continue
            answered = True
            state = known.get(service_name)
            services.update(map(_text, known))
            if state is not None and self.check_master_state(state, service_name):
                self.sentinels.remove(sentinel)
                self.sentinels.insert(0, sentinel)
                return _text(state["ip"]), int(state["port"])
            down = down or state is not None
        name = printable(service_name)
        if not answered and silent is not None:
            raise _silent(silent) from silent
        if down:
            raise SentinelError(
                f"the sentinels report that the primary of {name} is down",
                "Wait for the failover; it is retried automatically.",
            )
        others = ", ".join(sorted(services)[:_NAMED]) or "none"
        raise SentinelError(
            f"the sentinels do not know a service {name}",
            f"Correct the name in the URL; they know: {others}.",
        )


def primary_pool(known: Address, settings: RedisSettings) -> BlockingConnectionPool:
    """A pool for the primary of ``known.service``; no connection is opened yet.

    Raises:
        ValueError: when the URL cannot be used; TypeError, when it has an unknown option.
    """
    options = parse_qsl(known.query, keep_blank_values=True)
    login = dict(pair for pair in options if pair[0] in _LOGIN)
    query = urlencode([pair for pair in options if pair[0] not in _LOGIN])
    user, password = (quote(login.get(name, ""), safe="") for name in _LOGIN)
    of_sentinels = replace(
        known, kind="cluster", login=f"{user}:{password}" if password else "", path="", query=query
    )
    clients = [
        Client.of(pool_of(of_sentinels.of_host(host), settings), f"sentinel {spelled(host)}")
        for host in known.hosts
    ]
    return pool_of(
        replace(known, query=query).of_host(known.hosts[0]),
        settings,
        PrimaryPool,
        service_name=known.service,
        sentinel_manager=Sentinels(clients),
        connection_class=SentinelManagedSSLConnection if known.tls else SentinelManagedConnection,
    )


def _silent(problem: Exception) -> SentinelError:
    text = str(problem)
    if isinstance(problem, faults.AuthenticationError) or "NOAUTH" in text or "WRONGPASS" in text:
        return SentinelError(
            "the sentinels need another login",
            "Put it into the URL: ?sentinel_password=… (and sentinel_username=…).",
        )
    return SentinelError(
        f"none of the sentinels answers ({printable(text)})",
        "Start one, or correct their addresses in the URL.",
    )


def _text(value: object) -> str:
    return as_text(value) if isinstance(value, bytes) else printable(str(value))

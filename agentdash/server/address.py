"""The URL of Redis: one server, a primary behind sentinels, or a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, unquote, urlsplit

from agentdash.core.text import printable

Kind = Literal["server", "socket", "sentinel", "cluster"]
Host = tuple[str, int]
"""Name or address, port."""

_PORTS = {"server": 6379, "sentinel": 26379, "cluster": 6379}
_KINDS: dict[str, tuple[Kind, bool]] = {
    "redis": ("server", False),
    "rediss": ("server", True),
    "unix": ("socket", False),
    "redis+sentinel": ("sentinel", False),
    "rediss+sentinel": ("sentinel", True),
    "redis+cluster": ("cluster", False),
    "rediss+cluster": ("cluster", True),
}


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of a URL, still quoted.

    Attributes:
        kind: What it names.
        tls: Whether TLS is used, with sentinels too.
        login: ``user:password``; empty without a login.
        hosts: One; several for sentinels and clusters. Empty for a socket.
        path: The path of a socket; else what follows the hosts, without slashes at its ends.
        query: The options.
    """

    kind: Kind
    tls: bool
    login: str
    hosts: tuple[Host, ...]
    path: str
    query: str

    @property
    def service(self) -> str:
        """The name of the primary for the sentinels; empty for other kinds."""
        return unquote(self.path.partition("/")[0]) if self.kind == "sentinel" else ""

    @property
    def database(self) -> str:
        """The number of the database, as written; empty without one."""
        if self.kind == "socket":
            return ""
        return self.path.partition("/")[2] if self.kind == "sentinel" else self.path

    @property
    def label(self) -> str:
        """A short form without secrets: ``redis+sentinel://***@a:26379,b:26379/main``."""
        if self.kind == "socket":
            return printable(unquote(self.path)) or "unix socket"
        return self._spelled("***@" if self.login else "")

    @property
    def bare(self) -> str:
        """The URL without login and options, for messages."""
        return f"unix://{self.path}" if self.kind == "socket" else self._spelled("")

    def _spelled(self, user: str) -> str:
        scheme = ("rediss" if self.tls else "redis") + ("" if self.kind == "server" else f"+{self.kind}")
        service = f"/{self.service}" if self.service else ""
        database = self.database
        end = f"/{database}" if database.isdecimal() and database != "0" else ""
        return printable(f"{scheme}://{user}{','.join(map(spelled, self.hosts))}{service}{end}")

    def one(self, host: Host) -> str:
        """The URL of one server, without login and options, for messages."""
        return f"{'rediss' if self.tls else 'redis'}://{spelled(host)}"

    def of_host(self, host: Host) -> str:
        """The URL of one server with the same login, database and options."""
        login = f"{self.login}@" if self.login else ""
        query = f"?{self.query}" if self.query else ""
        return f"{'rediss' if self.tls else 'redis'}://{login}{spelled(host)}/{self.database}{query}"


def address(url: str) -> Address:
    """Parse *url*.

    Raises:
        ValueError: with the reason, without parts of the URL that may be a secret.
    """
    scheme, found, rest = url.partition("://")
    if not found or scheme not in _KINDS:
        raise ValueError(
            "it begins with none of redis://, rediss://, unix://, redis+sentinel://, redis+cluster://"
        )
    kind, tls = _KINDS[scheme]
    if kind in {"server", "socket"}:
        return _plain(kind, tls, url)
    rest, _, query = rest.partition("?")
    netloc, _, path = rest.partition("/")
    login, _, hosts = netloc.rpartition("@")
    known = Address(
        kind, tls, login, tuple(_host(one, _PORTS[kind]) for one in hosts.split(",")), path.strip("/"), query
    )
    _split(known.of_host(known.hosts[0]))  # as redis-py will parse it
    if kind == "sentinel" and not known.service:
        raise ValueError("it does not say which primary: redis+sentinel://host:26379/NAME")
    return _checked(known)


def spelled(host: Host) -> str:
    """``host:port``, an IPv6 address in brackets."""
    name, port = host
    return f"[{name}]:{port}" if ":" in name else f"{name}:{port}"


def _plain(kind: Kind, tls: bool, url: str) -> Address:
    parts, port = _split(url)
    login = parts.netloc.rpartition("@")[0]
    if kind == "socket":
        if not parts.path:
            raise ValueError("it names no socket")
        return Address(kind, tls, login, (), parts.path, parts.query)
    host = (parts.hostname or "localhost", port or _PORTS[kind])
    return _checked(Address(kind, tls, login, (host,), parts.path.strip("/"), parts.query))


def _split(url: str) -> tuple[SplitResult, int | None]:
    """The URL of one server in its parts, and its port."""
    try:
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError as problem:  # its message may contain any part of the URL
        port = str(problem).startswith("Port")
        raise ValueError("its port is not a number from 0 to 65535" if port else "it is malformed") from None


def _checked(known: Address) -> Address:
    if "@" in known.path or (known.database and not known.database.isdecimal()):
        # Not quoted in the message: if a password contains a slash, this is its end.
        raise ValueError(
            "the part after its last / is not the number of a database (a / in a password is written %2F)"
        )
    return known


def _host(text: str, port: int) -> Host:
    name, colon, number = text.rpartition(":")
    if not colon or number.endswith("]"):
        name, number = text, str(port)
    name = name.strip("[]")
    if not name:
        raise ValueError("it names no host")
    if not number.isdecimal() or not 0 < int(number) < 65536:
        raise ValueError("its port is not a number from 0 to 65535")
    return unquote(name), int(number)

"""Error messages for all failures of Redis: what failed, where, and what to do."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable, Iterator

from redis import exceptions as faults

from agentdash.core.secrets.safe_text import safe_text
from agentdash.core.snapshot import SourceError
from agentdash.core.text import mask_urls_in, printable
from agentdash.server.address import address
from agentdash.server.reply_guard import NOT_AS_REDIS, ReplyRefused, UnexpectedReply
from agentdash.server.sentinel import SentinelError

_LOG_IN = "Put the password into the URL: redis://:PASSWORD@host:6379/0 (or user:PASSWORD)."
_LONGEST = 300
UNREADABLE = (faults.RedisError, OSError, *NOT_AS_REDIS)
"""Exceptions when reading from Redis; see `source_error`."""


def place(url: str) -> str:
    """A short form of *url* without secrets: ``redis://***@host:6379/1``."""
    try:
        return address(url).label
    except ValueError:
        return "***"


def source_error(error: BaseException, url: str) -> SourceError:
    """The message for *error*, which was raised while talking to the server at *url*.

    Args:
        error: Of redis-py or the operating system; its attribute ``node``, if any, names the node of a
            cluster. A `SourceError` is returned unchanged.
        url: May contain a password, which is not shown.
    """
    if isinstance(error, SourceError):
        return error
    node = getattr(error, "node", None)
    where = place(url) if node is None else f"{node} of {place(url)}"
    if isinstance(error, SentinelError):
        return SourceError(f"Redis at {where}: {error}", error.cure)
    for cause in _chain(error):
        for rule in (_login, _permission, _state):
            if found := rule(cause, where):
                return found
    if found := _network(error, where):
        return found
    return SourceError(f"Redis at {where} answered: {_text(error)}")


def _login(error: BaseException, where: str) -> SourceError | None:
    text = str(error)
    if not isinstance(error, faults.AuthenticationError) and "NOAUTH" not in text:
        return None
    if "Authentication required" in text or "NOAUTH" in text:
        return SourceError(f"Redis at {where} asks for a password", _LOG_IN)
    if "without any password configured" in text or "no password is set" in text:
        return SourceError(f"Redis at {where} has no password, but one was given", "Take it out of the URL.")
    return SourceError(
        f"Redis at {where} refuses this user or password", "Check both in the URL; ACL LIST shows the users."
    )


def _permission(error: BaseException, where: str) -> SourceError | None:
    text = str(error)
    if not isinstance(error, faults.NoPermissionError) and "NOPERM" not in text:
        return None
    user = (re.search(r"[Uu]ser '?([^\s']+)'? has no perm", text) or [None, "USER"])[1]
    if command := re.search(r"run the '([^']+)' command", text):
        name = printable(command[1])
        return SourceError(
            f"Redis at {where} does not let this user run {name.upper().replace('|', ' ')}",
            f"ACL SETUSER {printable(user or 'USER')} +{name.lower()}",
        )
    what = "channels" if "channel" in text else "keys"
    pattern = "&*" if what == "channels" else "%R~*"
    return SourceError(
        f"Redis at {where} does not let this user read some of the {what}",
        f"ACL SETUSER {printable(user or 'USER')} {pattern} (or a narrower pattern)",
    )


def _state(error: BaseException, where: str) -> SourceError | None:
    """Errors about the state of the server: by redis-py's class, or by the first word of the error."""
    text = str(error)
    for kind, code, message, cure in (
        (faults.BusyLoadingError, "LOADING", "is loading its data", "Wait until that is done."),
        (faults.MasterDownError, "MASTERDOWN", "is a replica that has lost its primary",
         "Wait for the failover, or use the primary's address."),
        (faults.ReadOnlyError, "READONLY", "is a read-only replica", "Use the primary's address."),
        (faults.MovedError, "MOVED", "is part of a cluster and does not hold this key",
         "Name the cluster in the URL: redis+cluster:// instead of redis:// (rediss+cluster:// with TLS)."),
        (faults.AskError, "ASK", "is part of a cluster and is moving this key to another node",
         "Name the cluster in the URL: redis+cluster:// instead of redis:// (rediss+cluster:// with TLS)."),
        (faults.TryAgainError, "TRYAGAIN", "is moving this key to another node",
         "It is retried automatically."),
        (faults.ClusterCrossSlotError, "CROSSSLOT", "holds these keys on several nodes",
         "A cluster changes keys together only where they share a {tag} in their names."),
        (faults.OutOfMemoryError, "OOM", "has reached maxmemory and refuses writes",
         "Free memory there or raise maxmemory."),
    ):  # fmt: skip
        if isinstance(error, kind) or text.startswith(f"{code} "):
            return SourceError(f"Redis at {where} {message}", cure)
    if isinstance(error, faults.ClusterDownError) or text.startswith("CLUSTERDOWN"):
        what = "in which no node holds this key" if "not served" in text else "that is down"
        return SourceError(
            f"Redis at {where} is a cluster {what}",
            "See CLUSTER INFO and CLUSTER NODES there; it is retried automatically.",
        )
    for words, message, cure in (
        ("cluster support disabled", "is not a cluster", "Write redis:// instead of redis+cluster://."),
        ("max number of clients", "has reached its limit of clients", "Close some, or raise maxclients."),
        ("protected mode", "runs in protected mode and refuses other machines",
         "Give it a password, or bind it to an address that is not public."),
        ("MISCONF", f"cannot save to disk and refuses writes{_reason(text)}",
         "Free disk space there; see its log."),
        ("BUSY ", "is busy with a script", "Wait, or end it there with SCRIPT KILL."),
        ("unknown command", f"does not know a command: {_text(error)}",
         "It is too old, or the command was renamed there; Redis 5.0 or newer is needed."),
        ("DB index is out of range", "does not have that database",
         "Use a lower number at the end of the URL."),
        ("No connection available", "answers too slowly: all connections are waiting",
         "It is retried automatically."),
    ):  # fmt: skip
        if words in text:
            return SourceError(f"Redis at {where} {message}", cure)
    return None


def _reason(text: str) -> str:
    """The system's message at the end of a MISCONF: ``… to the AOF file: No space left on device``."""
    _, colon, why = text.rpartition("file: ")
    return f": {_text(why)}" if colon else ""


def _network(error: BaseException, where: str) -> SourceError | None:
    causes = tuple(_chain(error))
    if found := _tls(causes, where):
        return found
    for cause in causes:
        for kind, say in _NETWORK:
            if isinstance(cause, kind):
                return say(where)
    text = str(error)
    if isinstance(error, faults.ConnectionError) and "onnection closed by server" in text:
        return _broken(where)
    if isinstance(error, (UnexpectedReply, *NOT_AS_REDIS)):
        name = "" if isinstance(error, UnexpectedReply) else f"{type(error).__name__}: "
        return SourceError(
            f"What answers at {where} gives no valid Redis replies: {name}{_text(error)}",
            "Check host and port in the URL; if that is a Redis, please report a bug of agentdash.",
        )
    if refused := next((cause for cause in causes if isinstance(cause, ReplyRefused)), None):
        return SourceError(
            f"What answers at {where} sends {_text(refused)}: refused",
            "Check host and port in the URL; the connection was closed, and it is retried automatically.",
        )
    if isinstance(error, faults.InvalidResponse) or "Protocol Error" in text:
        return SourceError(
            f"What answers at {where} does not speak the protocol of Redis",
            "Check host and port in the URL; if it needs TLS, write rediss:// instead of redis://.",
        )
    if isinstance(error, faults.ConnectionError | OSError):
        return SourceError(f"Redis at {where} cannot be reached: {_text(error)}", "Check that it runs there.")
    return None


def _tls(causes: tuple[BaseException, ...], where: str) -> SourceError | None:
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return SourceError(
                f"The certificate of Redis at {where} is not trusted: {_text(cause.verify_message)}",
                "Name its authority in the URL: ?ssl_ca_certs=/path/to/ca.crt",
            )
        if isinstance(cause, ssl.SSLError):
            return SourceError(
                f"TLS with Redis at {where} failed: {_text(cause.reason or cause)}",
                "If it does not speak TLS, write redis:// instead of rediss://; "
                "if it needs a certificate: ?ssl_certfile=…&ssl_keyfile=…",
            )
    return None


def _refused(where: str) -> SourceError:
    cure = "Start it: redis-server" if "://" in where else "Start the server that owns this socket."
    return SourceError(
        f"Nothing listens at {where}: the connection was refused", f"{cure}, or correct the URL."
    )


def _missing(where: str) -> SourceError:
    return SourceError(f"There is no socket {where}", "Start its server, or correct the URL.")


def _forbidden(where: str) -> SourceError:
    return SourceError(f"No permission to open the socket {where}", "Ask its owner, or see unixsocketperm.")


def _nowhere(where: str) -> SourceError:
    return SourceError(f"The host of {where} is unknown", "Check its name in the URL, and the network.")


def _silent(where: str) -> SourceError:
    tls = where.startswith("rediss:")
    other = ", or does not speak TLS (then write redis://)" if tls else ", or a firewall drops packets"
    return SourceError(f"Redis at {where} did not answer in time", f"It hangs, is overloaded{other}.")


_CLOSED = {
    "redis": " If it never works, it may need TLS: write rediss://.",
    "rediss": " If it never works, it may need a certificate (?ssl_certfile=…) or not use TLS.",
}


def _broken(where: str) -> SourceError:
    hint = _CLOSED.get(where.partition(":")[0], "")
    return SourceError(f"Redis at {where} closed the connection", f"It is retried automatically.{hint}")


_NETWORK: tuple[tuple[type[BaseException], Callable[[str], SourceError]], ...] = (
    (ConnectionRefusedError, _refused),
    (FileNotFoundError, _missing),
    (PermissionError, _forbidden),
    (socket.gaierror, _nowhere),
    (faults.TimeoutError, _silent),
    (TimeoutError, _silent),
    (BrokenPipeError, _broken),
    (ConnectionResetError, _broken),
)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and its causes; redis-py wraps those of the operating system."""
    seen: BaseException | None = error
    for _ in range(8):
        if seen is None:
            return
        yield seen
        if isinstance(seen.args[0] if seen.args else None, BaseException):
            yield seen.args[0]
        seen = seen.__cause__ or seen.__context__


def _text(error: object) -> str:
    text = mask_urls_in(safe_text(str(error))) or type(error).__name__
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"

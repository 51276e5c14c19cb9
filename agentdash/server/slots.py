"""The map of slots of a cluster, and the key of a command. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agentdash.server.address import Host

SLOTS = 16384

_KEYLESS = frozenset(
    {
        *("PING", "ECHO", "TIME", "INFO", "SCAN", "CLIENT", "ACL", "CLUSTER", "COMMAND", "CONFIG", "DBSIZE"),
        *("FLUSHALL", "FLUSHDB", "SLOWLOG", "LATENCY", "MODULE", "ASKING", "WAIT", "MULTI", "EXEC", "SCRIPT"),
    }
)
_SUBCOMMANDS = frozenset({"XINFO", "XGROUP", "MEMORY", "OBJECT"})
_AFTER_STREAMS = frozenset({"XREAD", "XREADGROUP"})
_SCRIPTS = frozenset({"EVAL", "EVALSHA"})


@dataclass(frozen=True, slots=True)
class SlotMap:
    """The nodes of all slots.

    Attributes:
        owners: The address of the primary of each of the 16384 slots; None where there is none.
        hosts: The primaries, in the order of their slots.
        replicas: Of all primaries. They are not read, but know when one of them has taken over.
    """

    owners: tuple[Host | None, ...]
    hosts: tuple[Host, ...]
    replicas: tuple[Host, ...] = ()


def slot_map(reply: Any, asked: Host) -> SlotMap:
    """The reply of ``CLUSTER SLOTS``: of each range its first and last slot, its primary, its replicas.

    Args:
        reply: As received.
        asked: The node that replied: a node without an address in the reply is this one.
    """
    owners: list[Host | None] = [None] * SLOTS
    ranges = []
    replicas: dict[Host, None] = {}
    for first, last, *nodes in reply:
        primary, *others = (_place(node, asked) for node in nodes)
        ranges.append((max(0, int(first)), min(int(last), SLOTS - 1), primary))
        replicas |= dict.fromkeys(others)
    for first, last, host in sorted(ranges):
        owners[first : last + 1] = [host] * max(0, last + 1 - first)
    hosts = dict.fromkeys(host for _, _, host in sorted(ranges))
    return SlotMap(tuple(owners), tuple(hosts), tuple(replicas))


def key_of(words: Sequence[Any]) -> bytes | None:
    """The key of a command; None without one; the first of several.

    Args:
        words: The command, its name in one word or two (``XINFO STREAM``), as text or bytes.
    """
    head, *rest = _text(words[0]).split(" ")
    name, words = head.upper(), [*rest, *words[1:]]
    if name in _KEYLESS:
        return None
    if name in _SCRIPTS:
        at = 2
    elif name in _SUBCOMMANDS:
        at = 1
    elif name in _AFTER_STREAMS:
        at = next(number for number, word in enumerate(words) if _text(word).upper() == "STREAMS") + 1
    else:
        at = 0
    return _raw(words[at]) if at < len(words) else None


def _place(node: Any, asked: Host) -> Host:
    name, port, *_ = node
    return (name.decode() if isinstance(name, bytes) else name) or asked[0], int(port)


def _text(word: Any) -> str:
    return word.decode("utf-8", "replace") if isinstance(word, bytes) else str(word)


def _raw(word: Any) -> bytes:
    return word if isinstance(word, bytes) else str(word).encode("utf-8", "surrogateescape")

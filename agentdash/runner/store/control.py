"""What people ask of a run: its control stream, read from the beginning."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from agentdash.core.runs.model import ControlAction
from agentdash.core.text import decode

if TYPE_CHECKING:
    from redis.asyncio import Redis

_RETRY_S = 0.5
_COUNT = 1000


@dataclass(frozen=True, slots=True)
class Control:
    """One control message. `action` is None where it is not known."""

    id: str
    action: ControlAction | None
    reason: str | None
    actor: str | None
    word: str = ""


class ControlReader:
    """Reads the control stream of one run.

    Args:
        client: Its own connection is taken from the pool while it waits.
        key: The stream.
        block_ms: How long one question waits; below the client's own time limit for an answer.
    """

    def __init__(self, client: Redis, key: str, block_ms: int) -> None:
        self._client = client
        self._key = key
        self._block_ms = block_ms
        self._last = "0"

    async def backlog(self) -> list[Control]:
        """What was asked before anybody read. Raises what the client raises."""
        found: list[Control] = []
        while batch := await self._read(None):
            found += batch
        return found

    async def follow(self, tell: Callable[[Control], None]) -> None:
        """Tell of each message as it comes, for ever; waits and goes on where the server is away."""
        while True:
            try:
                for control in await self._read(self._block_ms):
                    tell(control)
            except (RedisError, OSError):
                await asyncio.sleep(_RETRY_S)

    async def _read(self, block: int | None) -> list[Control]:
        reply = await self._client.xread({self._key: self._last}, count=_COUNT, block=block)
        entries = [entry for _, batch in _streams(reply) for entry in batch]
        controls = [_control(entry_id, fields) for entry_id, fields in entries]
        if controls:
            self._last = controls[-1].id
        return controls


def net_request(controls: Iterable[Control]) -> Control | None:
    """What a backlog comes to: a cancel stays, else the newest counts, and a resume asks for nothing."""
    net: Control | None = None
    for control in controls:
        if control.action is ControlAction.CANCEL:
            return control
        if control.action is ControlAction.PAUSE:
            net = control
        elif control.action is ControlAction.RESUME:
            net = None
    return net


def _streams(reply: object) -> list[tuple[bytes, list[tuple[bytes, dict[bytes, bytes]]]]]:
    """XREAD's reply in either protocol: a list of pairs, or a mapping of lists of batches."""
    if isinstance(reply, dict):
        return [(name, [entry for batch in batches for entry in batch]) for name, batches in reply.items()]
    return list(reply) if isinstance(reply, list) else []


def _control(entry_id: bytes, fields: dict[bytes, bytes] | None) -> Control:
    fields = fields or {}
    word = decode(fields.get(b"action", b"")[:50]).strip().lower()
    try:
        action = ControlAction(word)
    except ValueError:
        action = None
    return Control(entry_id.decode(), action, _word(fields, b"reason"), _word(fields, b"actor"), word)


def _word(fields: dict[bytes, bytes], name: bytes) -> str | None:
    return decode(fields.get(name, b"")[:1000]) or None

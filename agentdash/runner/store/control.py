"""Reads a run's control stream."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from agentdash.core.runs.model import ControlAction
from agentdash.core.secrets.safe_text import as_text

if TYPE_CHECKING:
    from redis.asyncio import Redis

_RETRY_S = 0.5
_COUNT = 1000


@dataclass(frozen=True, slots=True)
class ControlMessage:
    """One control message; `action` is None where `word` is not a known action."""

    id: str
    action: ControlAction | None
    reason: str | None
    actor: str | None
    word: str = ""


class ControlReader:
    """Reads the control stream of one run.

    Args:
        client: One connection of its pool is used while waiting.
        key: The stream.
        block_ms: BLOCK of one XREAD; below the client's own timeout.
    """

    def __init__(self, client: Redis, key: str, block_ms: int) -> None:
        self._client = client
        self._key = key
        self._block_ms = block_ms
        self._last = "0"

    async def backlog(self) -> list[ControlMessage]:
        """The messages sent so far.

        Raises:
            RedisError: when the server is not available.
        """
        found: list[ControlMessage] = []
        while batch := await self._read(None):
            found += batch
        return found

    async def follow(self, handle: Callable[[ControlMessage], None]) -> None:
        """Pass each new message to *handle*, until cancelled; retries while the server is not available."""
        while True:
            try:
                for control in await self._read(self._block_ms):
                    handle(control)
            except (RedisError, OSError):
                await asyncio.sleep(_RETRY_S)

    async def _read(self, block: int | None) -> list[ControlMessage]:
        reply = await self._client.xread({self._key: self._last}, count=_COUNT, block=block)
        entries = [entry for _, batch in _streams(reply) for entry in batch]
        controls = [_control(entry_id, fields) for entry_id, fields in entries]
        if controls:
            self._last = controls[-1].id
        return controls


def pending_control(controls: Iterable[ControlMessage]) -> ControlMessage | None:
    """The net effect of a backlog: a cancel, else a pause that no resume follows; None for neither."""
    net: ControlMessage | None = None
    for control in controls:
        if control.action is ControlAction.CANCEL:
            return control
        if control.action is ControlAction.PAUSE:
            net = control
        elif control.action is ControlAction.RESUME:
            net = None
    return net


def _streams(reply: object) -> list[tuple[bytes, list[tuple[bytes, dict[bytes, bytes]]]]]:
    """XREAD's reply in RESP2 (a list of pairs) or RESP3 (a mapping to lists of batches)."""
    if isinstance(reply, dict):
        return [(name, [entry for batch in batches for entry in batch]) for name, batches in reply.items()]
    return list(reply) if isinstance(reply, list) else []


def _control(entry_id: bytes, fields: dict[bytes, bytes] | None) -> ControlMessage:
    fields = fields or {}
    word = as_text(fields.get(b"action", b"")[:50]).strip().lower()
    try:
        action = ControlAction(word)
    except ValueError:
        action = None
    return ControlMessage(entry_id.decode(), action, _word(fields, b"reason"), _word(fields, b"actor"), word)


def _word(fields: dict[bytes, bytes], name: bytes) -> str | None:
    return as_text(fields.get(name, b"")[:1000]) or None

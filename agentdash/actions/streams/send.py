"""Sends commands that change a stream, and records them with their answers for the activity log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from redis.exceptions import NoPermissionError, RedisError, ResponseError

from agentdash.core.cli_form import Word, redis_cli
from agentdash.core.commands import Refused
from agentdash.core.secrets.safe_text import as_text
from agentdash.server.client import source_error
from agentdash.server.exchange import Exchange, MayHaveBeenCarriedOut

if TYPE_CHECKING:
    from types import TracebackType

    from redis.asyncio import Redis

MAX_WORDS = 24
"""Words of one command in the activity log."""


class Sender:
    """The commands of one change, each sent once. To be closed after it.

    Attributes:
        sent: Each command that changes something, with its answer, as a line.
    """

    def __init__(self, client: Redis) -> None:
        self._exchange = Exchange(client)
        self.sent: list[str] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exchange.aclose()

    def error_message(self, problem: RedisError) -> str:
        """What went wrong at the server; for a lost answer, why."""
        cause = problem.__cause__ if isinstance(problem, MayHaveBeenCarriedOut) else None
        return source_error(cause or problem, self._exchange.url).message

    async def read(self, commands: Sequence[Sequence[Word]]) -> list[Any]:
        """Read, in one write. An error of the server takes the place of its reply.

        Raises:
            NoPermissionError: when the ACL denies one of them.
            redis.exceptions.RedisError: when the connection fails.
        """
        return _permitted(await self._exchange.read(commands))

    async def change(self, checks: Sequence[Sequence[Word]], changes: Sequence[Sequence[Word]]) -> list[Any]:
        """*checks*, then *changes*, in one MULTI (where they are several): no other client comes between.

        Returns:
            The answers to *checks*, then to *changes*; an error of the server in place of its reply.

        Raises:
            MayHaveBeenCarriedOut: when the connection fails after they were sent.
            NoPermissionError: when the ACL denies one of them; then none was carried out.
            redis.exceptions.RedisError: when none was carried out.
        """
        try:
            replies = await self._exchange.write([*checks, *changes])
        except MayHaveBeenCarriedOut:
            self.sent += [f"{_shortened(step)} → no answer" for step in changes]
            raise
        for step, reply in zip(changes, replies[len(checks) :], strict=True):
            self.sent.append(f"{_shortened(step)} → {_answer(reply)}")
        return _permitted(replies)


def _permitted(replies: list[Any]) -> list[Any]:
    for reply in replies:
        if isinstance(reply, NoPermissionError):
            raise reply
    return replies


def checked_reply(reply: Any, stream: bytes) -> Any:
    """*reply*, unless it is an error.

    Raises:
        Refused: with the reason.
    """
    if not isinstance(reply, ResponseError):
        return reply
    text = str(reply)
    name = as_text(stream)
    if text.startswith("BUSYGROUP"):
        raise Refused(f"{name} already has a group of that name")
    if text.startswith("NOGROUP"):
        raise Refused(f"the group no longer exists in {name}")
    if text.startswith("WRONGTYPE"):
        raise Refused(f"{name} is no longer a stream")
    if "no such key" in text or "requires the key to exist" in text:
        raise Refused(f"the stream {name} no longer exists")
    if "syntax error" in text:
        raise Refused(
            f"this server does not support that form of the command (MINID needs Redis 6.2): {text}"
        )
    raise Refused(f"the server refused: {text}")


def _shortened(step: Sequence[Word]) -> str:
    more = len(step) - MAX_WORDS
    line = redis_cli(step[:MAX_WORDS], longest=80)
    return f"{line} … {more} more words" if more > 0 else line


def _answer(reply: Any) -> str:
    if isinstance(reply, (list, tuple)):
        return f"{len(reply)} entries"
    return as_text(reply) if isinstance(reply, bytes) else str(reply)

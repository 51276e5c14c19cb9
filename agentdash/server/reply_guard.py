"""Refuses excessive replies before memory is allocated for them.

``*1000000000`` makes hiredis allocate a list of 8 GB at once; an endless text or nested lists fill memory
more slowly. The bytes are checked on their way to hiredis: their number at each piece; the numbers of
elements where a large one seems to occur, or where a reply is long. A value may contain bytes that look
like one: then the headers of the protocol (RESP) are parsed, skipping the texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from redis.exceptions import InvalidResponse

from agentdash.core.bounds import bounded_int

if TYPE_CHECKING:
    from redis.asyncio.connection import AbstractConnection

MOST_BYTES = 128 * 1024 * 1024
"""Bytes of one reply."""
MOST_ELEMENTS = 1_000_000
"""Elements of one list."""
DEEPEST = 32
"""Levels of nested lists; the deepest known reply, XINFO STREAM FULL, has 6."""

_LONG = 4 * 1024 * 1024
"""Bytes of a reply from which on its headers are parsed; again at each doubling."""
_LONGEST_LINE = 64 * 1024
"""Bytes of an error or a status; hiredis scans the whole line again at each piece."""
_LARGE = tuple(re.compile(rb"%b\d{7}" % re.escape(sign)) for sign in (b"*", b"%", b"~", b">", b"|"))
_LISTS = frozenset(b"*%~>|")
_TEXTS = frozenset(b"$=!")
_HEADER = re.compile(rb"([*%~>|$=!:+\-,#_(])([^\r\n]*)\r\n")


NOT_AS_REDIS = (ValueError, TypeError, KeyError, IndexError, AttributeError)
"""Raised where a reply does not have the shape that Redis gives it."""


class ReplyRefused(InvalidResponse):
    """A reply that is too large or nested too deeply; the connection is unusable then."""


class UnexpectedReply(InvalidResponse):
    """A well-formed reply that Redis never gives to this command."""


class ReplyTooLarge(ReplyRefused):
    """More was sent than the reader allows (`at_most`)."""


class ReplyBudget:
    """Bytes that replies to some commands may still have.

    Attributes:
        left: How many; below 0 when exceeded.
    """

    def __init__(self, most: int) -> None:
        self.left = most

    def spend(self, size: int) -> None:
        """Subtract *size* bytes.

        Raises:
            ReplyTooLarge: when there are more than were allowed.
        """
        self.left -= size
        if self.left < 0:
            raise ReplyTooLarge("more bytes than there is room for")


_BUDGETS: ContextVar[tuple[ReplyBudget, ...]] = ContextVar("reply_budgets", default=())


@contextmanager
def at_most(size: int) -> Iterator[ReplyBudget]:
    """Refuse more than *size* bytes of replies within this block, on all connections together.

    The connection that exceeds them is closed, and the command fails with `ReplyTooLarge`. Nested blocks
    count for both.
    """
    budget = ReplyBudget(size)
    token = _BUDGETS.set((*_BUDGETS.get(), budget))
    try:
        yield budget
    finally:
        _BUDGETS.reset(token)


class ReplyGuard:
    """Checks the bytes of one connection, piece by piece."""

    def __init__(self) -> None:
        self._bytes = 0
        self._next = _LONG
        self._tail = b""
        self._pieces: list[bytes] = []  # with headers that were not parsed yet
        self._skip = 0  # bytes of them that belong to a text
        self._left: list[int] = []  # elements that are still to come, of each list that is open

    def begin(self, *, fresh: bool) -> None:
        """Begin with the next reply; *fresh*: nothing of it has arrived yet."""
        self._bytes, self._next = 0, _LONG
        if fresh:
            self._tail, self._skip = b"", 0
            self._pieces.clear()
            self._left.clear()

    def check(self, piece: bytes) -> None:
        """Check *piece* before it is parsed.

        Raises:
            ReplyRefused: when it belongs to a reply that is refused.
        """
        for budget in _BUDGETS.get():
            budget.spend(len(piece))
        seam, self._tail = self._tail + piece[:16], piece[-16:]
        self._pieces.append(piece)
        self._bytes += len(piece)
        if self._bytes > MOST_BYTES:
            raise ReplyRefused(f"a reply of more than {MOST_BYTES >> 20} MiB")
        if self._bytes >= self._next:
            self._next *= 2
        elif not any(large.search(piece) or large.search(seam) for large in _LARGE):
            return
        self._read_headers()

    def _read_headers(self) -> None:
        raw, at = b"".join(self._pieces), self._skip
        while (header := _HEADER.match(raw, at)) is not None:
            at = header.end() + self._take(header[1][0], header[2])
        self._skip = max(0, at - len(raw))
        self._pieces = [raw[at:]]
        if len(self._pieces[0]) > _LONGEST_LINE:
            raise ReplyRefused(f"a line of more than {_LONGEST_LINE >> 10} KiB")

    def _take(self, kind: int, number: bytes) -> int:
        """Check one header; returns the number of bytes of text that follow it.

        Raises:
            ReplyRefused: when a list has too many elements or is nested too deep, or a text is too long.
        """
        while self._left and self._left[-1] == 0:
            self._left.pop()
        if self._left:
            self._left[-1] -= 1
        if kind not in _LISTS and kind not in _TEXTS:
            return 0
        count = bounded_int(number, 0)
        if count is None:
            if number.startswith(b"-") and len(number) < 4:  # -1: none
                return 0
            raise ReplyRefused("a number that is none")
        shown = f"{count:,}"
        if kind in _TEXTS:
            if count > MOST_BYTES:
                raise ReplyRefused(f"a text of {shown} bytes")
            return count + 2
        if count > MOST_ELEMENTS:
            raise ReplyRefused(f"a list of {shown} elements")
        self._left.append(count * 2 if kind in b"%|" else count)
        if len(self._left) > DEEPEST:
            raise ReplyRefused(f"lists in lists, more than {DEEPEST} levels deep")
        return 0


def guarded_parser() -> type[Any] | None:
    """redis-py's parser by hiredis, with a guard before it; None where hiredis is not there.

    It depends on two private names of redis-py (``_stream``, ``_reader``).
    """
    try:
        from redis._parsers.hiredis import _AsyncHiredisParser
    except ImportError:
        return None

    class GuardedParser(_AsyncHiredisParser):
        """redis-py's parser; what `ReplyGuard` refuses ends the connection."""

        def on_connect(self, connection: AbstractConnection) -> None:
            super().on_connect(connection)  # type: ignore[no-untyped-call] # redis-py's own
            self._guard = ReplyGuard()
            self._stream: Any = _GuardedStream(self._stream, self._guard)

        async def read_response(self, *args: Any, **kwargs: Any) -> Any:
            self._begin()
            reply = await super().read_response(*args, **kwargs)
            self._begin()  # releases the bytes
            return reply

        def _begin(self) -> None:
            reader: Any = self._reader
            self._guard.begin(fresh=not reader.has_data())

    return GuardedParser


class _GuardedStream:
    """A `asyncio.StreamReader` whose bytes are checked as they are read."""

    def __init__(self, stream: Any, guard: ReplyGuard) -> None:
        self._inner = stream
        self._guard = guard

    async def read(self, size: int) -> bytes:
        piece: bytes = await self._inner.read(size)
        self._guard.check(piece)
        return piece

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

"""Whole lines out of pieces of output, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass

LIMIT = 1024 * 1024
"""Bytes of one line that are looked at in one piece; a longer one is seen in parts and counted."""
ROW_LIMIT = 8 * LIMIT
"""The same for a line that may be a row of JSON: an agent's last row may hold a whole answer."""

_HEAD = 64


@dataclass(frozen=True, slots=True)
class Block:
    """Some lines.

    Attributes:
        data: Whole lines; or one part of a line that is longer than `LIMIT`.
        whole: Whether it is whole lines.
    """

    data: bytes
    whole: bool = True


class LineBlocks:
    """Collects the bytes of one stream and gives out blocks of lines."""

    def __init__(self, limit: int = LIMIT, row_limit: int = ROW_LIMIT) -> None:
        self._limits = limit, max(limit, row_limit)
        self._carry = bytearray()
        self._inside = False
        self.overlong = 0

    def feed(self, data: bytes) -> list[Block]:
        """Take *data*; returns what became whole with it."""
        end = data.rfind(b"\n") + 1
        if not end:
            self._carry += data
            return self._spill()
        blocks: list[Block] = []
        first = data.find(b"\n") + 1
        if self._inside or len(self._carry) + first > self._limit(data):
            self.overlong += not self._inside
            blocks.append(Block(bytes(self._carry) + data[:first], whole=False))
            self._inside = False
            rest = data[first:end]
        else:
            rest = bytes(self._carry) + data[:end]
        self._carry = bytearray(data[end:])
        if rest:
            blocks.append(Block(rest))
        return blocks + self._spill()

    def end(self) -> list[Block]:
        """The stream has ended: what is left is a line, even without its newline."""
        rest, whole = bytes(self._carry), not self._inside
        self._carry.clear()
        self._inside = False
        return [Block(rest, whole)] if rest else []

    def _limit(self, more: bytes) -> int:
        """Bytes that the line may have that is carried, and begins with *more* where nothing is."""
        head = bytes(self._carry[:_HEAD]) or more[:_HEAD]
        return self._limits[head.lstrip(b" \t").startswith(b"{")]

    def _spill(self) -> list[Block]:
        if len(self._carry) <= self._limit(b""):
            return []
        self.overlong += not self._inside
        self._inside = True
        part = Block(bytes(self._carry), whole=False)
        self._carry.clear()
        return [part]

"""Splits chunks of output into blocks of whole lines, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass

LIMIT = 1024 * 1024
"""Bytes of a line that are kept in one block; a longer line is split and counted."""
ROW_LIMIT = 8 * LIMIT
"""The same for a possible row of JSON: an agent's last row may contain its whole answer."""

_HEAD = 64


@dataclass(frozen=True, slots=True)
class Block:
    """Output bytes.

    Attributes:
        data: Whole lines; or a part of a line longer than `LIMIT`.
        whole: Whether they are whole lines.
    """

    data: bytes
    whole: bool = True


class LineBlocks:
    """Splits one stream into blocks; `overlong` counts the lines that were split."""

    def __init__(self, limit: int = LIMIT, row_limit: int = ROW_LIMIT) -> None:
        self._limits = limit, max(limit, row_limit)
        self._carry = bytearray()
        self._inside = False
        self.overlong = 0

    def feed(self, data: bytes) -> list[Block]:
        """Add *data*; returns the blocks that it completed."""
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
        """The last line, even without a newline, once the stream has ended."""
        rest, whole = bytes(self._carry), not self._inside
        self._carry.clear()
        self._inside = False
        return [Block(rest, whole)] if rest else []

    def _limit(self, more: bytes) -> int:
        """The limit of the carried line; it begins with *more* where nothing is carried."""
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

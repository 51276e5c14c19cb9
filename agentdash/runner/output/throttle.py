"""Throttles output for the store: few, small events of whole characters; dropped bytes are counted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from agentdash.runner.output.line_masker import LINE_LIMIT, LineMasker, partial_character
from agentdash.runner.output.secret_mask import SecretMask

PER_SECOND = 10
"""Output events per second at most."""
CHUNK = 2048
"""Bytes of UTF-8 in one event at most."""
BUFFERED = 32 * 1024
"""Bytes buffered of one stream at most; beyond it the oldest are dropped and counted."""
IDLE = 1.0
"""Seconds without output after which an incomplete line is released as far as it can contain no secret."""
GROWING = 2.0
"""The same while the line keeps growing; its last word is kept back then."""


@dataclass(frozen=True, slots=True)
class Output:
    """One piece of output.

    Attributes:
        stream: ``stdout`` or ``stderr``.
        text: At most `CHUNK` bytes of UTF-8.
        dropped: Bytes of this stream dropped directly before this piece.
    """

    stream: str
    text: str
    dropped: int = 0


@dataclass(slots=True)
class _StreamBuffer:
    """The buffered output of one stream.

    Attributes:
        raw: Not masked yet; follows `ready`, and may be dropped.
        ready: May be sent, in pieces.
        lines: Masks `raw` into `ready`; None where nothing is masked.
        ended: Whether the stream has ended.
        since: When the first byte arrived that was not released.
        due: When the incomplete line may be released; None where nothing of it can be.
        last: When output arrived last.
    """

    raw: bytearray = field(default_factory=bytearray)
    ready: bytearray = field(default_factory=bytearray)
    lines: LineMasker | None = None
    dropped: int = 0
    ended: bool = False
    since: float | None = None
    due: float | None = None
    last: float = 0.0

    @property
    def size(self) -> int:
        """Number of buffered bytes."""
        return len(self.raw) + len(self.ready) + (self.lines.pending if self.lines is not None else 0)


class OutputThrottle:
    """Buffers and merges output, and rate-limits what is sent. Not thread-safe.

    Args:
        monotonic: Monotonic seconds.
        secrets: Masks buffered output before it is split, so that no split hides a secret.
    """

    def __init__(
        self,
        monotonic: Callable[[], float],
        *,
        secrets: SecretMask | None = None,
        per_second: int = PER_SECOND,
        chunk: int = CHUNK,
        buffered: int = BUFFERED,
    ) -> None:
        self._monotonic = monotonic
        self._secrets = secrets or SecretMask(on=False)
        self._chunk = chunk
        self._limit = buffered
        self._sent: deque[float] = deque(maxlen=per_second)
        self._streams = self._empty()
        self._turn = 0

    def push(self, stream: str, data: bytes) -> None:
        """Add the output *data* of *stream*."""
        buffer = self._streams[stream]
        if buffer.ended:
            buffer.ended = False
        if buffer.lines is None:
            self._add(buffer, buffer.ready, data)
            return
        now = self._monotonic()
        buffer.last = now
        if buffer.since is None:
            buffer.since = now
        buffer.due = min(now + IDLE, buffer.since + GROWING)
        lost = buffer.lines.bytes_to_drop(data) if not buffer.raw else 0
        buffer.dropped += lost
        buffer.raw += data[lost:]
        surplus = len(buffer.raw) - self._limit
        if surplus > 0:
            self._drop(buffer, buffer.lines, surplus)

    def _add(self, buffer: _StreamBuffer, to: bytearray, data: bytes) -> None:
        """Add *data*; what exceeds the limit is dropped from the beginning."""
        if len(data) > self._limit:
            start = _boundary(data, len(data) - self._limit)
            buffer.dropped += start + len(to)
            to[:] = data[start:]
            return
        to += data
        surplus = len(to) - self._limit
        if surplus > 0:
            start = _boundary(to, surplus)
            buffer.dropped += start
            del to[:start]

    def _drop(self, buffer: _StreamBuffer, lines: LineMasker, surplus: int) -> None:
        """Drop whole lines, so that no secret loses its name; of an overlong line whole words."""
        end = buffer.raw.find(b"\n", surplus - 1) + 1
        lost = bytes(buffer.raw[: end or surplus])
        buffer.dropped += len(lost) + len(buffer.ready) + lines.pending
        buffer.ready.clear()
        lines.skip(lost, inside_line=not end)
        del buffer.raw[: len(lost)]
        if not end:
            more = lines.bytes_to_drop(bytes(buffer.raw))
            buffer.dropped += more
            del buffer.raw[:more]

    def end(self) -> None:
        """Both streams have ended: release incomplete lines."""
        for buffer in self._streams.values():
            buffer.ended = True

    def take(self) -> list[Output]:
        """The pieces that may be sent now, alternating between the streams."""
        taken: list[Output] = []
        now = self._monotonic()
        while self._allowed(now):
            output = self._next()
            if output is None:
                break
            self._sent.append(now)
            taken.append(output)
        return taken

    def recorded(self, count: int) -> None:
        """The last *count* pieces were written only now: count them against the rate limit from here."""
        now = self._monotonic()
        for _ in range(min(count, len(self._sent))):
            self._sent.pop()
        self._sent.extend([now] * count)

    def wait(self) -> float | None:
        """Seconds until `take` returns something; None when nothing buffered can be sent."""
        now = self._monotonic()
        at = min(
            (at for buffer in self._streams.values() if (at := _when(buffer, now)) is not None), default=None
        )
        if at is None:
            return None
        free = now if self._allowed(now) else self._sent[0] + 1
        return max(0.0, at - now, free - now)

    def discard(self) -> int:
        """Drop what is buffered; returns the number of dropped bytes not yet reported."""
        lost = sum(buffer.dropped + buffer.size for buffer in self._streams.values())
        self._streams = self._empty()
        return lost

    def _empty(self) -> dict[str, _StreamBuffer]:
        lines = LineMasker if self._secrets.on else lambda: None
        return {name: _StreamBuffer(lines=lines()) for name in ("stdout", "stderr")}

    def _allowed(self, now: float) -> bool:
        return len(self._sent) < (self._sent.maxlen or 0) or now - self._sent[0] >= 1

    def _next(self) -> Output | None:
        names = list(self._streams)
        now = self._monotonic()
        for name in names[self._turn :] + names[: self._turn]:
            buffer = self._streams[name]
            if buffer.lines is not None:
                _fill(buffer, buffer.lines, self._chunk, now)
                buffer.dropped += buffer.lines.lost
                buffer.lines.lost = 0
            size = len(buffer.ready) if buffer.ended or buffer.lines is not None else _whole(buffer.ready)
            if size or (buffer.ended and buffer.dropped):
                self._turn = (names.index(name) + 1) % len(names)
                text, used = _cut(buffer.ready, size, self._chunk)
                del buffer.ready[:used]
                dropped, buffer.dropped = buffer.dropped, 0
                return Output(name, text, dropped)
        return None


def _fill(buffer: _StreamBuffer, lines: LineMasker, size: int, now: float) -> None:
    """Mask raw output until more than *size* bytes are ready; the rest may still be dropped."""
    while len(buffer.ready) <= size and buffer.raw:
        end = buffer.raw.find(b"\n", size) + 1 or len(buffer.raw)
        buffer.ready += lines.feed(bytes(buffer.raw[:end]))
        del buffer.raw[:end]
    if buffer.raw:
        return
    if buffer.ended:
        buffer.ready += lines.finish()
        buffer.due = buffer.since = None
    elif not lines.pending:
        buffer.due = buffer.since = None
    elif (buffer.due is not None and now >= buffer.due) or lines.pending > LINE_LIMIT:
        growing = now - buffer.last < IDLE
        buffer.ready += lines.release(growing=growing)
        buffer.since = now if lines.pending else None
        buffer.due = buffer.last + IDLE if growing else None


def _when(buffer: _StreamBuffer, now: float) -> float | None:
    """When something of it can be sent; None where nothing can before more arrives."""
    if buffer.lines is None:
        return now if (buffer.ready or buffer.dropped if buffer.ended else _whole(buffer.ready)) else None
    if (
        buffer.ready
        or b"\n" in buffer.raw
        or b"\r" in buffer.raw
        or (buffer.ended and (buffer.size or buffer.dropped))
    ):
        return now
    return buffer.due


def _whole(data: bytearray) -> int:
    """Number of bytes that can be sent: all but an incomplete character at the end."""
    return len(data) - partial_character(data)


def _boundary(data: bytes | bytearray, start: int) -> int:
    """The first index at or after *start* where a character begins."""
    for place in range(start, min(start + 3, len(data))):
        if data[place] & 0xC0 != 0x80:
            return place
    return start


def _cut(data: bytearray, size: int, limit: int) -> tuple[str, int]:
    """The text of the next piece and its number of bytes; ends with a line where that keeps at least half."""
    used = min(size, limit)
    while True:
        end = used
        if used < size:
            line = data.rfind(b"\n", used // 2, used) + 1
            end = line or _back(data, used)
        text = data[:end].decode("utf-8", "replace")
        if len(text) * 3 <= limit or len(text.encode()) <= limit:
            return text, end
        used = limit // 3  # each invalid byte becomes three bytes


def _back(data: bytearray, end: int) -> int:
    """The last index at or before *end* where a character begins; *end* itself where there is none near."""
    for place in range(end, max(end - 4, 0), -1):
        if data[place] & 0xC0 != 0x80:
            return place
    return end

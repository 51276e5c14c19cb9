"""Output on its way to the store: few and small events, whole characters, and what is left out is counted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from agentdash.runner.masking import SecretMask

PER_SECOND = 10
"""Output events in any one second, at most."""
CHUNK = 2048
"""Bytes of UTF-8 in one event, at most."""
HELD = 32 * 1024
"""Bytes of one stream that wait for their turn, at most; beyond it the oldest go, and are counted."""


@dataclass(frozen=True, slots=True)
class Output:
    """One piece of output.

    Attributes:
        stream: ``stdout`` or ``stderr``.
        text: At most `CHUNK` bytes of UTF-8.
        dropped: Bytes of this stream that came before this piece and are not kept anywhere.
    """

    stream: str
    text: str
    dropped: int = 0


@dataclass(slots=True)
class _Held:
    """What waits. `masked` bytes of it, from the front, were looked at for secrets already."""

    data: bytearray = field(default_factory=bytearray)
    dropped: int = 0
    ended: bool = False
    masked: int = 0
    in_key: bool = False

    def forget(self, size: int) -> None:
        """The first *size* bytes are gone."""
        del self.data[:size]
        self.masked = max(0, self.masked - size)


class OutputThrottle:
    """Holds output back, merges it, and gives out what may be sent now. Not for several threads at once.

    Args:
        monotonic: Seconds that never go back.
        secrets: Masks what is held before it is cut into pieces, so that no cut hides a secret.
    """

    def __init__(
        self,
        monotonic: Callable[[], float],
        *,
        secrets: SecretMask | None = None,
        per_second: int = PER_SECOND,
        chunk: int = CHUNK,
        held: int = HELD,
    ) -> None:
        self._monotonic = monotonic
        self._secrets = secrets or SecretMask(on=False)
        self._chunk = chunk
        self._limit = held
        self._sent: deque[float] = deque(maxlen=per_second)
        self._streams = {"stdout": _Held(), "stderr": _Held()}
        self._turn = 0

    def push(self, stream: str, data: bytes) -> None:
        """Take what *stream* wrote."""
        held = self._streams[stream]
        held.ended = False
        if len(data) > self._limit:
            start = _boundary(data, len(data) - self._limit)
            held.dropped += start + len(held.data)
            held.data[:] = data[start:]
            held.masked = 0
            return
        held.data += data
        surplus = len(held.data) - self._limit
        if surplus > 0:
            start = _boundary(held.data, surplus)
            held.dropped += start
            held.forget(start)

    def end(self) -> None:
        """Both streams have ended: half a character at their end waits no longer."""
        for held in self._streams.values():
            held.ended = True

    def take(self) -> list[Output]:
        """What may be sent now, the streams in turns."""
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
        """The last *count* pieces are on record only now: the second in which they count begins here."""
        now = self._monotonic()
        for _ in range(min(count, len(self._sent))):
            self._sent.pop()
        self._sent.extend([now] * count)

    def wait(self) -> float | None:
        """Seconds until `take` has something; None when nothing is held that could be sent."""
        if not any(_ready(held) for held in self._streams.values()):
            return None
        now = self._monotonic()
        return 0.0 if self._allowed(now) else max(0.0, self._sent[0] + 1 - now)

    def give_up(self) -> int:
        """Forget what is held; returns the bytes that were dropped and not yet told of."""
        lost = sum(held.dropped + len(held.data) for held in self._streams.values())
        self._streams = {"stdout": _Held(), "stderr": _Held()}
        return lost

    def _allowed(self, now: float) -> bool:
        return len(self._sent) < (self._sent.maxlen or 0) or now - self._sent[0] >= 1

    def _next(self) -> Output | None:
        names = list(self._streams)
        for name in names[self._turn :] + names[: self._turn]:
            held = self._streams[name]
            size = _ready(held)
            if size:
                self._turn = (names.index(name) + 1) % len(names)
                size = self._mask(held, size)
                text, used = _cut(held.data, size, self._chunk)
                held.forget(used)
                dropped, held.dropped = held.dropped, 0
                return Output(name, text, dropped)
        return None

    def _mask(self, held: _Held, size: int) -> int:
        """Mask what was not looked at yet of the first *size* bytes; returns how many they are then."""
        if held.masked >= size or not self._secrets.on:
            return size
        raw = bytes(held.data[held.masked : size])
        text = raw.decode("utf-8", "surrogateescape")
        masked, held.in_key = self._secrets.output(text, held.in_key)
        if masked != text:
            raw = masked.encode("utf-8", "surrogateescape")
            held.data[held.masked : size] = raw
        held.masked += len(raw)
        return held.masked


def _ready(held: _Held) -> int:
    """Bytes that can be sent: all, or all but the first half of a character whose rest may still come."""
    data = held.data
    if held.ended:
        return len(data)
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC0:  # leads a character of 2, 3 or 4 bytes
            need = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(data) - back if back < need else len(data)
        if byte < 0x80:
            break
    return len(data)


def _boundary(data: bytes | bytearray, start: int) -> int:
    """The first place at or after *start* where a character begins."""
    for place in range(start, min(start + 3, len(data))):
        if data[place] & 0xC0 != 0x80:
            return place
    return start


def _cut(data: bytearray, size: int, limit: int) -> tuple[str, int]:
    """The text of the next piece and the bytes that it used; whole lines where that costs less than half."""
    used = min(size, limit)
    while True:
        end = used
        if used < size:
            line = data.rfind(b"\n", used // 2, used) + 1
            end = line or _back(data, used)
        text = data[:end].decode("utf-8", "replace")
        if len(text) * 3 <= limit or len(text.encode()) <= limit:
            return text, end
        used = limit // 3  # bytes that are no UTF-8 become three bytes each


def _back(data: bytearray, end: int) -> int:
    """The last place at or before *end* where a character begins; *end* itself where there is none near."""
    for place in range(end, max(end - 4, 0), -1):
        if data[place] & 0xC0 != 0x80:
            return place
    return end

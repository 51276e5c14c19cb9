"""Output on its way to the store: few and small events, whole characters, and what is left out is counted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from agentdash.runner.output.held_lines import LINE_HELD, HeldLines, half_character
from agentdash.runner.output.masking import SecretMask

PER_SECOND = 10
"""Output events in any one second, at most."""
CHUNK = 2048
"""Bytes of UTF-8 in one event, at most."""
HELD = 32 * 1024
"""Bytes of one stream that wait for their turn, at most; beyond it the oldest go, and are counted."""
IDLE = 1.0
"""Seconds after which a line without its end is shown as far as it can hold no secret."""
MOVING = 2.0
"""The same where more keeps coming; its last word stays then."""


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
    """What waits of one stream.

    Attributes:
        raw: Not masked yet: it came after `ready`, and may be dropped.
        ready: May be sent, in pieces.
        lines: Masks what goes from the one to the other; None where nothing is masked.
        ended: Whether nothing follows.
        since: When the first of what was not let out came.
        due: When what is there of an unfinished line may be let out; None where nothing more can be.
        last: When something came last.
    """

    raw: bytearray = field(default_factory=bytearray)
    ready: bytearray = field(default_factory=bytearray)
    lines: HeldLines | None = None
    dropped: int = 0
    ended: bool = False
    since: float | None = None
    due: float | None = None
    last: float = 0.0

    @property
    def size(self) -> int:
        """Bytes that wait, in all."""
        return len(self.raw) + len(self.ready) + (self.lines.held if self.lines is not None else 0)


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
        self._streams = self._empty()
        self._turn = 0

    def push(self, stream: str, data: bytes) -> None:
        """Take what *stream* wrote."""
        held = self._streams[stream]
        if held.ended:
            held.ended = False
        if held.lines is None:
            self._add(held, held.ready, data)
            return
        now = self._monotonic()
        held.last = now
        if held.since is None:
            held.since = now
        held.due = min(now + IDLE, held.since + MOVING)
        lost = held.lines.pass_over(data) if not held.raw else 0
        held.dropped += lost
        held.raw += data[lost:]
        surplus = len(held.raw) - self._limit
        if surplus > 0:
            self._drop(held, held.lines, surplus)

    def _add(self, held: _Held, to: bytearray, data: bytes) -> None:
        """Add *data*, without what is too much at its beginning."""
        if len(data) > self._limit:
            start = _boundary(data, len(data) - self._limit)
            held.dropped += start + len(to)
            to[:] = data[start:]
            return
        to += data
        surplus = len(to) - self._limit
        if surplus > 0:
            start = _boundary(to, surplus)
            held.dropped += start
            del to[:start]

    def _drop(self, held: _Held, lines: HeldLines, surplus: int) -> None:
        """Drop whole lines, so that no secret loses its name; of an endless line what can be told apart."""
        end = held.raw.find(b"\n", surplus - 1) + 1
        lost = bytes(held.raw[: end or surplus])
        held.dropped += len(lost) + len(held.ready) + lines.held
        held.ready.clear()
        lines.lose(lost, amid_line=not end)
        del held.raw[: len(lost)]
        if not end:
            more = lines.pass_over(bytes(held.raw))
            held.dropped += more
            del held.raw[:more]

    def end(self) -> None:
        """Both streams have ended: what waits for its end waits no longer."""
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
        now = self._monotonic()
        at = min(
            (at for held in self._streams.values() if (at := _when(held, now)) is not None), default=None
        )
        if at is None:
            return None
        free = now if self._allowed(now) else self._sent[0] + 1
        return max(0.0, at - now, free - now)

    def give_up(self) -> int:
        """Forget what is held; returns the bytes that were dropped and not yet told of."""
        lost = sum(held.dropped + held.size for held in self._streams.values())
        self._streams = self._empty()
        return lost

    def _empty(self) -> dict[str, _Held]:
        lines = HeldLines if self._secrets.on else lambda: None
        return {name: _Held(lines=lines()) for name in ("stdout", "stderr")}

    def _allowed(self, now: float) -> bool:
        return len(self._sent) < (self._sent.maxlen or 0) or now - self._sent[0] >= 1

    def _next(self) -> Output | None:
        names = list(self._streams)
        now = self._monotonic()
        for name in names[self._turn :] + names[: self._turn]:
            held = self._streams[name]
            if held.lines is not None:
                _fill(held, held.lines, self._chunk, now)
                held.dropped += held.lines.lost
                held.lines.lost = 0
            size = len(held.ready) if held.ended or held.lines is not None else _whole(held.ready)
            if size or (held.ended and held.dropped):
                self._turn = (names.index(name) + 1) % len(names)
                text, used = _cut(held.ready, size, self._chunk)
                del held.ready[:used]
                dropped, held.dropped = held.dropped, 0
                return Output(name, text, dropped)
        return None


def _fill(held: _Held, lines: HeldLines, size: int, now: float) -> None:
    """Mask what is there, until there are more than *size* bytes to send; the rest may still be dropped."""
    while len(held.ready) <= size and held.raw:
        end = held.raw.find(b"\n", size) + 1 or len(held.raw)
        held.ready += lines.feed(bytes(held.raw[:end]))
        del held.raw[:end]
    if held.raw:
        return
    if held.ended:
        held.ready += lines.rest()
        held.due = held.since = None
    elif not lines.held:
        held.due = held.since = None
    elif (held.due is not None and now >= held.due) or lines.held > LINE_HELD:
        moving = now - held.last < IDLE
        held.ready += lines.let_out(moving=moving)
        held.since = now if lines.held else None
        held.due = held.last + IDLE if moving else None


def _when(held: _Held, now: float) -> float | None:
    """When something of it can be sent; None where nothing can be before more comes."""
    if held.lines is None:
        return now if (held.ready or held.dropped if held.ended else _whole(held.ready)) else None
    if held.ready or b"\n" in held.raw or b"\r" in held.raw or (held.ended and (held.size or held.dropped)):
        return now
    return held.due


def _whole(data: bytearray) -> int:
    """Bytes that can be sent: all, or all but the first half of a character whose rest may still come."""
    return len(data) - half_character(data)


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

"""Whether a stream is trimmed, and whether it is still the same stream. Pure."""

from __future__ import annotations

from agentdash.core.streams.judge.window import StreamSample, StreamWindow
from agentdash.core.streams.lag import position
from agentdash.core.streams.model import Cap, Stream


def cap_of(window: StreamWindow, window_ms: int) -> Cap:
    """YES once it was trimmed; NO where it grew over a full window and nothing was removed; else UNKNOWN."""
    if window.trimmed:
        return Cap.YES
    if not window.samples:
        return Cap.UNKNOWN
    first, last = window.samples[0], window.samples[-1]
    full = last.at - first.at >= window_ms
    never_cut = last.added is not None and last.added == last.length
    return Cap.NO if full and never_cut and last.length > first.length else Cap.UNKNOWN


def was_recreated(before: StreamSample, stream: Stream) -> bool:
    """Whether *stream* was deleted and created again: its counter or newest id went back."""
    if before.added is not None and stream.entries_added is not None and stream.entries_added < before.added:
        return True
    old, new = position(before.last), position(stream.last_id)
    return old is not None and new is not None and new < old


def was_trimmed(window: StreamWindow, sample: StreamSample) -> bool:
    """Whether *sample* shows that entries were trimmed (XTRIM, MAXLEN, MINID), not deleted one by one.

    A deletion changes the greatest deleted id; trimming does not. Where nothing was ever deleted, entries
    that were added and are missing were trimmed. Before Redis 7.0, which does not count, trimming cannot be
    distinguished from deleting the first entries: then False.
    """
    if sample.added is None:
        return False
    if sample.deleted == "0-0":
        return sample.added > sample.length
    if not window.samples or window.samples[-1].added is None or window.samples[-1].deleted != sample.deleted:
        return False
    before = window.samples[-1]
    return sample.added - sample.length > (before.added or 0) - before.length

"""All streams as rows; rows of unchanged streams are reused, and their number is bounded."""

from __future__ import annotations

from dataclasses import dataclass

from agentdash.core import units
from agentdash.core.store import Store
from agentdash.core.streams.model import Stream, StreamJudgement, StreamsSnapshot
from tui.format.item import Item, Listing, ListingView
from tui.format.streams.listing import MOST_GROUPS, Judged, item_of, rank, troubled, worst_group

MOST_ROWS = 1000
"""Groups that are listed without unfolding, in all: those of the worst streams."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A stream with its row, and what that depends on."""

    stream: Stream
    judgement: StreamJudgement
    worst: Judged | None
    troubled: bool
    depends_on: object = None
    item: Item | None = None


class StreamLines:
    """All streams as rows. An unchanged stream keeps its row, and those of its groups."""

    def __init__(self) -> None:
        self._lines: dict[bytes, _Line] = {}

    def __call__(self, store: Store, now: int, view: ListingView) -> Listing | None:
        """All streams, those with problems first; a healthy one is folded into one row."""
        snapshot = store.streams
        if snapshot is None:
            return None
        judgements = snapshot.judgements or tuple(StreamJudgement() for _ in snapshot.streams)
        known, self._lines = self._lines, {}
        lines = [
            _weighed(stream, judgement, known.get(stream.name))
            for stream, judgement in zip(snapshot.streams, judgements, strict=True)
        ]
        lines.sort(key=lambda line: (rank(line.stream, line.worst), line.stream.name))
        room, items = MOST_ROWS, []
        for line in lines:
            chosen = line.stream.name in view.toggled
            item = self._item(line, now, view, MOST_GROUPS if chosen else min(room, MOST_GROUPS))
            room -= 0 if chosen else len(item.children)
            items.append(item)
        return Listing(
            items=tuple(items),
            summary=_summary(snapshot),
            notes=snapshot.gaps,
            empty=("no streams on this server", "discovered automatically after the first XADD"),
        )

    def _item(self, line: _Line, now: int, view: ListingView, most: int) -> Item:
        name = line.stream.name
        # Only a problem shows its duration; the filter matters where it selects among groups.
        chooses = view.needle if len(line.stream.groups) > most else ""
        depends_on = (now // 1000 if line.troubled else None, name in view.toggled, chooses, most)
        if line.item is None or line.depends_on != depends_on:
            item = item_of(line.stream, line.judgement, line.worst, now, view, most)
            line = _Line(line.stream, line.judgement, line.worst, line.troubled, depends_on, item)
        self._lines[name] = line
        assert line.item is not None
        return line.item


def _weighed(stream: Stream, judgement: StreamJudgement, known: _Line | None) -> _Line:
    """*stream* with its worst group; the same line where nothing has changed."""
    if known is not None and known.stream is stream and known.judgement is judgement:
        return known
    worst = worst_group(stream, judgement)
    return _Line(stream, judgement, worst, troubled(worst))


def _summary(snapshot: StreamsSnapshot) -> str:
    shown = len(snapshot.streams)
    groups = sum(len(stream.groups) for stream in snapshot.streams)
    known = f"{shown} of " if snapshot.known > shown else ""
    parts = [known + units.plural(max(snapshot.known, shown), "stream"), units.plural(groups, "group")]
    if not snapshot.scan_complete:
        parts.append("searching")
    return " · ".join(parts)

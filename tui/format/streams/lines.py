"""All streams as lines: made again only where something has changed, and never more than can be read."""

from __future__ import annotations

from dataclasses import dataclass

from agentdash.core import units
from agentdash.core.store import Store
from agentdash.core.streams.model import Stream, StreamJudgement, StreamsSnapshot
from tui.format.item import Item, Listing, ListingView
from tui.format.streams.listing import MOST_GROUPS, Judged, item_of, rank, troubled, worst_group

MOST_ROWS = 1000
"""Groups that are listed without being asked for, in all: those of the streams that are worst off."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A stream with its line, and what that was made of."""

    stream: Stream
    judgement: StreamJudgement
    worst: Judged | None
    troubled: bool
    made_of: object = None
    item: Item | None = None


class StreamLines:
    """All streams as lines. A stream that is as it was keeps its line, and those of its groups."""

    def __init__(self) -> None:
        self._lines: dict[bytes, _Line] = {}

    def __call__(self, store: Store, now: int, view: ListingView) -> Listing | None:
        """All streams, the troubled ones first; a healthy one is folded into one line."""
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
            empty=("no streams on this server", "they appear by themselves once something runs XADD"),
        )

    def _item(self, line: _Line, now: int, view: ListingView, most: int) -> Item:
        name = line.stream.name
        # Only of a troubled group it is said for how long; the text matters where it chooses among groups.
        chooses = view.needle if len(line.stream.groups) > most else ""
        made_of = (now // 1000 if line.troubled else None, name in view.toggled, chooses, most)
        if line.item is None or line.made_of != made_of:
            item = item_of(line.stream, line.judgement, line.worst, now, view, most)
            line = _Line(line.stream, line.judgement, line.worst, line.troubled, made_of, item)
        self._lines[name] = line
        assert line.item is not None
        return line.item


def _weighed(stream: Stream, judgement: StreamJudgement, known: _Line | None) -> _Line:
    """*stream* with its worst group; the line of before where nothing has changed."""
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

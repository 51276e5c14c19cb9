"""The last ten minutes of a stream and of one of its groups, a line for each number."""

from __future__ import annotations

from collections.abc import Sequence

from agentdash.core import units
from agentdash.core.streams.history import SPAN_MS, GroupSeries, StreamSeries
from agentdash.core.streams.model import Group, GroupJudgement, Stream, StreamJudgement
from tui.format.streams.listing import lag_text
from tui.widgets.cells import sparkline, squeeze
from tui.widgets.document import Para

NAME_WIDTH = 10
NUMBER_WIDTH = 8
LEAST_WIDTH = 12


def paras(
    stream: Stream,
    judgement: StreamJudgement,
    series: StreamSeries | None,
    group: Group | None,
    group_series: GroupSeries | None,
    width: int,
) -> list[Para]:
    """Length, lag, pending, entries in and out per minute; a gap where unknown.

    Args:
        stream: As read.
        judgement: Its rates now.
        series: Of the stream; None where there is none yet.
        group: The group whose lag and pending are drawn too, if any.
        group_series: Of that group.
        width: Cells of a line.
    """
    room = max(LEAST_WIDTH, width - NAME_WIDTH - NUMBER_WIDTH)
    lines = []
    if group is not None:
        judged = judgement.group(group.name)
        lag = group_series.lag if group_series else ()
        pending = group_series.pending if group_series else ()
        lag_style = "bad" if group.lag.value else "good" if group.lag.value == 0 else "unknown"
        lines += [
            _line("lag", lag, group_series, lag_text(group.lag), lag_style, room),
            _line("pending", pending, group_series, units.count(group.pending), "warn", room),
        ]
    rates_in = series.rates_in if series else ()
    lines.append(_line("in /min", rates_in, series, units.count(judgement.rate_in), "spark", room))
    if group is not None:
        out = group_series.rates_out if group_series else ()
        lines.append(_line("out /min", out, group_series, _out(judged), "spark", room))
    lengths = series.lengths if series else ()
    lines.append(_line("length", lengths, series, units.count(stream.length), "dim", room, level=True))
    ago = "10 min ago"
    lines.append(Para(((f"{'':<{NAME_WIDTH}}{ago}{'now':>{room - len(ago)}}", "faint"),)))
    return lines


def _out(judged: GroupJudgement | None) -> str:
    return units.count(judged.rate_out if judged else None)


def _line(
    name: str,
    values: Sequence[float | None],
    series: StreamSeries | GroupSeries | None,
    number: str,
    style: str,
    room: int,
    *,
    level: bool = False,
) -> Para:
    full = SPAN_MS // series.spacing_ms if series else 1
    drawn = sparkline(spread(values, full, room), room, low=floor(values) if level else 0.0)
    quiet = number in {"0", units.UNKNOWN}
    return Para(
        (
            (f"{name:<{NAME_WIDTH}}", "dim"),
            (drawn, style),
            (f"{number:>{NUMBER_WIDTH}}", "dim" if quiet else style),
        )
    )


def floor(values: Sequence[float | None]) -> float:
    """The lower end of a chart of a level: changes are visible, small ones stay small."""
    known = [value for value in values if value is not None]
    if not known:
        return 0.0
    least, most = min(known), max(known)
    return max(0.0, least - max(most - least, most * 0.02) / 7)


def spread(values: Sequence[float | None], full: int, width: int) -> list[float | None]:
    """*values*, the newest of *full* buckets, as one value for each of *width* cells."""
    padded = [None] * max(0, full - len(values)) + list(values)[-full:]
    if len(padded) >= width:
        return squeeze(padded, width)
    return [padded[cell * len(padded) // width] for cell in range(width)]

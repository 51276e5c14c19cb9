"""Forecasts, questions and previews of streams, in words."""

from __future__ import annotations

import pytest

from agentdash.core.cli_form import redis_cli
from agentdash.core.streams.commands import (
    AcknowledgeEntries,
    DeleteEntries,
    SeenEntry,
    SetGroupId,
    TrimStream,
)
from agentdash.core.streams.model import (
    Group,
    GroupJudgement,
    Lag,
    LagGrade,
    Stream,
    StreamJudgement,
    Verdict,
)
from tui.format import detail
from tui.format.item import ListingView
from tui.format.streams.body import preview
from tui.format.streams.chart import spread
from tui.format.streams.cost import Cost, EntryCount
from tui.format.streams.forecast import drains_cell
from tui.format.streams.listing import item
from tui.screens.streams.action_table import question_of
from tui.widgets.document import Para


@pytest.mark.parametrize(
    ("lag", "forecast", "rate_in", "rate_out", "words"),
    [
        (0, None, 5.0, 5.0, "–"),
        (9, 720.0, 5.0, 9.0, "12m"),
        (9, None, 5.0, 4.0, "never"),
        (9, None, None, 4.0, "?"),
        (9, None, 5.0, None, "?"),
        (None, None, 5.0, 4.0, "?"),
    ],
)
def test_forecast(
    lag: int | None, forecast: float | None, rate_in: float | None, rate_out: float | None, words: str
) -> None:
    group = Group(b"g", 0, Lag(lag, LagGrade.EXACT if lag is not None else LagGrade.UNKNOWN), "0-0", None)
    judged = GroupJudgement(Verdict.SLOW, rate_out=rate_out, forecast_s=forecast)
    assert drains_cell(group, judged, rate_in).plain == words


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        (Stream(b"s", 3, groups_known=False), ("? groups unknown", "…", "…")),
        (Stream(b"s", 3, sampled=True), ("○ no group", "–", "–")),
        (Stream(b"s", 3, memory_bytes=2048, fields=("a",), sampled=True), ("○ no group", "2 kB", "a")),
    ],
)
def test_what_is_not_known_yet_or_not_told_is_not_said_to_be_missing(
    stream: Stream, said: tuple[str, ...]
) -> None:
    cells = [cell.plain for cell in item(stream, StreamJudgement(), 0, ListingView()).row.cells]
    assert (cells[7], *cells[-2:]) == said
    page = str(detail.stream(stream, StreamJudgement(), 0))
    assert ("not read yet" in page) == (not stream.sampled)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("XACK", b"orders", b"billing", "1-0"), "XACK orders billing 1-0"),
        (("XDEL", b"a b", "1-0"), 'XDEL "a b" 1-0'),
        (("XDEL", b'q"\\\n\x00\xff', "1-0"), 'XDEL "q\\"\\\\\\n\\x00\\xff" 1-0'),
        (("XDEL", "größe".encode(), "1-0"), 'XDEL "gr\\xc3\\xb6\\xc3\\x9fe" 1-0'),
        (("XTRIM", b"", "MAXLEN", "~", 5), 'XTRIM "" MAXLEN ~ 5'),
        (("XDEL", b"a;b#c'", "1-0"), 'XDEL "a;b#c\'" 1-0'),
    ],
)
def test_commands_can_be_typed_into_redis_cli(words: tuple[bytes | str | int, ...], line: str) -> None:
    assert redis_cli(words) == line


def lines(paras: tuple[Para, ...]) -> str:
    return "\n".join("".join(part for part, _ in para.parts) for para in paras)


def test_a_plan_of_many_entries_is_short_and_says_what_is_left_out() -> None:
    entries = tuple(SeenEntry(f"{n}-0", b"a") for n in range(300))
    asked = question_of(AcknowledgeEntries(b"s", b"g", entries), Stream(b"s", 300))
    assert asked.title == "Acknowledge 300 entries?"
    assert "… 290 more (d: all)" in lines(asked.plan)
    assert "… 294 more … 299-0" in lines(asked.plan)
    assert len(asked.plan) < 24
    assert asked.full is not None
    assert "299-0  pending at a" in lines(asked.full)


def test_what_a_change_costs_is_said() -> None:
    behind = Group(b"slow", 2, Lag(80), "20-0", None)
    lost = Group(b"lost", 0, Lag(None, LagGrade.UNKNOWN), "0-0", None)
    stream = Stream(b"s", 100, last_id="100-0", groups=(behind, lost))
    trimmed = lines(question_of(TrimStream(b"s", maxlen=50), stream).plan)
    assert "50 of 100 entries are dropped" in trimmed
    assert "Not read yet by slow" in trimmed
    assert "How far lost has read is unknown" in trimmed
    assert "XTRIM s MAXLEN 50" in trimmed
    forward = lines(question_of(SetGroupId(b"s", b"slow", "$", "20-0"), stream).plan)
    assert "will be at 100-0" in forward
    assert "skipped" in forward
    back = lines(question_of(SetGroupId(b"s", b"slow", "0", "20-0"), stream).plan)
    assert "read again" in back
    many = Cost(passed=EntryCount(500, exact=False), pending=((b"slow", EntryCount(2)),))
    counted = lines(question_of(SetGroupId(b"s", b"slow", "0", "20-0"), stream, cost=many).plan)
    assert "at least 500 entries are read again." in counted
    trimmed = lines(question_of(TrimStream(b"s", maxlen=50), stream, cost=many).plan)
    assert "slow: 2 pending entries lose their data" in trimmed
    deleted = lines(question_of(DeleteEntries(b"s", (SeenEntry("5-0"),)), stream).plan)
    assert "pending elsewhere (slow?)" in deleted
    assert "lost has not read it yet, and never will." in deleted
    assert "slow has not read" not in deleted


def test_preview_masks_and_stays_short() -> None:
    shown = preview(
        ((b"token", b"sk_live_51H8xT2eZvKYlo2C"), (b"bin", b"\xff\xfe\x00\x01\x02" * 50), (b"n", b"1"))
    )
    assert "sk_live" not in shown
    assert "bin=0xfffe0001" in shown
    assert shown.endswith("n=1")


def test_a_course_keeps_its_place_in_time() -> None:
    assert spread([1, 2], 4, 4) == [None, None, 1, 2]
    assert spread([1, 2, 3, 4], 4, 8) == [1, 1, 2, 2, 3, 3, 4, 4]
    assert spread([1, 9, 3, 4], 4, 2) == [9, 4]

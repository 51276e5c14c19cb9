"""Lines out of pieces, and events out of lines, cut anywhere."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdash.runner.agents.decoder import OutputDecoder
from agentdash.runner.agents.envelope import PAYLOAD_LIMIT
from agentdash.runner.agents.event import AgentEvent
from agentdash.runner.agents.usage import TokenUsage, read_usage
from agentdash.runner.output.blocks import LineBlocks


def line(envelope: object, **beside: object) -> bytes:
    return json.dumps({"__cody_event__": envelope, **beside}).encode() + b"\n"


def decode(data: bytes) -> tuple[list[AgentEvent], int]:
    decoder = OutputDecoder()
    return decoder.decode("stdout", data), decoder.malformed


def test_payload_beside_the_type_or_in_data() -> None:
    events, malformed = decode(
        line({"type": "file_written", "path": "a.py"})
        + line({"type": "file_read", "data": {"path": "b.py"}}, extra=1)
    )
    assert [(one.type, one.data) for one in events] == [
        ("file_written", {"path": "a.py"}),
        ("file_read", {"path": "b.py"}),
    ]
    assert malformed == 0


def test_tokens_and_completion() -> None:
    events, _ = decode(
        line({"type": "token_usage", "input": 100, "output": 20})
        + line({"type": "completion_detected", "line": "done"})
    )
    assert events[0].usage == TokenUsage(120, 100, 20, 0)
    assert events[0].data["total"] == 120
    assert events[1].completes


@pytest.mark.parametrize(
    "envelope",
    [
        True, None, 7, [], "x", {}, {"type": 7}, {"type": ""}, {"type": "run_completed"},
        {"type": "turn_completed"}, {"type": "subprocess_output", "text": "x"}, {"type": "events_dropped"},
        {"type": "a b"}, {"type": "token_usage"},
        {"type": "token_usage", "input": -1}, {"type": "token_usage", "input": True},
        {"type": "x", "blob": "y" * PAYLOAD_LIMIT},
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_counted(envelope: object) -> None:
    events, malformed = decode(line(envelope))
    assert events == []
    assert malformed == 1


@pytest.mark.parametrize(
    ("raw", "malformed"),
    [
        (b'{"__cody_event__": {"type": "x"\n', 1),
        (b'{"__cody_event__": ' + b"[" * 100_000 + b"\n", 1),
        (b'{"__cody_event__": {"type": "\xff\xfe"}}\n', 1),
        (b"about __cody_event__ in prose\n", 0),
        (b'{"text": "about __cody_event__"}\n', 0),
        (b"42\n[1]\n", 0),
    ],
)
def test_no_line_stops_it(raw: bytes, malformed: int) -> None:
    events, counted = decode(raw + line({"type": "file_read", "path": "a"}))
    assert [one.type for one in events] == ["file_read"]
    assert counted == malformed


@given(
    st.lists(st.sampled_from([b"plain text\n", "ümläut €\n".encode(), b"{}\n", b"\n"]), max_size=8), st.data()
)
def test_cut_at_any_byte_the_same_events_come(noise: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(
        part + line({"type": "token_usage", "input": n, "output": 1}) for n, part in enumerate(noise)
    ) + line({"type": "file_read", "path": "last"}).rstrip(b"\n")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    lines, decoder = LineBlocks(), OutputDecoder()
    blocks = [block for piece in pieces for block in lines.feed(piece)] + lines.end()
    assert b"".join(block.data for block in blocks) == whole
    events = [one for block in blocks for one in decoder.decode("stdout", block.data)]
    assert [one.usage.input for one in events if one.usage] == list(range(len(noise)))
    assert events[-1].data == {"path": "last"}


@given(st.lists(st.binary(max_size=60), max_size=20))
def test_blocks_hold_every_byte_in_order_and_little_memory(pieces: list[bytes]) -> None:
    lines = LineBlocks(limit=50, row_limit=50)
    blocks = []
    for piece in pieces:
        blocks += lines.feed(piece)
        assert len(lines._carry) <= 50
    blocks += lines.end()
    assert b"".join(block.data for block in blocks) == b"".join(pieces)
    for block in blocks:
        if block.whole and block is not blocks[-1]:
            assert block.data.endswith(b"\n")


def test_a_line_that_is_too_long_is_seen_in_parts_and_counted() -> None:
    lines = LineBlocks(limit=100, row_limit=100)
    blocks = []
    for _ in range(10):
        blocks += lines.feed(b"x" * 60)
    blocks += lines.feed(b"end\nnext\n")
    assert [block.whole for block in blocks[-2:]] == [False, True]
    assert blocks[-1].data == b"next\n"
    assert lines.overlong == 1


@pytest.mark.parametrize(
    ("data", "usage"),
    [
        ({"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 3}, TokenUsage(18, 10, 5, 3)),
        ({"input_tokens": 10, "cached_input_tokens": 4, "output_tokens": 5}, TokenUsage(15, 6, 5, 4)),
        ({"total": 7}, TokenUsage(7, 0, 0, 0)),
        ({"total": 70, "input": 10}, TokenUsage(70, 10, 0, 0)),
        ({"note": "nothing"}, None),
    ],
)
def test_names_of_tokens(data: dict[str, object], usage: TokenUsage | None) -> None:
    assert read_usage(data) == usage

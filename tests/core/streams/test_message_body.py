"""Values of fields: JSON and MessagePack are told from text and bytes, whatever comes."""

from __future__ import annotations

import json

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdash.core.streams.message_body import BodyKind, correlation_ids, parse_body

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
packed = st.lists(plain, max_size=5) | st.dictionaries(st.text(max_size=8), plain, max_size=5)


@given(packed)
def test_json_comes_back(data: object) -> None:
    body = parse_body(json.dumps(data).encode())
    assert body.kind is BodyKind.JSON
    assert body.data == data


@given(packed)
def test_messagepack_comes_back(data: object) -> None:
    raw = msgpack.packb(data)
    body = parse_body(raw)
    if body.kind is BodyKind.MSGPACK:
        assert body.data == data
    else:
        # What happens to be text is text.
        assert raw.decode()


@given(st.binary(max_size=400))
def test_any_bytes_are_understood_somehow(raw: bytes) -> None:
    body = parse_body(raw)
    assert (body.data is not None) == (body.kind in {BodyKind.JSON, BodyKind.MSGPACK})
    json.dumps(body.data)
    correlation_ids([(b"x", raw), (raw, raw)])


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"plain", BodyKind.TEXT),
        (b"", BodyKind.TEXT),
        (b"two\nlines\tand \x1b[31mred", BodyKind.TEXT),
        (b'{"a": ', BodyKind.TEXT),
        (b'"just a text"', BodyKind.TEXT),
        (b"12", BodyKind.TEXT),
        ("Größe 🎉".encode(), BodyKind.TEXT),
        (b"\xff\xfe\x00", BodyKind.BYTES),
        (b"\x00\x01", BodyKind.BYTES),
        (msgpack.packb({"a": 1}) + b"\x00", BodyKind.BYTES),
        (
            msgpack.packb({1: b"\xff", "when": msgpack.Timestamp(5), "own": msgpack.ExtType(3, b"x")}),
            BodyKind.MSGPACK,
        ),
        (b"[" * 50_000, BodyKind.TEXT),
        (b"\x91" * 50_000, BodyKind.BYTES),
    ],
)
def test_kinds(raw: bytes, kind: BodyKind) -> None:
    assert parse_body(raw).kind is kind


def test_what_is_deep_is_cut() -> None:
    body = parse_body(b"[" * 200 + b"]" * 200)
    assert body.kind is BodyKind.JSON
    assert "deeper than is shown" in json.dumps(body.data, ensure_ascii=False)


def test_correlation_ids_in_fields_and_bodies() -> None:
    fields = (
        (b"type", b"charge"),
        (b"correlationId", b"ab0f"),
        (b"payload", b'{"trace_id": "t-1", "deep": {"corr": "no"}}'),
        (b"packed", msgpack.packb({"requestId": 77, "x": b"\xff"})),
    )
    assert correlation_ids(fields) == ("ab0f", "t-1", "77")

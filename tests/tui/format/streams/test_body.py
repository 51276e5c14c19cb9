"""The fields of a message, however long: the beginning is shown, the rest is named, no character cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.format.streams.body import FIRST, MOST, body_of

MB = 1_000_000


def text_of(fields: list[tuple[bytes, bytes]], most: int = FIRST) -> str:
    return "\n".join("".join(text for text, _ in para.parts) for para in body_of(fields, most).paras)


@pytest.mark.parametrize(
    "value",
    [
        b"password=hunter2 " * 470_000,
        b'{"a":[' + b"1," * 4 * MB + b"1]}",
        "ä€🚀".encode() * 880_000,
        b"\x00\xff" * 4 * MB,
        b"\n" * 8 * MB,
        b"x" * 8 * MB,
        b"\x80" * 8 * MB,
        b"[" * 8 * MB,
    ],
    ids=["secrets", "wide JSON", "UTF-8", "bytes", "lines", "one word", "broken UTF-8", "deep JSON"],
)
def test_of_a_field_of_8_mb_the_beginning_is_shown(value: bytes) -> None:
    body = body_of([(b"a", value), (b"b", value), (b"c", value)])
    said = text_of([(b"a", value), (b"b", value), (b"c", value)])
    assert body.cut
    assert "8.0 MB more of a" in said or "8 MB more of a" in said
    assert "m shows more" in said
    assert len(said) < 5 * FIRST
    assert "hunter2" not in said
    assert not body_of([(b"a", value)], MOST).cut  # asking for more has an end


def test_many_fields_are_counted() -> None:
    said = text_of([(b"field %d" % n, b"v") for n in range(50_000)])
    assert "49500 more fields" in said
    assert "field 499 " in said


def test_a_secret_at_the_cut_is_not_shown_by_half() -> None:
    token = b"ghp_" + b"aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6"
    for shift in range(0, 45, 4):
        value = b"x " * ((FIRST - shift) // 2) + token + b" " + b"y" * FIRST
        assert "ghp_" not in text_of([(b"a", value)])


@given(st.text(min_size=300, max_size=700), st.integers(1, 900))
def test_no_character_is_cut_in_two(text: str, most: int) -> None:
    if "\\x" not in text and not any(0xD800 <= ord(sign) <= 0xDFFF for sign in text):
        assert "\\x" not in text_of([(b"a", text.encode())], most)

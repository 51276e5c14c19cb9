"""The search for errors over bytes against the parser, line by line: it finds exactly what parsing finds."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdash.core.logs.parse.line import level_of
from agentdash.core.logs.parse.prefixes import MAX_PREFIXES, HarmlessPrefixes, Prefix, SelectedLines
from agentdash.core.logs.parse.scan import FaultSearch
from agentdash.core.logs.parse.signs import FAULTS
from tests.core.logs.parse.test_formats import JSON, LOGFMT, MESSAGES, NOW, PLAIN

WORDS = [
    "ERROR",
    "error",
    "Error",
    "FATAL",
    "INFO",
    "info",
    "WARN",
    "CRITICAL",
    "panic",
    "severe",
    "notice",
    "ERR",
]
HEADS = [line for line, *_ in PLAIN.values()]


def found(lines: list[bytes], search: FaultSearch | None = None) -> list[bytes]:
    data = b"\n".join(lines) + b"\n"
    return [data[start:end] for start, end in (search or FaultSearch()).find(data, NOW)]


def expected(lines: list[bytes]) -> list[bytes]:
    return [line for line in lines if level_of(line, NOW) in FAULTS]


def every_format() -> list[bytes]:
    texts: list[str] = []
    for message in MESSAGES.values():
        for line in HEADS:
            texts.append(line.replace("MESSAGE", message))
            for word in ("INFO", "WARN", "DEBUG", "info", "warn", "notice", "warning"):
                texts += [line.replace(word, other).replace("MESSAGE", message) for other in WORDS]
        for record, field, *_ in JSON.values():
            for level in (record.get("level"), *WORDS, 20, 30, 50, 60, 3, None):
                named = {name: level if name == "level" else value for name, value in record.items()}
                texts += [json.dumps({**named, field: message}), json.dumps({field: message, **named})]
                texts.append(json.dumps({**named, field: message}, separators=(",", ":")))
        for line, *_ in LOGFMT.values():
            for word in WORDS:
                quoted = json.dumps(message)
                texts.append(line.replace("info", word).replace("warning", word).replace("MESSAGE", quoted))
        for inner in ("ERROR it", "INFO no error"):
            texts.append(json.dumps({"log": f"{inner} {message}\n", "stream": "stderr"}))
        texts.append(
            json.dumps({"record": {"level": {"name": "ERROR", "no": 40}, "message": message}, "text": "t"})
        )
        texts += [f"<{pri}>1 2024-11-20T16:28:01Z h app - - - {message}" for pri in (11, 14, 8, 191, 3)]
        texts += [
            f"\x1b[31mERROR\x1b[0m {message}",
            f"[E 2024-11-20 16:28:01 x] {message}",
            f"Error: {message}",
            message,
        ]
    return [text.encode() for text in texts]


def test_every_format_with_every_message() -> None:
    lines = every_format()
    assert found(lines) == expected(lines)
    assert 1000 < len(expected(lines)) < len(lines)


def test_alone_as_among_others() -> None:
    """A piece that has only one kind of line is looked at with fewer patterns."""
    for line in every_format():
        assert found([line]) == expected([line])


def test_what_was_learned_from_one_line_is_right_for_the_next() -> None:
    search = FaultSearch()
    lines = every_format()
    for _ in range(2):
        assert found(lines, search) == expected(lines)
        lines.reverse()


def test_among_many_that_begin_alike() -> None:
    """What is left out because of how it begins carries no error, whatever comes after."""
    lines, faults, chance = every_format(), set(expected(every_format())), random.Random(7)
    known = 0
    for quiet in chance.sample(sorted(set(lines) - faults), 400):
        search = FaultSearch()
        piece = [quiet] * 40 + chance.sample(lines, 30)
        chance.shuffle(piece)
        for _ in range(2):
            assert found(piece, search) == [line for line in piece if line in faults]
        known += search._harmless.unknown(quiet + b"\n") == []
    assert known > 200


@pytest.mark.parametrize(
    "line",
    [
        b"2024-11-20 16:28:01.123 INFO 12 34 E Tag: an Android line of a user who is called INFO",
        b"2024-11-20 16:28:01.123 INFO   12 34 E Tag: the same",
        b"2024-11-20 16:28:01.123 ERROR no",
        b" 2024-11-20 16:28:01.123 INFO ERROR",
        b"\x1b[31m2024-11-20 16:28:01.123 ERROR\x1b[0m no",
        b"ERROR 2024-11-20 16:28:01.123 INFO no",
    ],
)
def test_lines_similar_to_harmless_ones(line: bytes) -> None:
    search = FaultSearch()
    quiet = [b"2024-11-20 16:28:01.%03d INFO done" % number for number in range(100)]
    assert found(quiet, search) == []
    assert found([*quiet, line, *quiet], search) == expected([line])


@pytest.mark.parametrize("name", ["pino", "winston", "zap", "zerolog", "logrus"])
def test_json_lines_that_are_no_errors_are_known_by_how_they_begin(name: str) -> None:
    record, field, *_ = JSON[name]
    level = 30 if name == "pino" else "info"
    search = FaultSearch()
    lines = [json.dumps({**record, "level": level, field: f"{n}: no error, 50"}).encode() for n in range(200)]
    assert found(lines, search) == []
    assert search._harmless.unknown(b"\n".join(lines) + b"\n") == []
    bad = [line.replace(b"30", b"50", 1).replace(b'"info"', b'"error"', 1) for line in lines[:3]]
    assert found([*lines, *bad, *lines], search) == bad


def test_heads_are_learned_and_bounded() -> None:
    heads = HarmlessPrefixes(lambda line: Prefix(line.split(b"=")[0] + b"="))
    for number in range(3 * MAX_PREFIXES):
        lines = [b"%s=%d\n" % (b"abcdefghij"[number % 10 :] * (1 + number // 10), n) for n in range(50)]
        data = b"".join(lines)
        assert heads.unknown(data) in ([], None)
    assert len(heads._prefixes) <= MAX_PREFIXES


def test_lines_without_a_head_are_all_looked_at_and_not_tried_each_time() -> None:
    asked: list[bytes] = []

    def ask(line: bytes) -> None:
        asked.append(line)

    heads = HarmlessPrefixes(ask)
    data = b"x\n" * 1000
    for _ in range(100):
        assert heads.unknown(data) is None
    assert 0 < len(asked) < 200


def test_gathered_lines_know_their_place() -> None:
    data = b"one\ntwo\nthree\nfour\nfive"
    gathered = SelectedLines(data, [4, 8, 19])
    assert gathered.data == b"two\nthree\n\nfive\n"
    assert [gathered.offset_in_piece(gathered.data.index(word)) for word in (b"two", b"three", b"five")] == [
        4,
        8,
        19,
    ]
    assert data[gathered.offset_in_piece(11) :] == b"five"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(HEADS),
            st.sampled_from(WORDS),
            st.lists(
                st.sampled_from([*WORDS, "no", "[x]", "{", "a=b", ":", "7", '"level":"error"']), max_size=5
            ),
        ),
        max_size=12,
    )
)
def test_any_words_after_any_head(parts: list[tuple[str, str, list[str]]]) -> None:
    lines = [
        head.replace("INFO", word).replace("info", word).replace("MESSAGE", " ".join(words)).encode()
        for head, word, words in parts
    ]
    assert found(lines) == expected(lines)


@given(st.lists(st.binary(max_size=60).map(lambda raw: raw.replace(b"\n", b"")), max_size=8))
def test_any_bytes(lines: list[bytes]) -> None:
    bare = (b"Traceback", b"Exception in thread")
    assert [line for line in found(lines) if not line.strip(b" \t\r\0").startswith(bare)] == expected(lines)


def test_a_bare_trace_is_found() -> None:
    lines = [b"INFO x", b"Traceback (most recent call last):", b'  File "a.py", line 1', b"ValueError: x"]
    assert found(lines) == [lines[1]]


@pytest.mark.parametrize("prose", ["and no error", "0 errors", "error rate 0"])
def test_prose_costs_next_to_no_parsing(prose: str) -> None:
    search = FaultSearch()
    lines = [f"2024-11-20T16:28:01.{n:03d}Z INFO order {n} {prose} of {n * n:x}".encode() for n in range(999)]
    assert found(lines, search) == []
    assert search.parsed < 20

"""Secrets on their way to the store: whole, in pieces, over several lines; and what is none stays."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agentdash.core.secrets.mask import MASK
from agentdash.runner.output.secret_mask import SecretMask
from agentdash.runner.output.throttle import CHUNK, OutputThrottle
from tests.runner.output.test_throttle import Time, drain

TOKEN = "ghp_" + "a1B2" * 9
KEY = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEowIBAAKCAQEA7bq+/\n" * 30 + "-----END RSA PRIVATE KEY-----\n"


def through(*pieces: bytes) -> str:
    time = Time()
    throttle = OutputThrottle(time, secrets=SecretMask())
    out = []
    for piece in pieces:
        throttle.push("stdout", piece)
        out += throttle.take()
        time.now += 1
    throttle.end()
    out += drain(throttle, time)
    assert all(len(one.text.encode()) <= CHUNK for one in out)
    return "".join(one.text for one in out)


@given(st.integers(0, 3 * CHUNK))
def test_the_cut_into_pieces_hides_no_secret(before: int) -> None:
    said = through(b"x" * before + b" " + TOKEN.encode() + b" and more " + b"y" * CHUNK)
    assert said == "x" * before + " " + MASK + " and more " + "y" * CHUNK


def test_a_private_key_over_lines_and_pieces() -> None:
    said = through(b"before\n" + KEY.encode() + b"after.\n")
    assert "MIIE" not in said
    assert said.startswith("before\n")
    assert said.endswith("after.\n")
    half = len(KEY) // 2
    said = through(KEY[:half].encode(), KEY[half:].encode() + b"# after\n")
    assert "MIIE" not in said
    assert said.endswith("# after\n")


def test_a_line_that_only_names_a_key_masks_nothing_after_it() -> None:
    said = through(b"grep: -----BEGIN PRIVATE KEY-----\n", b"src/a.py: 3 matches\nnext: line\n")
    assert said.endswith(".py: 3 matches\nnext: line\n")


@given(st.lists(st.binary(max_size=300), max_size=8))
def test_what_is_no_secret_stays_byte_by_byte(pieces: list[bytes]) -> None:
    plain = OutputThrottle(Time())
    time = Time()
    masked = OutputThrottle(time, secrets=SecretMask())
    for piece in pieces:
        safe = bytes(byte for byte in piece if byte not in b"=:@-/_")
        plain.push("stdout", safe)
        masked.push("stdout", safe)
    plain.end()
    masked.end()
    assert [one.text for one in plain.take()] == [one.text for one in masked.take()]


def test_command_lines_and_payloads() -> None:
    mask = SecretMask()
    assert mask.words(["run", "--password", "hunter2", "--dry-run", "x"]) == [
        "run", "--password", MASK, "--dry-run", "x",
    ]  # fmt: skip
    data = {
        "path": "a.py",
        "env": {"API_KEY": "abcdef", "n": 1},
        "list": [{"token": "s3cr3t-value"}],
    }
    assert mask.data(data) == {
        "path": "a.py", "env": {"API_KEY": MASK, "n": 1}, "list": [{"token": MASK}],
    }  # fmt: skip
    assert SecretMask(on=False).data(data) == data


@given(
    st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_any_payload_keeps_its_shape(value: object) -> None:
    assert SecretMask().data({"value": value}).keys() == {"value"}

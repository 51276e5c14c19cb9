"""Few events, small ones, whole characters, every byte accounted for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agentdash.runner.output.throttle import BUFFERED, CHUNK, PER_SECOND, Output, OutputThrottle


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def drain(throttle: OutputThrottle, time: Time) -> list[Output]:
    out = throttle.take()
    while (wait := throttle.wait()) is not None:
        time.now += wait
        out += throttle.take()
    return out


def test_ten_in_any_second_and_the_rest_is_merged() -> None:
    time = Time()
    throttle = OutputThrottle(time)
    sent: list[tuple[float, Output]] = []
    for number in range(400):
        throttle.push("stdout", b"line %d\n" % number)
        sent += [(time.now, output) for output in throttle.take()]
        time.now += 0.01
    sent += [(time.now, output) for output in drain(throttle, time)]
    times = [at for at, _ in sent]
    assert all(sum(1 for other in times if at <= other < at + 1) <= PER_SECOND for at in times)
    assert "".join(output.text for _, output in sent) == "".join(f"line {n}\n" for n in range(400))


@given(
    st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), st.text(max_size=900)), max_size=30), st.data()
)
def test_characters_are_never_split_and_nothing_is_lost(
    pieces: list[tuple[str, str]], data: st.DataObject
) -> None:
    time = Time()
    throttle = OutputThrottle(time)
    out: list[Output] = []
    for stream, text in pieces:
        raw = text.encode()
        cut = data.draw(st.integers(0, len(raw)))
        for part in (raw[:cut], raw[cut:]):
            throttle.push(stream, part)
            out += throttle.take()
            time.now += 0.3
    throttle.end()
    out += drain(throttle, time)
    for stream in ("stdout", "stderr"):
        said = "".join(text for name, text in pieces if name == stream)
        if len(said.encode()) < BUFFERED:
            assert "".join(output.text for output in out if output.stream == stream) == said
    assert all(len(output.text.encode()) <= CHUNK for output in out)


@given(st.lists(st.binary(max_size=5000), max_size=20))
def test_any_bytes_make_small_events_and_every_byte_is_counted(pieces: list[bytes]) -> None:
    time = Time()
    throttle = OutputThrottle(time, buffered=4096)
    for piece in pieces:
        throttle.push("stdout", piece)
    throttle.end()
    out = drain(throttle, time)
    assert all(len(output.text.encode()) <= CHUNK for output in out)
    dropped = sum(output.dropped for output in out)
    total = sum(map(len, pieces))
    assert dropped >= total - 4096 - 3
    assert (dropped == 0) == (total <= 4096)


def test_what_does_not_fit_is_said_with_the_next_piece_and_the_newest_is_kept() -> None:
    time = Time()
    throttle = OutputThrottle(time)
    throttle.push("stdout", b"a" * 1_000_000 + b"the end")
    throttle.end()
    out = drain(throttle, time)
    assert out[0].dropped == 1_000_007 - BUFFERED
    assert out[-1].text.endswith("the end")
    assert sum(len(output.text) for output in out) + out[0].dropped == 1_000_007


def test_half_a_character_waits_for_its_rest_but_not_after_the_end() -> None:
    time = Time()
    throttle = OutputThrottle(time)
    throttle.push("stdout", "€".encode()[:2])
    assert throttle.take() == []
    assert throttle.wait() is None
    throttle.push("stdout", "€".encode()[2:])
    assert [output.text for output in throttle.take()] == ["€"]
    throttle.push("stdout", "€".encode()[:2])
    throttle.end()
    assert [output.text for output in throttle.take()] == ["�"]


def test_what_is_given_up_is_counted() -> None:
    throttle = OutputThrottle(Time())
    throttle.push("stdout", b"x" * (BUFFERED + 10))
    assert throttle.discard() == BUFFERED + 10
    assert throttle.take() == []

"""What comes from a terminal and goes to it, whatever the terminal does."""

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

import pytest
from textual import constants
from textual.events import Key

from tests.support import wait_until
from tui.terminal_io import ESCAPE_S, Decoder, KeyParser, TerminalGone, Writer


@pytest.fixture
def ends() -> Iterator[tuple[int, int]]:
    """The reading and the writing end of a pipe, which takes 64 KiB unread."""
    reading, writing = os.pipe()
    yield reading, writing
    for end in (reading, writing):
        os.close(end)


def test_writing_to_a_terminal_that_is_not_read_waits_for_nothing(ends: tuple[int, int]) -> None:
    reading, writing = ends
    drawn = threading.Event()
    with os.fdopen(writing, "w", closefd=False) as file:
        writer = Writer(file)
        writer.caught_up = drawn.set
        writer.start()
        for _ in range(1000):  # 8 MB, and nobody reads: without a bound the first 40 would be all
            writer.write("x" * 8192)
        assert not drawn.is_set()
        os.set_blocking(reading, False)
        wait_until(partial(_emptied, reading, drawn), what="all is to be drawn anew")
        writer.stop()


def _emptied(reading: int, drawn: threading.Event) -> bool:
    try:
        while os.read(reading, 65536):
            continue
    except BlockingIOError:
        pass
    return drawn.is_set()


def test_a_writer_whose_terminal_is_gone_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    gone = threading.Event()
    monkeypatch.setattr("tui.terminal_io.hang_up", gone.set)
    file = os.fdopen(writing, "w")
    writer = Writer(file)
    writer.start()
    os.close(reading)
    for _ in range(100):
        writer.write("x" * 8192)
    assert gone.wait(20)
    writer.ending = True
    for _ in range(100):  # these are waited for, and somebody takes them
        writer.write("x")
    writer.stop()
    assert not writer.is_alive()
    with suppress(BrokenPipeError):
        file.close()


def test_the_end_of_a_terminal_is_no_text() -> None:
    decoder = Decoder(errors="replace")
    assert decoder.decode(b"\xff1\xc3") == "\ufffd1"
    assert decoder.decode(b"\xa9") == "é"
    with pytest.raises(TerminalGone):
        decoder.decode(b"")
    assert decoder.decode(b"", final=True) == ""


def test_an_escape_that_stood_alone_is_a_key_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ESCAPE_DELAY", ESCAPE_S)
    now = [0.0]
    monkeypatch.setattr("textual._parser.get_time", lambda: now[0])
    parser = KeyParser(False)
    keys = [*parser.feed("\x1b")]
    now[0] = 2 * ESCAPE_S
    keys += parser.feed("2")
    assert [key.key for key in keys if isinstance(key, Key)] == ["escape", "2"]


def test_the_sequence_of_a_key_that_comes_in_two_reads_is_one_key() -> None:
    parser = KeyParser(False)
    keys = [*parser.feed("\x1b"), *parser.feed("[A")]
    assert [key.key for key in keys if isinstance(key, Key)] == ["up"]

"""Files and standard input as log records."""

import json
import subprocess
from pathlib import Path

from agentdash.headless.logs.files import MAX_LINE_BYTES, lines_of
from agentdash.headless.logs.view import LOG_LINE
from agentdash.headless.schemas import model_of
from tests.command_line import PROGRAM, agentdash

LINES = (
    '{"level":50,"time":1732112345000,"msg":"boom","user":7}\n'
    "2024-11-20 14:19:05 INFO started\n"
    "\x1b]0;owned\x07plain \x1b[31mred\n"
)


def test_every_line_of_a_file_is_one_object_of_the_published_shape(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text(LINES)
    done = agentdash("logs", "--json", "web.log", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    texts = done.stdout.splitlines()
    assert len(texts) == 3
    for text in texts:
        assert model_of(LOG_LINE).model_validate_json(text, strict=True).model_dump(
            mode="json", by_alias=True
        ) == json.loads(text)
    first, _, last = map(json.loads, texts)
    assert (first["level"], first["time"], first["message"], first["fields"]["user"]) == (
        "error",
        1732112345000,
        "boom",
        7,
    )
    assert last["message"] == "plain red"


def test_standard_input_is_read_and_shown_as_plain_text(tmp_path: Path) -> None:
    done = agentdash("logs", "-", cwd=tmp_path, stdin=LINES)
    assert done.returncode == 0
    assert "ERROR" in done.stdout.splitlines()[0]
    assert "\x1b" not in done.stdout


def test_without_any_log_it_says_how_to_name_one(tmp_path: Path) -> None:
    done = agentdash("logs", cwd=tmp_path)
    assert done.returncode == 0
    assert "No log files are followed" in done.stderr
    assert "[logs] files" in done.stderr


def test_a_file_that_is_missing_is_said_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text(LINES)
    done = agentdash("logs", "none.log", "web.log", cwd=tmp_path)
    assert done.returncode == 4
    assert "none.log cannot be read: no such file or directory" in done.stderr
    assert len(done.stdout.splitlines()) == 3


def test_a_line_without_end_costs_bounded_memory_and_offsets_stay_right(tmp_path: Path) -> None:
    file = tmp_path / "long.log"
    file.write_bytes(b"x" * (3 * MAX_LINE_BYTES + 5) + b"\nnext\n")
    first, second = lines_of(str(file))
    assert len(first.message) < MAX_LINE_BYTES
    assert (second.offset, second.message) == (3 * MAX_LINE_BYTES + 6, "next")


def test_a_reader_that_goes_away_ends_it_quietly(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text("line\n" * 100_000)
    with subprocess.Popen(
        [*PROGRAM, "logs", "--json", "web.log"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
        assert (process.wait(60), said) == (141, b"")

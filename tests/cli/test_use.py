"""Right and wrong use: what is said, where it goes, and which code it ends with."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.command_line import PROGRAM, agentdash


def test_without_a_terminal_the_dashboard_names_the_views(tmp_path: Path) -> None:
    done = agentdash(cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "needs a terminal, and stdin and stdout and stderr are not" in done.stderr
    assert "snapshot --json" in done.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["streems"], "Did you mean streams?"),
        (["runs", "--jsn"], "Did you mean '--json'?"),
        (["config", "sho"], "Did you mean show?"),
        (["config", "schema", "streem"], "Did you mean streams?"),
        (
            ["--redis", "http://u:hunter2@x", "runs"],
            "redis.url in --redis must be a URL that begins with redis://",
        ),
        (["runs", "--config", "none.toml"], "The settings file none.toml does not exist"),
        (["pause", "--read-only", "x"], "read-only"),
        (["run", "--read-only", "--", "true"], "read-only"),
        (["run"], "Missing argument"),
        (["run", "--until", "(", "--", "true"], "is not a regular expression"),
    ],
)
def test_wrong_use_is_refused_with_the_cure(tmp_path: Path, args: list[str], said: str) -> None:
    done = agentdash(*args, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "hunter2" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_typo_in_the_settings_stops_every_command_that_reads_them(tmp_path: Path) -> None:
    (tmp_path / "agentdash.toml").write_text("[streams]\npol = 1\n")
    done = agentdash("streams", "--json", cwd=tmp_path)
    assert done.returncode == 2
    assert "did you mean streams.poll?" in done.stderr


@pytest.mark.parametrize("place", ["before", "after"])
def test_options_of_every_command_stand_before_or_after_its_name(tmp_path: Path, place: str) -> None:
    common = ["--redis", "redis://u:hunter2@h:1", "--projects", "/a", "--projects", "/b", "--read-only"]
    args = (
        [*common, "config", "show", "--json"] if place == "before" else ["config", "show", *common, "--json"]
    )
    done = agentdash(*args, cwd=tmp_path)
    shown = json.loads(done.stdout)
    assert shown["redis.url"] == {
        "value": "redis://***@h:1",
        "origin": "--redis",
        "trusted": None,
        "ignored": None,
    }
    assert shown["projects"]["value"] == ["/a", "/b"]
    assert shown["read_only"]["value"] is True
    assert shown["streams.poll"]["origin"] == "default"


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["runs"],
        ["logs"],
        ["snapshot"],
        ["run"],
        ["pause"],
        ["demo"],
        ["config", "schema"],
        ["server", "stop"],
        ["init"],
    ],
)
def test_help_is_everywhere_and_shows_an_example(tmp_path: Path, command: list[str]) -> None:
    done = agentdash(*command, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "Example" in done.stdout
    assert "  agentdash " in done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
def test_an_output_that_is_full_is_said_in_words(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PROGRAM, "config", "show"],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (1, "agentdash: No space left on device\n")


def test_schemas_are_published(tmp_path: Path) -> None:
    done = agentdash("config", "schema", "streams", cwd=tmp_path)
    assert "items" in json.loads(done.stdout)["properties"]
    assert "streams" in json.loads(agentdash("config", "schema", cwd=tmp_path).stdout)["properties"]


def test_completion_is_a_script_of_the_shell(tmp_path: Path) -> None:
    assert "_AGENTDASH_COMPLETE=bash_complete" in agentdash("completion", "bash", cwd=tmp_path).stdout


def test_the_embedded_server_is_not_started_to_be_looked_at(tmp_path: Path, home: Path) -> None:
    done = agentdash("server", "status", "--json", cwd=tmp_path)
    assert (done.returncode, json.loads(done.stdout)["running"]) == (1, False)
    assert agentdash("server", "stop", cwd=tmp_path).returncode == 0
    assert not (home / "state").exists()


def test_the_list_of_commands_cuts_none_of_its_words(tmp_path: Path) -> None:
    listed = agentdash("--help", cwd=tmp_path).stdout.partition("Commands:")[2].partition("Examples:")[0]
    assert "completion" in listed
    assert "..." not in listed

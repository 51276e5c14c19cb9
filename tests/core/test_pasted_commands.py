"""Commands that are recommended, as a person pastes them into a shell: names from outside stay names."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from agentdash.core.findings.symptom_text import redis_cli, shell_command, shell_path, shell_word
from agentdash.core.links.owner import Owner
from agentdash.core.logs.model import Level, LogBatch, LogLine, LogSource
from agentdash.core.logs.rules.apply import LogRules
from agentdash.core.repos.model import Operation, Repo, ReposSnapshot
from agentdash.core.repos.rules import repo_symptoms
from agentdash.core.runs.model import Run, RunKeys, RunsSnapshot, RunStatus
from agentdash.core.runs.record import parse_run
from agentdash.core.runs.rules import run_symptoms
from agentdash.core.services.model import Service, ServicesSnapshot, ServiceState
from agentdash.core.services.rules import DOWN_MS, ServiceRules
from agentdash.core.settings.model import LogsSettings
from agentdash.core.text import printable

NOW = 1_800_000_000_000
HOSTILE = {
    "substitution": "$(touch ran)",
    "backquotes": "`touch ran`",
    "quotes": "a'b\"c'; touch ran; '",
    "line break": "a\ntouch ran\n",
    "carriage return": "a\rtouch ran\r",
    "option": "--config=/tmp/x",
    "short option": "-x",
    "escape": "\x1b[2J\x1b]52;c;eA==\x07; touch ran",
    "separators": "a; touch ran & touch ran | touch ran > ran",
    "signs": "* ? ~ $HOME ${IFS} #a !! \\ {a,b}",
    "direction": "a\u202e\u2066b",
    "no UTF-8": "a\udcff; touch ran",
    "empty": "",
    "after a word": "a'$'touch ran",
}
PROGRAMS = ("redis-cli", "agentdash", "git", "sleep")


class Shell:
    """A real shell in an empty folder, with programs that only write down what they were given."""

    def __init__(self, tmp_path: Path) -> None:
        self.folder, self._bin, self._record = tmp_path / "cwd", tmp_path / "bin", tmp_path / "record"
        self.folder.mkdir()
        self._bin.mkdir()
        for name in PROGRAMS:
            path = self._bin / name
            path.write_text(f"#!/bin/bash\nprintf '%s\\0' {name} \"$@\" >> {self._record}\n")
            path.chmod(0o755)

    def paste(self, command: str) -> list[str]:
        """The words that one program was started with; fails where anything else was."""
        assert command.isprintable()
        subprocess.run(
            ["/bin/bash", "-c", command], cwd=self.folder, check=True, timeout=20,
            env={"PATH": f"{self._bin}:/usr/bin:/bin", "HOME": str(self.folder)},
        )  # fmt: skip
        assert list(self.folder.iterdir()) == []
        words = self._record.read_bytes().split(b"\0")[:-1]
        self._record.unlink()
        assert sum(word.decode("utf-8", "replace") in PROGRAMS for word in words) == 1
        return [os.fsdecode(word) for word in words]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture(params=HOSTILE)
def name(request: pytest.FixtureRequest) -> str:
    return HOSTILE[request.param]


def test_names_for_redis_are_exact(name: str, shell: Shell) -> None:
    raw = os.fsencode(name)
    assert shell.paste(redis_cli("XINFO", "GROUPS", raw, raw)) == ["redis-cli", "XINFO", "GROUPS", name, name]


def test_the_words_of_a_command_stay_the_same(name: str, shell: Shell) -> None:
    command = shlex.join(["sleep", name, "1"])
    assert shell.paste(shell_command(command)) == ["sleep", name, "1"]


def test_what_could_not_be_split_is_one_word(shell: Shell) -> None:
    assert shell_command("sleep 'a $(touch ran)") == shlex.quote("sleep 'a $(touch ran)")


def test_a_path_is_no_option_and_no_standard_input(name: str, shell: Shell) -> None:
    (_, path) = shell.paste(f"agentdash {shell_path(name)}")
    assert path == (f"./{name}" if name.startswith("-") else name)
    assert shell_path("-") == "./-"


def test_half_of_a_pair_is_a_word_too() -> None:
    assert shell_word("\ud800") == "'?'"


def of_a_run(name: str) -> Iterator[tuple[str, int]]:
    """Commands and where the name is in their words."""
    run = Run(name, "t", RunStatus.RUNNING, orphaned=True)
    for found in run_symptoms(RunsSnapshot(NOW, "h", (run,), 1), SimpleNamespace(), RunKeys("p"), NOW):  # type: ignore[arg-type]
        assert found.see
        assert found.recommendation
        yield found.recommendation.partition("resume it with:  ")[2], 3
    start = Owner(run=run).status(NOW).start
    yield start.partition("`")[2].rpartition("`")[0].removesuffix(" -- COMMAND …"), 3


def of_a_service(name: str) -> Iterator[tuple[str, int]]:
    up = Service(
        "web", ServiceState.UP, pid=100, create_time=NOW - 5000, log=f"/l/{name}",
        start_command=shlex.join(["sleep", name]),
    )  # fmt: skip
    rules = ServiceRules()
    rules.add(ServicesSnapshot(NOW, "h", (up,)))
    for later in (1, DOWN_MS + 10_000):
        gone = Service(
            "web",
            ServiceState.DOWN,
            down_since=NOW + 1,
            log=up.log,
            start_command=up.start_command,
            exit_code=1,
        )
        rules.add(ServicesSnapshot(NOW + later, "h", (gone,)))
    (found,) = rules.symptoms(NOW + DOWN_MS + 10_000)
    assert found.see
    assert found.recommendation
    yield found.see, 2
    yield found.recommendation.partition("start it again: ")[2].removesuffix("."), 1


def of_a_log(name: str) -> Iterator[tuple[str, int]]:
    rules = LogRules(LogsSettings())
    rules.add(LogBatch(NOW, "h", ()))
    line = LogLine(
        source="web", offset=0, seen_at=NOW, at=NOW, service="web", message="x", level=Level.ERROR
    )  # fmt: skip
    rules.add(LogBatch(NOW, "h", (line,), (LogSource("web", f"/l/{name}"),)))
    (found,) = rules.symptoms(NOW + 10_000)
    assert found.see
    yield found.see, 2


def of_a_repository(name: str) -> Iterator[tuple[str, int]]:
    repo = Repo(f"/p/{name}", "web", branch="main", operation=Operation.MERGE, operation_since=NOW - 10**8)
    (found,) = repo_symptoms(ReposSnapshot(NOW, "h", (repo,)), NOW)
    assert found.see
    assert found.recommendation
    yield found.see, 2
    yield found.recommendation.partition("or: ")[2], 2


@pytest.mark.parametrize("kind", [of_a_run, of_a_service, of_a_log, of_a_repository])
def test_what_findings_recommend_starts_nothing_else(kind: object, name: str, shell: Shell) -> None:
    if kind is of_a_run:
        name = printable(name)  # as the record of a run is read
    commands = list(kind(name))  # type: ignore[operator]
    assert commands
    for command, place in commands:
        words = shell.paste(command)
        assert words[place].removeprefix("/l/").removeprefix("/p/") == name


def test_no_record_names_a_process_whose_group_is_everybody() -> None:
    """It would be named in ``kill -TERM -- -PID``, and PID 1 is all processes there."""
    for pid in (b"0", b"1", b"-1"):
        assert parse_run("r", {"pid": pid}).pid is None

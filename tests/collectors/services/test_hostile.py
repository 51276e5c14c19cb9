"""Services of somebody else's files: their names are names, and nothing else is started than was shown."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdash.actions.services.control import control
from agentdash.core.file_names import file_name, name_of
from agentdash.core.paths import service_log
from agentdash.core.services.commands import ControlService, ServiceAction
from agentdash.core.services.model import Service, ServiceState
from agentdash.core.settings.model import RedisSettings, ServiceSettings, Settings
from agentdash.core.snapshot import Topic
from agentdash.headless.views import gaps
from agentdash.runtime.engine import Engine
from collectors.logs.sources import LogSources
from collectors.services.declared import MOST_OF_FOLDER, DeclaredServices
from tests.support import until
from tui.format.services.listing import listing
from tui.screens.services.actions import MOST_SHOWN, plan, why_not

NAMES = ["../../x", "..", ".", "", "/etc/x", "a/b", "a\0b", "x" * 300, "é" * 300, "Web", "web", "~", "%",
         "%2F", "\ud800", "a\nb", "-rf", "x" * 301]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_one_file_in_the_folder(name: str, tmp_path: Path) -> None:
    made = file_name(name)
    assert made not in {"", ".", ".."}
    assert not made.startswith(".")
    assert made.isascii()
    assert made.isprintable()
    assert "/" not in made
    path = tmp_path / f"{made}.log"
    path.write_text("")
    assert path.resolve().parent == tmp_path


def test_no_two_names_share_a_file_not_even_where_case_does_not_count() -> None:
    assert len({file_name(name).casefold() for name in NAMES}) == len(NAMES)


@given(st.text(max_size=400), st.text(max_size=400))
def test_names_are_told_apart_and_short_ones_read_back(one: str, other: str) -> None:
    assert (file_name(one).casefold() == file_name(other).casefold()) == (one == other)
    assert len(file_name(one)) <= 180
    assert len(file_name(one)) > 150 or name_of(file_name(one)) == one


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", ["../../x", "shop/web", "a\0b", "x" * 300])
async def test_the_output_of_a_service_stays_in_its_folder(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "state" / "services"
    described = ServiceSettings(name=name, command="echo hello")
    outcome = await control(described, ControlService(name, ServiceAction.START), folder)
    assert outcome.ok, outcome.message
    (file,) = files_below(tmp_path)
    assert (file.parent, file.read_text()) == (folder, "hello\n")
    assert file == service_log(described, folder)
    assert file.stat().st_mode & 0o777 == 0o600
    (shown,) = LogSources((), folder).files(0).values()
    assert shown == name.replace("\0", "␀") or (len(name) == 300 and shown.startswith("xxx"))


async def test_a_command_that_no_system_takes_is_said(tmp_path: Path) -> None:
    described = ServiceSettings(name="web", command="echo a\0b")
    outcome = await control(described, ControlService("web", ServiceAction.START), tmp_path)
    assert (outcome.ok, "cannot be started" in outcome.message) == (False, True)


@pytest.mark.parametrize("own", [True, False])
async def test_a_log_that_is_a_link_is_not_written_through(own: bool, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious\n")
    (tmp_path / "services").mkdir(mode=0o700)
    log = tmp_path / ("web.log" if own else "services/web.log")
    log.symlink_to(precious)
    described = ServiceSettings(name="web", command="echo hello", log=str(log) if own else None)
    outcome = await control(described, ControlService("web", ServiceAction.START), tmp_path / "services")
    assert not outcome.ok
    assert "symbolic link" in outcome.message
    assert str(log) in outcome.message
    assert precious.read_text() == "precious\n"


async def test_the_null_device_may_be_a_log(tmp_path: Path) -> None:
    described = ServiceSettings(name="web", command="echo hello", log=os.devnull)
    assert (await control(described, ControlService("web", ServiceAction.START), tmp_path)).ok


def declared(root: Path) -> dict[str, tuple[str | None, str | None]]:
    return {d.settings.name: (d.settings.command, d.script) for d in DeclaredServices((root,)).read(0)}


def test_a_service_of_a_compose_file_is_no_option_of_docker(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(
        "services:\n  '--file=/x':\n    ports: ['80:80']\n  \"$(touch ran)\":\n    ports: ['81:80']\n"
    )
    name = tmp_path.name
    assert declared(tmp_path) == {
        f"{name}/--file=/x": ("docker compose up -d -- --file=/x", None),
        f"{name}/$(touch ran)": ("docker compose up -d -- '$(touch ran)'", None),
    }


@pytest.mark.parametrize("kind", ["pipe", "device", "huge", "loop"])
def test_what_is_no_small_file_declares_nothing(kind: str, tmp_path: Path) -> None:
    for name in ("Procfile", "compose.yaml", "package.json"):
        match kind:
            case "pipe":
                os.mkfifo(tmp_path / name)
            case "device":
                (tmp_path / name).symlink_to("/dev/zero")
            case "huge":
                with (tmp_path / name).open("wb") as file:
                    file.truncate(1 << 30)
            case _:
                (tmp_path / name).symlink_to(tmp_path / name)
    assert declared(tmp_path) == {}


def test_what_a_script_of_npm_runs_is_shown_with_what_is_around_it(tmp_path: Path) -> None:
    scripts = {"dev": "vite --host", "predev": "sh ./evil.sh", "postdev": 7}
    (tmp_path / "package.json").write_text(json.dumps({"scripts": scripts}))
    assert declared(tmp_path) == {
        f"{tmp_path.name}/dev": ("npm run dev", "predev: sh ./evil.sh; dev: vite --host")
    }


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    settings = Settings(
        projects=(str(tmp_path),), state_dir=str(tmp_path / ".state"), redis=RedisSettings(embedded=False)
    )
    engine = Engine(settings, topics=frozenset({Topic.SERVICES}), cwd=tmp_path)
    await engine.start()
    yield engine
    await engine.stop()


@pytest.fixture
def ended(tmp_path: Path) -> Iterator[None]:
    yield
    for process in psutil.process_iter(["cwd"]):
        if process.info["cwd"] == str(tmp_path):
            with suppress(psutil.Error):
                process.send_signal(signal.SIGKILL)


def service_of(engine: Engine) -> Service | None:
    found = engine.store.services.services if engine.store.services else ()
    return next((service for service in found if service.origin), None)


async def test_what_was_not_shown_is_not_started(engine: Engine, tmp_path: Path, ended: None) -> None:
    """A file may be written between the question and its answer."""
    (tmp_path / "Procfile").write_text(
        f"web: sleep 61.5 {'x' * 300} --password=x;touch${{IFS}}{tmp_path}/one\n"
    )
    engine.refresh()
    seen = await until(lambda: service_of(engine))
    shown = " ".join("".join(text for text, _ in para.parts) for para in plan(seen, ServiceAction.START))
    assert seen.start_exact
    assert seen.start_exact in shown  # all of it, also what looks like a secret
    assert f"touch${{IFS}}{tmp_path}/one" in shown
    assert seen.start_exact not in repr(seen)
    assert "Procfile" in shown
    assert why_not(seen, "start") is None
    other = ControlService(
        seen.name, ServiceAction.START, start_command="sh -c other", start_folder=seen.start_folder
    )
    outcome = await engine.dispatch(other)
    assert (outcome.ok, "has changed since it was shown" in outcome.message) == (False, True)
    assert not (tmp_path / ".state" / "services").exists()
    same = ControlService(
        seen.name, ServiceAction.START, start_command=seen.start_exact, start_folder=seen.start_folder
    )
    assert (await engine.dispatch(same)).ok


def test_a_command_that_is_too_long_to_be_shown_is_not_started() -> None:
    long = Service("web", ServiceState.DOWN, start_exact="x" * (MOST_SHOWN + 1), origin="Procfile")
    assert "too long to be shown" in str(why_not(long, "start"))


def test_what_is_ended_is_shown_with_what_calls_it_a_service() -> None:
    """A file of a project may call any process of this user its service."""
    service = Service(
        "shop/web", ServiceState.UP, 4711, 1, "emacs /home/me/thesis.tex", "/home/me", children=3,
        origin="Procfile", start_exact="sh -c emacs", start_folder="/srv/shop",
    )  # fmt: skip
    for action in (ServiceAction.STOP, ServiceAction.RESTART):
        shown = " ".join("".join(text for text, _ in para.parts) for para in plan(service, action))
        for words in ("process 4711, with 3 descendants", "emacs /home/me/thesis.tex"):
            assert words in shown
        assert "Procfile of /srv/shop" in shown
    named = replace(service, origin=None, described_in="./agentdash.toml")
    shown = " ".join("".join(text for text, _ in para.parts) for para in plan(named, ServiceAction.STOP))
    assert "./agentdash.toml" in shown


def procfile(folder: Path, lines: int) -> None:
    folder.mkdir(exist_ok=True)
    for name in ("Procfile", "Procfile.dev"):
        (folder / name).write_text(
            "".join(f"s{at}{name[8:].strip('.')}: sleep {at}\n" for at in range(lines))
        )


def test_no_project_pushes_out_the_services_of_another_and_what_is_left_out_is_counted(
    tmp_path: Path,
) -> None:
    for number in range(8):
        procfile(tmp_path / f"a{number}", 100)
    procfile(tmp_path / "z", 1)
    files = DeclaredServices((tmp_path,))
    found = [declared.settings.name for declared in files.read(0)]
    assert len(found) == 100
    assert {"z/s0", "z/s0dev"} <= set(found)
    assert sum(name.startswith("a0/") for name in found) in range(12, MOST_OF_FOLDER + 1)
    assert f"declared in {tmp_path}/a0 not listed: too many" in files.left_out[0]
    assert len(files.left_out) == 8


async def test_what_is_left_out_is_said(engine: Engine, tmp_path: Path) -> None:
    procfile(tmp_path, 30)
    engine.refresh()
    await until(lambda: engine.store.services is not None and engine.store.services.gaps)
    (gap,) = gaps(Topic.SERVICES, engine.store)
    assert gap == f"40 services declared in {tmp_path} not listed: too many"
    assert engine.store.services is not None
    assert listing(engine.store.services, 0).notes == (gap,)

"""The recipes of docs/codebase.md, each executed in a copy of the program."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.support import ROOT

RECIPES: dict[str, str] = dict(
    re.findall(
        r"^### (.+?)\n(.*?)(?=^##)",
        (ROOT / "docs" / "codebase.md").read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
)
STEP = re.compile(r"^\d\. .*?`(\S+?\.py)`", re.MULTILINE)
PACKAGES = ("agentdash", "collectors", "tui", "styles", "docs")

Edit = str | list[tuple[str, str]]
"""The text of a new file, or (before which line, what is added) in one that exists."""


class ProgramCopy:
    """A copy of the program in *folder*, which recipes change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in PACKAGES:
            shutil.copytree(ROOT / name, folder / name)

    def follow(self, recipe: str, edits: dict[str, Edit]) -> None:
        """Make *edits*, by path; the recipe must name each of these files."""
        steps = STEP.findall(RECIPES[recipe])
        for path, edit in edits.items():
            assert any(re.fullmatch(re.sub(r"<\w+>", r"\\w+", step), path) for step in steps), (recipe, path)
            self.edit(path, edit)

    def edit(self, path: str, edit: Edit) -> None:
        """Write a file, with the package that it is in, or add to it."""
        file = self.folder / path
        if isinstance(edit, str):
            file.parent.mkdir(exist_ok=True)
            (file.parent / "__init__.py").touch()
            file.write_text(edit, encoding="utf-8")
            return
        text = file.read_text(encoding="utf-8")
        for line, added in edit:
            assert text.count(line) == 1, f"{path} has {text.count(line)} times {line!r}"
            text = text.replace(line, added + line)
        file.write_text(text, encoding="utf-8")

    def python(self, *args: str, code: int = 0, **env: str) -> str:
        """The output of ``python`` with *args* in the copy."""
        done = subprocess.run(
            [sys.executable, *args],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.folder), **env},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done.stdout

    def agentdash(self, *args: str, code: int = 0, **env: str) -> Any:
        """The JSON that ``agentdash`` with *args* prints."""
        return json.loads(self.python("-m", "agentdash", *args, code=code, **env))

    def pages(self) -> dict[str, str]:
        """The pages that ``python -m docs`` writes."""
        found: dict[str, str] = json.loads(self.python("-c", PAGES))
        return found


PAGES = """
import json
from docs.__main__ import pages

print(json.dumps({path.name: text for path, text in pages().items()}))
"""


@pytest.fixture
def program(tmp_path: Path) -> ProgramCopy:
    return ProgramCopy(tmp_path)


def test_every_recipe_names_at_most_two_files_and_its_tests() -> None:
    assert len(RECIPES) == 11
    for title, text in RECIPES.items():
        steps = STEP.findall(text)
        assert 1 <= len(steps) <= 2, title
        assert len(steps) == len(re.findall(r"^\d\. ", text, re.MULTILINE)), title
        named = [path for path in re.findall(r"`([\w./]+\.(?:py|md|tcss))`", text) if "/" in path]
        for path in named:
            assert any((ROOT / base / path).exists() for base in ("", "agentdash")), (title, path)
        assert any(path.startswith("tests/") for path in named), title


SUBJECT: dict[str, Edit] = {
    "agentdash/core/snapshot.py": [('    LOGS = "logs"\n', '    DISKS = "disks"\n')],
    "agentdash/core/store.py": [
        ("    services: ServicesSnapshot | None = None\n", "    disks: DisksSnapshot | None = None\n"),
        ('    Topic.SERVICES: attrgetter("name"),\n', '    Topic.DISKS: attrgetter("path"),\n'),
        (
            "    from agentdash.core.findings.model import",
            "    from agentdash.core.disks.model import DisksSnapshot\n",
        ),
    ],
}
RECORDS = """
from dataclasses import dataclass

@dataclass(frozen=True, slots=True)
class Disk:
    path: str
    free_bytes: int

@dataclass(frozen=True, slots=True)
class DisksSnapshot:
    taken_at: int
    host: str
    disks: tuple[Disk, ...]
"""
COLLECTOR: dict[str, Edit] = {
    "collectors/disks/collector.py": """
from agentdash.core.disks.model import Disk, DisksSnapshot
from agentdash.core.snapshot import Collector, Topic

class DisksCollector(Collector):
    name = "disks"
    topic = Topic.DISKS
    cadence = 1.0
    timeout = 5.0

    def __init__(self, host, clock):
        self.host, self.clock = host, clock

    async def collect(self):
        return DisksSnapshot(self.clock.now_ms(), self.host, (Disk("/data", 4096),))

    async def close(self):
        pass
""",
    "agentdash/runtime/wiring.py": [
        (
            "    from collectors.inbox.collector import InboxCollector\n",
            "    from collectors.disks.collector import DisksCollector\n",
        ),
        (
            "        made(InboxCollector, inbox),\n",
            "        made(DisksCollector, lambda: DisksCollector(host, clock)),\n",
        ),
    ],
}
VIEW: dict[str, Edit] = {
    "agentdash/headless/disks/view.py": """
from agentdash.headless.envelope import view_of
from agentdash.headless.json_object import Field, JsonObject

DISK = JsonObject("Disk", "One disk.", (Field("path", str), Field("freeBytes", int, "for us")))
VIEW = view_of("disks", DISK)
COLUMNS = "PATH | >FREE"
EMPTY = "no disks"

def gaps(store):
    return ()

def rows(store, now):
    return [(disk.path, str(disk.free_bytes)) for disk in store.disks.disks]
""",
    "agentdash/headless/subjects.py": [
        ("        Subject(Topic.LOGS,", '        Subject(Topic.DISKS, "Disks and their free space."),\n')
    ],
}
PANE: dict[str, Edit] = {
    "tui/format/disks/listing.py": """
from tui.format.item import Cell, Column, Item, Listing, Row

COLUMNS = WIDE = (Column("disk", "DISK", 10, flex=1), Column("free", "FREE", 8))

def listing(snapshot, now, view):
    rows = [Row(disk.path, (Cell(disk.path), Cell(str(disk.free_bytes)))) for disk in snapshot.disks]
    return Listing(tuple(map(Item, rows, snapshot.disks)), f"{len(rows)} disks")
""",
    "tui/subjects.py": [
        (
            "    SubjectRow(\n        Topic.LOGS,",
            """    SubjectRow(
        Topic.DISKS,
        7,
        "Disks",
        place=7,
        record="agentdash.core.disks.model:Disk",
        listing="tui.format.disks.listing",
    ),
""",
        )
    ],
}
BOARD = """
import asyncio, json
from agentdash.core.disks.model import Disk, DisksSnapshot
from agentdash.core.settings.model import Settings
from agentdash.core.snapshot import Topic
from agentdash.runtime.engine import Engine
from tui.app import AgentDash

class StillEngine(Engine):
    async def start(self):
        pass

async def main():
    engine = StillEngine(Settings())
    engine.store.put(Topic.DISKS, DisksSnapshot(1, "host", (Disk("/data", 4096),)))
    app = AgentDash(engine)
    async with app.run_test(size=(120, 40)) as pilot:
        pane = app.screen.pane(Topic.DISKS)
        await pilot.press("7")
        while not pane.table.rows:
            await pilot.pause(0.01)
        row = [cell.plain for cell in pane.table.rows[0].cells]
        print(json.dumps([pane.border_title, pane.summary, row, app.screen.trail, bool(pane.display)]))
        await pilot.press("enter")

asyncio.run(main())
"""


def test_a_subject_with_its_collector_view_and_pane(program: ProgramCopy) -> None:
    program.edit("agentdash/core/disks/model.py", RECORDS)
    program.follow("A subject", SUBJECT)
    program.follow("A collector", COLLECTOR)
    program.follow("A view with --json", VIEW)
    program.follow("A pane", PANE)
    document = program.agentdash("disks", "--json")
    assert document["schema"] == "agentdash/disks/1"
    assert document["items"] == [{"path": "/data", "freeBytes": 4096}]
    assert program.python("-m", "agentdash", "disks").split() == ["PATH", "FREE", "/data", "4096"]
    assert "Disks and their free space." in program.python("-m", "agentdash", "--help")
    assert "freeBytes" in program.agentdash("config", "schema", "disks")["$defs"]["Disk"]["properties"]
    pages = program.pages()
    assert "| `items[].freeBytes` | integer | for us |" in pages["json.md"]
    assert "| `7` | disks | everywhere | `app.disks` |" in pages["keys.md"]
    title, summary, row, trail, shown = json.loads(program.python("-c", BOARD))
    assert (title, summary, row, trail, shown) == ("7 Disks", "1 disks", ["/data", "4096"], ["Disks"], True)


def test_a_field_of_a_json_view(program: ProgramCopy) -> None:
    field = '        Field("startFolder", str | None, "where it is started"),\n'
    program.follow(
        "A field of a JSON view",
        {"agentdash/headless/services/view.py": [('        Field("restarts", int),\n', field)]},
    )
    schema = program.agentdash("config", "schema", "services")["$defs"]["Service"]
    assert schema["properties"]["startFolder"]["description"] == "where it is started"
    page = program.pages()["json.md"]
    assert "| `items[].startFolder` | text, null | where it is started |" in page
    assert '"startFolder": null,' in page, "the document"


WAVE = """        Action(
            "pane.wave", "W", "Wave", lambda board: board.dash.say("waved", good=True), changes_world=True
        ),
"""


def test_a_key(program: ProgramCopy) -> None:
    """Footer, help, palette and read-only mode: tests/tui/test_actions.py."""
    anchor = '        Action("pane.filter", "slash", "Filter", "filter"),\n'
    program.follow("A key", {"tui/screens/board/board.py": [(anchor, WAVE)]})
    assert "| `W` | wave ✎ | the overview and its panes | `pane.wave` |" in program.pages()["keys.md"]


def test_a_stream_rule(program: ProgramCopy, redis_url: str) -> None:
    rule = '''def single_entry(case: StreamCase) -> Iterator[Symptom]:
    """It has one entry."""
    if case.stream.length == 1:
        yield case.symptom("SINGLE_ENTRY", Severity.LOW, "one entry", clears="Clears with a second entry.")


'''
    program.follow(
        "A stream rule",
        {
            "agentdash/core/streams/rules/whole_stream.py": [("def no_consumer_group(", rule)],
            "agentdash/core/streams/rules/apply.py": [
                (
                    "    (rules_streams.stream_growing, Severity.HIGH),\n",
                    "    (rules_streams.single_entry, Severity.LOW),\n",
                )
            ],
        },
    )
    with redis.Redis.from_url(redis_url) as client:
        client.xadd("orders", {"n": 1})
        client.xadd("orders", {"n": 2})
        client.xadd("letters", {"n": 1})
        (found,) = findings(program, redis_url)
        assert (found["category"], found["stream"], found["summary"]) == (
            "SINGLE_ENTRY",
            "letters",
            "one entry",
        )
        client.xadd("letters", {"n": 2})
        assert findings(program, redis_url) == []


def findings(program: ProgramCopy, url: str) -> list[dict[str, Any]]:
    """What the rules report at once."""
    found: list[dict[str, Any]] = program.agentdash(
        "findings", "--redis", url, "--json", AGENTDASH_STREAMS_OPEN_AFTER="0"
    )["items"]
    return found


def test_a_log_format(program: ProgramCopy) -> None:
    """With the search for errors: tests/core/logs/parse/test_formats.py."""
    row = r"""    LogFormat(
        "arrows",
        "2024-11-20T16:28:01Z => ERROR => cart => disk full",
        first=_DIGITS,
        head=r"(?P<time>\S+) => (?P<level>[A-Z]+) => ",
        rest=r"(?P<service>\w+) => ",
    ),
"""
    table = "agentdash/core/logs/parse/table.py"
    program.follow("A log format", {table: [('    LogFormat(\n        "JSON line",', row)]})
    (program.folder / "x.log").write_text("2024-11-20T16:28:01Z => WARN => cart => disk full\n")
    line = program.agentdash("logs", "--json", "x.log")
    assert (line["level"], line["service"], line["message"]) == ("warn", "cart", "disk full")


def test_a_setting(program: ProgramCopy) -> None:
    program.follow(
        "A setting",
        {
            "agentdash/core/settings/model.py": [
                ("        bell: ", "        blink: Seconds between two flashes.\n"),
                ("    bell: bool = False\n", "    blink: float = 0.5\n"),
            ],
            "agentdash/core/settings/keys.py": [
                ('    "ui.bell": (Power.NONE,),\n', '    "ui.blink": (Power.NONE, 0.1, 5),\n')
            ],
        },
    )
    assert program.agentdash("config", "show", "--json", AGENTDASH_UI_BLINK="2")["ui.blink"]["value"] == 2
    program.python("-m", "agentdash", "config", "show", code=2, AGENTDASH_UI_BLINK="9")
    assert "| `blink` | 0.5 | 0.1 to 5 | Seconds between two flashes. |" in program.pages()["settings.md"]


def test_a_command_of_the_command_line(program: ProgramCopy) -> None:
    module = '''import click

from agentdash.cli.output import print_data


@click.command()
@click.option("--json", "as_json", is_flag=True)
def uptime(as_json):
    """Print the uptime."""
    print_data('{"schema": "agentdash/uptime/1", "seconds": 7}' if as_json else "7s")


def add_to(group):
    group.add_command(uptime)
'''
    program.follow(
        "A command of the command line",
        {
            "agentdash/cli/uptime.py": module,
            "agentdash/cli/root.py": [('    "demo": "demo",\n', '    "uptime": "uptime",\n')],
        },
    )
    assert program.agentdash("uptime", "--json") == {"schema": "agentdash/uptime/1", "seconds": 7}
    assert "Print the uptime." in program.python("-m", "agentdash", "--help")

"""Every dialog, at three sizes, over names that want more room than there is: its answers stay in view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.app import App
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button

from agentdash.core.repos.commands import StagePart, StagePlan
from agentdash.core.repos.model import Repo
from agentdash.core.runs.model import ControlAction, Run, RunStatus
from agentdash.core.services.commands import ServiceAction
from agentdash.core.streams.commands import (
    AcknowledgeEntries,
    ClaimEntries,
    CreateGroup,
    DeadLetterEntries,
    DeleteConsumer,
    DeleteEntries,
    DestroyGroup,
    SeenEntry,
    SetGroupId,
    StreamCommand,
    TrimStream,
)
from agentdash.core.streams.model import Consumer, Group, Lag, Stream
from tests.tui import scene
from tui.format.repos import plan as repo_plan
from tui.format.runs import action_plan
from tui.screens.dialogs.confirm import Confirm
from tui.screens.dialogs.menu import Choice, Menu
from tui.screens.dialogs.prompt import Prompt
from tui.screens.services import actions as service_acts
from tui.screens.streams.action_table import question_of
from tui.screens.streams.claim import ClaimFor
from tui.widgets.document import Document, Para

SIZES = ((60, 15), (80, 24), (120, 40))
NAMES = {
    "long": b"n" * 300,
    "wide": "漢字の名前🚀".encode() * 60,
    "lines": b"a\nb\r\n" * 60,
    "markup": b"[bold red]x[/] [@click=app.quit]" * 12,
    "escapes": b"\x1b[2J\x1b]0;title\x07\xff\xfe" * 40,
    "one word": "ü".encode() * 400,
}


class Stage(App[None]):
    """Nothing but the dialog, in the colours of the program."""

    CSS_PATH = scene.app().CSS_PATH

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return scene.app().get_theme_variable_defaults()


def commands(name: bytes) -> list[StreamCommand]:
    entries = tuple(SeenEntry(f"{n}-{'9' * 18}", name) for n in range(60))
    return [
        AcknowledgeEntries(name, name, entries),
        ClaimEntries(name, name, entries, name),
        DeleteEntries(name, entries, name),
        DeleteEntries(name, entries[:1]),
        DeadLetterEntries(name, name, entries, name + b":dead"),
        CreateGroup(name, name, "$"),
        DestroyGroup(name, name, 3),
        DeleteConsumer(name, name, name),
        SetGroupId(name, name, "$", "0-0"),
        TrimStream(name, maxlen=1),
    ]


def confirm_stream(command: StreamCommand) -> Confirm:
    groups = tuple(Group(command.stream + b"%d" % n, 5, Lag(80), "20-0", None) for n in range(12))
    asked = question_of(command, Stream(command.stream, 100, last_id="100-0", groups=groups))
    return Confirm(asked.title, asked.plan, yes=asked.yes, full=asked.full)


def confirm_runs(name: str) -> Confirm:
    runs = [Run(f"r{n}", name, RunStatus.RUNNING) for n in range(40)]
    plan = action_plan.control_plan(runs, ControlAction.CANCEL)
    title, lines, yes = action_plan.control_dialog(plan, ControlAction.CANCEL, scene.NOW)
    return Confirm(title, lines, yes=yes)


def confirm_repo(name: str) -> list[Confirm]:
    repo = replace(repository(), name=name)
    files = tuple(name.encode() + b"%d" % n for n in range(60))
    plan = StagePlan(tuple(StagePart(f"/p/{n}", f"{name}{n}", files=files, staged=3) for n in range(9)))
    return [
        Confirm(*repo_plan.stage_question(repo, plan), yes="Stage all"),
        Confirm(*repo_plan.commit_question(repo, plan, name), yes="Commit"),
        Confirm(*repo_plan.fetch_question(repo), yes="Fetch"),
    ]


def repository() -> Repo:
    return scene.repos().repos[0]


def confirm_service(name: str) -> Confirm:
    service = replace(scene.services().services[0], name=name, start_exact=f"run {name}", start_folder=name)
    title = f"Restart {name}?"
    return Confirm(title, service_acts.plan(service, ServiceAction.RESTART), yes="Restart")


def every_confirm(raw: bytes) -> list[Confirm]:
    name = raw.decode("utf-8", "replace")
    streams = [confirm_stream(command) for command in commands(raw)]
    return [*streams, confirm_runs(name), *confirm_repo(name), confirm_service(name)]


def others(raw: bytes) -> list[tuple[ModalScreen[object], str]]:
    """Dialogs without buttons, and where one answers in each."""
    name = raw.decode("utf-8", "replace")
    group = Group(
        raw, 5, Lag(0), "0-0", None, consumers=tuple(Consumer(raw + b"%d" % n, 0, 5) for n in range(40))
    )
    lines = [Para.of(name)] * 5
    found: list[tuple[ModalScreen[object], str]] = [
        (Prompt(name, lines, value=name, choices=[name] * 20), "#answer"),  # type: ignore[list-item]
        (ClaimFor(60, group, frozenset(), {}), "#answer"),  # type: ignore[list-item]
        (ClaimFor(60, replace(group, consumers=()), frozenset(), {}), "#answer"),  # type: ignore[list-item]
        (Menu(name, [Choice(f"{n}", name, "x", name, name) for n in range(40)]), "#menu-table"),  # type: ignore[list-item]
    ]
    return found


def in_view(widget: Widget) -> bool:
    """Whether all of it is on the screen, and within all that it lies in."""
    region = widget.region
    inside = widget.screen.size.region
    for ancestor in widget.ancestors:
        if isinstance(ancestor, Widget):
            inside = inside.intersection(ancestor.region)
    return bool(region.area) and inside.contains_region(region)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_answers_and_the_first_command_are_always_in_view(size: tuple[int, int]) -> None:
    app = Stage()
    async with app.run_test(size=size) as pilot:
        for kind, raw in NAMES.items():
            # The longest name in each of them; the others in some, in others at each size.
            step = 1 if kind == "long" else 4
            for number, dialog in enumerate(every_confirm(raw)[size[1] % step :: step]):
                app.push_screen(dialog)
                await pilot.pause()
                await pilot.pause()
                where = (kind, number)
                buttons = dialog.query(Button)
                assert len(buttons) == 2, where
                assert all(map(in_view, buttons)), (where, [button.region for button in buttons])
                plan = dialog.query_one(Document)
                assert plan.size.height >= 2, where
                assert plan.scroll_offset.y == 0, where
                assert in_view(plan), where
                assert dialog.query_one("#question").region.height <= size[1], where
                assert app.focused is dialog.query_one("#no"), where
                app.pop_screen()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_where_one_answers_without_buttons_is_in_view(size: tuple[int, int]) -> None:
    app = Stage()
    async with app.run_test(size=size) as pilot:
        for kind, raw in NAMES.items():
            for dialog, selector in others(raw):
                app.push_screen(dialog)
                await pilot.pause()
                await pilot.pause()
                answer = dialog.query_one(selector)
                assert in_view(answer), (kind, dialog, answer.region)
                app.pop_screen()


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (["y"], True),
        (["n"], False),
        (["escape"], False),
        (["enter"], False),
        (["tab", "enter"], True),
        (["right", "enter"], True),
        (["tab", "tab", "enter"], False),
    ],
    ids=str,
)
async def test_each_key_answers(keys: list[str], answer: bool) -> None:
    app, said = Stage(), list[bool | None]()
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(Confirm("Sure?", [Para.of("x")], yes="Do it"), said.append)
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
        assert said == [answer]
        assert not isinstance(app.screen, Confirm)


async def test_the_plan_is_there_before_any_answer_can_be_given() -> None:
    app, said = Stage(), list[bool | None]()
    async with app.run_test(size=(80, 24)) as pilot:
        dialog = Confirm("Sure?", [Para.of("what will happen")], yes="Do it")
        await app.push_screen(dialog, said.append)
        assert dialog.query_one(Document).paras == (Para.of("what will happen"),)
        await pilot.press("y")
        assert said == [True]


@pytest.mark.parametrize(
    "dialog",
    [
        lambda: Confirm("Sure?", [Para.of("x")], yes="Do it"),
        lambda: Menu("x", [Choice("a", "Do a")]),
        lambda: ClaimFor(
            1, Group(b"g", 5, Lag(0), "0-0", None, consumers=(Consumer(b"c", 0, 5),)), frozenset(), {}
        ),
    ],
    ids=["confirm", "menu", "claim"],
)
async def test_q_quits_where_nothing_is_typed(dialog: Callable[[], ModalScreen[object]]) -> None:
    app, said = Stage(), list[object]()
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(dialog(), said.append)
        await pilot.pause()
        await pilot.press("q")
        await pilot.pause()
        assert not app.is_running
        assert said == []


async def test_only_the_answer_that_enter_gives_is_marked() -> None:
    app = Stage()
    async with app.run_test(size=(80, 24)) as pilot:
        dialog = Confirm("Restart web?", [Para.of("x")], yes="Restart")
        app.push_screen(dialog)
        await pilot.pause()
        no, yes = dialog.query_one("#no", Button), dialog.query_one("#yes", Button)

        def marked() -> list[str]:
            return [str(button.label).strip() for button in (no, yes)]

        assert marked() == ["▸ Cancel", "Restart"]
        plain = yes.styles.background
        assert plain == dialog.query_one("#question").styles.background
        assert no.styles.background != plain
        await pilot.press("tab")
        await pilot.pause()
        assert marked() == ["Cancel", "▸ Restart"]
        assert no.styles.background == plain
        assert yes.styles.background != plain


async def test_all_is_listed_on_demand_and_scrolled() -> None:
    app = Stage()
    async with app.run_test(size=(60, 15)) as pilot:
        dialog = confirm_stream(commands(b"jobs")[0])
        app.push_screen(dialog)
        await pilot.pause()
        plan = dialog.query_one(Document)

        def text() -> str:
            return "\n".join("".join(part for part, _ in para.parts) for para in plan.paras)

        assert "… 50 more (d: all)" in text()
        assert f"59-{'9' * 18}  pending at" not in text()
        await pilot.press("d")
        await pilot.pause()
        assert f"59-{'9' * 18}  pending at" in text()
        assert "d: all" not in text()
        await pilot.press("down", "j", "j")
        await pilot.pause()
        assert plan.scroll_offset.y == 3
        assert all(map(in_view, dialog.query(Button)))
        await pilot.press("d")
        await pilot.pause()
        assert "… 50 more (d: all)" in text()


async def test_y_and_n_answer_where_one_chooses() -> None:
    app, said = Stage(), list[object]()
    group = Group(b"g", 5, Lag(0), "0-0", None, consumers=(Consumer(b"c", 0, 5),))
    async with app.run_test(size=(80, 24)) as pilot:
        for key, answer in (("y", "a"), ("n", None)):
            app.push_screen(Menu("x", [Choice("a", "Do a")]), said.append)
            await pilot.pause()
            await pilot.press(key)
            await pilot.pause()
            assert said.pop() == answer
        for key, name in (("y", b"c"), ("n", None)):
            app.push_screen(ClaimFor(1, group, frozenset(), {}), said.append)
            await pilot.pause()
            await pilot.press(key)
            await pilot.pause()
            assert said.pop() == name
        app.push_screen(ClaimFor(1, group, frozenset(), {}), said.append)
        await pilot.pause()
        await pilot.press("tab", "y", "n", "enter")
        await pilot.pause()
        assert said.pop() == b"yn"

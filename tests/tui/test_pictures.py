"""One picture of each screen. `make screenshots` draws those of the README from the same scenes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from rich.segment import Segment
from textual.widgets import Input

from agentdash.core.findings.model import FindingsSnapshot
from agentdash.core.repos.model import ReposSnapshot
from agentdash.core.runs.model import RunsSnapshot
from agentdash.core.services.model import ServicesSnapshot
from agentdash.core.snapshot import SourceState, Topic
from agentdash.core.streams.model import StreamsSnapshot
from tests.support import until
from tests.tui import repo_scene, run_scene, scene, service_scene, stream_scene
from tui.app import AgentDash
from tui.screens.runs.screen import RunScreen
from tui.screens.streams.screen import StreamScreen
from tui.widgets.document import Document

Compare = Callable[..., bool]
WIDE, NARROW, LARGE = (120, 40), (80, 24), (200, 60)


async def settled(pilot: object) -> None:
    """Wait until nothing is at work, no message waits and what is drawn is the same, looked at four times."""
    app = pilot.app  # type: ignore[attr-defined]
    seen, calm = list[list[Segment]](), 0
    for _ in range(1000):
        await pilot.pause(0.02)  # type: ignore[attr-defined]
        for field in app.screen.query(Input):
            field.cursor_blink = False
        drawn = [list(strip) for strip in app.screen._compositor.render_strips()]
        calm, seen = (calm + 1 if drawn == seen and not at_work(app) else 0), drawn
        if calm == 4:
            return
    raise AssertionError("the screen does not come to rest")


def at_work(app: AgentDash) -> bool:
    """Whether a worker runs or a message waits: what is drawn may still change."""
    pumps = (app, *(node for screen in app.screen_stack for node in screen.walk_children(with_self=True)))
    return any(not worker.is_finished for worker in app.workers) or any(
        pump.message_queue_size for pump in pumps
    )


def reached(view: str, *keys: str) -> Callable[[object], Awaitable[None]]:
    """Goes into a run with *keys* and shows *view*, when what the screen has asked for is there."""

    async def wait(pilot: object) -> None:
        await settled(pilot)
        await pilot.press(*keys)  # type: ignore[attr-defined]
        await settled(pilot)
        screen = pilot.app.screen  # type: ignore[attr-defined]
        assert isinstance(screen, RunScreen)
        await until(lambda: screen.model.feed.begun, what="the events")
        screen.action_show(view)
        await settled(pilot)
        await until(lambda: not screen._busy, what="the answers")
        screen.facts(frozenset({Topic.RUNS}), scene.NOW)
        await settled(pilot)

    return wait


@pytest.mark.parametrize("size", [WIDE, NARROW, LARGE], ids=["120x40", "80x24", "200x60"])
def test_overview(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(scene.app(), terminal_size=size, run_before=settled)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x40", "80x24"])
@pytest.mark.parametrize("number", ["1", "2", "3", "4", "5", "6"])
def test_pane(snap_compare: Compare, number: str, size: tuple[int, int]) -> None:
    assert snap_compare(scene.app(), terminal_size=size, press=[number], run_before=settled)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x40", "80x24"])
def test_help(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(scene.app(), terminal_size=size, press=["question_mark"], run_before=settled)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x40", "80x24"])
def test_cancel_dialog(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(scene.app(), terminal_size=size, press=["j", "X"], run_before=settled)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x40", "80x24"])
@pytest.mark.parametrize(
    "press",
    [["2", "enter"], ["3", "enter"], ["5", "enter"]],
    ids=["stream", "finding", "service"],
)
def test_drill_down(snap_compare: Compare, press: list[str], size: tuple[int, int]) -> None:
    assert snap_compare(scene.app(), terminal_size=size, press=press, run_before=settled)


@pytest.mark.parametrize(
    "press",
    [["6", "t"], ["6", "asterisk"], ["6", "J"], ["5", "B"]],
    ids=["trace", "search", "time", "service-restart"],
)
def test_log_and_services_ask(snap_compare: Compare, press: list[str]) -> None:
    assert snap_compare(scene.app(), terminal_size=WIDE, press=press, run_before=settled)


@pytest.mark.parametrize("size", [WIDE, NARROW, LARGE], ids=["120x40", "80x24", "200x60"])
def test_service(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(service_scene.app(), terminal_size=size, press=["5", "enter"], run_before=settled)


def test_facts_of_a_service_where_there_is_little_room(snap_compare: Compare) -> None:
    press = ["5", "enter", "v"]
    assert snap_compare(service_scene.app(), terminal_size=NARROW, press=press, run_before=settled)


RUN = ["1", "j", "j", "enter"]


@pytest.mark.parametrize("size", [WIDE, NARROW, LARGE], ids=["120x40", "80x24", "200x60"])
def test_run(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(run_scene.app(), terminal_size=size, run_before=reached("events", *RUN))


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x40", "80x24"])
@pytest.mark.parametrize("view", ["output", "log", "diff", "why", "files", "tests"])
def test_view_of_a_run(snap_compare: Compare, view: str, size: tuple[int, int]) -> None:
    assert snap_compare(run_scene.app(), terminal_size=size, run_before=reached(view, *RUN))


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x40", "80x24"])
def test_orphan(snap_compare: Compare, size: tuple[int, int]) -> None:
    before = reached("why", "1", "enter")
    assert snap_compare(run_scene.app(), terminal_size=size, run_before=before)


@pytest.mark.parametrize(
    "press",
    [["1", "v", "v"], ["1", *["space"] * 6, "X"], ["1", "F"], ["1", "K"]],
    ids=["needs-you", "plan", "mark-failed", "end-process"],
)
def test_runs(snap_compare: Compare, press: list[str]) -> None:
    assert snap_compare(run_scene.app(), terminal_size=WIDE, press=press, run_before=settled)


@pytest.mark.parametrize("size", [WIDE, NARROW, LARGE], ids=["120x40", "80x24", "200x60"])
def test_repository(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(repo_scene.app(), terminal_size=size, run_before=in_repository())


@pytest.mark.parametrize("press", [["A"], ["C"], ["F"]], ids=["stage", "commit", "fetch"])
def test_repository_asks(snap_compare: Compare, press: list[str]) -> None:
    app = repo_scene.app()
    app.engine.plan = repo_scene.FREE if press == ["C"] else repo_scene.PLAN  # type: ignore[attr-defined]
    assert snap_compare(app, terminal_size=WIDE, run_before=in_repository(*press))


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x40", "80x24"])
def test_lists_of_a_repository(snap_compare: Compare, size: tuple[int, int]) -> None:
    before = in_repository("v", "v", "v", "v")
    assert snap_compare(repo_scene.app(), terminal_size=size, run_before=before)


def in_repository(*keys: str) -> Callable[[object], Awaitable[None]]:
    """Open the repository, wait for its diff, press *keys*."""

    async def before(pilot: object) -> None:
        app = pilot.app  # type: ignore[attr-defined]
        app.open(app.store.repos.repos[0])
        await until(lambda: app.screen.query("#diff-page") and app.screen.query_one("#diff-page").paras)
        for key in keys:
            await pilot.press(key)  # type: ignore[attr-defined]
            await settled(pilot)
        if keys[:1] in {("A",), ("C",), ("F",)}:
            await until(lambda: app.screen.query("#plan") and app.screen.query_one("#plan").paras)
        await settled(pilot)

    return before


def empty() -> AgentDash:
    app = scene.app(fill=False)
    store = app.store
    store.put(Topic.RUNS, RunsSnapshot(scene.NOW, scene.HOST, (), 0))
    store.put(Topic.STREAMS, StreamsSnapshot(scene.NOW, scene.HOST, (), scan_complete=True))
    store.put(Topic.FINDINGS, FindingsSnapshot(scene.NOW, scene.HOST, ()))
    store.put(Topic.REPOS, ReposSnapshot(scene.NOW, scene.HOST, (), roots=("/projects",)))
    store.put(Topic.SERVICES, ServicesSnapshot(scene.NOW, scene.HOST, ()))
    for topic in Topic:
        store.put_health(topic, scene.health(topic))
    return app


def stale() -> AgentDash:
    app = scene.app()
    for topic in Topic:
        app.store.put_health(topic, scene.health(topic, last_success=scene.NOW - 12_000))
    return app


def failing() -> AgentDash:
    app = scene.app()
    words = {
        "error": "the server at redis://localhost:6379 refuses connections",
        "cure": "start it, or set REDIS_URL to another",
        "retry_at": scene.NOW + 2_000,
        "last_success": scene.NOW - 12_000,
    }
    for topic in (Topic.RUNS, Topic.STREAMS):
        app.store.put_health(topic, scene.health(topic, SourceState.ERROR, **words))
    return app


def unreachable() -> AgentDash:
    app = scene.app(fill=False)
    words = {
        "error": "the server at redis://localhost:6379 asks for a password",
        "cure": "put it into the URL: redis://:PASSWORD@host",
        "retry_at": scene.NOW + 2_000,
        "last_success": None,
    }
    for topic in (Topic.RUNS, Topic.STREAMS, Topic.FINDINGS):
        app.store.put_health(topic, scene.health(topic, SourceState.ERROR, **words))
    words = {
        "error": "no git repository: /projects may not be read",
        "cure": "chmod u+rx /projects",
        "last_success": None,
    }
    app.store.put_health(Topic.REPOS, scene.health(Topic.REPOS, SourceState.ERROR, **words))
    return app


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x40", "80x24"])
@pytest.mark.parametrize("make", [empty, stale, failing, unreachable], ids=lambda make: make.__name__)
def test_states(snap_compare: Compare, make: Callable[[], AgentDash], size: tuple[int, int]) -> None:
    assert snap_compare(make(), terminal_size=size, run_before=settled)


def test_loading(snap_compare: Compare) -> None:
    assert snap_compare(scene.app(fill=False), terminal_size=WIDE, run_before=settled)


def test_too_small(snap_compare: Compare) -> None:
    assert snap_compare(scene.app(), terminal_size=(50, 12), run_before=settled)


@pytest.mark.parametrize("theme", ["agentdash-light", "agentdash-contrast", "ansi-dark", "nord"])
def test_themes(snap_compare: Compare, theme: str) -> None:
    assert snap_compare(scene.app(theme=theme), terminal_size=WIDE, run_before=settled)


def looked(*keys: str, until_shown: str = "Reproduce") -> Callable[[object], Awaitable[None]]:
    """Goes into the stream with *keys*, when its entries are there, and waits for the message."""

    async def wait(pilot: object) -> None:
        await settled(pilot)
        await pilot.press("2", "enter")  # type: ignore[attr-defined]
        screen = pilot.app.screen  # type: ignore[attr-defined]
        assert isinstance(screen, StreamScreen)
        await until(lambda: screen.entries.table.rows, what="the entries")
        for key in keys:
            await pilot.press(key)  # type: ignore[attr-defined]
            await until(lambda: not screen.entries.asking, what="the answer to the key")
            await settled(pilot)
        page = screen.query_one("#message-page", Document)
        await until(lambda: any(until_shown in part for para in page.paras for part, _ in para.parts))
        await until(lambda: not screen.entries.asking, what="the answers")
        await settled(pilot)

    return wait


STREAM_KEYS = {
    "pending": ["enter", "enter"],
    "entries": ["b", "down", "down"],
    "found": ["slash", *"type=refund", "enter"],
    "acknowledge": ["enter", "enter", "space", "space", "A"],
    "claim": ["C"],
    "message": ["enter", "enter", "enter", "j", "j"],
    "menu": ["full_stop"],
}


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x40", "80x24"])
@pytest.mark.parametrize("keys", STREAM_KEYS.values(), ids=STREAM_KEYS)
def test_stream(snap_compare: Compare, keys: list[str], size: tuple[int, int]) -> None:
    app = stream_scene.app()
    if keys == STREAM_KEYS["claim"]:
        stream_scene.put_second_consumer(app)
    assert snap_compare(app, terminal_size=size, run_before=looked(*keys))


def test_stream_large(snap_compare: Compare) -> None:
    assert snap_compare(stream_scene.app(), terminal_size=LARGE, run_before=looked("enter", "enter"))


@pytest.mark.parametrize("theme", ["agentdash-light", "ansi-dark"])
def test_stream_themes(snap_compare: Compare, theme: str) -> None:
    app = stream_scene.app(theme=theme)
    assert snap_compare(app, terminal_size=WIDE, run_before=looked("enter", "enter"))

"""The screen of a repository: what it shows, what it asks for, what its keys do and refuse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agentdash.core.repos.commands import CommitRepo, FetchRepo, StageRepo
from agentdash.core.repos.model import Operation, Repo, RepoKind, ReposSnapshot
from agentdash.core.repos.queries import CommitDiffQuery, RepoDiff, RepoDiffQuery, RepoSizeQuery
from agentdash.core.snapshot import Topic
from tests.support import until
from tests.tui import repo_scene
from tui.actions import actions_on
from tui.app import AgentDash
from tui.format.repos import diff_page
from tui.format.repos import head as repo_head
from tui.format.repos import page as repo_page
from tui.format.repos.listing import branch_cell, change_cell, item, listing
from tui.screens.board.board import Board
from tui.screens.dialogs.confirm import Confirm
from tui.screens.dialogs.prompt import Prompt
from tui.screens.repos import actions as repo_acts
from tui.screens.repos.screen import RepoScreen
from tui.screens.runs.screen import RunScreen
from tui.widgets.document import Document
from tui.widgets.linebar import LineBar
from tui.widgets.table.table import LineTable

WIDE, NARROW = (120, 40), (80, 24)


def table(app: AgentDash, name: str) -> list[str]:
    rows = app.screen.query_one(name, LineTable).rows
    return [" ".join(cell.plain.strip() for cell in row.cells if cell.plain.strip()) for row in rows]


def words(app: AgentDash, name: str) -> str:
    return " ".join(
        "".join(part for part, _ in word.parts) for word in app.screen.query_one(name, LineBar).left
    )


def text(app: AgentDash, name: str = "#diff-page") -> str:
    return "\n".join(
        "".join(part for part, _ in para.parts) for para in app.screen.query_one(name, Document).paras
    )


def toasts(app: AgentDash) -> str:
    return " | ".join(toast.message for toast in app._notifications)


def asked(app: AgentDash, kind: type) -> list[object]:
    return [query for query in app.engine.asked if isinstance(query, kind)]  # type: ignore[attr-defined]


def sent(app: AgentDash) -> list[object]:
    return app.engine.sent  # type: ignore[attr-defined,no-any-return]


async def opened(app: AgentDash, pilot: object) -> RepoScreen:
    app.open(app.store.repos.repos[0])  # type: ignore[union-attr]
    await until(lambda: isinstance(app.screen, RepoScreen) and app.screen.is_mounted, what="the screen")
    await until(lambda: app.screen.query("#diff-page") and "Expired" in text(app), what="the diff")
    await pilot.pause()  # type: ignore[attr-defined]
    assert isinstance(app.screen, RepoScreen)
    return app.screen


async def test_a_broken_repository_is_not_said_to_have_no_commits() -> None:
    app = repo_scene.app()
    async with app.run_test(size=WIDE) as pilot:
        app.open(Repo("/projects/broken", "broken", error="its HEAD is damaged"))
        await until(lambda: isinstance(app.screen, RepoScreen) and app.screen.query("#diff-page"))
        await pilot.pause()
        await until(lambda: text(app) == "○ nothing to show", what="the diff")


async def test_a_repository_at_a_glance() -> None:
    app = repo_scene.app()
    async with app.run_test(size=WIDE) as pilot:
        screen = await opened(app, pilot)
        assert words(app, "#repo-state").startswith("web fix-auth ↑2 of origin/fix-auth +3 ~5 ?2 +48 −17")
        assert "runs here: fix-auth-refresh" in words(app, "#repo-trouble")
        assert [line.split()[1] for line in table(app, "#files-table")] == [
            "staged", "staged", "staged+", "changed", "changed", "changed", "new", "new",
        ]  # fmt: skip
        assert table(app, "#files-table")[1] == "R. staged src/auth/sessions.py ← src/sessions.py"
        assert table(app, "#commits-table")[0].endswith("mend the refresh of tokens Ada")
        assert table(app, "#submodules-table") == [
            "lib/proto 77aa77a → 88bb88b moved git@example.com:team/proto.git"
        ]
        assert screen.focused is screen.query_one("#files-table")


async def test_the_diff_follows_the_cursor_and_enter_goes_in() -> None:
    app = repo_scene.app()
    async with app.run_test(size=WIDE) as pilot:
        screen = await opened(app, pilot)
        assert asked(app, RepoDiffQuery) == [RepoDiffQuery(repo_scene.PATH, b"src/auth/clock.py")]
        await pilot.press("j")
        await until(lambda: len(asked(app, RepoDiffQuery)) == 2, what="another diff")
        assert asked(app, RepoDiffQuery)[1] == RepoDiffQuery(
            repo_scene.PATH, b"src/auth/sessions.py", b"src/sessions.py"
        )
        await pilot.press("G")
        await until(lambda: asked(app, RepoDiffQuery)[-1].untracked, what="an untracked one")  # type: ignore[attr-defined]
        await pilot.press("enter")
        assert screen.focused is screen.query_one("#diff-page")
        await pilot.press("escape")
        assert screen.focused is screen.query_one("#files-table")
        await pilot.press("v")
        await until(lambda: asked(app, CommitDiffQuery) and "commit 1a2b" in text(app), what="a commit")
        await pilot.press("v", "v", "v", "v")
        assert "fix-auth-refresh" in table(app, "#runs-here-table")[0]
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, RunScreen), what="the run")
        await pilot.press("escape", "escape")
        await until(lambda: isinstance(app.screen, Board), what="back")


async def test_stage_commit_and_fetch_ask_first() -> None:
    app = repo_scene.app()
    async with app.run_test(size=WIDE) as pilot:
        await opened(app, pilot)
        await pilot.press("A")
        await until(lambda: isinstance(app.screen, Confirm) and text(app, "#plan"), what="the question")
        assert "web/lib/proto  left out: locked" in text(app, "#plan")
        assert "left out: web/.env  a secret (github-token) in line 3" in text(app, "#plan")
        await pilot.press("enter")  # the harmless answer has the focus
        await until(lambda: isinstance(app.screen, RepoScreen), what="back")
        assert sent(app) == []
        await pilot.press("A")
        await until(lambda: isinstance(app.screen, Confirm), what="the question")
        await pilot.press("tab", "enter")
        await until(lambda: sent(app), what="the command")
        assert sent(app) == [StageRepo(repo_scene.PATH, "1a2b3c4d5e")]
        await pilot.press("C")  # what would be refused is said before a message is written
        await until(lambda: "web/lib/proto: locked" in toasts(app), what="the reason")
        app.engine.plan = repo_scene.FREE  # type: ignore[attr-defined]
        await pilot.press("C")
        await until(lambda: isinstance(app.screen, Prompt), what="the message")
        await pilot.press(*"done", "enter")
        await until(lambda: isinstance(app.screen, Confirm), what="the question")
        await pilot.press("tab", "enter")
        await until(lambda: len(sent(app)) == 2, what="the command")
        assert sent(app)[1] == CommitRepo(repo_scene.PATH, "done", "1a2b3c4d5e")
        await pilot.press("F")
        await until(lambda: isinstance(app.screen, Confirm), what="the question")
        await pilot.press("tab", "enter")
        await until(lambda: len(sent(app)) == 3, what="the command")
        assert sent(app)[2] == FetchRepo(repo_scene.PATH)


async def test_read_only_binds_no_key_that_changes() -> None:
    app = repo_scene.app(read_only=True)
    async with app.run_test(size=WIDE) as pilot:
        screen = await opened(app, pilot)
        keys = {action.id for _, action in actions_on(screen)}
        assert not keys & {"repos.stage", "repos.commit", "repos.fetch", "repos.edit", "repos.lazygit"}
        assert "repos.copy" in keys
        await pilot.press(*"ACFoL")
        assert app.screen is screen
        assert sent(app) == []


async def test_a_program_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", "no-such-editor --wait")
    monkeypatch.delenv("VISUAL", raising=False)
    app = repo_scene.app()
    async with app.run_test(size=WIDE) as pilot:
        await opened(app, pilot)
        await pilot.press("o")
        await until(lambda: "no-such-editor is not on the PATH" in toasts(app), what="the reason")
    assert repo_acts.why_not("stage", None)
    busy = Repo("/p/web", "web", staged=1, operation=Operation.REBASE, operation_step="1/3")
    assert repo_acts.why_not("commit", busy) == "web: rebase 1/3 is unfinished: continue or abort it first"
    assert (
        repo_acts.why_not("commit", replace(busy, conflicted=2)) == "web has 2 conflicts: resolve them first"
    )
    assert repo_acts.why_not("stage", busy) is None


async def test_where_there_is_little_room_one_list_is_shown() -> None:
    app = repo_scene.app()
    async with app.run_test(size=NARROW) as pilot:
        screen = await opened(app, pilot)
        files, tabs = screen.query_one("#repo-files"), screen.query_one("#repo-tabs")
        assert (files.display, tabs.display) == (True, False)
        assert files.size.height >= 5
        await pilot.press("v")
        await pilot.pause()
        assert (files.display, tabs.display) == (False, True)
        for _ in range(5):
            await pilot.press("v")
        await pilot.pause()
        assert (files.display, tabs.display) == (True, False)


def test_a_diff_is_coloured_by_line_and_by_word() -> None:
    page = diff_page.page(RepoDiff("/x", tuple(repo_scene.DIFF)))
    parts = [part for para in page for part in para.parts]
    assert ("if", "good bold") in parts
    assert any(text.startswith("# also") and style == "good italic" for text, style in parts)
    assert ("return", "bad bold") in parts
    assert page[0].parts == (("src/auth/token.py", "bold"),)


def test_a_diff_of_anything_is_a_page() -> None:
    odd = ("@@ -1 +1 @@", "-\x1b[31mred", "+[/x] \u202e", "\\ No newline at end of file", "+++ b/x.zz", "")
    assert diff_page.page(RepoDiff("/x", odd, cut=True))[-1].parts[0][0].startswith("… cut here")
    assert "nothing differs" in diff_page.page(RepoDiff("/x", ()))[0].parts[0][0]


async def test_the_page_beside_the_list_asks_for_the_size_of_what_is_looked_at_once() -> None:
    app = repo_scene.app()
    async with app.run_test(size=WIDE) as pilot:
        await pilot.press("4")
        await pilot.press(
            "down", "down", "down"
        )  # beyond one with an error, one in a rebase, one that differs
        await until(lambda: "+48 −17 lines" in text(app, "#detail-page"), what="the size")
        app.screen.update(frozenset({Topic.REPOS}), app.now())  # type: ignore[attr-defined]
        await pilot.pause()
        assert asked(app, RepoSizeQuery) == [RepoSizeQuery(repo_scene.PATH)]
        await pilot.press("up", "up")
        await until(lambda: "rebase 3/7" in text(app, "#detail-page"), what="another")
        assert "+48" not in text(app, "#detail-page")


def test_what_needs_a_person_is_told_in_its_row_and_above_it() -> None:
    web = Repo("/p/web", "web", detached=True, head="a" * 40, staged=0, unstaged=0, untracked=0, conflicted=0)
    loose = replace(web, only_here=2)
    rebase = replace(
        web,
        operation=Operation.REBASE,
        operation_step="3/7",
        operation_branch="fix",
        operation_since=0,
        conflicted=1,
    )
    inner = replace(web, path="/p/web/lib/a", name="web/lib/a", kind=RepoKind.SUBMODULE, only_here=1)
    assert [branch_cell(one).plain for one in (web, loose, rebase, inner)] == [
        "(aaaaaaa)", "(aaaaaaa) ↑2", "rebase 3/7 fix", "(aaaaaaa)",
    ]  # fmt: skip
    found = listing(ReposSnapshot(0, "h", (web, inner, loose, rebase)), 0)
    assert [(item.row.cells[1].plain, item.problem) for item in found.items] == [
        ("web", True), ("web", True), ("web", False), ("a in web/lib", False),
    ]  # fmt: skip
    said = [
        "".join(part for word in repo_head.trouble_line(one, (), 60_000) for part, _ in word.parts)
        for one in (loose, rebase)
    ]
    assert said[0].startswith("2 commits on no branch (keep: git branch NAME)")
    assert said[1].startswith("rebase 3/7 of fix, stalled 1m00: resolve, then continue, or abort")
    page = "\n".join("".join(text for text, _ in para.parts) for para in repo_page.page(loose, 60_000, None))
    assert "detached at aaaaaaaaaa, 2 commits on no branch" in page


async def test_enter_on_a_submodule_among_the_files_goes_there() -> None:
    app = repo_scene.app()
    found = app.store.repos
    assert found is not None
    place = f"{repo_scene.PATH}/lib/proto"
    inner = Repo(place, "web/lib/proto", RepoKind.SUBMODULE, branch="main", head="7" * 40, unstaged=1)
    app.store.put(Topic.REPOS, replace(found, repos=(*found.repos, inner)))
    async with app.run_test(size=WIDE) as pilot:
        await opened(app, pilot)
        app.screen.query_one("#files-table", LineTable).move_to((b"lib/proto", ".M"))
        await pilot.press("enter")
        await until(lambda: "main" in words(app, "#repo-state"), what="the submodule")
        assert app.screen.trail == ("Repos", "web/lib/proto")  # type: ignore[attr-defined]


def test_a_lock_that_nobody_holds_stands_in_the_row_and_is_a_problem() -> None:
    clean = Repo(
        "/p/web", "web", branch="main", head="a" * 40, staged=0, unstaged=0, untracked=0, conflicted=0
    )
    assert change_cell(clean).plain == "clean"
    assert change_cell(replace(clean, lock_age_ms=90_000, lock_held=True)).plain == "clean"
    locked = replace(clean, lock_age_ms=90_000, lock_held=False, unstaged=2)
    assert change_cell(locked).plain == "lock ~2"
    assert item(locked, 0).problem

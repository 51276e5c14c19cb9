"""The repository screen: files by state, a diff, commits, stashes, worktrees, submodules, runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from agentdash.core.links.related import Link, of_repo
from agentdash.core.links.run_repos import RepoIndex
from agentdash.core.repos.model import FileChange, Repo
from agentdash.core.repos.queries import RepoDetail, RepoDetailQuery
from agentdash.core.runs.model import Run
from agentdash.core.secrets.safe_text import safe_text
from agentdash.core.snapshot import SourceError, Topic
from tui.actions import HIDDEN, Action
from tui.format.repos import head as repo_head
from tui.format.repos import lists as repo_lists
from tui.format.state import PaneKind, PaneState, pane_state
from tui.screens.base import BACK, FactScreen
from tui.screens.repos import actions as repo_acts
from tui.screens.repos import diff as repo_diff
from tui.screens.repos.diff import DiffPane
from tui.screens.repos.tabs import RepoTabs
from tui.widgets.document import Para
from tui.widgets.linebar import LineBar
from tui.widgets.pane import Pane
from tui.widgets.table.table import LineTable

NARROW = 110
"""Columns below which one list is shown at a time, above the diff."""


def _change(verb: str, key: str, label: str) -> Action[RepoScreen]:
    return Action(
        f"repos.{verb}",
        key,
        label,
        lambda screen: screen.act(verb),
        changes_world=True,
        why_not=lambda screen: screen.why_not(verb),
    )


class RepoScreen(FactScreen):
    """One repository.

    Args:
        path: Its work tree.
        name: For the title.
    """

    AUTO_FOCUS = "#files-table"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-wide")]  # noqa: RUF012 - as Textual declares it

    WHERE = "a repository"
    ACTIONS: ClassVar[tuple[Action[Any], ...]] = (
        _change("stage", "A", "Stage all"),
        _change("commit", "C", "Commit"),
        _change("fetch", "F", "Fetch"),
        Action("repos.view", "v", "View", "next_view"),
        _change("edit", "o", "Editor"),
        _change("lazygit", "L", "Lazygit"),
        Action("repos.zoom", "z", "Zoom", "zoom", footer=HIDDEN),
        Action("repos.copy", "y", "Copy", "copy", footer=HIDDEN),
        BACK,
    )

    def __init__(self, path: str, name: str) -> None:
        super().__init__()
        self._path = path
        self._repo_name = name
        self._files = LineTable(repo_lists.FILE_COLUMNS, id="files-table", show_header=False)
        self._detail: RepoDetail | None = None
        self._requested: Repo | None = None
        self._last = self._files
        self._places = RepoIndex(None)

    # Records

    @property
    def about(self) -> Repo | None:
        """The repository."""
        return self.repo

    def links(self) -> Sequence[Link]:
        """The runs that work in it, the services that run in it."""
        return of_repo(self.dash.store, self.repo) if self.repo is not None else ()

    @property
    def trail(self) -> tuple[str, ...]:
        """The titles from the board to here."""
        return ("Repos", safe_text(self._repo_name))

    @property
    def repo(self) -> Repo | None:
        """Its newest record."""
        return self.dash.store.repo(self._path)

    @property
    def runs(self) -> tuple[Run, ...]:
        """The runs that work in it, live ones first."""
        store = self.dash.store
        if self._places.snapshot is not store.repos:
            self._places = RepoIndex(store.repos)
        runs = store.runs.runs if store.runs else ()
        here = [run for run in runs if (of := self._places.of_run(run)) is not None and of.path == self._path]
        return tuple(sorted(here, key=lambda run: run.status.terminal))

    # Display

    def body(self) -> Iterable[Widget]:
        """Two status lines; files and a tab group at the left, the diff at the right."""
        yield LineBar(id="repo-state")
        yield LineBar(id="repo-trouble")
        with Horizontal(id="repo-body"):
            with Vertical(id="repo-left"):
                yield Pane("Files", self._files, id="repo-files")
                yield RepoTabs(id="repo-tabs")
            yield DiffPane(self.dash, id="repo-diff")

    @property
    def tabs(self) -> RepoTabs:
        """Commits, stashes, worktrees, submodules, runs."""
        return self.query_one("#repo-tabs", RepoTabs)

    @property
    def diff(self) -> DiffPane:
        """The diff of what is under the cursor."""
        return self.query_one("#repo-diff", DiffPane)

    def facts(self, topics: frozenset[Topic], now: int) -> None:
        """Show the newest record; read the details again where it has changed."""
        del topics
        repo, runs = self.repo, self.runs
        state, trouble = self.query_one("#repo-state", LineBar), self.query_one("#repo-trouble", LineBar)
        if repo is None:
            state.left, trouble.left = repo_head.GONE, ()
        else:
            state.left = repo_head.state_line(repo, self._detail)
            trouble.left = repo_head.trouble_line(repo, runs, now)
            self._show_files(repo, now)
            if repo is not self._requested:
                self._requested = repo
                self.run_worker(self._read_detail(), name="detail", group="detail", exclusive=True)
        self._show_tabs(repo, runs, now)
        self._show_diff()

    def _show_files(self, repo: Repo, now: int) -> None:
        pane = self.query_one("#repo-files", Pane)
        self._files.set_rows(repo_lists.file_rows(repo))
        total = repo.changes_total or len(repo.changes)
        health = self.dash.store.health.get(Topic.REPOS)
        pane.summary = f"{total} changed" if total else ""
        if repo.error is not None:
            pane.state = PaneState(
                PaneKind.ERROR, (Para.of(f"✗ {safe_text(repo.error)}", "bad", hang=2),), over=True
            )
        else:
            pane.state = pane_state(health, now, rows=total, empty=("clean: nothing is uncommitted", ""))

    def _show_tabs(self, repo: Repo | None, runs: tuple[Run, ...], now: int) -> None:
        known = self.dash.store.repos.repos if self.dash.store.repos else ()
        inner = {
            one.path[len(self._path) + 1 :]: one for one in known if one.path.startswith(f"{self._path}/")
        }
        self.tabs.present(repo, self._detail, inner, runs, now)

    async def _read_detail(self) -> None:
        try:
            answer = await self.dash.engine.ask(RepoDetailQuery(self._path))
        except SourceError as problem:
            self._detail = RepoDetail(self._path, failed=(problem.message,))
        else:
            self._detail = answer if isinstance(answer, RepoDetail) else RepoDetail(self._path)
        if self.ready:
            self.facts(frozenset(), self.dash.now())

    # The diff of what is under the cursor

    def _diff_request(self) -> repo_diff.DiffRequest:
        """The diff of what is under the cursor."""
        repo, table = self.repo, self._last
        key = table.cursor_key
        if table in {self.tabs.commits, self.tabs.stashes} and isinstance(key, str):
            return repo_diff.of_commit(self._path, key)
        if repo is None or not repo.changes:
            return repo_diff.of_commit(self._path, repo.head if repo else None)
        change = self._change
        return repo_diff.of_all(repo) if change is None else repo_diff.of_file(repo, change)

    @property
    def _change(self) -> FileChange | None:
        """The file under the cursor."""
        key = self._files.cursor_key
        changes = self.repo.changes if self.repo else ()
        return next((one for one in changes if (one.exact, one.xy) == key), None)

    def _show_diff(self) -> None:
        self.diff.request(self._diff_request(), self.repo)

    # Keys and messages

    def on_line_table_row_highlighted(self, message: LineTable.RowHighlighted) -> None:
        """Show the diff of the new row."""
        if isinstance(message.table, LineTable) and message.table.has_focus:
            self._last = message.table
            self._show_diff()

    def on_descendant_focus(self) -> None:
        """Show the diff of the row in the new list."""
        if isinstance(self.focused, LineTable):
            self._last = self.focused
            self._show_diff()
        super().on_descendant_focus()

    def on_line_table_row_selected(self, message: LineTable.RowSelected) -> None:
        """Open the run, worktree or submodule, or focus the diff."""
        key, tabs = message.key, self.tabs
        if message.table is tabs.runs:
            if (run := self.dash.store.run(str(key))) is not None:
                self.dash.open(run)
        elif message.table is tabs.worktrees:
            self._open_repo(str(key))
        elif message.table is tabs.submodules:
            self._open_repo(f"{self._path}/{key}")
        elif message.table is self._files and self._change is not None and self._is_followed(self._change):
            self._open_repo(f"{self._path}/{self._change.path}")
        else:
            self.diff.page.focus()

    def _is_followed(self, change: FileChange) -> bool:
        """Whether a changed path is a followed repository."""
        return self.dash.store.repo(f"{self._path}/{change.path.rstrip('/')}") is not None

    def _open_repo(self, place: str) -> None:
        """Open another repository."""
        place = place.rstrip("/")
        repo = self.dash.store.repo(place)
        if repo is None:
            self.dash.say(f"{place} is not a followed repository", good=False)
        elif repo.path != self._path:
            self.dash.open(repo)

    def on_tab_group_switched(self) -> None:
        """Show the other list."""
        self.facts(frozenset(), self.dash.now())

    async def action_back(self) -> None:
        """Leave the zoom, or focus the list, or close the screen."""
        if self.diff.page.has_focus and not self.has_class("-zoom"):
            self._last.focus()
        elif self.has_class("-zoom"):
            self.action_zoom()
        else:
            await super().action_back()

    def action_next_view(self) -> None:
        """The next list; on a narrow screen the files are one of them."""
        tabs = self.tabs
        keys = list(tabs.widgets)
        narrow = self.has_class("-narrow")
        if narrow and not self.has_class("-tabs"):
            tabs.current = keys[0]
            self.add_class("-tabs")
        elif narrow and tabs.current == keys[-1]:
            self.remove_class("-tabs")
            self._files.focus()
            return
        elif tabs.has_focus_within or narrow:
            tabs.next_tab()
        tabs.body.focus()

    def action_zoom(self) -> None:
        """Show the diff alone, or the lists again."""
        self.toggle_class("-zoom")
        (self.diff.page if self.has_class("-zoom") else self._last).focus()

    def action_copy(self) -> None:
        """Copy the diff as text."""
        self.dash.copy(self.diff.text, "the diff")

    def why_not(self, verb: str) -> str | None:
        """Why *verb* is not possible now; None where it is."""
        return repo_acts.why_not(verb, self.repo)

    def act(self, verb: str) -> None:
        """Start *verb*; changes need a confirmation."""
        if self.repo is not None:
            repo_acts.act(self.dash, verb, self.repo, self._change.exact if self._change else None)

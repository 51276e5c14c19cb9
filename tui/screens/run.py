"""A run in depth: its turns, events and output as they come; its files, tests, diff; why it does not move."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from agentdash.core import units
from agentdash.core.logs import LogRing
from agentdash.core.queries import WhyOf
from agentdash.core.repo_queries import RepoDiff, RepoDiffOf
from agentdash.core.repos import Repo
from agentdash.core.run_place import RepoIndex
from agentdash.core.run_why import RunWhy
from agentdash.core.runs import Run, RunEvent
from agentdash.core.snapshot import SourceError, Topic
from agentdash.core.text import printable
from tui.format import detail, run_head, run_plan, run_why
from tui.format.item import plain
from tui.format.run_diff import COLUMNS as DIFF_COLUMNS
from tui.format.run_diff import DiffText, diff_text, hunk_around
from tui.format.run_events import COLUMNS as EVENT_COLUMNS
from tui.format.run_events import event_page
from tui.format.run_output import LineMaker, tells_of
from tui.format.run_turns import FILE_COLUMNS, TEST_COLUMNS, TURN_COLUMNS, file_rows, test_rows, turn_rows
from tui.format.runs import Around, why_not
from tui.format.state import LIVE, PaneKind, PaneState
from tui.screens import steering
from tui.screens.base import FactScreen
from tui.screens.page import PageScreen
from tui.screens.run_feed import OLDER, RunFeed
from tui.widgets.deck import Deck
from tui.widgets.document import Document, Para
from tui.widgets.linebar import LineBar, Word
from tui.widgets.logview import LogView
from tui.widgets.pane import Pane
from tui.widgets.table import LineTable

NARROW = 110
"""Columns below which one deck is shown at a time."""
OUTPUT_LINES = 20_000
LOG_LINES = 5_000
WHY_EVERY = 2_000
"""Milliseconds between two looks at why it does not move, while that is shown."""
DIFF_EVERY = 3_000
"""Likewise for the diff of a live run: not every edit changes what is known of the repository."""


class RunScreen(FactScreen):
    """One run.

    Args:
        run_id: Its id.
        name: For the trail.
        view: What is shown first: ``events``, ``output``, ``log``, ``diff``, ``facts``, ``why``, ``files`` or
            ``tests``.
    """

    AUTO_FOCUS = "#events-table"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-wide")]  # noqa: RUF012 - as Textual declares it

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "control('pause')", "Pause", id="runs.pause"),
        Binding("r", "control('resume')", "Resume", id="runs.resume"),
        Binding("X", "control('cancel')", "Cancel", id="runs.cancel"),
        Binding("F", "mark_failed", "Mark failed", show=False, id="runs.mark_failed"),
        Binding("K", "end_child", "End its process", show=False, id="runs.end_child"),
        Binding("v", "next_view", "View", id="run.view"),
        Binding("m", "show('why')", "Why", id="run.why"),
        Binding("d", "show('diff')", "Diff", id="run.diff"),
        Binding("l", "show('log')", "Log", id="run.log"),
        Binding("o", "repo", "Repo", id="run.repo"),
        Binding("b", "older", "Older", id="run.older"),
        Binding("f", "follow", "Follow", id="run.follow"),
        Binding("z", "zoom", "Zoom", show=False, id="run.zoom"),
        Binding("y", "copy", "Copy", show=False, id="run.copy"),
        Binding("escape", "back", "Back", id="screen.back"),
    ]

    def __init__(self, run_id: str, name: str, view: str = "events") -> None:
        super().__init__()
        self._run_id = run_id
        self._run_name = name
        self._first_view = view
        self._turns = LineTable(TURN_COLUMNS, id="turns-table")
        self._table = LineTable(EVENT_COLUMNS, id="events-table")
        self._diff_table = LineTable(DIFF_COLUMNS, id="diff-table", show_header=False)
        self._files = LineTable(FILE_COLUMNS, id="files-table")
        self._tests = LineTable(TEST_COLUMNS, id="tests-table")
        self._following = True
        self._asked: Run | None = None
        self._reading = False
        self._failed = ""
        self._diff: DiffText | None = None
        self._diff_of: tuple[Repo | None, int] = (None, 0)
        self._diff_failed = ""
        self._why: RunWhy | None = None
        self._why_at = 0
        self._why_failed = ""
        self._busy: set[str] = set()
        self._places = RepoIndex(None)

    # What it is about

    @property
    def trail(self) -> tuple[str, ...]:
        """The way that led here."""
        return ("Runs", printable(self._run_name))

    @property
    def run(self) -> Run | None:
        """Its newest record."""
        found = self.dash.store.runs
        return next((run for run in found.runs if run.id == self._run_id), None) if found else None

    @property
    def around(self) -> Around:
        """The rate of its tokens, and its repository."""
        store, run = self.dash.store, self.run
        if self._places.snapshot is not store.repos:
            self._places = RepoIndex(store.repos)
        if run is None:
            return Around()
        rate = store.run_history.tokens_per_minute(run, self.dash.now())
        return Around(rate, self._places.of_run(run))

    @property
    def _root(self) -> str | None:
        """Its repository, else its folder: what paths are shown without."""
        repo, run = self.around.repo, self.run
        return repo.path if repo is not None else run.cwd if run is not None else None

    # What it shows

    def body(self) -> Iterable[Widget]:
        """Two lines of state; turns over a deck at the left, a deck at the right."""
        self._feed = RunFeed(self._run_id, self.dash.zone, self._root)
        self._output_ring, self._output_maker = LogRing(OUTPUT_LINES), LineMaker()
        self._log_ring, self._log_maker = LogRing(LOG_LINES), LineMaker()
        self._log_seen = 0
        yield LineBar(id="run-state")
        yield LineBar(id="run-doing")
        main = {
            "events": ("Events", self._table),
            "output": ("Output", LogView(self._output_ring, tz=self.dash.zone, id="run-output")),
            "log": ("Log", LogView(self._log_ring, tz=self.dash.zone, id="run-log")),
            "diff": ("Diff", self._diff_table),
        }
        side = {
            "facts": ("Run", Document(id="run-page")),
            "why": ("Why", Document(id="why-page")),
            "files": ("Files", self._files),
            "tests": ("Tests", self._tests),
        }
        with Horizontal(id="run-body"):
            with Vertical(id="run-left"):
                yield Pane("Turns", self._turns, id="run-turns")
                yield Deck(main, id="run-main")
            yield Deck(side, id="run-side")

    def on_mount(self) -> None:
        """Begin with the view that was asked for."""
        if self._first_view != "events":
            self.call_after_refresh(self.action_show, self._first_view)

    @property
    def main(self) -> Deck:
        """Events, output, log, diff."""
        return self.query_one("#run-main", Deck)

    @property
    def side(self) -> Deck:
        """Facts, why, files, tests."""
        return self.query_one("#run-side", Deck)

    def facts(self, topics: frozenset[Topic], now: int) -> None:
        """Show the record anew, and read on in the events."""
        run = self.run
        self._draw_lines(run, now)
        if Topic.LOGS in topics:
            self._take_log_lines(run)
        if Topic.RUNS in topics:
            if run is None or run is not self._asked or self._failed:
                self._asked = run
                self._start("events", self._read_on())
            else:
                self._settle()
        self.query_one("#run-turns", Pane).state = LIVE
        self._show_turns(run, now)
        self._show_main(now)
        self._show_side(run, now)

    def _draw_lines(self, run: Run | None, now: int) -> None:
        state, doing = self.query_one("#run-state", LineBar), self.query_one("#run-doing", LineBar)
        state.left = run_head.GONE if run is None else run_head.state_line(run, self.around, now)
        doing.left = () if run is None else run_head.doing_line(run, now)

    def _start(self, name: str, work: object) -> None:
        """One piece of reading of each kind at a time; another is not begun meanwhile."""
        if name in self._busy:
            work.close()  # type: ignore[attr-defined]
            if name == "events":
                self._asked = None
            return
        self._busy.add(name)

        async def doing() -> None:
            try:
                await work  # type: ignore[misc]
            finally:
                self._busy.discard(name)

        self.run_worker(doing(), name=name, group=name, exit_on_error=False)

    # Events and output

    async def _read_on(self) -> None:
        try:
            fresh = await self._feed.read_on(self.dash.engine.ask)
            self._failed = ""
        except SourceError as problem:
            self._failed, fresh = problem.message, []
        if self.is_mounted:
            self._take(fresh)
            self.facts(frozenset(), self.dash.now())

    def _take(self, fresh: Sequence[RunEvent]) -> None:
        self._output_ring.extend(self._output_maker.output(fresh))
        self._log_ring.extend(self._log_maker.logged(fresh))

    def _settle(self) -> None:
        """Nothing new has come: half a line waits no longer."""
        self._output_ring.extend(self._output_maker.settle())
        self._log_ring.extend(self._log_maker.settle())

    def _take_log_lines(self, run: Run | None) -> None:
        ring = self.dash.store.logs
        if run is not None:
            fresh = ring.since(max(self._log_seen, ring.first))
            self._log_ring.extend(line for line in fresh if tells_of(line, run))
        self._log_seen = ring.end

    async def _read_older(self) -> None:
        try:
            found = await self._feed.read_older(self.dash.engine.ask)
        except SourceError as problem:
            self.dash.say(problem.message, good=False)
            return
        if not self.is_mounted:
            return
        if not found:
            self.dash.say("there are no older events", good=True)
            return
        maker, ring = LineMaker(), LogRing(OUTPUT_LINES)
        lines = maker.output(found) + maker.settle(everything=True)
        ring.extend([*lines, *self._output_ring])
        older, self._output_ring = len(lines) - self._output_ring.first, ring
        self.query_one("#run-output", LogView).change_ring(ring, older)
        self.facts(frozenset(), self.dash.now())

    def _show_turns(self, run: Run | None, now: int) -> None:
        story = self._feed.story
        self._turns.set_rows(turn_rows(story.turns.values(), run, now, self.dash.zone))
        pane = self.query_one("#run-turns", Pane)
        known, total = len(story.turns), run.current_turn if run else None
        of = f"{known} of {total}" if total and total > known else str(known)
        partial = "" if self._feed.whole or not self._feed.begun else " · as far as events are read"
        pane.summary = f"{of} · newest first{partial}"
        nothing = Para.of("◌ reading …" if not self._feed.begun else "○ no turn has begun yet", "dim")
        pane.state = LIVE if story.turns else PaneState(PaneKind.EMPTY, (nothing,), dim=True)

    def _show_main(self, now: int) -> None:
        deck = self.main
        match deck.current:
            case "events":
                self._show_events(deck)
            case "diff":
                self._show_diff(deck, now)
            case "output" | "log":
                self._show_log(deck)

    def _show_events(self, deck: Deck) -> None:
        feed = self._feed
        rows = feed.rows
        self._table.set_rows(tuple(rows))
        if self._following and rows and self._table.cursor_row != len(rows) - 1:
            self._table.move_to(rows[-1].key)
        notice: list[Para] = []
        if self._failed:
            notice.append(Para.of(f"✗ {printable(self._failed)}", "bad", hang=2))
        if feed.trimmed:
            notice.append(
                Para.of(f"◌ events before {feed.trimmed} were trimmed from the stream", "warn", hang=2)
            )
        if not rows and not notice:
            notice.append(Para.of("○ no event yet" if feed.begun else "◌ reading …", "dim"))
        kind = PaneKind.ERROR if self._failed else PaneKind.LIVE if rows else PaneKind.EMPTY
        deck.state = PaneState(kind, tuple(notice), dim=bool(rows) and bool(notice))
        deck.summary = " · ".join(self._event_words(len(rows)))

    def _event_words(self, shown: int) -> list[str]:
        feed, run = self._feed, self.run
        total = run.events if run is not None and run.events is not None else None
        more = not feed.whole and bool(shown)
        of = f" of {units.count(total)}" if more and total is not None and total > shown else ""
        words = ["following" if self._following else "held (f follows)", f"{shown}{of} events"]
        if feed.dropped:
            words.append(f"{units.count(feed.dropped)} older ones dropped")
        elif more and not feed.full:
            words.append("b older")
        return words

    def _show_log(self, deck: Deck) -> None:
        view = deck.body
        if not isinstance(view, LogView):
            return
        view.feed()
        how = "following" if view.following else f"held, {view.frozen_new} new below (f follows)"
        partial = "" if self._feed.whole or deck.current == "log" else " · b older"
        deck.summary = f"{how} · {units.plural(view.shown, 'line')}{partial}"
        if len(view.ring):
            deck.state = LIVE
            return
        words = {
            "output": ("○ it has printed nothing", "  as far as its events were read"),
            "log": (
                "○ no line of a log is about it",
                "  name its log:  agentdash run --log PATH, or [logs] files in the settings",
            ),
        }[deck.current]
        deck.state = PaneState(PaneKind.EMPTY, tuple(Para.of(text, "dim", hang=2) for text in words))

    # The diff of its repository

    def _show_diff(self, deck: Deck, now: int) -> None:
        repo, run = self.around.repo, self.run
        seen, at = self._diff_of
        live = run is not None and not run.status.terminal
        if repo is not None and (repo is not seen or (live and now - at >= DIFF_EVERY)):
            self._diff_of = (repo, now)
            self._start("diff", self._read_diff(repo))
        notice: tuple[Para, ...] = ()
        if repo is None:
            where = printable(run.cwd) if run is not None and run.cwd else "its folder"
            notice = (Para.of(f"? {where} is in no repository that is followed here", "unknown", hang=2),)
        elif self._diff_failed:
            notice = (Para.of(f"✗ {printable(self._diff_failed)}", "bad", hang=2),)
        elif self._diff is None:
            notice = (Para.of("◌ reading …", "dim"),)
        elif not self._diff.rows:
            notice = (Para.of("✓ nothing differs from the last commit", "good"),)
        rows = self._diff.rows if self._diff is not None and repo is not None else ()
        self._diff_table.set_rows(rows)
        name = printable(repo.name) if repo else ""
        deck.summary = f"{name} · {self._diff.summary}" if rows and self._diff is not None else name
        deck.state = PaneState(PaneKind.LIVE, notice, dim=bool(notice and rows))

    async def _read_diff(self, repo: Repo) -> None:
        try:
            answer = await self.dash.engine.ask(RepoDiffOf(repo.path))
            if isinstance(answer, RepoDiff):
                self._diff, self._diff_failed = diff_text(answer, repo), ""
        except SourceError as problem:
            self._diff_failed = problem.message
        if self.is_mounted and self.main.current == "diff":
            self._show_diff(self.main, self.dash.now())

    # The side

    def _show_side(self, run: Run | None, now: int) -> None:
        deck, story = self.side, self._feed.story
        partial = "" if self._feed.whole else " · as far as events are read"
        deck.state, deck.summary = LIVE, ""
        match deck.current:
            case "facts":
                gone = [Para.of("this run is not in the store any more", "unknown")]
                shown = gone if run is None else detail.run(run, now, self.dash.zone, self.around)
                self.query_one("#run-page", Document).show(shown)
            case "why":
                self._show_why(now)
            case "files":
                self._files.set_rows(file_rows(story.files.values(), self._root, now))
                self._say_if_none(deck, len(story.files), "○ it has told of no file yet")
                deck.summary = (
                    f"{units.plural(len(story.files), 'file')} · r read, w written, d deleted{partial}"
                )
            case "tests":
                self._tests.set_rows(test_rows(story.tests, now))
                self._say_if_none(deck, len(story.tests), "○ it has told of no tests yet")
                deck.summary = f"{units.plural(len(story.tests), 'run')} · newest first{partial}"

    @staticmethod
    def _say_if_none(deck: Deck, count: int, words: str) -> None:
        if not count:
            deck.state = PaneState(PaneKind.EMPTY, (Para.of(words, "dim"),))

    def _show_why(self, now: int) -> None:
        if now - self._why_at >= WHY_EVERY:
            self._why_at = now
            self._start("why", self._read_why())
        page = self.query_one("#why-page", Document)
        if self._why_failed:
            page.show([Para.of(f"✗ {printable(self._why_failed)}", "bad", hang=2)])
        elif self._why is None:
            page.show([Para.of("◌ looking …", "dim")])
        else:
            page.show(run_why.paras(self._why))
            self.side.summary = f"as of {units.age(now - self._why.at)} ago"

    async def _read_why(self) -> None:
        try:
            answer = await self.dash.engine.ask(WhyOf(self._run_id))
            if isinstance(answer, RunWhy):
                self._why, self._why_failed = answer, ""
        except SourceError as problem:
            self._why_failed = problem.message
        if self.is_mounted and self.side.current == "why":
            self._show_why(self.dash.now())

    # What a person does

    def on_line_table_row_highlighted(self, message: LineTable.RowHighlighted) -> None:
        """Moving up in the events holds the view; the last row follows again."""
        if message.table is self._table:
            rows = self._table.rows
            self._following = not rows or message.key == rows[-1].key

    def on_line_table_row_selected(self, message: LineTable.RowSelected) -> None:
        """Enter: the whole event, the events of a turn, the hunk of a line."""
        if message.table is self._turns:
            self._go_to_turn(message.key)
        elif message.table is self._table and (event := self._feed.event(message.key)) is not None:
            page = event_page(event, self.dash.zone)
            self.dash.push_screen(PageScreen((*self.trail, printable(event.type)), lambda _s, _n: page))
        elif message.table is self._diff_table:
            rows = hunk_around(self._diff_table.rows, message.key)
            hunk = [Para.of(row.cells[2].text, row.cells[2].style, hang=1) for row in rows]
            self.dash.push_screen(PageScreen((*self.trail, "diff"), lambda _s, _n: hunk))

    def _go_to_turn(self, number: object) -> None:
        turn = next((t for t in self._feed.story.turns.values() if t.number == number), None)
        self.action_show("events")
        self._following = False
        if turn is not None and not self._table.move_to(turn.first):
            self.dash.say("the events of this turn are no longer held", good=False)

    def on_log_view_line_selected(self, message: LogView.LineSelected) -> None:
        """Enter on a line of output or log."""
        self.dash.open(message.line)

    def on_log_view_changed(self) -> None:
        """Following or counts changed."""
        self._show_main(self.dash.now())

    def on_deck_turned(self) -> None:
        """Draw what is shown now."""
        self.facts(frozenset(), self.dash.now())
        self.draw_footer()

    def action_show(self, view: str) -> None:
        """Show a view, and go to it."""
        deck = self.main if view in self.main.widgets else self.side
        deck.current = view
        self.set_class(deck is self.side, "-side")
        if self.has_class("-zoom-main") or self.has_class("-zoom-side"):
            self._zoom(deck)
        self.call_after_refresh(deck.body.focus)

    def action_next_view(self) -> None:
        """The next view of the deck with the focus; where one deck is shown at a time, of both."""
        deck = self.side if self.side.has_focus_within else self.main
        views = list(deck.widgets)
        if self.has_class("-narrow"):
            views = [*self.main.widgets, *self.side.widgets]
        self.action_show(views[(views.index(deck.current) + 1) % len(views)])

    def action_zoom(self) -> None:
        """The deck with the focus alone, or everything again."""
        zoomed = self.has_class("-zoom-main") or self.has_class("-zoom-side")
        self._zoom(None if zoomed else self.side if self.side.has_focus_within else self.main)

    def _zoom(self, deck: Deck | None) -> None:
        self.set_class(deck is not None and deck is self.main, "-zoom-main")
        self.set_class(deck is not None and deck is self.side, "-zoom-side")
        if deck is not None:
            self.call_after_refresh(deck.body.focus)

    async def action_back(self) -> None:
        """Everything again, or the main deck again, or to where one came from."""
        if self.has_class("-zoom-main") or self.has_class("-zoom-side"):
            self._zoom(None)
        elif self.has_class("-narrow") and self.has_class("-side"):
            self.action_show(self.main.current)
        else:
            await super().action_back()

    def blocked(self) -> set[str]:
        """By the state of the run."""
        run, read_only = self.run, self.dash.engine.read_only
        verbs = ("pause", "resume", "cancel")
        found = {f"control('{verb}')" for verb in verbs if read_only or why_not(run, verb)}
        if self.around.repo is None:
            found |= {"repo", "show('diff')"}
        if self._feed.whole or self._feed.full:
            found.add("older")
        return found

    def more_keys(self) -> tuple[Word, ...]:
        """Those of an orphan, where it is one."""
        return run_plan.orphan_keys(self.run, read_only=self.dash.engine.read_only)

    @property
    def _this(self) -> tuple[Run, ...]:
        return (self.run,) if self.run else ()

    def action_control(self, verb: str) -> None:
        """Pause, resume or cancel it."""
        self.dash.control(self._this, verb)

    def action_mark_failed(self) -> None:
        """Record it as failed, where no worker holds it."""
        steering.mark_failed(self.dash, self._this)

    def action_end_child(self) -> None:
        """End the process that it left behind."""
        steering.end_child(self.dash, self._this)

    def action_repo(self) -> None:
        """Go to its repository."""
        steering.open_repo(self.dash, self.run)

    def action_older(self) -> None:
        """Read a page of older events."""
        if self._feed.whole:
            self.dash.say("there are no older events", good=True)
        elif self._feed.full:
            self.dash.say("no more events can be held: the oldest ones shown go as new ones come", good=False)
        else:
            self.dash.say(f"reading {units.count(OLDER)} older events", good=True)
            self._following = False
            self._start("older", self._read_older())

    def action_follow(self) -> None:
        """Go to the newest event and stay there, or hold what is seen."""
        self._following = not self._following
        self._show_main(self.dash.now())

    def action_copy(self) -> None:
        """Copy what the cursor is on, or the page."""
        match self.focused:
            case LineTable() as table:
                row = table.row_of(table.cursor_key)
                self.dash.copy(plain(row) if row else "", "the row")
            case LogView() as view:
                self.dash.copy(view.current_line.message if view.current_line else "", "the line")
            case Document() as page:
                text = "\n".join("".join(text for text, _ in para.parts) for para in page.paras)
                self.dash.copy(text, "the page")

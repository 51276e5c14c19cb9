"""What all screens share: the first and the last line, and how facts reach them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from agentdash.core.links.related import Link
from agentdash.core.snapshot import Topic
from tui.actions import Action, HasActions, press
from tui.format.board import header
from tui.screens import connected
from tui.widgets.footer import Footer
from tui.widgets.linebar import LineBar, Word
from tui.widgets.pane import Pane

if TYPE_CHECKING:
    from tui.dash import Dash

BACK: Action[Any] = Action("screen.back", "escape", "Back", "back")


class FactScreen(HasActions, Screen[None]):
    """A screen between header and footer that shows what the store has.

    Sub-classes give `body`, `facts` and, where they are not the first screen, `trail`.
    """

    WHERE = "every screen"
    ACTIONS: ClassVar[tuple[Action[Any], ...]] = (
        Action("screen.connected", "c", "Connected", "connected", visible=lambda screen: screen.has_links),
        BACK,
    )

    came_from: str = ""
    """What one was at before, where this is shown for what hangs together with it."""
    for_attention: bool = False
    """Whether this is shown because it needs a person; the next one takes its place."""
    _mounted = False
    _failed = ""

    def compose(self) -> ComposeResult:
        """Header, what the sub-class has, footer."""
        yield LineBar(id="header")
        yield from self.body()
        yield Footer(id="footer")

    def body(self) -> Iterable[Widget]:
        """What stands between header and footer."""
        return ()

    @property
    def dash(self) -> Dash:
        """The app, as what it is."""
        return cast("Dash", self.app)

    @property
    def trail(self) -> tuple[str, ...]:
        """The way that led here; () for the first screen."""
        return ()

    def facts(self, topics: frozenset[Topic], now: int) -> None:
        """Show what has changed; called at most ten times a second, and once a second for the ages."""

    @property
    def about(self) -> object:
        """The subject that is shown; None where it is none."""
        return None

    def links(self) -> Sequence[Link]:
        """What hangs together with what the cursor is on."""
        return ()

    @property
    def has_links(self) -> bool:
        """Whether anything can be connected with what it shows."""
        return type(self).links is not FactScreen.links

    def action_connected(self) -> None:
        """Go to what hangs together with what the cursor is on."""
        connected.choose(self.dash, self.links())

    @property
    def ready(self) -> bool:
        """Whether its parts can be used: from the moment when all are mounted until it is closed."""
        return self._mounted and self.is_attached and self.app.is_running and not self.dash.is_closing(self)

    def update(self, topics: frozenset[Topic], now: int) -> None:
        """Bring the whole screen up to date; of a part that fails it says so, and shows the others."""
        if not self.ready:
            return  # all of it is shown once it is mounted
        self._failed = self.dash.attempt(lambda: self.facts(topics, now), self)
        self.dash.attempt(lambda: self._draw_header(now), self)
        self.draw_footer()

    def attempt(self, pane: Pane, work: Callable[[], object]) -> None:
        """Do *work* for one pane, which says so if it fails."""
        if failed := self.dash.attempt(work, pane):
            pane.fail(failed)

    def _draw_header(self, now: int) -> None:
        dash, bar = self.dash, self.query_one("#header", LineBar)
        if self.trail:
            bar.left = (header.NAME, header.trail(self.trail, self.came_from))
        else:
            bar.left = header.left(dash.store, now, label=dash.label)
        failed = (header.failed(self._failed),) if self._failed else ()
        fleet = (header.fleet(dash.store, now),) if self.trail else ()
        read_only = (Word((("read-only", "warn"),)),) if dash.engine.read_only else ()
        untrusted = (Word((("settings ignored", "warn"),)),) if dash.engine.untrusted else ()
        clock = Word(((header.clock(now, dash.zone), "dim"),))
        bar.right = (*failed, *untrusted, *read_only, *fleet, clock)

    def draw_footer(self) -> None:
        """The keys of what has the focus now."""
        if self.ready:
            self.dash.attempt(self._draw_footer, self)

    def _draw_footer(self) -> None:
        footer = self.query_one(Footer)
        footer.show(self)
        footer.right = (Word(((self.dash.cost, "dim"),)),)

    def on_mount(self) -> None:
        """Show what is known already. What sub-classes do at this has been done before."""
        self._mounted = True
        self.update(frozenset(Topic), self.dash.now())

    def on_screen_resume(self) -> None:
        """Catch up with what happened while another screen was on top."""
        self.call_after_refresh(lambda: self.update(frozenset(Topic), self.dash.now()))

    def on_descendant_focus(self) -> None:
        """Other keys may be there now."""
        self.call_after_refresh(self.draw_footer)

    async def on_line_bar_action_clicked(self, message: LineBar.ActionClicked) -> None:
        """A word of header or footer was clicked: as if the key of its action was pressed."""
        await press(self, message.action)

    async def action_back(self) -> None:
        """Go back to where one came from."""
        if len(self.app.screen_stack) > 1:
            self.app.pop_screen()

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
    """The title of the screen from which a link led here."""
    for_attention: bool = False
    """Whether `a` led here; the next `a` replaces it."""
    _mounted = False
    _failed = ""

    def compose(self) -> ComposeResult:
        """Header, what the sub-class has, footer."""
        yield LineBar(id="header")
        yield from self.body()
        yield Footer(id="footer")

    def body(self) -> Iterable[Widget]:
        """The widgets between header and footer."""
        return ()

    @property
    def dash(self) -> Dash:
        """The app."""
        return cast("Dash", self.app)

    @property
    def trail(self) -> tuple[str, ...]:
        """The titles that lead here; () for the first screen."""
        return ()

    def facts(self, topics: frozenset[Topic], now: int) -> None:
        """Show what changed; called at most ten times a second, and once a second for ages."""

    @property
    def about(self) -> object:
        """The record that is shown, if any."""
        return None

    def links(self) -> Sequence[Link]:
        """Links from what the cursor is on."""
        return ()

    @property
    def has_links(self) -> bool:
        """Whether what it shows can have links."""
        return type(self).links is not FactScreen.links

    def action_connected(self) -> None:
        """Follow a link from what the cursor is on."""
        connected.choose(self.dash, self.links())

    @property
    def ready(self) -> bool:
        """Whether its widgets can be used: all are mounted, and it is not being closed."""
        return self._mounted and self.is_attached and self.app.is_running and not self.dash.is_closing(self)

    def update(self, topics: frozenset[Topic], now: int) -> None:
        """Update the whole screen; a part that fails shows that, the others are shown."""
        if not self.ready:
            return  # all of it is shown once it is mounted
        self._failed = self.dash.attempt(lambda: self.facts(topics, now), self)
        self.dash.attempt(lambda: self._draw_header(now), self)
        self.draw_footer()

    def attempt(self, pane: Pane, work: Callable[[], object]) -> None:
        """Do *work* for one pane, which shows the error if it fails."""
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
        """Show the data there is. Handlers of sub-classes have run before."""
        self._mounted = True
        self.update(frozenset(Topic), self.dash.now())

    def on_screen_resume(self) -> None:
        """Update after another screen was on top."""
        self.call_after_refresh(lambda: self.update(frozenset(Topic), self.dash.now()))

    def on_descendant_focus(self) -> None:
        """Update the keys."""
        self.call_after_refresh(self.draw_footer)

    async def on_line_bar_action_clicked(self, message: LineBar.ActionClicked) -> None:
        """A word of header or footer was clicked: as if the key of its action was pressed."""
        await press(self, message.action)

    async def action_back(self) -> None:
        """Close this screen."""
        if len(self.app.screen_stack) > 1:
            self.app.pop_screen()

"""The dashboard: its screens, its life, and the keys that work everywhere."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import tzinfo
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import SystemCommand
from textual.events import Event, InputEvent, Key
from textual.screen import ModalScreen, Screen

from agentdash.core.snapshot import Topic
from agentdash.runtime.engine import Engine
from agentdash.runtime.loading import load
from tui import themes
from tui.actions import HIDDEN, Action, HasActions
from tui.bridge import RATE, Bridge
from tui.dash import Dash
from tui.notices import Notices
from tui.screens.board.opening import Opening
from tui.subjects import SUBJECTS
from tui.terminal import handle_job_control

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tui.screens.board.board import Board

STYLES = Path(__file__).parent.parent / "styles"
IDLE_AFTER = 5.0
"""Seconds without input after which the overview is updated once a second only."""
PRELOAD_AFTER = 2.0
"""Seconds to wait for the first data before screens are preloaded."""
OPENING_STYLES = ("base.tcss", "board.tcss")


class AgentDash(HasActions, Dash):
    """The program on a terminal.

    Args:
        engine: Not started yet: the app starts and stops it.
        label: Shown in the header, e.g. that this is a demo.
        zone: Time zone of what is shown; the machine's own by default.
        closing: Awaited last, after the engine has stopped.
        opening: Draw empty panes first, and load all else then: for a quick first paint.
    """

    TITLE = "agentdash"
    CSS_PATH: ClassVar[list[str | Path]] = sorted(STYLES.glob("*.tcss"))  # type: ignore[assignment]
    ENABLE_COMMAND_PALETTE = True
    NOTIFICATION_TIMEOUT = 3
    WHERE = "everywhere"
    ACTIONS: ClassVar[tuple[Action[AgentDash], ...]] = (
        *(
            Action(f"app.{row.topic}", str(row.number), row.title, f"app.pane('{row.topic}')", footer=HIDDEN)
            for row in SUBJECTS.values()
        ),
        Action("app.attention", "a", "Needs me", "app.attention", footer=lambda app: app.screen is app.board),
        Action("app.overview", "0", "Overview", "app.overview", footer=HIDDEN),
        Action("app.refresh", "R", "Refresh", "app.refresh_now", footer=HIDDEN),
        Action("app.theme", "T", "Theme", "app.next_theme", footer=HIDDEN),
        Action("app.help", "question_mark", "Help", "app.help"),
        Action("app.command", "colon,ctrl+p", "Command", "app.command_palette"),
        Action("app.quit", "q", "Quit", "app.quit"),
        Action("app.suspend", "ctrl+z", "Suspend", "app.suspend_process", footer=HIDDEN),
        Action("app.diagnostics", "", "Diagnostics (diag)", "app.diagnostics"),
        Action("app.choose_theme", "", "Choose a theme", "app.choose_theme"),
        Action("app.copy", "ctrl+c", "Copy", "app.copy_or_hint", footer=HIDDEN, priority=True),
    )

    def __init__(
        self,
        engine: Engine,
        *,
        label: str = "",
        zone: tzinfo | None = None,
        closing: Callable[[], Awaitable[None]] | None = None,
        opening: bool = False,
    ) -> None:
        super().__init__(engine, label=label, zone=zone)
        self._on_closed = closing
        self._bridge = Bridge(engine.store)
        self._last_input = time.perf_counter()
        self._opening: Opening | None = None
        if opening:
            self._opening = Opening()
            self.css_path = [path for path in self.css_path if path.name in OPENING_STYLES]
        self._notices = Notices(self)
        self._unknown_theme = themes.apply(self, engine.settings.ui.theme)  # styles are worked out once
        self.leaving: Callable[[int], object] = lambda _: None
        """Called with the exit code when the app begins to exit."""

    def get_default_screen(self) -> Screen[None]:
        """The board, at the bottom of the stack; the opening screen until it is loaded."""
        return self._opening or self.board

    @cached_property
    def board(self) -> Board:
        """The first screen."""
        from tui.screens.board.board import Board

        return Board()

    def on_mount(self) -> None:
        """Start the engine after the first paint."""
        handle_job_control(self)
        self.watch_loop()
        if self._unknown_theme:
            self.say(f"unknown theme “{self._unknown_theme}”; T: next theme", good=False)
        if self.engine.settings.ui.keys:
            self.set_keymap(self.engine.settings.ui.keys)
        self.set_interval(RATE, self._tick)
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        if self._opening is None:
            self.started = True
            self._start()
        else:
            self.run_worker(self._open_board(self._opening), name="board", group="board")

    def _start(self) -> None:
        self.run_worker(self.engine.start(), name="engine", group="engine")

    async def _open_board(self, opening: Opening) -> None:
        """Load the board and replace *opening* with it; it gets the keys pressed meanwhile."""
        try:
            await load("tui.screens.board.board")
            self._start()
            self.stylesheet.read_all(sorted(STYLES.glob("*.tcss")))
            self.add_mode("board", lambda: self.board)  # a stack of its own, with the board at its bottom
            await self.switch_mode("board")
        except Exception as error:  # noqa: BLE001 - whatever it is, without the board there is no program
            if not self._exit:  # quit meanwhile, its screens are gone
                self.cannot_start(error)
            return
        self.started = True
        self._opening = None
        opening.replay_keys()
        await opening.remove_children()
        await self.engine.first_pass(PRELOAD_AFTER)  # the data of the panes comes before what keys may open
        await load("tui.screens.navigation", "tui.screens.dialogs.help")

    def exit(
        self, result: int | None = None, return_code: int = 0, message: RenderableType | None = None
    ) -> None:
        """Exit. The first exit code counts: a signal that arrives meanwhile does not change it."""
        if self._exit:
            return
        self.leaving(result if result is not None else return_code)
        self.workers.cancel_group(self, "board")  # no screen is added while all are closed
        super().exit(result, return_code, message)

    async def on_unmount(self) -> None:
        """Stop the engine, then what it depends on."""
        self._bridge.close()
        await self.engine.stop()
        if self._on_closed is not None:
            await self._on_closed()

    def _tick(self) -> None:
        """Update the screen with what changed; once a second with everything, for ages."""
        if not self.screen_stack:
            return  # it is being closed
        self.own.tick(RATE)
        self.collect_closed(idle=time.perf_counter() - self._last_input > IDLE_AFTER)
        changed = self._bridge.collect(idle=self._idle) if self._opening is None else frozenset()
        if not changed:
            return
        if len(changed) == len(Topic):
            self.measure()
        self._notices.notify(changed)
        if hasattr(self.screen, "update"):
            self.screen.update(changed, self.now())

    @property
    def _idle(self) -> bool:
        """Whether the overview is shown and there is no input."""
        overview = self.screen is self.board and self.board.zoomed is None
        return overview and time.perf_counter() - self._last_input > IDLE_AFTER

    async def on_event(self, event: Event) -> None:
        """Record the time of the last input."""
        if isinstance(event, InputEvent):
            if not self.screen_stack:
                return  # it is being closed
            self._last_input = time.perf_counter()
        await super().on_event(event)
        if isinstance(event, Key) and self._opening is None and self.screen_stack:  # once the key was handled
            (self.focused or self.screen).call_after_refresh(self.own.key_shown, self._last_input)

    def open(self, subject: object) -> None:
        """Open the screen of *subject*."""
        from tui.screens.navigation import screen_of

        if (screen := screen_of(self, subject)) is not None:
            self.push_screen(screen)

    def _to_board(self) -> Board:
        while len(self.screen_stack) > 1:
            self.pop_screen()
        return self.board

    def action_pane(self, name: str) -> None:
        """One pane alone, by its number."""
        if not isinstance(self.screen, ModalScreen):
            self._to_board().zoom(Topic(name))

    def action_overview(self) -> None:
        """All panes."""
        if not isinstance(self.screen, ModalScreen):
            self._to_board().zoom(None)

    def action_attention(self) -> None:
        """Go to the next thing that needs a person; from a screen in depth, Esc leads back to that."""
        from tui.screens.board import attention

        if len(self.screen_stack) > 1:
            attention.show_next_attention(self)
        elif not attention.go_to_next(self.board):
            self.say("nothing needs you now", good=True)

    def action_refresh_now(self) -> None:
        """Read all sources now."""
        self.engine.refresh()
        self.say("reading all sources", good=True)

    def action_next_theme(self) -> None:
        """The next of the program's themes."""
        self.theme = themes.after(self.theme)
        self.say(f"theme {self.theme}", good=True)

    def action_help(self) -> None:
        """The keys of the screen that is on top."""
        from tui.screens.dialogs.help import Help

        if not isinstance(self.screen, Help):
            self.push_screen(Help(self.screen))

    def action_copy_or_hint(self) -> None:
        """Copy what is selected with the mouse, else say how to quit."""
        from textual.widgets import Input

        selected = self.screen.get_selected_text()
        if selected:
            self.copy(selected, "the selection")
        else:
            self.say(
                "Esc closes this; then q quits" if isinstance(self.focused, Input) else "q quits", good=True
            )

    def action_command_palette(self) -> None:
        """Open the command palette."""
        from tui.screens.dialogs.command_search import CommandSearch

        if not isinstance(self.screen, CommandSearch):
            self.push_screen(CommandSearch())

    def on_key(self, event: Key) -> None:
        """Give an unhandled key to the input line that has the focus by now."""
        if not self.screen_stack:
            return  # it is being closed
        from textual.widgets import Input

        from tui.screens.dialogs.typed_ahead import TypedAhead

        if isinstance(self.focused, Input) and event.is_printable:  # those that it is given it keeps
            self.focused.insert_text_at_cursor(event.character or "")
        elif not isinstance(self.screen, TypedAhead) or not self.screen.typed(event):
            return
        event.prevent_default()

    def action_choose_theme(self) -> None:
        """Choose one among all themes."""
        from textual.theme import ThemeProvider

        from tui.screens.dialogs.command_search import CommandSearch

        self.push_screen(CommandSearch(providers=[ThemeProvider], placeholder="Search for themes…"))

    def action_diagnostics(self) -> None:
        """What this program itself costs, and how its sources are doing."""
        from tui.screens.diag import TRAIL, diag_screen

        if getattr(self.screen, "trail", ()) != TRAIL:
            self.push_screen(diag_screen(self))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The commands of the palette."""
        from tui.screens.dialogs.command_search import commands_of

        return commands_of(screen)

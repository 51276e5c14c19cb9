"""What screens may use of the app: the engine, the time, toasts, the clipboard. Imports no screen."""

from __future__ import annotations

from abc import abstractmethod
from datetime import tzinfo
from typing import TYPE_CHECKING

from agentdash.core.store import Store
from agentdash.core.text import printable, printable_lines
from agentdash.runtime.engine import Engine
from tui import themes
from tui.cost import OwnCost
from tui.resilient_app import ResilientApp

if TYPE_CHECKING:
    from agentdash.core.commands import FindingCommand, Outcome


class Dash(ResilientApp):
    """The app as its screens see it.

    Args:
        engine: The running engine.
        label: Shown in the header, e.g. that this is a demo.
        zone: Time zone of what is shown; the machine's own by default.
    """

    def __init__(self, engine: Engine, *, label: str = "", zone: tzinfo | None = None) -> None:
        super().__init__(engine.note)
        self.engine = engine
        self.label = label
        self.zone = zone
        self.cost = ""
        self.own = OwnCost()

    @property
    def store(self) -> Store:
        """The store."""
        return self.engine.store

    @property
    def read_only(self) -> bool:
        """Whether nothing beyond the screen may be changed."""
        return self.engine.read_only

    def now(self) -> int:
        """Unix ms, by the engine's clock."""
        return self.engine.clock.now_ms()

    def say(self, text: str, *, good: bool, title: str = "") -> None:
        """Show a toast, without markup; a warning stays longer."""
        if good:
            self.notify(printable(text), title=title, markup=False)
        else:
            timeout = 2 * self.NOTIFICATION_TIMEOUT
            self.notify(printable(text), title=title, severity="warning", timeout=timeout, markup=False)

    def report(self, outcome: Outcome) -> None:
        """Show the outcome of a command."""
        self.say(outcome.message, good=outcome.ok, title=outcome.title)

    def copy(self, text: str, what: str) -> None:
        """Put *text* on the clipboard of the terminal."""
        if not text:
            self.say("nothing to copy", good=False)
            return
        self.copy_to_clipboard(text)
        self.say(f"copied {what}", good=True)

    def copy_to_clipboard(self, text: str) -> None:
        """As Textual does, without control characters."""
        super().copy_to_clipboard(printable_lines(text))

    async def mark(self, command: FindingCommand) -> None:
        """Acknowledge, mute or unmute a finding, and show the outcome."""
        outcome = await self.engine.dispatch(command)
        self.report(outcome)

    @abstractmethod
    def open(self, subject: object) -> None:
        """Open the screen of *subject*."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Defaults of our own variables: an undefined one would end the program."""
        found = self.theme_variables if hasattr(self, "theme_variables") else {}
        return {name: found.get(of, other) for name, (of, other) in themes.FALLBACKS.items()}

    def measure(self) -> None:
        """Measure the CPU usage of this program, for the footer."""
        if self.own.measure() or not self.cost:
            self.cost = "cpu –" if self.own.cpu is None else f"cpu {self.own.cpu * 100:.1f} %"

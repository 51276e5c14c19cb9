"""An app that survives faults of its parts: they are recorded and notified.

Exceptions end it only during startup.
"""

from __future__ import annotations

import asyncio
import gc
import time
from abc import abstractmethod
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

from rich.text import Text
from textual._context import active_message_pump
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.dom import DOMNode
from textual.driver import Driver
from textual.events import Event, Key, Paste, Unmount
from textual.keys import _character_to_key
from textual.message import Message
from textual.message_pump import CallbackError, MessagePump
from textual.screen import Screen
from textual.widget import Widget
from textual.worker import WorkerFailed

from tui.faults import Faults, error_text
from tui.guard import guard

MOST_CLOSED = 40
"""Closed screens after which garbage is collected even while there is input."""


class ResilientApp(App[int]):
    """The app without what it shows.

    Args:
        note: Writes to the activity log: (actor, what, whether it worked).
    """

    started = False
    """Whether the first screen is there: from now on no fault ends the program."""

    def __init__(self, note: Callable[[str, str, bool], None]) -> None:
        super().__init__()
        self.faults = Faults(note, time.monotonic)
        self._closing_screens: WeakSet[Screen[Any]] = WeakSet()
        self._screens_closed = 0

    @abstractmethod
    def say(self, text: str, *, good: bool) -> None:
        """A toast; never markup."""

    def get_driver_class(self) -> type[Driver]:
        """The terminal, read on whatever comes from it."""
        from tui.terminal_io import resilient_driver  # with the driver itself, which is loaded last

        return resilient_driver(super().get_driver_class())

    # Faults

    def failed(self, error: Exception, node: MessagePump | None = None) -> str:
        """Record what failed in *node*, and notify the person if it is new; the error as one line."""
        fault = self.faults.record(error, place_of(node))
        if self._exit or not self.is_running:
            return fault.error  # its screens are gone while keys are still in line
        if self.is_headless and self._exception is None:
            self._exception = error  # raised again at the end of a test, which has to fail
            self._exception_event.set()
        if fault.fresh:
            self.say(f"a part of agentdash failed: {fault.error} (details in agentdash.log)", good=False)
        return fault.error

    def attempt(self, work: Callable[[], object], node: MessagePump) -> str:
        """Do *work* for *node*; the error as one line where it fails, else nothing."""
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the other parts are shown
            return self.failed(error, node)
        return ""

    def _register_child(self, parent: DOMNode, child: Widget, before: int | None, after: int | None) -> None:
        guard(self, child)
        super()._register_child(parent, child, before, after)

    def _start_widget(self, parent: Widget, widget: Widget) -> None:
        guard(self, widget)
        super()._start_widget(parent, widget)

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            if not self.started or isinstance(message, Unmount):
                raise
            self.failed(error, self)

    async def _dispatch_action(self, namespace: DOMNode, action_name: str, params: Any) -> bool:
        if self.is_closing(namespace):
            return False
        try:
            return await super()._dispatch_action(namespace, action_name, params)
        except Exception as error:  # noqa: BLE001 - the key did not work; others may
            self.failed(error, namespace)
            return True

    def _handle_exception(self, error: Exception) -> None:
        """Textual's own end of the program: of timers, workers, layouts, and of all that is not guarded."""
        cause = error
        if isinstance(error, WorkerFailed) and isinstance(error.error, Exception):
            cause = error.error
        elif isinstance(error, CallbackError) and isinstance(error.__context__, Exception):
            cause = error.__context__
        if self._exit or (self.is_running and (self.started or isinstance(error, WorkerFailed))):
            self.failed(cause, active_message_pump.get(None))
        else:
            self.cannot_start(cause)

    def cannot_start(self, error: Exception) -> None:
        """End the program, with a message and exit code 1."""
        self.faults.record(error, "start")
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        if hasattr(error, "__rich__"):  # a style sheet, with the place in it
            self.panic(error)
        else:
            self.panic(Text(f"agentdash cannot start: {error_text(error)} (details in agentdash.log)"))

    def panic(self, *renderables: Any) -> None:
        """End the program; *renderables* are printed after it."""
        self._return_code = 1
        super().panic(*renderables)

    def watch_loop(self) -> None:
        """Record faults of tasks that are not awaited."""
        loop = asyncio.get_running_loop()

        def failed(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            if isinstance(error := context.get("exception"), Exception) and self.is_running:
                self.failed(error)
            else:
                loop.default_exception_handler(context)

        loop.set_exception_handler(failed)

    # Screens that come and go

    def pop_screen(self) -> AwaitComplete:
        """Close the screen on top; from now on nothing of ours runs in it."""
        screen = self.screen
        closed = super().pop_screen()
        self._closing_screens.add(screen)
        self._screens_closed += 1
        for worker in [*self.workers]:
            if worker.node is not self and self.is_closing(worker.node):
                worker.cancel()
        return closed

    async def _close_all(self) -> None:
        """Close all screens, those of a stack too that is added meanwhile, as the board's is at the start."""
        stacks = 0
        while stacks != len(self._screen_stacks):
            stacks = len(self._screen_stacks)
            try:
                await super()._close_all()
            except RuntimeError:
                if stacks == len(self._screen_stacks):
                    raise  # nothing was added: it is another fault

    def collect_closed(self, *, idle: bool) -> None:
        """Give back the memory of screens that were closed.

        Screens and their widgets refer to each other, and Python collects such garbage among old objects only
        after very many new ones. It is a pause that keys notice, so it is made seldom while they come.
        """
        if self._screens_closed >= (1 if idle else MOST_CLOSED):
            self._screens_closed = 0
            gc.collect()

    def is_closing(self, node: MessagePump) -> bool:
        """Whether the screen of *node*, or *node* itself, is being closed."""
        if not isinstance(node, DOMNode) or node is self:
            return False
        if node._pruning or node._closing:  # noqa: SLF001 - Textual has no public word for it
            return True
        above: MessagePump | None = node
        while above is not None and not isinstance(above, Screen):
            above = above._parent  # noqa: SLF001 - without the checks of `DOMNode.screen`
        return above in self._closing_screens

    async def on_event(self, event: Event) -> None:
        """Give keys to the screen on top once that is mounted.

        Textual waits for a screen between two messages of the app; one that was opened by another screen is
        waited for only after the next message, which may be a key for it.
        """
        if isinstance(event, Key | Paste) and self._next_callbacks:
            await self._flush_next_callbacks()
        if isinstance(event, Key) and (keys := self._apart(event)):
            for key in keys:
                await self.on_event(key)
            return
        await super().on_event(event)

    def _apart(self, event: Key) -> tuple[Key, ...]:
        """An Esc and a letter that came at once, as a terminal sends Alt, too; () where that is bound."""
        letter = event.character or ""
        if not event.key.startswith("alt+") or not letter.isalpha() or not self.screen_stack:
            return ()
        if event.key in self.screen.active_bindings:
            return ()
        return Key("escape", "\x1b"), Key(_character_to_key(letter), letter)

    def take_back(self, key: Key) -> None:
        """Give a key that came to a screen that is being closed to the one that is there now."""
        if not self._exit:
            self.call_next(self.on_event, Key(key.key, key.character))


def place_of(node: MessagePump | None) -> str:
    """Where it is on the screen: ``ServiceScreen LineTable#service-table``."""
    if not isinstance(node, DOMNode):
        return "app"
    above: MessagePump | None = node
    while above is not None and not isinstance(above, Screen):
        above = above._parent  # noqa: SLF001 - without the checks of `DOMNode.screen`
    names = [type(above).__name__] if above is not None else []
    if above is not node:
        names.append(type(node).__name__ + (f"#{node.id}" if node.id else ""))
    return " ".join(names)

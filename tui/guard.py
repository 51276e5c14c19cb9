"""One guard around every widget and screen: what fails in one of them is recorded and ends nothing else.

Textual ends the program at the first exception in a message handler, a callback or while a widget is drawn,
and stops the widget. Here the exception is recorded, and the widget handles its next message.
Nothing of ours runs any more in a screen that is being closed, whose parts go one by one: its keys go back
to the app, for the screen that is there now.

It leans on private names of Textual (`_dispatch_message`, `_flush_next_callbacks`, `_invoke_later`), as this
is where all messages pass; `tests/tui/test_guard.py` fails where they are others.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol, cast

from rich.segment import Segment
from textual import events, messages
from textual._callback import invoke
from textual.await_complete import AwaitComplete
from textual.await_remove import AwaitRemove
from textual.geometry import Region
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import AwaitMount, Widget

if TYPE_CHECKING:
    from textual._types import CallbackType

NOT_WHILE_CLOSING = (
    events.InputEvent,
    events.Paste,
    events.Compose,
    events.Mount,
    events.Resize,
    events.Show,
    events.Hide,
    events.Focus,
    events.Blur,
    events.DescendantFocus,
    events.DescendantBlur,
    events.Enter,
    events.Leave,
    events.ScreenResume,
)
"""Events that make a screen use its parts. Others, such as `Unmount`, belong to its end."""


class GuardedApp(Protocol):
    """The app, as the guard needs it."""

    started: bool

    def is_closing(self, node: MessagePump) -> bool:
        """Whether the screen of *node*, or *node* itself, is being closed."""

    def take_back(self, key: events.Key) -> None:
        """Give a key to the screen that is there now."""

    def failed(self, error: Exception, node: MessagePump | None) -> str:
        """Record what failed in *node*; what to say of it."""


def guard(app: GuardedApp, widget: Widget) -> None:
    """Put the guard around *widget*, before its first message; once."""
    around = vars(widget)
    if "_dispatch_message" in around:
        return
    around["_dispatch_message"] = _dispatching(app, widget)
    around["_flush_next_callbacks"] = _flushing(app, widget)
    around["render_lines"] = _drawing(app, widget)
    if isinstance(widget, Screen):
        around["_invoke_later"] = _calling_back(app, widget)
        around["dismiss"] = _dismissing(widget)


def is_live(widget: Widget) -> bool:
    """Whether the parts of *widget* can be used: they are mounted, and none of them is being closed."""
    return widget.is_mounted and widget.is_attached and not cast("GuardedApp", widget.app).is_closing(widget)


def _dispatching(app: GuardedApp, widget: Widget) -> Callable[[Message], Awaitable[None]]:
    inner = widget._dispatch_message  # noqa: SLF001 - see the module's docstring

    async def dispatch(message: Message) -> None:
        if app.is_closing(widget) and not _belongs_to_end(message):
            if isinstance(message, events.Key):
                app.take_back(message)
            return
        try:
            await inner(message)
            if isinstance(message, events.Unmount):
                forget_lines(widget)
        except Exception as error:
            if not app.started and isinstance(message, events.Compose | events.Mount):
                raise  # without its first screen there is no program
            app.failed(error, widget)

    return dispatch


def forget_lines(widget: Widget) -> None:
    """Let go of the lines that were drawn of *widget*.

    Textual's `StylesCache.get_inner_outer` has an `lru_cache` of 1024 entries for the whole process, each of
    which holds a `StylesCache` with all lines of a widget, long after that was removed.
    """
    widget._styles_cache.clear()  # noqa: SLF001 - it has no public name


def _flushing(app: GuardedApp, widget: Widget) -> Callable[[], Awaitable[None]]:
    """What is to be done after a message: in a screen that is being closed, only what waits for its end."""
    inner = widget._flush_next_callbacks  # noqa: SLF001 - see the module's docstring

    async def flush() -> None:
        if app.is_closing(widget):
            callbacks, widget._next_callbacks = widget._next_callbacks, []  # noqa: SLF001 - as above
            for event in callbacks:
                if _waits(event):
                    widget._next_callbacks.append(event)  # noqa: SLF001 - as above
                else:
                    _give_up(event)
        await inner()

    return flush


def _waits(event: events.Callback) -> bool:
    """Whether it waits for widgets that are mounted or removed."""
    return isinstance(getattr(event.callback, "func", None), AwaitComplete | AwaitMount | AwaitRemove)


def _give_up(event: events.Callback) -> None:
    """Close the coroutine of a watcher, which would be missed otherwise."""
    for argument in getattr(event.callback, "args", ()):
        if inspect.iscoroutine(argument):
            argument.close()


def _belongs_to_end(message: Message) -> bool:
    """Whether a screen needs *message* while it is being closed."""
    if isinstance(message, events.Event):
        return not isinstance(message, NOT_WHILE_CLOSING)
    return type(message).__module__ == messages.__name__


def _drawing(app: GuardedApp, widget: Widget) -> Callable[[Region], list[Strip]]:
    inner = widget.render_lines

    def draw(crop: Region) -> list[Strip]:
        try:
            return inner(crop)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other widgets are drawn
            message = Strip([Segment(f"✗ cannot be drawn: {app.failed(error, widget)}")])
            lines = [message if y == 0 else Strip([]) for y in range(crop.y, crop.bottom)]
            return [line.crop(crop.x, crop.right).adjust_cell_length(crop.width) for line in lines]

    return draw


def _dismissing(screen: Screen[Any]) -> Callable[[Any], AwaitComplete]:
    """Textual closes the screen on top, whichever that is: a question that is covered, or closed, is not."""
    inner = screen.dismiss

    def dismiss(result: Any = None) -> AwaitComplete:
        on_top = screen.app.screen_stack[-1:] == [screen]
        return inner(result) if on_top else AwaitComplete.nothing()  # type: ignore[no-untyped-call] # theirs

    return dismiss


def _calling_back(app: GuardedApp, screen: Screen[object]) -> Callable[[CallbackType, MessagePump], None]:
    """Run the callbacks after a refresh, each on its own, except those of closing widgets."""
    inner = screen._invoke_later  # noqa: SLF001 - see the module's docstring

    def later(callback: CallbackType, sender: MessagePump) -> None:
        async def call() -> None:
            if app.is_closing(sender):
                return
            try:
                await invoke(callback)
            except Exception as error:  # noqa: BLE001 - the other callbacks of this refresh still run
                app.failed(error, sender)

        inner(call, sender)

    return later

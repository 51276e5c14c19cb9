"""A pane: a border with count and freshness, and the data or a notice."""

from __future__ import annotations

from abc import abstractmethod

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from agentdash.core.snapshot import SourceHealth, Topic
from agentdash.core.store import Store
from agentdash.core.text import printable
from tui.format.state import PaneKind, PaneState
from tui.guard import is_live
from tui.widgets.document import Document, Para

_COLOURS = {"bad": "$error", "warn": "$warning", "dim": "$text-muted", "": "$text-muted"}


class Notice(Document, can_focus=False):
    """The notice above the data, or in its place: as high as its lines."""


class Pane(Vertical):
    """One of the panes.

    Args:
        title: In the border, e.g. ``1 Runs``.
        body: The widget that shows the data.
    """

    state: reactive[PaneState] = reactive(PaneState(PaneKind.LOADING))
    """What the source says of the data."""
    summary: reactive[str] = reactive("")
    """For the border: how many, how complete."""

    def __init__(self, title: str, body: Widget, *, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id, classes="pane")
        self.body = body
        self.set_title(title)

    def set_title(self, title: str) -> None:
        """Write the title in the border; it is plain text, whatever it holds."""
        self.border_title = Content(printable(title))

    def compose(self) -> ComposeResult:
        """Notice above, data below."""
        yield Notice()
        yield self.body

    def watch_state(self, state: PaneState) -> None:
        """Show the notice."""
        if not is_live(self):
            return
        notice = self.query_one(Notice)
        notice.show(state.notice)
        notice.display = bool(state.notice)
        alone = bool(state.notice) and not (state.dim or state.over)
        self.set_class(alone, "-alone")
        self.set_class(state.dim, "-past")
        self.set_class(state.kind is PaneKind.ERROR, "-error")
        self._caption()

    def watch_summary(self) -> None:
        """Update the border."""
        self._caption()

    def on_mount(self) -> None:
        """Show the state that was set before."""
        self.watch_state(self.state)

    def fail(self, error: str) -> None:
        """Show that drawing failed; the previous data stays."""
        failed = Para.of(
            f"✗ this pane failed: {error} (details in agentdash.log); R: read again", "bad", hang=2
        )
        self.state = PaneState(PaneKind.ERROR, (failed,), ("failed", "bad"), over=True)

    def _caption(self) -> None:
        note, style = self.state.border
        parts: list[str | Content | tuple[str, str]] = []
        if self.summary:
            parts.append((printable(self.summary), "$text-muted"))
        if note:
            parts.append((f"{' · ' if parts else ''}{note}", _COLOURS.get(style, "$text-muted")))
        self.border_subtitle = Content.assemble(*parts)


class TopicPane(Pane):
    """A pane that shows one subject of the store, filtered as the person wants.

    Args:
        topic: The subject.
        title: In the border.
        body: The widget that shows the data.
    """

    def __init__(self, topic: Topic, title: str, body: Widget) -> None:
        super().__init__(title, body, id=topic.value)
        self.topic = topic

    @property
    @abstractmethod
    def subject(self) -> object:
        """The record that the cursor is on; None where there is none."""

    @property
    @abstractmethod
    def line(self) -> str:
        """What the cursor is on as text, for copying."""

    @property
    @abstractmethod
    def needle(self) -> str:
        """The text that lines must hold."""

    @property
    @abstractmethod
    def problems(self) -> bool:
        """Whether only what is not fine is shown."""

    @property
    def is_filtered(self) -> bool:
        """Whether anything may be left out."""
        return bool(self.needle) or self.problems

    @abstractmethod
    def filter_rows(self, *, needle: str | None = None, problems: bool | None = None) -> None:
        """Show what holds *needle*, or only what is not fine; None leaves that as it is."""

    def show_all(self) -> None:
        """Leave nothing out."""
        self.filter_rows(needle="", problems=False)

    @abstractmethod
    def search(self, step: int) -> bool:
        """Go to the next match, or to the previous one (-1); False where nothing is searched for."""

    @abstractmethod
    def present(self, store: Store, health: SourceHealth | None, now: int) -> None:
        """Show what the store has now."""

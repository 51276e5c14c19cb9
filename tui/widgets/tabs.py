"""Several views in one pane, one of them shown; their names in the border can be clicked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from tui.widgets.pane import Notice, Pane


class TabGroup(Pane):
    """A pane with several views.

    Args:
        views: Name in the border → the widget, by the key of the view; the first is shown.
    """

    current: reactive[str] = reactive("", init=False)
    """Key of the view that is shown."""

    @dataclass
    class Switched(Message):
        """Another view is shown."""

        tabs: TabGroup
        key: str

        @property
        def control(self) -> TabGroup:
            """The tab group."""
            return self.tabs

    def __init__(self, views: Mapping[str, tuple[str, Widget]], *, id: str) -> None:  # noqa: A002 - Textual's own name
        first = next(iter(views))
        self.titles = {key: title for key, (title, _) in views.items()}
        self.widgets = {key: widget for key, (_, widget) in views.items()}
        super().__init__("", self.widgets[first], id=id)
        self.set_reactive(TabGroup.current, first)
        self._name_views()

    def compose(self) -> ComposeResult:
        """Notice above, all views below; one is displayed."""
        yield Notice()
        for key, widget in self.widgets.items():
            widget.display = key == self.current
            yield widget

    def watch_current(self, key: str) -> None:
        """Show it; the focus goes with it if it was in here."""
        held = self.has_focus_within
        self.body = self.widgets[key]
        for name, widget in self.widgets.items():
            widget.display = name == key
        if held:
            self.body.focus()
        self._name_views()
        self.post_message(self.Switched(self, key))

    def rename(self, titles: Mapping[str, str]) -> None:
        """Other names in the border, by the key of the view."""
        if self.titles != titles:
            self.titles = dict(titles)
            self._name_views()

    def next_tab(self, step: int = 1) -> None:
        """Show the next view, or the one before."""
        keys = list(self.widgets)
        self.current = keys[(keys.index(self.current) + step) % len(keys)]

    def watch_has_focus_within(self, has_focus_within: bool) -> None:  # noqa: ARG002 - the border shows it
        """The name of what is shown is stronger in focus."""
        self._name_views()

    def _name_views(self) -> None:
        parts: list[Content | str] = []
        for key, title in self.titles.items():
            if parts:
                parts.append(Content.styled(" · ", "$text-muted not bold"))
            click = Style.from_meta({"@click": f"screen.show('{key}')"})
            look = "$primary bold underline" if key == self.current and self.has_focus_within else ""
            look = look or ("$title bold underline" if key == self.current else "$text-muted not bold")
            parts.append(Content(title).stylize(look).stylize(click))
        self.border_title = Content.assemble(*parts)

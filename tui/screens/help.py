"""All keys of the screen one came from, from the same bindings that the footer shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widget import Widget

from agentdash.core.snapshot import Topic
from tui.screens.base import FactScreen
from tui.widgets.document import Document, Para
from tui.widgets.footer import key_name

SCOPES = (
    ("runs", "Runs"),
    ("stream", "Stream"),
    ("pending", "Pending entries"),
    ("findings", "Findings"),
    ("log", "Log"),
    ("pane", "Pane"),
    ("table", "Lists"),
    ("document", "Pages"),
    ("screen", "Screen"),
    ("app", "Everywhere"),
)
LEGEND = (
    ("● ", "good", "fine, live"),
    ("‖ ◐ ", "warn", "paused, on its way to another state"),
    ("▲ ", "warn", "needs an eye"),
    ("■ ✗ ", "bad", "stopped, failed, down"),
    ("? ", "unknown", "not known, or waits for you"),
    ("◌ ", "dim", "not enough seen yet, or older than it should be"),
)


class Help(FactScreen):
    """What can be pressed, grouped by what it acts on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark", "back", "Back", id="screen.back"),
    ]

    def __init__(self, of: Screen[Any]) -> None:
        super().__init__()
        self._keys = keys_of(of)

    @property
    def trail(self) -> tuple[str, ...]:
        """Where this is."""
        return ("Help",)

    def body(self) -> Iterable[Widget]:
        """The page."""
        yield Document(id="page")

    def facts(self, topics: frozenset[Topic], now: int) -> None:  # noqa: ARG002 - keys do not change
        """Show the keys."""
        self.query_one(Document).show(self._keys)


def keys_of(screen: Screen[Any]) -> list[Para]:
    """A page of the keys that work on *screen*, or on any widget of it."""
    found: dict[str, dict[str, str]] = {}
    nodes = [screen.app, screen, *screen.walk_children()]
    for node in nodes:
        for bindings in node._bindings.key_to_bindings.values():  # noqa: SLF001 - Textual has no public list of them
            for binding in bindings:
                scope = (binding.id or "").partition(".")[0]
                if binding.description and scope in dict(SCOPES):
                    keys = found.setdefault(scope, {})
                    name = key_name(binding)
                    known = keys.get(binding.description, "")
                    keys[binding.description] = known if name in known.split() else f"{known} {name}".strip()
    page: list[Para] = []
    for scope, title in SCOPES:
        if scope in found:
            page.append(Para.of(title, "bold"))
            page += [
                Para(((f"  {names:<14}", "accent"), (words, ""))) for words, names in found[scope].items()
            ]
            page.append(Para())
    page.append(Para.of("What the signs mean", "bold"))
    page += [Para(((f"  {sign:<14}", style), (words, ""))) for sign, style, words in LEGEND]
    page += [
        Para(),
        Para.of("Keys can be changed in the settings, [ui.keys], by their names such as runs.cancel.", "dim"),
    ]
    return page

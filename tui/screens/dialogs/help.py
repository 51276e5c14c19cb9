"""All keys of the previous screen, from its actions."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest
from typing import Any, ClassVar

from rich.cells import cell_len
from textual.screen import Screen
from textual.widget import Widget

from agentdash.core.snapshot import Topic
from tui.actions import Action, HasActions, keys_of
from tui.screens.base import FactScreen
from tui.widgets.cells import Part
from tui.widgets.document import Document, Para, wrap
from tui.widgets.footer import key_name

SCOPES = (
    ("move", "Moving"),
    ("runs", "Runs"),
    ("run", "A run"),
    ("pending", "Entries"),
    ("stream", "Stream"),
    ("document", "A message"),
    ("findings", "Findings"),
    ("repos", "Repository"),
    ("services", "Services"),
    ("log", "Log"),
    ("pane", "Pane"),
    ("table", "Lists"),
    ("screen", "Screen"),
    ("app", "Everywhere"),
)
MOVES = {
    "up": "up",
    "down": "down",
    "page_up": "a page up",
    "page_down": "a page down",
    "first": "to the first",
    "last": "to the last, and follow a log",
}
LEGEND = (
    ("● ", "good", "OK, live"),
    ("‖ ◐ ", "warn", "paused, or changing state"),
    ("▲ ", "warn", "warning"),
    ("■ ✗ ", "bad", "stopped, failed, down"),
    ("? ", "unknown", "unknown, or waiting for you"),
    ("◌ ", "dim", "no data yet, or stale"),
    ("AGE ", "dim", "time running; once ended: time since"),
)


class Help(FactScreen):
    """What can be pressed, grouped by what it acts on."""

    WHERE = "the help"
    ACTIONS: ClassVar[tuple[Action[Help], ...]] = (
        Action("screen.back", "escape,question_mark", "Back", "back"),
    )

    def __init__(self, of: Screen[Any]) -> None:
        super().__init__()
        self._of = of

    @property
    def trail(self) -> tuple[str, ...]:
        """Where this is."""
        return ("Help",)

    def body(self) -> Iterable[Widget]:
        """The page."""
        yield Document(id="page")

    def facts(self, topics: frozenset[Topic], now: int) -> None:  # noqa: ARG002 - keys do not change
        """Show the keys."""
        document = self.query_one(Document)
        document.show(page(self._of, document.size.width))


def sections_of(screen: Screen[Any]) -> list[list[Part]]:
    """Sections of lines: the keys that work on *screen* or on any widget of it, by scope."""
    found: dict[str, dict[str, dict[str, None]]] = {}
    for node in (screen.app, screen, *screen.walk_children()):
        if not isinstance(node, HasActions):
            continue
        for action in node.actions.values():
            scope = "move" if action.verb in MOVES else action.id.partition(".")[0]
            if not action.key or scope not in dict(SCOPES) or not node.check_action("do", (action.id,)):
                continue
            why = action.why_not(node)
            label = f"{MOVES.get(action.verb, action.name)}{f' (not now: {why})' if why else ''}"
            names = found.setdefault(scope, {}).setdefault(label, {})
            names |= dict.fromkeys(key_name(key) for key in keys_of(node, action).split(","))
    return [
        [(title, "bold"), *((f"  {' '.join(keys):<14}{label}", "") for label, keys in found[scope].items())]
        for scope, title in SCOPES
        if scope in found
    ]


def page(screen: Screen[Any], width: int) -> list[Para]:
    """All of it, in two columns where there is room."""
    columns = [_section(section) for section in sections_of(screen)]
    columns.append(
        [
            (("Legend", "bold"),),
            *(((f"  {sign:<14}", style), (words, "")) for sign, style, words in LEGEND),
        ]
    )
    half = width // 2 - 2
    if half < 48:
        lines = [line for section in columns for line in (*section, ())]
    else:
        lines = _beside([_within(section, half - 2) for section in columns], half)
    hint = "Keys can be changed in the settings, [ui.keys], by names such as runs.cancel."
    return [*(Para(tuple(line), 16) for line in lines), Para(), Para.of(hint, "dim")]


def _section(section: list[Part]) -> list[tuple[Part, ...]]:
    title, *rows = section
    return [(title,), *(_key(text) for text, _ in rows)]


def _key(text: str) -> tuple[Part, ...]:
    """A key and what it does; greyed with the reason where it cannot be done now."""
    words, now, why = text[16:].partition(" (not now")
    if now:
        return ((text[:16], "faint"), (words, "faint"), (now + why, "dim"))
    return ((text[:16], "accent"), (words, ""))


def _within(section: list[tuple[Part, ...]], width: int) -> list[tuple[Part, ...]]:
    """Its lines at *width*: long reasons wrap within the column."""
    return [tuple(line) for parts in section for line in wrap(Para(parts, 16), width)]


def _beside(sections: list[list[tuple[Part, ...]]], half: int) -> list[tuple[Part, ...]]:
    """Sections in two columns of about the same length."""
    total = sum(len(section) + 1 for section in sections)
    left: list[tuple[Part, ...]] = []
    right: list[tuple[Part, ...]] = []
    for section in sections:
        column = left if len(left) < total / 2 else right
        column += [*section, ()]
    lines = []
    for first, second in zip_longest(left, right, fillvalue=()):
        used = sum(cell_len(text) for text, _ in first)
        lines.append((*first, (" " * max(0, half - used), ""), *second))
    return lines

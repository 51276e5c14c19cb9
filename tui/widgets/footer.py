"""The last line: what can be pressed now, and what this program itself costs."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen

from tui.actions import Action, HasActions, actions_on, keys_of
from tui.widgets.linebar import LineBar, Word

_NAMES = {
    "enter": "⏎",
    "escape": "esc",
    "slash": "/",
    "question_mark": "?",
    "exclamation_mark": "!",
    "colon": ":",
    "asterisk": "*",
    "full_stop": ".",
}
LATER_SCOPES = ("table", "pane", "screen", "app")
"""Scopes whose keys are after those of the focused widget, in this order."""


ALWAYS_SHOWN = {"screen.back", "app.help"}
"""Back and help: shown however little room there is."""


class Footer(LineBar):
    """The keys of what has the focus; greyed where they cannot work now."""

    def show(self, screen: Screen[Any]) -> None:
        """List the keys of *screen*."""
        words = [
            (_rank(action.id), _word(node, action))
            for node, action in actions_on(screen)
            if action.footer(node)
        ]
        self.left = tuple(word for _, word in sorted(words, key=lambda pair: pair[0]))


def _rank(action_id: str) -> int:
    """Back, which is never dropped; then the keys of the pane, the general ones, links."""
    if action_id == "screen.back":
        return -1
    if action_id == "screen.connected":
        return len(LATER_SCOPES) + 1  # where there is room
    scope = action_id.partition(".")[0]
    return LATER_SCOPES.index(scope) + 1 if scope in LATER_SCOPES else 0


def key_name(key: str) -> str:
    """Textual's *key* as a person reads it."""
    return _NAMES.get(key, key)


def _word(node: HasActions, action: Action[Any]) -> Word:
    blocked = action.why_not(node) is not None
    styles = ("faint", "faint") if blocked else ("accent bold", "dim")
    parts = (
        (key_name(keys_of(node, action).split(",")[0]), styles[0]),
        (f" {action.label.lower()}", styles[1]),
    )
    return Word(parts, action.id, weight=2 if action.id in ALWAYS_SHOWN else 0 if blocked else 1)

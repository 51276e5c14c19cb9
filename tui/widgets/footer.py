"""The last line: what can be pressed now, and what this program itself costs."""

from __future__ import annotations

from textual.binding import Binding
from textual.screen import Screen

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
LATE = ("table", "pane", "screen", "app")
"""Scopes whose keys stand after those of what has the focus, in this order."""


STAYING = {"screen.back", "app.help"}
"""The way back, and the way to all the other keys: they are there however little room there is."""


class Footer(LineBar):
    """The keys of what has the focus; greyed where they cannot work now."""

    def show(self, screen: Screen[object], blocked: set[str], hidden: set[str]) -> None:
        """List the keys of *screen*; *blocked* actions cannot work now, *hidden* ones are left out."""
        seen: set[str] = set()
        words: list[tuple[int, Word]] = []
        for binding in (active.binding for active in screen.active_bindings.values()):
            if not binding.show or not binding.description or binding.action in seen | hidden:
                continue
            seen.add(binding.action)
            words.append((_rank(binding), _word(binding, binding.action in blocked)))
        self.left = tuple(word for _, word in sorted(words, key=lambda pair: pair[0]))


def _rank(binding: Binding) -> int:
    """The way back, which never gives way; then the keys of the pane, the general ones, the way aside."""
    if binding.id == "screen.back":
        return -1
    if binding.id == "screen.connected":
        return len(LATE) + 1  # where there is room
    scope = (binding.id or "").partition(".")[0]
    return LATE.index(scope) + 1 if scope in LATE else 0


def key_name(binding: Binding) -> str:
    """The first key of a binding as a person reads it."""
    first = binding.key.split(",")[0]
    return binding.key_display or _NAMES.get(first, first)


def _word(binding: Binding, blocked: bool) -> Word:
    label = binding.description.lower()
    styles = ("faint", "faint") if blocked else ("accent bold", "dim")
    parts = ((key_name(binding), styles[0]), (f" {label}", styles[1]))
    return Word(parts, binding.action, weight=2 if binding.id in STAYING else 0 if blocked else 1)

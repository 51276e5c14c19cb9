"""Keys that are typed before the line that they are for is there, as over a slow network, in one go.

A key goes to what has the focus when it comes. What does not want it hands it up, and only then it is looked
for among the bindings: by that time an earlier key may have opened a line to type in.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.widgets import Input

if TYPE_CHECKING:
    from textual.events import Key
    from textual.screen import Screen

    Base = Screen[object]
else:
    Base = object  # Textual inherits styles by the first base alone, which is another


class TypedAhead(Base):
    """Of a screen that asks for a line of text: takes what was typed before it was there."""

    _ahead: tuple[Key, ...] = ()

    def on_mount(self) -> None:
        """Take it, in the order in which it was typed; in place of what stands there to be typed over."""
        line = self.query_one(Input)
        if any(key.is_printable for key in self._ahead) and line.select_on_focus:
            line.value, line.select_on_focus = "", False
        self._take(self._ahead)

    def typed(self, event: Key) -> bool:
        """Take a key that came back unused; whether it is for this."""
        if event.key != "enter" and not event.is_printable:
            return False
        if self.is_mounted:
            return event.key != "enter" and self._take([event])
        self._ahead = (*self._ahead, event)
        return True

    def _take(self, keys: Iterable[Key]) -> bool:
        line = self.query_one(Input)
        for key in keys:
            if key.key == "enter":
                line.post_message(Input.Submitted(line, line.value))
            else:
                line.insert_text_at_cursor(key.character or "")
        return True

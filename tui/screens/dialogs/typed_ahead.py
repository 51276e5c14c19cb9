"""Keys that are typed before the line that they are for has the focus, as over a slow network, in one go.

A key goes to what has the focus when it comes. What does not want it hands it up, and only then it is looked
for among the bindings: by that time an earlier key may have opened a line to type in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Input

from tui.guard import is_live

if TYPE_CHECKING:
    from textual.events import Key
    from textual.screen import Screen

    Base = Screen[object]
else:
    Base = object  # Textual inherits styles by the first base alone, which is another


class TypedAhead(Base):
    """Of a screen that asks for a line of text: takes what was typed before that had the focus."""

    def typed(self, event: Key) -> bool:
        """Take a key that came back unused; whether it is for this."""
        if not event.is_printable or not is_live(self):
            return False
        self.query_one(Input).insert_text_at_cursor(event.character or "")
        return True

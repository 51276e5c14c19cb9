"""Keys typed before the input line has the focus, for example over a slow network.

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
    """A screen with an input line, which gets keys typed before it had the focus."""

    def typed(self, event: Key) -> bool:
        """Insert an unhandled key; False where it is not for the line."""
        if not event.is_printable or not is_live(self):
            return False
        self.query_one(Input).insert_text_at_cursor(event.character or "")
        return True

"""The kinds of list on the stream screen: pending entries, entries of the stream, search results.

Each has `columns`, `title`, `summary`, a text for `empty` and `rows`, and is updated by `read`, which raises
SourceError when the server cannot be read.
"""

from __future__ import annotations

from tui.screens.streams.matches import FoundEntries
from tui.screens.streams.pending import PendingEntries
from tui.screens.streams.window import StreamEntries

EntryList = PendingEntries | StreamEntries | FoundEntries

__all__ = ["EntryList", "FoundEntries", "PendingEntries", "StreamEntries"]

"""What the list on the stream screen can show: pending entries, the stream itself, what was searched for.

Each kind has `columns`, a `title`, a `summary` and a word for `empty`, gives `rows`, and is brought up to
date by `read`, which raises SourceError when the server cannot be asked.
"""

from __future__ import annotations

from tui.screens.streams.matches import FoundEntries
from tui.screens.streams.pending import PendingEntries
from tui.screens.streams.window import StreamEntries

EntryList = PendingEntries | StreamEntries | FoundEntries

__all__ = ["EntryList", "FoundEntries", "PendingEntries", "StreamEntries"]

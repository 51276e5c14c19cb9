"""Counts what a change of a stream costs its groups, while the question is shown. Bounded.

Each function raises SourceError when the server cannot be read.
"""

from __future__ import annotations

from agentdash.core.queries import PendingList, PendingOf
from agentdash.core.streams.commands import SetGroupId, TrimStream
from agentdash.core.streams.ids import after
from agentdash.core.streams.model import Stream, id_parts
from agentdash.core.streams.queries import EntriesFrom, EntryPage
from tui.format.streams.cost import Cost, EntryCount
from tui.screens.streams.asker import Asker

MOST_GROUPS = 20
"""Groups whose pending entries are counted."""
MOST_COUNTED = 500
"""Entries that are read, at most, to count them."""
_TOO_MANY = "too many entries to read"


async def trim_cost(ask: Asker, command: TrimStream, stream: Stream) -> Cost:
    """The pending entries of each group that lose their data."""
    groups = [group for group in stream.groups if group.pending][:MOST_GROUPS]
    if not groups:
        return Cost()
    first = await _first_kept(ask, command, stream)
    if first is None:
        return Cost(problem=_TOO_MANY)
    entry_counts = []
    for group in groups:
        found = await ask(PendingOf(stream.name, group.name, None, MOST_COUNTED))
        if not isinstance(found, PendingList):
            return Cost(problem="the server gave no answer")
        lost = [one for one in found.entries if not one.gone and id_parts(one.id) < first]
        below = sum(id_parts(one.id) < first for one in found.entries)
        exact = below < len(found.entries) or len(found.entries) >= found.total
        if lost or not exact:
            entry_counts.append((group.name, EntryCount(len(lost), exact)))
    return Cost(tuple(entry_counts))


async def _first_kept(ask: Asker, command: TrimStream, stream: Stream) -> tuple[int, int] | None:
    """The first id that is kept; None where finding it would need too many reads."""
    if command.minid is not None:
        return id_parts(command.minid)
    keeps = command.maxlen or 0
    drops = stream.length - keeps
    if drops <= 0:
        return 0, 0
    if keeps == 0:
        return id_parts(after(stream.last_id or "0-0") or "0-0")
    if drops < MOST_COUNTED:
        query = EntriesFrom(stream.name, older=False, count=drops + 1)
    elif keeps <= MOST_COUNTED:
        query = EntriesFrom(stream.name, older=True, count=keeps)
    else:
        return None
    page = await ask(query)
    if not isinstance(page, EntryPage) or len(page.entries) < query.count:
        return None
    return id_parts(page.entries[-1].id)


async def set_id_cost(ask: Asker, command: SetGroupId, stream: Stream) -> Cost:
    """The entries between the ID of the group and its new one."""
    target = (stream.last_id or "0-0") if command.after == "$" else command.after
    low, high = sorted((id_parts(command.seen), id_parts(target)))
    page = await ask(EntriesFrom(stream.name, after(f"{low[0]}-{low[1]}"), older=False, count=MOST_COUNTED))
    if not isinstance(page, EntryPage):
        return Cost(problem="the server gave no answer")
    count = sum(id_parts(entry.id) <= high for entry in page.entries)
    return Cost(passed=EntryCount(count, exact=count < len(page.entries) or not page.more))

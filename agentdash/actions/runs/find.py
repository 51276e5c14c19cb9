"""Finds a run by its id, the beginning of its id, or its title."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from agentdash.core.commands import Refused
from agentdash.core.runs.model import Run, RunKeys
from agentdash.core.runs.record import named, parse_run
from agentdash.core.secrets.safe_text import as_text
from agentdash.server.cluster import primaries

if TYPE_CHECKING:
    from redis.asyncio import Redis

_SHOWN = 5
_BATCH = 500
_FIELDS = ("title", "status")


async def find_run(client: Redis, keys: RunKeys, text: str) -> str:
    """The id of the one run whose id is *text* or begins with it, or whose title is *text*.

    Of several runs with that title the only live one is chosen. A text that is the title of one run and
    begins the id of another is ambiguous.

    Raises:
        Refused: when there is none, or it is ambiguous.
        RedisError: when the server is not available.
    """
    if not text:
        raise Refused("No run given: give an id, the beginning of an id, or a title.")
    if await client.exists(keys.meta(text)):
        return text
    known = await _indexed(client, keys)
    begun = {run_id for run_id in known if run_id.startswith(text)} or await _scanned(client, keys, text)
    titled = await _titled(client, keys, known, text)
    if not begun and not titled:
        titled = await _titled(client, keys, await _scanned(client, keys, "") - known, text)
    live = [run for run in titled if not run.status.terminal]
    meant = {run.id for run in (live if len(live) == 1 else titled)}
    found = begun | meant
    if len(found) == 1:
        return found.pop()
    if not found:
        raise Refused(f"No run with an id that begins with {text!r}, or with that title; see: agentdash runs")
    names = sorted(found)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    how = "begins" if not meant else "is the title of" if not begun else "begins or is the title of"
    raise Refused(
        f"{text!r} {how} {len(names)} runs: {', '.join(names[:_SHOWN])}{more}. Give more of the id."
    )


async def _indexed(client: Redis, keys: RunKeys) -> set[str]:
    cursor, found = 0, set[str]()
    while True:
        cursor, pairs = await client.zscan(keys.index, cursor, count=1000)
        found |= {cast("bytes", member).decode("utf-8", "replace") for member, _ in pairs}
        if not cursor:
            return found


async def _scanned(client: Redis, keys: RunKeys, prefix: str) -> set[str]:
    """Ids of runs by their keys: those of other programs are not in the index."""
    pattern, found = keys.meta(f"{_literal(prefix)}*"), set[str]()
    head, tail = len(keys.meta("")) - len(":meta"), len(":meta")
    for node in (await primaries(client)).values():
        cursor = None
        while cursor != 0:
            cursor, names = await node.scan(cursor or 0, match=pattern, count=1000)
            found |= {cast("bytes", name).decode("utf-8", "replace")[head:-tail] for name in names}
    return found


async def _titled(client: Redis, keys: RunKeys, ids: Iterable[str], title: str) -> list[Run]:
    """Those of *ids* that have this *title*; a record that is not a hash has none."""
    left, found = sorted(ids), list[Run]()
    for start in range(0, len(left), _BATCH):
        batch = left[start : start + _BATCH]
        pipe = client.pipeline(transaction=False)
        for run_id in batch:
            pipe.hmget(keys.meta(run_id), list(_FIELDS))
        for run_id, values in zip(batch, await pipe.execute(raise_on_error=False), strict=True):
            if isinstance(values, list) and values[0] is not None and as_text(values[0]) == title:
                found.append(parse_run(run_id, named(_FIELDS, values)))
    return found


def _literal(text: str) -> str:
    """*text* as a glob pattern that matches only itself."""
    return "".join(f"\\{char}" if char in "*?[]\\^" else char for char in text)

"""The schema of a stream: field names, keys of JSON fields, differing sets of fields."""

from __future__ import annotations

from agentdash.core import units
from agentdash.core.secrets.safe_text import safe_text
from agentdash.core.streams.model import Stream
from tui.widgets.cells import Part
from tui.widgets.document import Para

KEYS_IN_LINE = 6
SETS = 8


def counts(stream: Stream) -> tuple[str, ...]:
    """For a border: ``4 fields``, ``2 field sets``; () until sampled."""
    sets = len(stream.field_sets)
    found = [units.plural(len(stream.fields), "field")] if stream.fields else []
    return (*found, f"▲ {sets} field sets") if sets > 1 else tuple(found)


def line(stream: Stream) -> list[Para]:
    """``fields type payload {order, amount, …}`` of the newest entry; a second line where sets differ."""
    if stream.fields is None:
        return []
    payload = dict(stream.payload)
    parts: list[Part] = [("fields ", "dim")]
    for name in stream.fields:
        parts.append((f" {safe_text(name)}", "info"))
        if name in payload:
            keys = payload[name]
            more = ", …" if len(keys) > KEYS_IN_LINE else ""
            parts.append((f" {{{', '.join(map(safe_text, keys[:KEYS_IN_LINE]))}{more}}}", "dim"))
    shown = [Para(tuple(parts), 8)]
    if len(stream.field_sets) > 1:
        shown.append(Para(((f"▲ {len(stream.field_sets)} field sets", "warn"), *_differ(stream)), 8))
    return shown


def _differ(stream: Stream) -> tuple[Part, ...]:
    """The fields that only some of the sets have."""
    sets = [frozenset(names) for names in stream.field_sets]
    common = frozenset.intersection(*sets)
    only = sorted(frozenset.union(*sets) - common)
    return ((f" among the newest entries: not all have {', '.join(map(safe_text, only[:8]))}", "dim"),)


def paras(stream: Stream) -> list[Para]:
    """For a page: each field with the keys of its JSON, then each set of fields."""
    if stream.fields is None:
        return [Para.of("no entry sampled yet: fields unknown", "unknown")]
    payload = dict(stream.payload)
    shown = [Para.of("Fields of the newest entry", "bold")]
    for name in stream.fields:
        keys = payload.get(name)
        words = f"  JSON with {', '.join(map(safe_text, keys))}" if keys else ""
        shown.append(Para(((f"  {safe_text(name)}", "info"), (words, "dim")), 4))
    if len(stream.field_sets) > 1:
        shown += [Para(), Para.of("The newest entries differ in their fields", "warn bold")]
        for names in stream.field_sets[:SETS]:
            shown.append(Para.of(f"  {' '.join(map(safe_text, names)) or '(none)'}", "", 4))
        if len(stream.field_sets) > SETS:
            shown.append(Para.of(f"  … {len(stream.field_sets) - SETS} more", "dim"))
    return shown

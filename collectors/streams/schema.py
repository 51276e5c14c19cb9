"""The schema of a stream by a few entries: names of fields, keys of JSON bodies, producers. Pure, bounded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agentdash.core.bounded_json import read_json
from agentdash.core.secrets.safe_text import as_text
from agentdash.core.text import printable
from collectors.streams.replies.full import BadReplyError, entry

MOST_FIELDS = 64
MOST_KEYS = 32
MOST_BODY = 64 * 1024
MOST_PRODUCERS = 8
MOST_NAME = 80
PRODUCER_FIELDS = frozenset(
    {b"originService", b"origin_service", b"producer", b"publisher", b"sourceService", b"source_service"}
)
"""Fields, or keys one level below, whose value names the producer of the entry."""

Pairs = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Schema:
    """The schema of the newest entries; see the attributes of `Stream` of the same names."""

    fields: tuple[str, ...]
    field_sets: tuple[tuple[str, ...], ...]
    payload: tuple[tuple[str, tuple[str, ...]], ...]
    producers: tuple[str, ...]


def schema_of(reply: Sequence[object]) -> Schema | None:
    """The schema in a reply of XREVRANGE, newest first; None where there is no entry, or a bad reply."""
    try:
        entries = [entry(raw)[1] for raw in reply]
    except BadReplyError:
        return None
    if not entries:
        return None
    names = [tuple(dict.fromkeys(as_text(name) for name, _ in pairs[:MOST_FIELDS])) for pairs in entries]
    bodies = {name: body for name, value in entries[0] if (body := json_object(value)) is not None}
    return Schema(
        fields=names[0],
        field_sets=tuple(dict.fromkeys(tuple(sorted(one)) for one in names)),
        payload=tuple(
            (as_text(name), tuple(printable(key) for key in body)) for name, body in bodies.items()
        ),
        producers=tuple(dict.fromkeys(name for pairs in entries for name in _producers(pairs))),
    )


def json_object(value: bytes) -> dict[str, object] | None:
    """The first keys of *value* where it is a JSON object, with their values; None where it is not."""
    if not value.startswith(b"{") or len(value) > MOST_BODY:
        return None
    try:
        body = read_json(value)
    except ValueError:
        return None
    return dict(list(body.items())[:MOST_KEYS]) if isinstance(body, dict) else None


def _producers(pairs: Pairs) -> Iterable[str]:
    for name, value in pairs[:MOST_FIELDS]:
        if name in PRODUCER_FIELDS:
            yield as_text(value[:MOST_NAME])
            continue
        for key, inner in (json_object(value) or {}).items():
            if key.encode("utf-8", "replace") in PRODUCER_FIELDS and isinstance(inner, str):
                yield printable(inner[:MOST_NAME])

"""What streams and groups get into, each made on a real server under a key of its own."""

from __future__ import annotations

from contextlib import suppress

from tests.collectors.streams.raw import Raw, RefusalError

ODD = [
    b"with space",
    b"[bold]not markup[/x]",
    "grüße-🛰-שלום".encode(),
    b"\x1b[31mred\nline",
    b"\xff\xfe\x00binary",
    b"long" * 75,
]
"""Names that are hard to show, or to hand on unchanged."""

GREATEST = 2**64 - 1


def fill(raw: Raw, key: bytes, count: int, *more: str) -> list[bytes]:
    return [raw("XADD", key, "*", "n", number, "originService", "shop", *more) for number in range(count)]


def read(raw: Raw, key: bytes, group: bytes, consumer: bytes, count: int, *how: str) -> list[bytes]:
    """Let a consumer read so many; the ids that it was given."""
    reply = raw("XREADGROUP", "GROUP", group, consumer, "COUNT", count, *how, "STREAMS", key, ">")
    return [entry[0] for entry in reply[0][1]] if reply else []


def worked(raw: Raw, key: bytes, group: bytes, count: int) -> None:
    if ids := read(raw, key, group, b"c", count):
        raw("XACK", key, group, *ids)


def group(raw: Raw, key: bytes, name: bytes = b"g", at: str | bytes = "0") -> None:
    raw("XGROUP", "CREATE", key, name, at, "MKSTREAM")


def ordinary(raw: Raw) -> None:
    """Those that nothing is wrong with, those that nobody reads, those that nobody wrote to."""
    group(raw, b"healthy")
    fill(raw, b"healthy", 30)
    worked(raw, b"healthy", b"g", 30)
    group(raw, b"dead")
    fill(raw, b"dead", 7)
    group(raw, b"lag")
    fill(raw, b"lag", 200)
    worked(raw, b"lag", b"g", 12)
    group(raw, b"empty")
    fill(raw, b"no group", 3)
    group(raw, b"emptied")
    raw("XDEL", b"emptied", *fill(raw, b"emptied", 4))


def held(raw: Raw) -> None:
    """Entries that were given out: stuck, poison, without data, of a consumer that is gone."""
    for key in (b"stuck", b"poison", b"gone", b"left", b"noack"):
        group(raw, key)
        fill(raw, key, 9)
    (first, *_) = read(raw, b"stuck", b"g", b"slow", 3)
    raw("XCLAIM", b"stuck", b"g", b"slow", 0, first, "IDLE", 45_000)
    ids = read(raw, b"poison", b"g", b"c", 9)
    raw("XCLAIM", b"poison", b"g", b"c", 0, ids[0], "RETRYCOUNT", 7)
    raw("XDEL", b"gone", *read(raw, b"gone", b"g", b"c", 4)[:2])
    read(raw, b"left", b"g", b"a", 2)
    read(raw, b"left", b"g", b"b", 2)
    raw("XGROUP", "DELCONSUMER", b"left", b"g", b"a")
    read(raw, b"noack", b"g", b"c", 4, "NOACK")


def misplaced(raw: Raw) -> None:
    """Groups whose lag servers lose count of, or tell wrong."""
    ids = fill(raw, b"middle", 40)
    group(raw, b"middle", b"at 10", ids[9])
    group(raw, b"middle", b"at the end", "$")
    ids = fill(raw, b"null lag", 40)
    group(raw, b"null lag", b"read some")
    worked(raw, b"null lag", b"read some", 10)
    group(raw, b"null lag", b"at 10", ids[9])
    raw("XDEL", b"null lag", ids[3], ids[20])
    ids = fill(raw, b"lying", 20)
    with suppress(RefusalError):  # before Redis 7.0 nobody can lie so
        raw("XGROUP", "CREATE", b"lying", b"g", ids[4], "ENTRIESREAD", 1000)
    group(raw, b"trimmed")
    fill(raw, b"trimmed", 30)
    worked(raw, b"trimmed", b"g", 10)
    raw("XTRIM", b"trimmed", "MAXLEN", 5)
    group(raw, b"put back")
    fill(raw, b"put back", 9)
    worked(raw, b"put back", b"g", 9)
    raw("XGROUP", "SETID", b"put back", b"g", "0")


def strange(raw: Raw) -> None:
    """Ids that are no times, up to the greatest; and names of any bytes."""
    group(raw, b"small ids")
    for number in range(1, 5):
        raw("XADD", b"small ids", f"{number}-1", "n", number)
    read(raw, b"small ids", b"g", b"c", 2)
    group(raw, b"great ids")
    raw("XADD", b"great ids", f"{GREATEST - 1}-{GREATEST}", "n", "1")
    raw("XADD", b"great ids", f"{GREATEST}-{GREATEST}", "n", "2")
    read(raw, b"great ids", b"g", b"c", 1)
    for key in ODD:
        group(raw, key, key)
        fill(raw, key, 5, "kind", "x")
        read(raw, key, key, key, 2)


SCENES = (ordinary, held, misplaced, strange)

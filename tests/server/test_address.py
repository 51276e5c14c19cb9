"""URLs of servers, sentinels and clusters taken apart; what is said of them holds no secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdash.core.settings.model import RedisSettings
from agentdash.core.snapshot import SourceError
from agentdash.core.text import mask_url
from agentdash.server.address import address
from agentdash.server.client import open_client, place, url_of
from agentdash.server.slots import key_of, slot_map


@pytest.mark.parametrize(
    ("url", "label", "hosts", "service", "database"),
    [
        ("redis://h", "redis://h:6379", (("h", 6379),), "", ""),
        ("rediss://u:p@[::1]:1/2?x=y", "rediss://***@[::1]:1/2", (("::1", 1),), "", "2"),
        ("unix:///tmp/s.sock?db=2", "/tmp/s.sock", (), "", ""),
        (
            "redis+sentinel://u:p@a,b:1,[::1]:2/main/3",
            "redis+sentinel://***@a:26379,b:1,[::1]:2/main/3",
            (("a", 26379), ("b", 1), ("::1", 2)),
            "main",
            "3",
        ),
        ("rediss+cluster://:p@a:1,b", "rediss+cluster://***@a:1,b:6379", (("a", 1), ("b", 6379)), "", ""),
    ],
)
def test_parts(url: str, label: str, hosts: tuple[tuple[str, int], ...], service: str, database: str) -> None:
    known = address(url)
    assert (known.label, known.hosts, known.service, known.database) == (label, hosts, service, database)
    assert "***" not in known.bare


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://h", "begins with none of"),
        ("redis+sentinel://h:1", "does not say which primary"),
        ("redis+sentinel://h:1/main/x", "is not the number of a database"),
        ("redis+cluster://h:x", "port is not a number"),
        ("redis+cluster://h:70000", "port is not a number"),
        ("redis+cluster://h,,g", "names no host"),
        ("unix://", "names no socket"),
    ],
)
def test_what_is_wrong_is_said(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        address(url)


@given(st.text(), st.sampled_from(["redis", "redis+sentinel", "rediss+cluster"]))
def test_any_text_is_understood_or_refused_without_its_password(rest: str, scheme: str) -> None:
    try:
        known = address(f"{scheme}://u:hunter2@{rest}")
        said = known.label + known.bare
    except ValueError as why:
        said = str(why)
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "password", ["/hunter2", "12/hunter2", ":：hunter2", "[hunter2]", "12/?hunter2", "x#hunter2"]
)
@pytest.mark.parametrize("scheme", ["redis", "rediss+sentinel", "redis+cluster"])
@pytest.mark.parametrize("slash", [True, False])
def test_a_password_that_is_not_quoted_is_never_repeated(scheme: str, password: str, slash: bool) -> None:
    url = f"{scheme}://u:{password}@h:1{'/main' if slash else ''}"
    try:
        said = url_of(open_client(url, RedisSettings()))
    except SourceError as refused:
        said = refused.message + (refused.cure or "")
    assert "hunter" not in f"{said}{place(url)}{mask_url(url)}"


def test_passwords_among_options_are_masked() -> None:
    url = "redis+sentinel://u:hunter2@a:1,b:2/main?sentinel_password=hunter3&ssl_password=hunter4"
    shown = mask_url(url)
    assert "hunter" not in shown
    assert shown.startswith("redis+sentinel://***@a:1,b:2/main")


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (("XLEN", b"\xff"), b"\xff"),
        ((b"xinfo", "STREAM", b"k", "FULL"), b"k"),
        (("XINFO STREAM", "k"), b"k"),
        (("MEMORY", "USAGE", b"k"), b"k"),
        (("EVAL", "return 1", 1, "k", "a"), b"k"),
        (("XREAD", "COUNT", 1, "BLOCK", 5, b"STREAMS", "k", "0"), b"k"),
        (("SCAN", 0, "COUNT", 5), None),
        (("PING",), None),
    ],
)
def test_the_key_of_a_command(words: tuple[object, ...], key: bytes | None) -> None:
    assert key_of(words) == key


def test_a_map_of_slots_names_nodes_that_do_not_know_their_own_address() -> None:
    reply = [[5, 16383, [b"b", 2, b"id"], [b"c", 3, b"id"]], [0, 3, [None, 1, b"id"]]]
    found = slot_map(reply, ("asked", 9))
    assert found.hosts == (("asked", 1), ("b", 2))
    assert found.replicas == (("c", 3),)
    assert (found.owners[0], found.owners[4], found.owners[16383]) == (("asked", 1), None, ("b", 2))

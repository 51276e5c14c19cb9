"""The status format, a commit object, and the activity lines."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from agentdash.core.repos.changes import repo_changes
from agentdash.core.repos.model import Operation, Repo, Submodules
from agentdash.git.status import SHOWN, StatusParser
from collectors.repos.commit import parse_commit

ID = b"1" * 40
MODES = b"100644 100644 100644"
LETTERS = st.sampled_from("MADT.")
PATHS = st.binary(min_size=1, max_size=12).filter(lambda raw: b"\0" not in raw)


@st.composite
def records(draw: st.DrawFn) -> tuple[bytes, str]:
    kind = draw(st.sampled_from(["changed", "renamed", "conflicted", "untracked", "ignored"]))
    path = draw(PATHS)
    xy = (draw(LETTERS) + draw(LETTERS)).encode()
    match kind:
        case "changed":
            raw = b"1 %b N... %b %b %b %b\0" % (xy, MODES, ID, ID, path)
        case "renamed":
            raw = b"2 R. N... %b %b %b R100 %b\0%b\0" % (MODES, ID, ID, path, draw(PATHS))
        case "conflicted":
            raw = b"u UU N... %b 100644 %b %b %b %b\0" % (MODES, ID, ID, ID, path)
        case "untracked":
            raw = b"? %b\0" % path
        case _:
            raw = b"! %b\0" % path
    return raw, kind


@given(st.lists(records(), max_size=20), st.integers(1, 64))
def test_every_record_is_counted_however_the_output_is_cut(
    listed: list[tuple[bytes, str]], size: int
) -> None:
    raw = b"# branch.oid %b\0# branch.head main\0" % ID + b"".join(record for record, _ in listed)
    parser = StatusParser()
    for place in range(0, len(raw), size):
        parser.feed(raw[place : place + size])
    kinds = [kind for _, kind in listed]
    facts = parser.facts
    assert (facts.head, facts.branch) == (ID.decode(), "main")
    assert facts.untracked == kinds.count("untracked")
    assert facts.conflicted == kinds.count("conflicted")
    assert facts.renamed == kinds.count("renamed")
    assert facts.total == len(kinds) - kinds.count("ignored")


@given(st.binary(max_size=300))
def test_no_output_breaks_the_parser(raw: bytes) -> None:
    StatusParser().feed(raw)
    parse_commit(raw)


def test_names_are_bounded_and_counts_are_not() -> None:
    parser = StatusParser()
    parser.feed(b"? x\0" * (SHOWN + 7))
    assert (len(parser.facts.changes), parser.facts.total, parser.facts.untracked) == (
        SHOWN,
        SHOWN + 7,
        SHOWN + 7,
    )


def test_a_commit_in_another_encoding() -> None:
    raw = (
        b"tree x\nauthor J\xe9 <j@x> 1 +0000\ncommitter C <c> 1700000000 +0100\nencoding ISO-8859-1\n\n"
        b"na\xefve\nline two\n\nbody"
    )
    commit = parse_commit(raw)
    assert (commit.subject, commit.at) == ("naïve line two", 1_700_000_000_000)


BASE = Repo(
    "/p/web", "web", branch="main", head="a" * 40, staged=0, unstaged=0, untracked=0, conflicted=0, stash=0
)


def test_the_words_for_changes() -> None:
    assert repo_changes(BASE, BASE) == []
    assert repo_changes(BASE, replace(BASE, branch="fix-auth")) == ["branch main→fix-auth"]
    assert repo_changes(BASE, replace(BASE, head="1a2b3c4" + "0" * 33, subject="Say why")) == [
        'commit 1a2b3c4 "Say why"'
    ]
    dirty = replace(BASE, unstaged=3, untracked=1)
    assert repo_changes(BASE, dirty) == ["+3 unstaged, +1 untracked"]
    assert repo_changes(dirty, replace(dirty, unstaged=1, staged=2)) == ["+2 staged, −2 unstaged"]
    assert repo_changes(dirty, BASE) == ["clean"]
    merging = replace(BASE, operation=Operation.MERGE)
    assert repo_changes(BASE, merging) == ["merge begun"]
    assert repo_changes(merging, BASE) == ["merge ended"]
    rebasing = replace(BASE, operation=Operation.REBASE, operation_step="1/7")
    assert repo_changes(rebasing, replace(rebasing, operation_step="2/7")) == ["rebase 2/7"]
    assert repo_changes(BASE, replace(BASE, error="gone")) == ["cannot be read: gone"]
    assert repo_changes(replace(BASE, error="gone"), BASE) == ["can be read again"]
    assert repo_changes(
        replace(BASE, upstream="o/m", ahead=0, behind=0), replace(BASE, upstream="o/m", ahead=2, behind=0)
    ) == ["ahead 2, behind 0"]
    assert repo_changes(BASE, replace(BASE, stash=1)) == ["stash 0→1"]
    locked = replace(BASE, lock_age_ms=1000)
    assert repo_changes(BASE, locked) == ["index.lock exists"]
    assert repo_changes(locked, replace(BASE, lock_age_ms=2000)) == []
    assert repo_changes(locked, BASE) == ["index.lock is gone"]
    assert repo_changes(BASE, replace(BASE, submodules=Submodules(2, 1, 0))) == [
        "submodules registered 0→2", "submodules not checked out 0→1",
    ]  # fmt: skip
    assert repo_changes(Repo("/p/web", "web"), BASE) == []
    apart = replace(BASE, branch=None, detached=True)
    assert repo_changes(BASE, apart) == ["branch main→detached at aaaaaaa"]
    assert repo_changes(apart, replace(apart, head="b" * 40, subject="more")) == ['commit bbbbbbb "more"']
    followed = replace(BASE, upstream="o/m", ahead=0, behind=0)
    gone = replace(followed, upstream_gone=True, ahead=None, behind=None)
    assert repo_changes(followed, gone) == ["upstream o/m is gone"]
    assert repo_changes(followed, BASE) == ["upstream none"]

"""The commit that HEAD names, read from the object store without a git process."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

from agentdash.core.bounds import bounded_int, bounded_time_ms, is_number
from agentdash.core.secrets.safe_text import safe_text
from agentdash.git.commands import GitFailed, run
from agentdash.git.git_dir import read_start

_MOST = 256 * 1024
_MAX_SUBJECT = 4096


@dataclass(frozen=True, slots=True)
class Commit:
    """What is shown of a commit; `at` is the committer's time, Unix ms; None where no calendar has it."""

    subject: str
    author: str | None
    at: int | None
    at_out_of_range: bool = False


class _Enough(Exception):  # noqa: N818 - it ends the reading, and is no fault
    """As much of the commit as is shown has been read."""


def read_commit(path: Path, objects: Path, head: str, timeout: float) -> tuple[Commit | None, int]:
    """The commit *head*, and how many git processes that took.

    A commit just made is a file of its own; one in a pack is asked of git.

    Args:
        path: The work tree.
        objects: The object store.
        head: The commit's id.
        timeout: Seconds.
    """
    raw = _loose(objects / head[:2] / head[2:])
    if raw is not None:
        return parse_commit(raw), 0
    pieces: list[bytes] = []

    def feed(piece: bytes) -> None:
        pieces.append(piece)
        if sum(map(len, pieces)) > _MOST:
            raise _Enough

    try:
        processes = run(path, ("cat-file", "commit", head), feed, timeout)
    except (GitFailed, _Enough):
        processes = 1
    return (parse_commit(b"".join(pieces)) if pieces else None), processes


def parse_commit(raw: bytes) -> Commit:
    """Reads a commit object: header lines, an empty one, the message."""
    header, _, message = raw.partition(b"\n\n")
    author: str | None = None
    at: int | None = None
    out_of_range = False
    encoding = "utf-8"
    for line in header.split(b"\n"):
        name, _, value = line.partition(b" ")
        if name == b"author":
            author = safe_text(value.partition(b" <")[0].decode("utf-8", "replace"), 200)
        elif name == b"committer":
            seconds = value.rpartition(b"> ")[2].partition(b" ")[0]
            whole = bounded_int(seconds)
            at = None if whole is None else bounded_time_ms(whole * 1000)
            out_of_range = at is None and is_number(seconds)
        elif name == b"encoding":
            encoding = value.decode("ascii", "replace")
    paragraph = message.lstrip(b"\n").partition(b"\n\n")[0][:_MAX_SUBJECT]
    try:
        text = paragraph.decode(encoding, "replace")
    except (LookupError, ValueError):  # not known; or "undefined", or no name at all
        text = paragraph.decode("utf-8", "replace")
    return Commit(safe_text(" ".join(text.split()), 500), author, at, out_of_range)


def _loose(path: Path) -> bytes | None:
    packed = read_start(path, _MOST)
    if packed is None:
        return None
    try:
        raw = zlib.decompressobj().decompress(packed, _MOST)
    except zlib.error:
        return None
    kind, _, body = raw.partition(b"\0")
    return body if kind.startswith(b"commit ") else None

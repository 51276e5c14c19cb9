"""The commit that HEAD names, read from the object store without a git process."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

from agentdash.core.safe_text import safe_text
from agentdash.git.ask import GitFailed, run
from agentdash.git.folder import beginning

_MOST = 256 * 1024


@dataclass(frozen=True, slots=True)
class Commit:
    """What is shown of a commit; `at` is the committer's time, Unix ms."""

    subject: str
    author: str | None
    at: int | None


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
    try:
        run(path, ("cat-file", "commit", head), pieces.append, timeout)
    except GitFailed:
        return None, 1
    return parse_commit(b"".join(pieces)), 1


def parse_commit(raw: bytes) -> Commit:
    """Reads a commit object: header lines, an empty one, the message."""
    header, _, message = raw.partition(b"\n\n")
    author: str | None = None
    at: int | None = None
    encoding = "utf-8"
    for line in header.split(b"\n"):
        name, _, value = line.partition(b" ")
        if name == b"author":
            author = safe_text(value.partition(b" <")[0].decode("utf-8", "replace"), 200)
        elif name == b"committer":
            seconds = value.rpartition(b"> ")[2].partition(b" ")[0]
            at = int(seconds) * 1000 if seconds.isdigit() and len(seconds) < 15 else None
        elif name == b"encoding":
            encoding = value.decode("ascii", "replace")
    paragraph = message.lstrip(b"\n").partition(b"\n\n")[0]
    try:
        text = paragraph.decode(encoding, "replace")
    except LookupError:
        text = paragraph.decode("utf-8", "replace")
    return Commit(safe_text(" ".join(text.split()), 500), author, at)


def _loose(path: Path) -> bytes | None:
    packed = beginning(path, _MOST)
    if packed is None:
        return None
    try:
        raw = zlib.decompressobj().decompress(packed, _MOST)
    except zlib.error:
        return None
    kind, _, body = raw.partition(b"\0")
    return body if kind.startswith(b"commit ") else None

"""Reads HEAD's commit: a loose object without a git process, a packed one by git."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

from agentdash.core.bounds import bounded_int, bounded_time_ms, is_number
from agentdash.core.secrets.safe_text import safe_text
from agentdash.git.commands import GitFailed, bounded_output
from agentdash.git.git_dir import read_start

_MAX = 256 * 1024
_MAX_SUBJECT = 4096


@dataclass(frozen=True, slots=True)
class Commit:
    """The shown fields of a commit; `at` is the committer's time, Unix ms; None where it is out of range."""

    subject: str
    author: str | None
    at: int | None
    at_out_of_range: bool = False


def read_commit(path: Path, objects: Path, head: str, timeout: float) -> tuple[Commit | None, int]:
    """The commit *head*, and the number of git processes used.

    Args:
        path: The work tree.
        objects: The object store.
        head: The commit's id.
        timeout: Seconds.
    """
    raw = _loose(objects / head[:2] / head[2:])
    if raw is not None:
        return parse_commit(raw), 0
    try:
        raw, _, processes = bounded_output(path, ("cat-file", "commit", head), _MAX, timeout)
    except GitFailed:
        return None, 1
    return parse_commit(raw) if raw else None, processes


def parse_commit(raw: bytes) -> Commit:
    """Parse a commit object: header lines, an empty line, the message."""
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
    except (LookupError, ValueError):  # unknown, "undefined", or no name
        text = paragraph.decode("utf-8", "replace")
    return Commit(safe_text(" ".join(text.split()), 500), author, at, out_of_range)


def _loose(path: Path) -> bytes | None:
    packed = read_start(path, _MAX)
    if packed is None:
        return None
    try:
        raw = zlib.decompressobj().decompress(packed, _MAX)
    except zlib.error:
        return None
    kind, _, body = raw.partition(b"\0")
    return body if kind.startswith(b"commit ") else None

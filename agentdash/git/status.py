"""Reads `git status --porcelain=v2 --branch --show-stash -z`, piece by piece, in bounded memory.

The format is git's own and documented in git-status(1), "Porcelain Format Version 2".
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from agentdash.core.bounds import bounded_int
from agentdash.core.repos.model import FileChange
from agentdash.core.secrets.safe_text import as_text

SHOWN = 500
"""Changed paths that are listed; all are counted."""
MAX_RECORD = 64 * 1024
"""Limit of one record, bytes; no file system has longer paths."""
MAX_FOLDERS = 50_000
"""Limit of listed folders, ignored and untracked ones each."""


@dataclass(slots=True)
class StatusFacts:
    """The facts of one status. See `agentdash.core.repos.model.Repo` for the fields.

    Attributes:
        ignored: Folders that git ignores as a whole; only with ``--ignored``.
        unknown: Folders without tracked files.
    """

    head: str | None = None
    branch: str | None = None
    detached: bool = False
    upstream: str | None = None
    ahead: int | None = None
    behind: int | None = None
    stash: int = 0
    staged: int = 0
    unstaged: int = 0
    untracked: int = 0
    conflicted: int = 0
    renamed: int = 0
    moved_submodules: int = 0
    changes: list[FileChange] = field(default_factory=list)
    total: int = 0
    ignored: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)


class StatusParser:
    """Parses the output in pieces of any size into `facts`."""

    def __init__(self) -> None:
        self.facts = StatusFacts()
        self._rest = b""
        self._rename: tuple[str, bytes] | None = None

    def feed(self, piece: bytes) -> None:
        """Parse the next piece."""
        *records, rest = (self._rest + piece).split(b"\0")
        for record in records:
            self._record(record)
        # Bounded for records of any length: a longer path is cut.
        self._rest = rest[:MAX_RECORD]

    def _record(self, record: bytes) -> None:
        if self._rename is not None:
            xy, path = self._rename
            self._rename = None
            self._keep(xy, path, record)
            return
        kind = record[:2]
        if kind == b"# ":
            self._header(record[2:])
        elif kind == b"1 ":
            self._changed(record.split(b" ", 8), 8)
        elif kind == b"2 ":
            self._changed(record.split(b" ", 9), 9)
        elif kind == b"u ":
            fields = record.split(b" ", 10)
            if len(fields) == 11:
                self.facts.conflicted += 1
                self._keep(as_text(fields[1]), fields[10])
        elif kind == b"? ":
            self.facts.untracked += 1
            self._keep("??", record[2:])
            self._folder(record[2:], self.facts.unknown)
        elif kind == b"! ":
            self._folder(record[2:], self.facts.ignored)

    def _header(self, header: bytes) -> None:
        name, _, raw = header.partition(b" ")
        value = as_text(raw)
        facts = self.facts
        if name == b"branch.oid":
            facts.head = None if value == "(initial)" else value
        elif name == b"branch.head":
            facts.detached = value == "(detached)"
            facts.branch = None if facts.detached else value
        elif name == b"branch.upstream":
            facts.upstream = value
        elif name == b"branch.ab":
            ahead, _, behind = value.partition(" ")
            facts.ahead, facts.behind = _number(ahead), _number(behind)
        elif name == b"stash":
            facts.stash = _number(value) or 0

    def _changed(self, fields: list[bytes], last: int) -> None:
        if len(fields) != last + 1 or len(fields[1]) != 2:
            return
        xy = as_text(fields[1])
        facts = self.facts
        facts.staged += xy[0] != "."
        facts.unstaged += xy[1] != "."
        if fields[2][:2] == b"SC":
            facts.moved_submodules += 1
        path = fields[last]
        if last == 9:
            facts.renamed += 1
            self._rename = (xy, path)
        else:
            self._keep(xy, path)

    def _folder(self, path: bytes, folders: set[str]) -> None:
        if path.endswith(b"/") and len(folders) < MAX_FOLDERS:
            folders.add(os.fsdecode(path[:-1]))

    def _keep(self, xy: str, path: bytes, renamed_from: bytes | None = None) -> None:
        self.facts.total += 1
        if len(self.facts.changes) < SHOWN:
            text, raw = _named(path)
            before, raw_before = (None, None) if renamed_from is None else _named(renamed_from)
            self.facts.changes.append(FileChange(text, xy, before, raw, raw_before))


def _named(path: bytes) -> tuple[str, bytes | None]:
    """A path as printable text, and as bytes where the text is not exact."""
    text = as_text(path)
    return text, None if text.encode() == path else path


def _number(text: str) -> int | None:
    digits = text.lstrip("+-")
    return bounded_int(digits)

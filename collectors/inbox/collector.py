"""Reads what outside agents report: JSON Lines files that they append to, matched by globs."""

from __future__ import annotations

import asyncio
import errno
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from agentdash.core.clock import Clock
from agentdash.core.findings.model import Finding, InboxSnapshot
from agentdash.core.secrets.safe_text import safe_text
from agentdash.core.settings.model import FindingsSettings
from agentdash.core.snapshot import Topic
from agentdash.files.small import OUTSIDE, OutsideError
from collectors.globs import matches, matches_within
from collectors.inbox.file import MOST_LINE, FollowedFile

MOST_FILES = 200
MOST_FINDINGS = 2000
MOST_BAD = 50
READS_A_PASS = 8
"""How often one file may be read on in one pass."""


class InboxCollector:
    """Follows the inbox; a bad line is counted and named, never fatal.

    Args:
        settings: The globs, relative ones from *cwd*.
        cwd: Where relative globs begin.
        host: Stamped on the snapshots.
        clock: Where the time comes from.
        within: The folder that no file of the inbox may lead out of.
    """

    name = "inbox"
    topic = Topic.FINDINGS

    def __init__(
        self, settings: FindingsSettings, cwd: Path, host: str, clock: Clock, *, within: Path | None = None
    ) -> None:
        self._within = within
        self.cadence = settings.poll
        self.timeout = 10.0
        self._globs = settings.inbox
        self._cwd = cwd
        self._host = host
        self._clock = clock
        self._files: dict[Path, FollowedFile] = {}
        self._found: dict[Path, dict[str, Finding]] = {}
        self._bad: deque[tuple[str, int, str]] = deque(maxlen=MOST_BAD)
        self._bad_total = 0
        self._unreadable: dict[Path, str] = {}
        self._number = 0
        self._first = True

    async def collect(self) -> InboxSnapshot | None:
        """Read what was added; None when nothing was."""
        return await asyncio.to_thread(self._collect)

    async def close(self) -> None:
        """Nothing is held: files are opened for a moment each."""

    def _collect(self) -> InboxSnapshot | None:
        now, bad_before = self._clock.now_ms(), self._bad_total
        paths = self._paths()
        changed = self._drop(set(self._files) - set(paths))
        for path in paths:
            changed |= self._read(path, now)
        if not changed and not self._first and self._bad_total == bad_before:
            return None
        self._first = False
        findings: dict[str, Finding] = {}
        for path in paths:
            findings |= self._found.get(path, {})
        return InboxSnapshot(
            taken_at=now,
            host=self._host,
            findings=tuple(findings.values())[-MOST_FINDINGS:],
            bad_lines=tuple(self._bad),
            bad_total=self._bad_total,
            files=len(paths),
        )

    def _paths(self) -> list[Path]:
        """The files that the globs match, sorted, each once; an endless match is cut."""
        left_out: set[str] = set()
        found = {
            self._cwd / match
            for glob in self._globs
            for match in islice(_matches(glob, self._cwd, self._within, left_out), MOST_FILES)
        }
        for folder in sorted(left_out)[:MOST_FILES]:
            self._cannot(Path(folder), OutsideError(errno.EPERM, OUTSIDE))
        return sorted(path for path in found if path.is_file())[:MOST_FILES]

    def _drop(self, gone: set[Path]) -> bool:
        for path in gone:
            del self._files[path]
            self._found.pop(path, None)
            self._unreadable.pop(path, None)
        return bool(gone)

    def _read(self, path: Path, now: int) -> bool:
        new = path not in self._files
        file = self._files.setdefault(path, FollowedFile(path, self._within))
        changed = new
        for _ in range(READS_A_PASS):
            try:
                added = file.read()
            except OSError as problem:
                return self._cannot(path, problem) or changed
            self._unreadable.pop(path, None)
            if added.anew:
                self._found.pop(path, None)
            for number, line in added.lines:
                self._take(path, number, line, now)
            changed |= added.anew or bool(added.lines)
            if not added.more:
                break
        return changed

    def _take(self, path: Path, number: int, line: bytes | None, now: int) -> None:
        if line is None:
            self._cannot_use(path, number, f"longer than {MOST_LINE} bytes")
            return
        # Pydantic takes a tenth of a second to load; where nobody writes to the inbox it is not needed.
        from collectors.inbox.line import BadLineError, read_line

        try:
            finding = read_line(line, agent=safe_text(path.stem), now=now)
        except BadLineError as problem:
            self._cannot_use(path, number, str(problem))
            return
        of = self._found.setdefault(path, {})
        before = of.pop(finding.symptom.fingerprint, None)
        of[finding.symptom.fingerprint] = self._again(before, finding)
        while len(of) > MOST_FINDINGS:
            del of[next(iter(of))]

    def _again(self, before: Finding | None, finding: Finding) -> Finding:
        """The same cause told again is one finding, whose count rises."""
        if before is None:
            if finding.finding_id:
                return finding
            self._number += 1
            return replace(finding, finding_id=f"EXT-{self._number:03d}")
        return replace(
            finding,
            finding_id=before.finding_id,
            first_seen=min(before.first_seen, finding.first_seen),
            count=max(before.count + 1, finding.count),
        )

    def _cannot(self, path: Path, problem: OSError) -> bool:
        """Name a file that cannot be read, once; line 0 stands for the file itself."""
        why = problem.strerror or type(problem).__name__
        if self._unreadable.get(path) == why:
            return False
        self._unreadable[path] = why
        self._cannot_use(path, 0, f"cannot be read: {why}")
        return True

    def _cannot_use(self, path: Path, number: int, why: str) -> None:
        self._bad.append((self._shown(path), number, why))
        self._bad_total += 1

    def _shown(self, path: Path) -> str:
        return safe_text(str(path.relative_to(self._cwd) if path.is_relative_to(self._cwd) else path))


def _matches(glob: str, cwd: Path, within: Path | None, left_out: set[str]) -> Iterator[str]:
    pattern = str(Path(glob).expanduser())
    return matches(pattern, cwd) if within is None else matches_within(str(cwd / pattern), within, left_out)

"""Findings that other agents report: JSON Lines files that they append to, matched by globs."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from agentdash.core.clock import Clock
from agentdash.core.findings.model import Finding, InboxSnapshot
from agentdash.core.secrets.safe_text import safe_text
from agentdash.core.settings.model import FindingsSettings
from agentdash.core.snapshot import Collector, Topic
from agentdash.files.small import OUTSIDE
from collectors.globs import matches, matches_within
from collectors.inbox.json_lines import MAX_LINE, GrowingFile

MAX_FILES = 200
MAX_FINDINGS = 2000
MAX_BAD_LINES = 50
READS_PER_PASS = 8
"""Reads of one file in one pass."""


@dataclass(slots=True)
class _InboxFile:
    """A file of the inbox.

    Attributes:
        findings: By fingerprint, the newest last.
        error: Why it could not be read at the last pass.
    """

    reader: GrowingFile
    findings: dict[str, Finding] = field(default_factory=dict)
    error: str | None = None


class InboxCollector(Collector):
    """Reads the inbox; a bad line is counted and named, never fatal.

    Args:
        settings: The globs, relative ones from *cwd*.
        cwd: Where relative globs begin.
        host: Stamped on the snapshots.
        clock: The time.
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
        self._files: dict[Path, _InboxFile] = {}
        self._bad: deque[tuple[str, int, str]] = deque(maxlen=MAX_BAD_LINES)
        self._bad_total = 0
        self._left_out: set[str] = set()
        self._number = 0
        self._first = True

    async def collect(self) -> InboxSnapshot | None:
        """All findings of the inbox; None where nothing has changed."""
        return await asyncio.to_thread(self._collect)

    async def close(self) -> None:
        """Nothing to close: files are open only while they are read."""

    def _collect(self) -> InboxSnapshot | None:
        now, bad_before = self._clock.now_ms(), self._bad_total
        paths = self._paths()
        gone = self._files.keys() - paths
        for path in gone:
            del self._files[path]
        changed = bool(gone)
        for path in paths:
            changed |= self._read(path, now)
        if not changed and not self._first and self._bad_total == bad_before:
            return None
        self._first = False
        findings: dict[str, Finding] = {}
        for path in paths:
            findings |= self._files[path].findings
        return InboxSnapshot(
            taken_at=now,
            host=self._host,
            findings=tuple(findings.values())[-MAX_FINDINGS:],
            bad_lines=tuple(self._bad),
            bad_total=self._bad_total,
            files=len(paths),
        )

    def _paths(self) -> list[Path]:
        """The files that the globs match, sorted, without duplicates; too many matches are cut."""
        left_out: set[str] = set()
        found = {
            self._cwd / match
            for glob in self._globs
            for match in islice(_matches(glob, self._cwd, self._within, left_out), MAX_FILES)
        }
        for folder in sorted(left_out - self._left_out)[:MAX_FILES]:
            self._add_bad(Path(folder), 0, f"cannot be read: {OUTSIDE}")
        self._left_out = left_out
        return sorted(path for path in found if path.is_file())[:MAX_FILES]

    def _read(self, path: Path, now: int) -> bool:
        """Read what was added to a file; returns whether the findings may have changed."""
        changed = path not in self._files
        file = self._files.setdefault(path, _InboxFile(GrowingFile(path, self._within)))
        for _ in range(READS_PER_PASS):
            try:
                added = file.reader.read()
            except OSError as problem:
                return self._report_error(path, file, problem) or changed
            file.error = None
            if added.restarted:
                file.findings.clear()
            for number, line in added.lines:
                self._add_line(path, file.findings, number, line, now)
            changed |= added.restarted or bool(added.lines)
            if not added.more:
                break
        return changed

    def _add_line(
        self, path: Path, findings: dict[str, Finding], number: int, line: bytes | None, now: int
    ) -> None:
        if line is None:
            self._add_bad(path, number, f"longer than {MAX_LINE} bytes")
            return
        # Pydantic takes a tenth of a second to load; without an inbox it is not needed.
        from collectors.inbox.line import BadLineError, read_line

        try:
            finding = read_line(line, agent=safe_text(path.stem), now=now)
        except BadLineError as problem:
            self._add_bad(path, number, str(problem))
            return
        fingerprint = finding.symptom.fingerprint
        findings[fingerprint] = self._merged(findings.pop(fingerprint, None), finding)
        while len(findings) > MAX_FINDINGS:
            del findings[next(iter(findings))]

    def _merged(self, before: Finding | None, finding: Finding) -> Finding:
        """A cause that is reported again is one finding, whose count rises."""
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

    def _report_error(self, path: Path, file: _InboxFile, problem: OSError) -> bool:
        """Report an unreadable file as line 0, once; returns whether that was now."""
        why = problem.strerror or type(problem).__name__
        if file.error == why:
            return False
        file.error = why
        self._add_bad(path, 0, f"cannot be read: {why}")
        return True

    def _add_bad(self, path: Path, number: int, why: str) -> None:
        shown = path.relative_to(self._cwd) if path.is_relative_to(self._cwd) else path
        self._bad.append((safe_text(str(shown)), number, why))
        self._bad_total += 1


def _matches(glob: str, cwd: Path, within: Path | None, left_out: set[str]) -> Iterator[str]:
    pattern = str(Path(glob).expanduser())
    return matches(pattern, cwd) if within is None else matches_within(str(cwd / pattern), within, left_out)

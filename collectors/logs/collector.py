"""The logs: all followed files, read by one thread and parsed at a bounded rate."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from agentdash.core.clock import Clock
from agentdash.core.logs.model import OWN, Level, LogBatch, LogLine, LogSource
from agentdash.core.logs.parse.line import LogParser
from agentdash.core.settings.model import LogsSettings
from agentdash.core.snapshot import Collector, SourceError, Topic
from agentdash.core.text import printable
from agentdash.files.small import OUTSIDE, steps_within
from collectors.logs.activity import ActivityLogFile, own_line
from collectors.logs.backlog import LogBacklog, RawLine
from collectors.logs.flood import FloodSearch
from collectors.logs.followed import FIRST_READ, FollowedLog, Place
from collectors.logs.journal import JournalFeed
from collectors.logs.open_log import Identity, OnSkip
from collectors.logs.order import LogOrder
from collectors.logs.sources import MAX_FILES, LogSources

LINES_PER_SECOND = 5000
"""Lines that are parsed at most; a flood beyond it is skipped, counted, and searched for errors."""

_SUSTAINED = 0.4  # of those, second after second: more is a flood, too
_IN_A_FLOOD = 0.1  # of those, while it lasts: a screen in each pass, more than a person reads
_READ_PER_PASS = 4 * 1024 * 1024
_FIRST_READ_OF_ALL = 1024 * 1024
_LEAST_FIRST_READ = 4096
_MAX_RELEASED = 1024
_MAX_OWN_LINES = 4096


@dataclass(slots=True)
class _Log:
    """A followed log file.

    Attributes:
        lines: Lines that were read.
        lost: Bytes that were truncated away before they were read.
    """

    file: FollowedLog
    parser: LogParser
    lines: int = 0
    lost: int = 0


class LogsCollector(Collector):
    """Follows files and globs, the journal where it is configured, and what other agentdash processes write.

    A burst of up to a second's worth of lines is shown in full, and two fifths of that second after second;
    in a longer flood the newest lines are shown, and the others counted.

    Args:
        sources: Pairs of a name and a path or glob.
        settings: The poll interval, and how many lines the view keeps.
        host: Stamped on every batch.
        clock: The time.
        lines_per_second: See `LINES_PER_SECOND`.
        own: The activity log.
        started: Folder with the output of services that agentdash started.
        confined: Those of the paths and globs that may not lead out of a folder, and that folder.
    """

    name = "logs"
    topic = Topic.LOGS
    timeout = 5.0

    def __init__(
        self,
        sources: tuple[tuple[str, str], ...],
        settings: LogsSettings,
        host: str,
        clock: Clock,
        *,
        lines_per_second: int = LINES_PER_SECOND,
        own: ActivityLogFile | None = None,
        started: Path | None = None,
        confined: Mapping[str, Path] | None = None,
    ) -> None:
        self.cadence = settings.poll
        self._configured = bool(sources or settings.journal)
        self._reads = self._configured or own is not None or started is not None
        self._own = own
        self._own_lines: deque[LogLine] = deque(maxlen=_MAX_OWN_LINES)
        self._own_parser: LogParser | None = None
        self._journal = JournalFeed(settings.journal) if settings.journal else None
        self._journal_parser = LogParser(JournalFeed.name)
        self._journal_lines = 0
        self._had_anything = False
        self._sources = LogSources(sources, started, confined)
        self._limit = settings.limit
        self._host = host
        self._clock = clock
        self._per_pass = max(1, round(lines_per_second * settings.poll))
        self._flood = FloodSearch()
        self._backlog = LogBacklog(
            max(lines_per_second, self._per_pass),
            max(1, round(self._per_pass * _IN_A_FLOOD)),
            flood_limit=self._per_pass,
            rate=max(1, round(self._per_pass * _SUSTAINED)),
            search=self._flood,
        )
        self._thread = ThreadPoolExecutor(1, "logs")
        self._logs: dict[Path, _Log] = {}
        self._released: dict[Identity, Place] = {}
        self._order = LogOrder()
        self._last_sources: tuple[LogSource, ...] = ()
        self._turn = 0
        self._started = False

    async def collect(self) -> LogBatch | None:
        """The lines since the last pass; None without any.

        Raises:
            SourceError: where nothing is configured.
        """
        batch = None
        if self._reads:
            batch = await asyncio.get_running_loop().run_in_executor(self._thread, self._pass)
        self._had_anything = self._had_anything or (batch is not None and bool(batch.lines or batch.sources))
        if not self._configured and not self._had_anything:
            raise SourceError(
                "No log files are followed.",
                "Name files or globs under [logs] files in the settings.",
                absent=True,
            )
        return batch

    def add_line(self, line: LogLine) -> None:
        """Add a line of this process about itself: it comes with the next batch, in its place."""
        self._own_lines.append(line)

    @property
    def waiting(self) -> int:
        """Lines that were read and are not in a batch yet."""
        return len(self._backlog) + len(self._order)

    async def close(self) -> None:
        """Close all files and end the thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close_files)
        self._thread.shutdown(wait=False)

    def _close_files(self) -> None:
        for log in self._logs.values():
            log.file.close()
        self._logs.clear()
        if self._journal is not None:
            self._journal.close()

    def _pass(self) -> LogBatch | None:
        names = dict(self._sources.files(self._clock.monotonic()))
        if self._own is not None:
            names.setdefault(self._own.path, OWN)
        self._update_logs(names)
        self._read()
        now = self._clock.now_ms()
        first = not self._started
        self._started = True
        taken = list(self._backlog.pop(_FIRST_READ_OF_ALL if first else self._per_pass, unlimited=first))
        parsed = [line for raw in taken if (line := self._line(raw)) is not None]
        kept, errors = self._flood.pop()
        own = [self._own_lines.popleft() for _ in range(len(self._own_lines))]
        new = (*kept, *self._truncations(names, now), *own, *parsed)
        settled = self._order.pop_settled(new, now, everything=first)
        lines = tuple(settled[-self._limit :] if first else settled)
        skipped = self._backlog.pop_skipped() + sum(log.file.pop_skipped() for log in self._logs.values())
        sources = self._source_states(names)
        if not first and not lines and not skipped and sources == self._last_sources:
            return None
        self._last_sources = sources
        behind = now - min((line.seen_at for line in lines), default=now)
        return LogBatch(now, self._host, lines, sources, skipped, max(0, behind), errors)

    def _line(self, raw: RawLine) -> LogLine | None:
        """The parsed line; None for one of the activity log that is routine, or is shown already."""
        own = self._own if raw.parser is self._own_parser else None
        if own is not None and own.wrote(raw.data.lstrip()):
            return None
        line = raw.parser.line(raw.data, raw.offset, raw.read_at, cut=raw.cut, tail=raw.tail)
        return line if own is None else own_line(line)

    def _update_logs(self, names: dict[Path, str]) -> None:
        """Follow new files, and close deleted ones that no glob matches any more."""
        open_files: set[Identity] = set()
        for path, log in list(self._logs.items()):
            if path not in names and log.file.error is not None and log.file.drained():
                for piece in log.file.finish():
                    self._backlog.add(log.parser, piece, self._clock.now_ms())
                del self._logs[path]
            open_files |= log.file.identities()
            self._released |= log.file.pop_released()
        while len(self._released) > _MAX_RELEASED:
            del self._released[next(iter(self._released))]
        first = max(_LEAST_FIRST_READ, min(FIRST_READ, _FIRST_READ_OF_ALL // max(1, len(names))))
        for path, name in names.items():
            if path in self._logs:
                continue
            within = self._sources.within.get(path)
            identity = _identity(path, within)
            if identity in open_files:
                continue  # another name of a file that is followed, or was until it was renamed
            log = self._logs[path] = self._follow(path, name, within, first)
            if identity is not None:
                open_files.add(identity)
                if (place := self._released.pop(identity, None)) is not None:
                    log.file.start_at(place)

    def _follow(self, path: Path, name: str, within: Path | None, first: int) -> _Log:
        own = self._own is not None and path == self._own.path
        parser = LogParser(name, OWN if own else None)
        self._own_parser = parser if own else self._own_parser
        on_skip = self._on_skip(parser)
        return _Log(
            FollowedLog(path, fresh=self._started, first=first, on_skip=on_skip, within=within), parser
        )

    def _read(self) -> None:
        """Read each file once, beginning with another one each time, until enough was read for one pass."""
        logs = list(self._logs.values())
        self._turn += 1
        budget = _READ_PER_PASS
        seconds, read_at = self._clock.monotonic(), self._clock.now_ms()
        if self._journal is not None:
            for piece in self._journal.poll(seconds):
                self._journal_lines += self._backlog.add(self._journal_parser, piece, read_at)
        for place in range(len(logs)):
            log = logs[(place + self._turn) % len(logs)]
            for piece in log.file.poll(seconds):
                log.lines += self._backlog.add(log.parser, piece, read_at)
                budget -= len(piece.data)
            if budget <= 0:
                break

    def _truncations(self, names: dict[Path, str], now: int) -> list[LogLine]:
        """A line for each truncation by which bytes were lost, or may have been."""
        lines = []
        for path, log in self._logs.items():
            for lost in log.file.pop_truncations():
                log.lost += lost
                text = f"{printable(path.name)} was truncated without a copy"
                text += f": {lost} unread bytes lost" if lost else "; no unread bytes known"
                level = Level.WARN if lost else Level.INFO
                lines.append(LogLine(names.get(path, path.stem), 0, now, text, None, level, OWN))
        return lines

    def _on_skip(self, parser: LogParser) -> OnSkip:
        """Searches what is skipped in a file before it is even split into lines."""
        return lambda offset, data: self._flood.search(parser, offset, data, self._clock.now_ms())

    def _source_states(self, names: dict[Path, str]) -> tuple[LogSource, ...]:
        states = [
            LogSource(
                name=names.get(path, path.stem),
                path=str(path),
                size=log.file.size,
                lines=log.lines,
                error=log.file.error,
                lost=log.lost,
                missing=log.file.missing,
            )
            for path, log in self._logs.items()
            if self._own is None or path != self._own.path
        ]
        if self._journal is not None:
            feed = self._journal
            states.append(LogSource(feed.name, "journalctl", feed.size, self._journal_lines, feed.error))
        if self._sources.over:
            over = f"{self._sources.over} more files are not followed (limit {MAX_FILES})"
            states.append(LogSource("…", "", error=over))
        states += [
            LogSource("…", printable(path), error=OUTSIDE)
            for path in sorted(self._sources.left_out)[:MAX_FILES]
        ]
        return tuple(states)


def _identity(path: Path, within: Path | None) -> Identity | None:
    """Device and inode; None where it is missing or unreadable: it is no other file's name then."""
    try:
        if within is not None:
            steps_within(path, within)
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino

"""The logs: all followed files, read by one thread, parsed at a bounded pace."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from agentdash.core.clock import Clock
from agentdash.core.logs.model import OWN, Level, LogBatch, LogLine, LogSource
from agentdash.core.logs.parse.line import LogParser
from agentdash.core.settings.model import LogsSettings
from agentdash.core.snapshot import SourceError, Topic
from agentdash.core.text import printable
from agentdash.files.small import OUTSIDE, steps_within
from collectors.logs.activity import OwnLog, as_told
from collectors.logs.backlog import LogBacklog, RawLine
from collectors.logs.file import Look
from collectors.logs.follow import FIRST_SIGHT, FollowedFile, Place
from collectors.logs.journal import JournalFeed
from collectors.logs.order import LogOrder
from collectors.logs.skipped import PassedOver
from collectors.logs.sources import MOST_FILES, LogSources

LINES_PER_SECOND = 5000
"""Lines that are parsed at most; a flood beyond it is passed over, counted, and searched for errors."""

_IN_THE_LONG_RUN = 0.4  # of those, second after second: what is more is a flood, too
_OF_A_FLOOD = 0.1  # of those, while it lasts: a screen in each pass, and nobody reads as fast as that
_READ_PER_PASS = 4 * 1024 * 1024
_FIRST_SIGHT_OF_ALL = 1024 * 1024
_FEWEST_FIRST = 4096
_MOST_LEFT = 1024
_MOST_TOLD = 4096


class LogsCollector:
    """Follows files and globs, the journal where it is configured, and what other agentdash processes write.

    A burst of up to a second's worth of lines is shown in full, and two fifths of that second after second;
    in a longer flood the newest lines are, and the number of the others is told.

    Args:
        sources: Pairs of a name and a path or glob.
        settings: The pace, and how many lines the view holds.
        host: Stamped on every batch.
        clock: Where the time comes from.
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
        own: OwnLog | None = None,
        started: Path | None = None,
        confined: Mapping[str, Path] | None = None,
    ) -> None:
        self.cadence = settings.poll
        self._configured = bool(sources or settings.journal)
        self._reads = self._configured or own is not None or started is not None
        self._own = own
        self._told_by_us: deque[LogLine] = deque(maxlen=_MOST_TOLD)
        self._own_parser: LogParser | None = None
        self._journal = JournalFeed(settings.journal) if settings.journal else None
        self._journal_parser = LogParser(JournalFeed.name)
        self._journal_lines = 0
        self._spoke = False
        self._sources = LogSources(sources, started, confined)
        self._limit = settings.limit
        self._host = host
        self._clock = clock
        self._per_pass = max(1, round(lines_per_second * settings.poll))
        self._passed = PassedOver()
        self._backlog = LogBacklog(
            max(lines_per_second, self._per_pass),
            max(1, round(self._per_pass * _OF_A_FLOOD)),
            flood=self._per_pass,
            pace=max(1, round(self._per_pass * _IN_THE_LONG_RUN)),
            passed=self._passed,
        )
        self._thread = ThreadPoolExecutor(1, "logs")
        self._files: dict[Path, FollowedFile] = {}
        self._parsers: dict[Path, LogParser] = {}
        self._lines: dict[Path, int] = {}
        self._left: dict[tuple[int, int], Place] = {}
        self._lost: dict[Path, int] = {}
        self._order = LogOrder()
        self._told: tuple[LogSource, ...] = ()
        self._turn = 0
        self._begun = False

    async def collect(self) -> LogBatch | None:
        """What came since the last pass.

        Raises:
            SourceError: where nothing is configured.
        """
        batch = None
        if self._reads:
            batch = await asyncio.get_running_loop().run_in_executor(self._thread, self._pass)
        self._spoke = self._spoke or (batch is not None and bool(batch.lines or batch.sources))
        if not self._configured and not self._spoke:
            raise SourceError(
                "No log files are followed.",
                "Name files or globs under [logs] files in the settings.",
                absent=True,
            )
        return batch

    def tell(self, line: LogLine) -> None:
        """Take a line that this process tells of itself: it comes with the next batch, in its place."""
        self._told_by_us.append(line)

    @property
    def waiting(self) -> int:
        """Lines that were read and not handed out yet."""
        return len(self._backlog) + len(self._order)

    async def close(self) -> None:
        """Close all files and end the thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close_files)
        self._thread.shutdown(wait=False)

    def _close_files(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()
        if self._journal is not None:
            self._journal.close()

    def _pass(self) -> LogBatch | None:
        names = dict(self._sources.files(self._clock.monotonic()))
        if self._own is not None:
            names.setdefault(self._own.path, OWN)
        self._keep_up_with(names)
        self._read()
        now = self._clock.now_ms()
        first = not self._begun
        self._begun = True
        taken = list(self._backlog.take(_FIRST_SIGHT_OF_ALL if first else self._per_pass, all_of_them=first))
        parsed = [line for raw in taken if (line := self._line(raw)) is not None]
        kept, errors = self._passed.take()
        told = [self._told_by_us.popleft() for _ in range(len(self._told_by_us))]
        new = (*kept, *self._truncated(names, now), *told, *parsed)
        settled = self._order.take(new, now, all_of_them=first)
        lines = tuple(settled[-self._limit :] if first else settled)
        skipped = self._backlog.take_skipped() + sum(file.take_skipped() for file in self._files.values())
        sources = self._tell(names)
        if not first and not lines and not skipped and sources == self._told:
            return None
        self._told = sources
        behind = now - min((line.seen_at for line in lines), default=now)
        return LogBatch(now, self._host, lines, sources, skipped, max(0, behind), errors)

    def _line(self, raw: RawLine) -> LogLine | None:
        """The line that was read; None for one of the activity log that is routine, or is shown already."""
        own = self._own if raw.parser is self._own_parser else None
        if own is not None and own.wrote(raw.data.lstrip()):
            return None
        line = raw.parser.line(raw.data, raw.offset, raw.read_at, cut=raw.cut, tail=raw.tail)
        return line if own is None else as_told(line)

    def _keep_up_with(self, names: dict[Path, str]) -> None:
        """Follow what is new, and let go of what went and to which no glob leads any more."""
        held: set[tuple[int, int]] = set()
        for path in list(self._files):
            file = self._files[path]
            if path not in names and file.error is not None and file.drained():
                for piece in file.finish():
                    self._backlog.add(self._parsers[path], piece, self._clock.now_ms())
                del self._files[path], self._parsers[path], self._lines[path]
                self._lost.pop(path, None)
            held |= file.held()
            self._left |= file.take_left()
        while len(self._left) > _MOST_LEFT:
            del self._left[next(iter(self._left))]
        first = max(_FEWEST_FIRST, min(FIRST_SIGHT, _FIRST_SIGHT_OF_ALL // max(1, len(names))))
        for path, name in names.items():
            if path in self._files:
                continue
            within = self._sources.within.get(path)
            identity = _identity(path, within)
            if identity in held:
                continue  # another name of a file that is followed, or was until it was renamed
            own = self._own is not None and path == self._own.path
            parser = LogParser(name, OWN if own else None)
            self._own_parser = parser if own else self._own_parser
            passed = self._passing(parser)
            file = FollowedFile(path, fresh=self._begun, first=first, passed=passed, within=within)
            if identity is not None:
                held.add(identity)
                if (place := self._left.pop(identity, None)) is not None:
                    file.start_at(place)
            self._files[path], self._parsers[path], self._lines[path] = file, parser, 0

    def _read(self) -> None:
        """One read of each file, beginning with another one each time, until enough was read for one pass."""
        paths = list(self._files)
        self._turn += 1
        budget = _READ_PER_PASS
        seconds, read_at = self._clock.monotonic(), self._clock.now_ms()
        if self._journal is not None:
            for piece in self._journal.poll(seconds):
                self._journal_lines += self._backlog.add(self._journal_parser, piece, read_at)
        for place in range(len(paths)):
            path = paths[(place + self._turn) % len(paths)]
            for piece in self._files[path].poll(seconds):
                self._lines[path] += self._backlog.add(self._parsers[path], piece, read_at)
                budget -= len(piece.data)
            if budget <= 0:
                break

    def _truncated(self, names: dict[Path, str], now: int) -> list[LogLine]:
        """A line for each truncation by which something was lost, or may have been."""
        lines = []
        for path, file in self._files.items():
            for lost in file.take_truncations():
                self._lost[path] = self._lost.get(path, 0) + lost
                told = f"{printable(path.name)} was truncated, and no copy was made"
                told += (
                    f": {lost} bytes that were not read yet are lost"
                    if lost
                    else "; what was seen of it is read"
                )
                level = Level.WARN if lost else Level.INFO
                lines.append(LogLine(names.get(path, path.stem), 0, now, told, None, level, OWN))
        return lines

    def _passing(self, parser: LogParser) -> Look:
        """Takes what is passed over in a file before it is even cut into lines."""
        return lambda offset, data: self._passed.look(parser, offset, data, self._clock.now_ms())

    def _tell(self, names: dict[Path, str]) -> tuple[LogSource, ...]:
        told = [
            LogSource(
                names.get(path, path.stem),
                str(path),
                file.size,
                self._lines[path],
                file.error,
                self._lost.get(path, 0),
                file.awaited,
            )
            for path, file in self._files.items()
            if self._own is None or path != self._own.path
        ]
        if self._journal is not None:
            feed = self._journal
            told.append(LogSource(feed.name, "journalctl", feed.size, self._journal_lines, feed.error))
        if self._sources.over:
            over = f"{self._sources.over} more files are not followed: {MOST_FILES} are the most"
            told.append(LogSource("…", "", error=over))
        told += [
            LogSource("…", printable(path), error=OUTSIDE)
            for path in sorted(self._sources.left_out)[:MOST_FILES]
        ]
        return tuple(told)


def _identity(path: Path, within: Path | None) -> tuple[int, int] | None:
    """Device and inode; None where it is not there, or may not be read: it is no other file's name then."""
    try:
        if within is not None:
            steps_within(path, within)
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino

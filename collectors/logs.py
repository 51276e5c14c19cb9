"""The logs: all followed files, read by one thread, parsed at a bounded pace."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from agentdash.core.clock import Clock
from agentdash.core.log_parse import LogParser
from agentdash.core.logs import LogBatch, LogLine, LogSource
from agentdash.core.settings import LogsSettings
from agentdash.core.snapshot import SourceError, Topic
from collectors.log_backlog import LogBacklog
from collectors.log_file import Look
from collectors.log_follow import FIRST_SIGHT, FollowedFile, Place
from collectors.log_passed import PassedOver
from collectors.log_sources import MOST_FILES, LogSources

LINES_PER_SECOND = 5000
"""Lines that are parsed at most; a flood beyond it is passed over, counted, and searched for errors."""

_OF_A_FLOOD = 0.2  # of those, while it lasts: nobody reads as fast as that, and the newest are what counts
_READ_PER_PASS = 4 * 1024 * 1024
_FIRST_SIGHT_OF_ALL = 1024 * 1024
_FEWEST_FIRST = 4096
_MOST_LEFT = 1024


class LogsCollector:
    """Follows files and globs.

    A burst of up to a second's worth of lines is shown in full; in a longer flood the newest lines are, and
    the number of the others is told.

    Args:
        sources: Pairs of a name and a path or glob.
        settings: The pace, and how many lines the view holds.
        host: Stamped on every batch.
        clock: Where the time comes from.
        lines_per_second: See `LINES_PER_SECOND`.
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
    ) -> None:
        self.cadence = settings.poll
        self._configured = bool(sources)
        self._sources = LogSources(sources)
        self._limit = settings.limit
        self._host = host
        self._clock = clock
        self._per_pass = max(1, round(lines_per_second * settings.poll))
        self._passed = PassedOver()
        self._backlog = LogBacklog(
            max(lines_per_second, self._per_pass),
            max(1, round(self._per_pass * _OF_A_FLOOD)),
            flood=self._per_pass,
            passed=self._passed,
        )
        self._thread = ThreadPoolExecutor(1, "logs")
        self._files: dict[Path, FollowedFile] = {}
        self._parsers: dict[Path, LogParser] = {}
        self._lines: dict[Path, int] = {}
        self._left: dict[tuple[int, int], Place] = {}
        self._told: tuple[LogSource, ...] = ()
        self._turn = 0
        self._begun = False

    async def collect(self) -> LogBatch | None:
        """What came since the last pass.

        Raises:
            SourceError: where nothing is configured.
        """
        if not self._configured:
            raise SourceError(
                "No log files are followed.",
                "Name files or globs under [logs] files in the settings.",
                absent=True,
            )
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._pass)

    async def close(self) -> None:
        """Close all files and end the thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close_files)
        self._thread.shutdown(wait=False)

    def _close_files(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _pass(self) -> LogBatch | None:
        names = self._sources.files(self._clock.monotonic())
        self._keep_up_with(names)
        self._read()
        now = self._clock.now_ms()
        first = not self._begun
        self._begun = True
        taken = list(self._backlog.take(_FIRST_SIGHT_OF_ALL if first else self._per_pass, all_of_them=first))
        lines = tuple(
            raw.parser.line(raw.data, raw.offset, raw.read_at, cut=raw.cut, tail=raw.tail) for raw in taken
        )
        kept, errors = self._passed.take()
        lines = _in_order((*kept, *lines))
        if first:
            lines = lines[-self._limit :]
        skipped = self._backlog.take_skipped() + sum(file.take_skipped() for file in self._files.values())
        sources = self._tell(names)
        if not first and not lines and not skipped and sources == self._told:
            return None
        self._told = sources
        behind = now - taken[0].read_at if taken else 0
        return LogBatch(now, self._host, lines, sources, skipped, max(0, behind), errors)

    def _keep_up_with(self, names: dict[Path, str]) -> None:
        """Follow what is new, and let go of what went and to which no glob leads any more."""
        held: set[tuple[int, int]] = set()
        for path in list(self._files):
            file = self._files[path]
            if path not in names and file.error is not None and file.drained():
                for piece in file.finish():
                    self._backlog.add(self._parsers[path], piece, self._clock.now_ms())
                del self._files[path], self._parsers[path], self._lines[path]
            held |= file.held()
            self._left |= file.take_left()
        while len(self._left) > _MOST_LEFT:
            del self._left[next(iter(self._left))]
        first = max(_FEWEST_FIRST, min(FIRST_SIGHT, _FIRST_SIGHT_OF_ALL // max(1, len(names))))
        for path, name in names.items():
            if path in self._files:
                continue
            identity = _identity(path)
            if identity in held:
                continue  # another name of a file that is followed, or was until it was renamed
            parser = LogParser(name)
            file = FollowedFile(path, fresh=self._begun, first=first, passed=self._passing(parser))
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
        for place in range(len(paths)):
            path = paths[(place + self._turn) % len(paths)]
            for piece in self._files[path].poll(seconds):
                self._lines[path] += self._backlog.add(self._parsers[path], piece, read_at)
                budget -= len(piece.data)
            if budget <= 0:
                break

    def _passing(self, parser: LogParser) -> Look:
        """Takes what is passed over in a file before it is even cut into lines."""
        return lambda offset, data: self._passed.look(parser, offset, data, self._clock.now_ms())

    def _tell(self, names: dict[Path, str]) -> tuple[LogSource, ...]:
        told = [
            LogSource(names.get(path, path.stem), str(path), file.size, self._lines[path], file.error)
            for path, file in self._files.items()
        ]
        if self._sources.over:
            over = f"{self._sources.over} more files are not followed: {MOST_FILES} are the most"
            told.append(LogSource("…", "", error=over))
        return tuple(told)


def _in_order(lines: tuple[LogLine, ...]) -> tuple[LogLine, ...]:
    """Lines of several files, woven together by time; a line without one stays with those before it."""
    keyed: list[tuple[int, LogLine]] = []
    latest: dict[str, int] = {}
    untimed = {line.source for line in lines} - {line.source for line in lines if line.at is not None}
    for line in lines:
        own = line.seen_at if line.source in untimed else line.at
        at = max(latest.get(line.source, 0), own or 0)
        latest[line.source] = at
        keyed.append((at, line))
    keyed.sort(key=lambda pair: pair[0])
    return tuple(line for _, line in keyed)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino

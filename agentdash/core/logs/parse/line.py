"""Parses the bytes of a log line: time, level, service and ids, safe to show, secrets masked."""

from __future__ import annotations

from collections.abc import Sequence

from agentdash.core.logs.model import Level, LogLine
from agentdash.core.logs.parse import journal
from agentdash.core.logs.parse.formats import LogFormats
from agentdash.core.logs.parse.parts import Parts, correlation_in
from agentdash.core.logs.parse.stack_trace import TraceFollower
from agentdash.core.logs.parse.table import FORMATS
from agentdash.core.secrets.data import DataMask
from agentdash.core.secrets.following_lines import LineFollower
from agentdash.core.secrets.mask import MASK, mask, mask_line
from agentdash.core.secrets.pem import KeyFollower
from agentdash.core.secrets.safe_text import safe_text
from agentdash.core.text import printable, strip_escapes

MESSAGE_LIMIT = 16 * 1024
"""Characters of a message that are kept."""
JSON_LIMIT = 1024 * 1024
"""Bytes above which a line is not decoded as JSON."""
FIELDS_LIMIT = 16 * 1024
"""Bytes of a structured line above which only its short fields are kept."""

_HEAD = MESSAGE_LIMIT + 4096
_SHORT_FIELD = 256
_MAX_FIELDS = 64
_MAX_DEPTH = 8
_MAX_SERVICES = 256
_FAULTS = frozenset({Level.ERROR, Level.FATAL})


class LogParser:
    """Parses the lines of one source in order: stack traces are recognised by the lines before them.

    Args:
        source: The name of the source.
        service: Who writes it, for lines that do not name their service.
        formats: The formats that lines may have.
    """

    def __init__(self, source: str, service: str | None = None, formats: LogFormats = FORMATS) -> None:
        self.source = source
        self.service = service
        self._formats = formats
        self._traces: dict[str | None, TraceFollower] = {}
        self._key = KeyFollower()
        self._before = LineFollower()

    def reset(self) -> None:
        """Lines were skipped: the next one continues none of the earlier ones."""
        self._traces = {}
        self._key = KeyFollower()
        self._before = LineFollower()

    def line(self, raw: bytes, offset: int, seen_at: int, *, cut: int = 0, tail: bool = False) -> LogLine:
        """One line.

        Args:
            raw: Its bytes, with or without the line end.
            offset: Where it begins in the source.
            seen_at: When it was read, Unix ms.
            cut: Bytes that were left out because it is too long.
            tail: Whether it is the rest of a line whose beginning was parsed before.
        """
        text = strip_escapes(raw.strip(b"\r\n\0").decode("utf-8", "backslashreplace"))
        entry = journal.entry(text)
        if entry is not None:
            text = strip_escapes(entry.message)
        bare = text.strip()
        if len(raw) <= JSON_LIMIT and not cut:
            parts, structured = _parts(bare, seen_at, self._formats)
        else:
            cut += max(0, len(bare) - _HEAD)
            (parts, _), structured = self._formats.read(bare[:_HEAD], seen_at), False
        headed = structured or parts.at is not None or parts.level is not None
        opens_bare = _opens_bare(parts)
        if entry is not None:
            entry.complete(parts)
        fault = parts.level in _FAULTS
        trace = self._trace_of(entry.service if entry is not None else None)
        if entry is not None and entry.part and (before := trace.head()) is not None:
            continues: int | None = before
        else:
            headed = headed and not opens_bare
            continues = trace.continues(text[:4096], offset, headed=headed, fault=fault)
        if continues is None and tail:
            continues = offset
        kinds: list[str] = []
        found: Sequence[str]
        if continues is None:
            message = parts.message
        else:
            message, parts.level = text.rstrip(), None
        message, of_key = self._key.mask(message, MASK)
        if of_key:
            kinds.append("private-key")
            message, found = mask(_shortened(message, cut))
        else:
            indent = len(text) - len(text.lstrip()) if continues is None and not headed else 0
            message, found = mask_line(_shortened(message, cut), self._before, indent=indent)
        kinds += found
        fields = _clean(parts.fields, kinds, small=len(raw) > FIELDS_LIMIT)
        correlation = parts.correlation_id or correlation_in(message)
        service = parts.service or self.service
        return LogLine(
            self.source, offset, seen_at, printable(message), parts.at, parts.level,
            safe_text(service, 200) if service else None,
            safe_text(correlation, 200) if correlation else None,
            fields, continues, tuple(dict.fromkeys(kinds)), structured,
        )  # fmt: skip

    def _trace_of(self, service: str | None) -> TraceFollower:
        """The traces of a service of the journal, whose lines are mixed with others; else of the source."""
        trace = self._traces.get(service)
        if trace is None:
            if len(self._traces) >= _MAX_SERVICES:
                self._traces = {}
            trace = self._traces[service] = TraceFollower()
        return trace


def level_of(raw: bytes, read_at: int, formats: LogFormats = FORMATS) -> Level | None:
    """The level of a line on its own; a line that continues another has none.

    Args:
        raw: Its bytes.
        read_at: When it was read, Unix ms.
        formats: The formats that it may have.
    """
    text = strip_escapes(raw.strip(b"\r\n\0").decode("utf-8", "backslashreplace"))
    entry = journal.entry(text)
    if entry is None:
        return _parts(text.strip(), read_at, formats)[0].level
    if entry.part:
        return None
    return _parts(strip_escapes(entry.message).strip(), read_at, formats)[0].level or entry.level


def _parts(text: str, read_at: int, formats: LogFormats) -> tuple[Parts, bool]:
    """The parts of a line, and whether it is structured."""
    parts, structured = formats.read(text, read_at)
    inner = parts.fields.get("log") if structured else None
    if isinstance(inner, str) and parts.fields.get("stream") in ("stdout", "stderr"):  # may be a list
        # What a container wrote, in the envelope of its runtime.
        wrapped, structured = _parts(inner.strip(), read_at, formats)
        wrapped.at = parts.at if wrapped.at is None else wrapped.at
        return wrapped, structured
    return parts, structured


def _opens_bare(parts: Parts) -> bool:
    """``Error: x`` or ``panic: x`` without a time: it may belong to the error line before."""
    return parts.at is None and parts.level in _FAULTS and not parts.fields


def _shortened(message: str, cut: int) -> str:
    over = len(message) - MESSAGE_LIMIT
    if over <= 0 and not cut:
        return message
    return f"{message[:MESSAGE_LIMIT]} … (+{max(over, 0) + cut} more)"


def _clean(fields: dict[str, object], kinds: list[str], *, small: bool) -> dict[str, object]:
    """Fields that are safe to show, masked, and of bounded size."""
    cleaned: dict[str, object] = {}
    for name, value in list(fields.items())[:_MAX_FIELDS]:
        if small and not (value is None or isinstance(value, int | float) or len(str(value)) <= _SHORT_FIELD):
            continue
        cleaned[name[:_SHORT_FIELD]] = value
    masking = DataMask()
    safe = masking.items(cleaned)
    kinds.extend(masking.kinds)
    return {safe_text(name): _clean_value(value, 0) for name, value in safe.items()}


def _clean_value(value: object, depth: int) -> object:
    if isinstance(value, str):
        return "\n".join(printable(line) for line in value.split("\n"))
    if depth >= _MAX_DEPTH and isinstance(value, dict | list):
        return "…"
    if isinstance(value, dict):
        return {printable(str(key)): _clean_value(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list):
        return [_clean_value(inner, depth + 1) for inner in value]
    return value

"""The fields of a log line, and of the logs as one document."""

from __future__ import annotations

from agentdash.core.logs.model import Level
from agentdash.core.store import Store
from agentdash.headless.envelope import view_of
from agentdash.headless.json_object import Field, JsonObject, plain

LOG_LINE = JsonObject(
    "LogLine",
    "One line of a log: what ``agentdash logs --json`` prints, one object for each line.",
    (
        Field("source", str),
        Field("offset", int, "where the line begins in its source, bytes"),
        Field("time", int | None, "the time in the line", "at"),
        Field("seenAt", int, "when it was read"),
        Field("level", Level | None, "null where the line has none"),
        Field("service", str | None),
        Field("message", str),
        Field("correlationId", str | None),
        Field("fields", dict[str, object], get=lambda line, _: plain(line.fields)),
        Field("continues", int | None, "offset of the line that this one continues, as in a stack trace"),
        Field("masked", list[str], "kinds of secrets that were masked"),
    ),
)
LOG_FILE = JsonObject(
    "LogFile",
    "One followed file.",
    (Field("name", str), Field("path", str), Field("size", int), Field("error", str | None)),
)
VIEW = view_of(
    "logs",
    LOG_LINE,
    Field("skipped", int, "lines that were skipped to keep up", lambda moment, _: moment.store.logs.skipped),
    Field("behindMs", int, get=lambda moment, _: moment.store.log_behind_ms),
    Field("sources", [LOG_FILE], get=lambda moment, _: moment.store.log_sources),
    items=lambda moment, _: moment.store.logs,
)


def gaps(store: Store) -> list[str]:
    """Followed files that cannot be read."""
    return [f"{source.path}: {source.error}" for source in store.log_sources if source.error]

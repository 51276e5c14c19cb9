"""The page on JSON, from the tables of fields in `agentdash.headless`; its examples are of `docs.json_scene`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import Enum
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from agentdash.core.snapshot import Topic
from agentdash.headless.envelope import HEALTH
from agentdash.headless.json_object import JsonObject
from agentdash.headless.logs.view import LOG_LINE
from agentdash.headless.views import OBJECTS, document
from docs.json_scene import HOST, NOW, store

HEAD = """\
# JSON

Made by `python -m docs` from the tables of fields in `agentdash/headless/`; a test holds the two together.

Every view of the dashboard is available as JSON. The same engine answers, so at the same moment it gives the same
values.

| command | prints |
| --- | --- |
| `agentdash runs --json`, likewise `streams`, `repos`, `services`, `findings` | one document |
| the same with `--watch` | JSON Lines: the document again whenever items or health have changed, at most five a second |
| `agentdash logs --json` | JSON Lines: one object for each line in the buffer of followed logs |
| `agentdash logs --json FILE…` | the same for each line of FILE; `-` is standard input |
| `agentdash logs --watch` | JSON Lines: the buffer, then each new line; `{"skipped": n}` where lines were skipped |
| `agentdash snapshot --json` | all views: `{"schema": "agentdash/all/1", "host", "takenAt", "server", "views": {"runs": …}}` |
| `agentdash demo --headless SECONDS` | the same of the demo, after this time |

`agentdash config schema VIEW` prints the JSON Schema of a view (`all`, `runs`, `streams`, `repos`, `services`, `findings`,
`logs`, and `logline` for one line of them).

## What all documents share

- Names are camelCase. Times are Unix milliseconds. Bytes are bytes.
- Every key is always present. `null` is *unknown* or *not applicable*; it is never written as 0.
- Fields are only added within a version, so a reader must ignore those that it does not know.
- `takenAt` is when the newest snapshot was taken. A poll that finds nothing changed keeps it;
  `health.ageMs` is the time since the last successful poll.
- `health.state` is `ok`, `stale` (too old), `error` (with `error` and `cure` in words; also where the source was not
  read in time) or `absent` (nothing is configured to be read).
- Names of streams, groups and consumers are printable text. Where that is not exactly the key, the `…Hex` field beside
  it holds the key's bytes.
- Output is plain ASCII (`\\u…`), so that nothing in it can act on a terminal. stdout holds data only; messages go to stderr.

A one-shot view waits until every source was read once, at most `--timeout` seconds. What may become a
finding is waited for until it has lasted long enough to be one, or has passed (`streams.open_after` seconds); verdicts and
rates need a longer window (`streams.window`): for those use `--watch`, or the dashboard.

In the tables a dot leads into a nested object, `[]` into each item of a list.
"""

NOTES = {
    "runs": "More in [runs.md](runs.md). The table of `agentdash runs`, like the pane, gives as AGE the time since\n"
    "`startedAt` (`createdAt` before that) of a live run, since `endedAt` of one that has ended.",
    "streams": "`lag.grade`, `verdict`, `cap` and `status` are explained in [streams.md](streams.md).",
    "repos": "`mode` is `watching` where events report every change, else `polling`.",
    "services": "`exitCode` is known where agentdash started the process, or where it is a zombie.",
    "findings": "External agents report findings by appending lines with the same names to a file that "
    "`findings.inbox` matches;\nonly `category` and `severity` are required. Times may be Unix seconds, milliseconds "
    "or ISO 8601. Lines that cannot be\nparsed are counted and listed in `badLines`.",
    "logs": "In a snapshot the logs are a document like the others.",
}

CODES = """\
## Exit codes

| code | means |
| --- | --- |
| 0 | success |
| 1 | check failed: a run that failed or was cancelled, a finding as bad as `--fail-on`, a server that does not run (`server status`) |
| 2 | wrong use, wrong settings, or refused, because the state does not allow it or because of `--read-only` |
| 3 | not read in time |
| 4 | a required service is not available, a file cannot be read, or a run completed and its end could not be recorded |
| 5 | a change was sent and no answer came: it may have been carried out |
| 129 | the terminal was closed (SIGHUP) |
| 130 | ctrl+c |
| 141 | the reader of the output went away |
| 143 | SIGTERM; every other signal that ends a program 128 + its number |
"""


def page() -> str:
    """The whole page."""
    moment = store()
    parts = [HEAD, "## Health\n", field_table(HEALTH)]
    for topic in Topic:
        view = OBJECTS[topic.value]
        made = document(topic, moment, NOW, HOST)
        parts += [
            f"## {topic.value.capitalize()}\n",
            f"{NOTES[topic.value]}\n",
            field_table(view),
            _example(made),
        ]
    (line,) = moment.logs
    parts += ["One line, as `agentdash logs --json` prints it:\n", _example(LOG_LINE.document(line)), CODES]
    return "\n".join(parts)


def field_table(kind: JsonObject) -> str:
    """A Markdown table of the fields of *kind* and of the objects nested in it."""
    return "\n".join(["| field | type | description |", "| --- | --- | --- |", *_rows(kind, ""), ""])


def _rows(kind: JsonObject, prefix: str) -> Iterator[str]:
    for field in kind.fields:
        described = field.description.replace("|", "\\|")
        yield f"| `{prefix}{field.name}` | {_type(field.type)} | {described} |"
        match field.type:
            case JsonObject() as inner if inner is not HEALTH:
                yield from _rows(inner, f"{prefix}{field.name}.")
            case [JsonObject() as inner]:
                yield from _rows(inner, f"{prefix}{field.name}[].")
            case (JsonObject() as inner, None):
                yield from _rows(inner, f"{prefix}{field.name}.")


_NAMES: dict[Any, str] = {
    str: "text", int: "integer", float: "number", bool: "boolean", NoneType: "null", object: "any value",
}  # fmt: skip


def _type(kind: Any) -> str:
    match kind:
        case JsonObject():
            return "object"
        case list():
            return "list of objects"
        case tuple():
            return "object, null"
    if get_origin(kind) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(kind))
    if get_origin(kind) is list:
        return f"list of {_type(get_args(kind)[0])}"
    if get_origin(kind) is dict:
        return "object"
    if isinstance(kind, type) and issubclass(kind, Enum):
        return ", ".join(f"`{value.value}`" for value in kind)
    return _NAMES[kind] if kind in _NAMES else ", ".join(map(_type, get_args(kind)))


def _example(made: dict[str, object]) -> str:
    return f"```json\n{json.dumps(made, indent=2, ensure_ascii=False)}\n```\n"

"""Each named format, with messages that look like something else: level, time, message, service right in each."""

# ruff: noqa: E501 - a log line is as long as it is

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from agentdash.core.logs.model import Level, LogLine
from agentdash.core.logs.parse.formats import LogFormat, LogFormats
from agentdash.core.logs.parse.line import LogParser
from agentdash.core.logs.parse.scan import FaultSearch
from agentdash.core.logs.parse.table import ROWS

NOW = int(datetime(2024, 11, 20, 18, 0, tzinfo=UTC).timestamp() * 1000)
AT = int(datetime(2024, 11, 20, 16, 28, 1, 123000, tzinfo=UTC).timestamp() * 1000)
LOCAL = int(datetime.fromisoformat("2024-11-20T16:28:01.123").timestamp() * 1000)
WHOLE = LOCAL - 123

MESSAGES = {
    "plain": "order 77 paid in 5 ms",
    "json level": 'got {"level":"error"} back',
    "json": '{"level":"error","msg":"inner"}',
    "no error": "no error found",
    "zero errors": "0 errors, 0 FATAL, ERROR count is 0",
    "brackets": "step [3/5] <done> (ERROR: none)",
    "opening bracket": "[3/5] building",
    "escapes": "got \x1b[31mERROR\x1b[0m red",
    "logfmt": 'answer was level=error msg="x"',
    "stamp": "replayed 2020-01-01T00:00:00Z ERROR old.one - it",
}
SHOWN = {**MESSAGES, "escapes": "got ERROR red"}


def read(text: str) -> LogLine:
    return LogParser("web").line(text.encode(), 0, NOW)


# name: (the line with MESSAGE in it, time, level, service)
PLAIN: dict[str, tuple[str, int | None, str | None, str | None]] = {
    "plain with a level": ("2024-11-20T16:28:01.123Z INFO MESSAGE", AT, "info", None),
    "plain with a time": ("2024-11-20T16:28:01.123Z MESSAGE", AT, None, None),
    "syslog, RFC 5424": ("<12>1 2024-11-20T16:28:01.123Z host app 77 ID1 - MESSAGE", AT, "warn", "app"),
    "syslog, RFC 3164": ("<13>Nov 20 16:28:01 host cron[12]: MESSAGE", WHOLE, "info", "cron"),
    "syslog file": ("Nov 20 16:28:01 host sshd[12]: MESSAGE", WHOLE, None, "sshd"),
    "log4j, thread first": ("2024-11-20 16:28:01,123 [main] WARN  com.foo.Bar - MESSAGE", LOCAL, "warn", "com.foo.Bar"),
    "log4j, level first": ("2024-11-20 16:28:01,123 INFO  [main] com.foo.Bar - MESSAGE", LOCAL, "info", "com.foo.Bar"),
    "log4j, bracketed level": ("[2024-11-20 16:28:01,123] [DEBUG] MESSAGE", LOCAL, "debug", None),
    "spring boot": ("2024-11-20 16:28:01.123  INFO 4711 --- [main] c.e.App : MESSAGE", LOCAL, "info", "c.e.App"),
    "glog info": ("I1120 16:28:01.123456   123 main.go:12] MESSAGE", LOCAL, "info", None),
    "glog error": ("E1120 16:28:01.123456   123 main.go:12] MESSAGE", LOCAL, "error", None),
    "glog with a year": ("W20241120 16:28:01.123456   123 main.cc:12] MESSAGE", LOCAL, "warn", None),
    "nginx error": ("2024/11/20 16:28:01 [notice] 12#34: MESSAGE", WHOLE, "info", None),
    "logcat threadtime": ("11-20 16:28:01.123  1234  1240 I ActivityManager: MESSAGE", LOCAL, "info", "ActivityManager"),
    "logcat with a user": ("11-20 16:28:01.123 10023  1234  1240 W Tag: MESSAGE", LOCAL, "warn", "Tag"),
    "logcat brief": ("D/Tag( 123): MESSAGE", None, "debug", "Tag"),
    "logcat time": ("11-20 16:28:01.123 W/Tag(  123): MESSAGE", LOCAL, "warn", "Tag"),
    "logcat tag": ("W/Tag: MESSAGE", None, "warn", "Tag"),
    "Apache error 2.4": ("[Wed Nov 20 16:28:01.123456 2024] [core:notice] [pid 1:tid 2] MESSAGE", LOCAL, "info", "core"),
    "Apache error 2.2": ("[Wed Nov 20 16:28:01 2024] [warn] MESSAGE", WHOLE, "warn", None),
    "Windows CBS": ("2024-11-20 16:28:01, Info                  CBS    MESSAGE", WHOLE, "info", "CBS"),
    "Windows CBS, error": ("2024-11-20 16:28:01, Error                 CSI    MESSAGE", WHOLE, "error", "CSI"),
    "python": ("2024-11-20 16:28:01,123 - app.db - WARNING - MESSAGE", LOCAL, "warn", "app.db"),
    "python, level first": ("2024-11-20 16:28:01,123 INFO app.db: MESSAGE", LOCAL, "info", "app.db"),
    "python basic": ("INFO:root:MESSAGE", None, "info", "root"),
    "loguru": ("2024-11-20 16:28:01.123 | SUCCESS  | mod:fn:12 - MESSAGE", LOCAL, "info", "mod"),
    "structlog console": ("2024-11-20T16:28:01.123Z [warning  ] MESSAGE", AT, "warn", None),
    "zap console": ("2024-11-20T16:28:01.123Z\tWARN\tz\tz/a.go:12\tMESSAGE", AT, "warn", "z"),
    "zap console without a name": ("2024-11-20T16:28:01.123Z\tINFO\tz/a.go:12\tMESSAGE", AT, "info", None),
    "winston simple": ("info: MESSAGE", None, "info", None),
}  # fmt: skip

# name: (a record, the field of the message, time, level, service)
JSON: dict[str, tuple[dict[str, object], str, int | None, str | None, str | None]] = {
    "pino": ({"level": 40, "time": AT, "pid": 1, "hostname": "h", "name": "api"}, "msg", AT, "warn", "api"),
    "bunyan": ({"name": "api", "hostname": "h", "pid": 1, "level": 50, "time": "2024-11-20T16:28:01.123Z", "v": 0}, "msg", AT, "error", "api"),
    "winston": ({"level": "info", "timestamp": "2024-11-20T16:28:01.123Z", "service": "cart"}, "message", AT, "info", "cart"),
    "winston, silly": ({"level": "silly", "label": "x"}, "message", None, "trace", None),
    "structlog": ({"level": "info", "timestamp": "2024-11-20T16:28:01.123000Z", "logger": "billing"}, "event", AT, "info", "billing"),
    "python-json-logger": ({"asctime": "2024-11-20 16:28:01,123", "levelname": "WARNING", "name": "app"}, "message", LOCAL, "warn", "app"),
    "ecs, dotted": ({"@timestamp": "2024-11-20T16:28:01.123Z", "log.level": "ERROR", "service.name": "shop", "ecs.version": "8.11"}, "message", AT, "error", "shop"),
    "ecs, nested": ({"@timestamp": "2024-11-20T16:28:01.123Z", "log": {"level": "warn", "logger": "l"}, "service": {"name": "shop"}}, "message", AT, "warn", "shop"),
    "zap": ({"level": "warn", "ts": AT / 1000, "caller": "a.go:1", "logger": "z"}, "msg", AT, "warn", "z"),
    "zap, dpanic": ({"level": "dpanic", "ts": "2024-11-20T16:28:01.123Z"}, "msg", AT, "fatal", None),
    "zerolog": ({"level": "fatal", "time": "2024-11-20T16:28:01Z"}, "message", AT - 123, "fatal", None),
    "zerolog, seconds": ({"level": "trace", "time": AT // 1000}, "message", AT - 123, "trace", None),
    "logrus": ({"level": "warning", "time": "2024-11-20T16:28:01.123Z"}, "msg", AT, "warn", None),
    "gelf": ({"version": "1.1", "host": "h", "timestamp": AT / 1000, "level": 3}, "short_message", AT, "error", None),
    "google": ({"severity": "NOTICE", "timestamp": {"seconds": AT // 1000, "nanos": 123000000}}, "message", AT, "info", None),
    "no level": ({"time": "2024-11-20T16:28:01.123Z", "service": "x"}, "message", AT, None, "x"),
}  # fmt: skip

LOGFMT = {
    "logrus": ('time="2024-11-20T16:28:01.123Z" level=warning msg=MESSAGE', AT, "warn", None),
    "go-kit": ("ts=2024-11-20T16:28:01.123Z caller=a.go:1 level=info service=web msg=MESSAGE", AT, "info", "web"),
    "logfmt without a level": ("time=2024-11-20T16:28:01.123Z msg=MESSAGE app=web", AT, None, "web"),
}  # fmt: skip


def check(line: str, at: int | None, level: str | None, service: str | None, message: str) -> None:
    got = read(line)
    assert (got.at, got.level, got.service, got.message) == (at, level and Level(level), service, message)


@pytest.mark.parametrize("kind", MESSAGES)
@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_format(name: str, kind: str) -> None:
    line, *expected = PLAIN[name]
    check(line.replace("MESSAGE", MESSAGES[kind]), *expected, SHOWN[kind])  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", MESSAGES)
@pytest.mark.parametrize("name", JSON)
def test_a_json_logger(name: str, kind: str) -> None:
    record, field, *expected = JSON[name]
    check(json.dumps({**record, field: MESSAGES[kind]}), *expected, SHOWN[kind])  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", MESSAGES)
@pytest.mark.parametrize("name", LOGFMT)
def test_logfmt(name: str, kind: str) -> None:
    line, *expected = LOGFMT[name]
    quoted = MESSAGES[kind].replace("\\", "\\\\").replace('"', '\\"')
    check(line.replace("MESSAGE", f'"{quoted}"'), *expected, SHOWN[kind])  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", MESSAGES)
def test_loguru_serialized(kind: str) -> None:
    record = {
        "elapsed": {"repr": "0:00:00", "seconds": 0.1}, "exception": None, "extra": {"order": 7},
        "file": {"name": "a.py", "path": "/srv/a.py"}, "function": "f", "level": {"icon": "i", "name": "SUCCESS", "no": 25},
        "line": 1, "message": MESSAGES[kind], "module": "a", "name": "shop", "process": {"id": 1, "name": "m"},
        "thread": {"id": 1, "name": "t"}, "time": {"repr": "…", "timestamp": AT / 1000},
    }  # fmt: skip
    text = json.dumps({"text": f"… | SUCCESS | {MESSAGES[kind]}\n", "record": record})
    check(text, AT, "info", "shop", SHOWN[kind])


@pytest.mark.parametrize(
    ("line", "at", "message"),
    [
        ('1.2.3.4 - joe [20/Nov/2024:16:28:01 +0000] "GET /error?level=ERROR HTTP/1.1" 200 5 "-" "a[b]"', AT - 123, '"GET /error?level=ERROR HTTP/1.1" 200 5 "-" "a[b]"'),
        ('::1 - - [20/Nov/2024:17:28:01 +0100] "POST / HTTP/2" 500 -', AT - 123, '"POST / HTTP/2" 500 -'),
        (r'::1 - - [20/Nov/2024:16:28:01 +0000] "GET /\"x\" HTTP/2" 400 7 "-" "-"', AT - 123, r'"GET /\"x\" HTTP/2" 400 7 "-" "-"'),
        ('::1 - - [20/Nov/2024:16:28:01 +0000] "GET /{"level":"error"} HTTP/2" 400 7', AT - 123, '"GET /{"level":"error"} HTTP/2" 400 7'),
    ],
)  # fmt: skip
def test_an_access_log_of_nginx_or_apache_has_no_level(line: str, at: int, message: str) -> None:
    check(line, at, None, None, message)


@pytest.mark.parametrize("kind", [kind for kind in MESSAGES if kind not in {"json", "stamp"}])
def test_a_line_that_is_only_a_message_has_no_level(kind: str) -> None:
    check(MESSAGES[kind], None, None, None, SHOWN[kind])


@pytest.mark.parametrize(
    "text",
    [
        "Information is power", "Error handling was improved", "warning signs everywhere", "ERRORS: 0", "error_count=0",
        "fatal attraction", "an ERROR in the middle", "Emergency exits are open", "alert the owner", "info desk opens",
        "level=error", "CRITICALLY low", "10:15 ERROR free", "Debugger attached.", "notice period: 3 months", "TRACEY came",
        "fine: 30 euro", "http: 200", "success: 3 of 3",
    ],
)  # fmt: skip
def test_a_word_that_is_no_level_stays_a_word(text: str) -> None:
    assert read(text).level is None


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_example_of_each_row_is_read_by_it_and_found_as_an_error(row: LogFormat) -> None:
    has_level = row.name != "access log"
    parts = row.reader()(row.example, NOW)
    assert parts is not None
    assert (
        "open() failed" if row.name.startswith("nginx") else "disk full"
    ) in parts.message or not has_level
    line = read(row.example)
    assert (line.message, line.level, line.at) == (parts.message, parts.level, parts.at)
    assert (line.level is Level.ERROR) == has_level
    example = row.example.encode() + b"\n"
    assert bool(list(FaultSearch().find(example, NOW))) == (line.level is Level.ERROR)


@pytest.mark.parametrize(
    ("row", "other"),
    [
        (
            LogFormat(
                "gateway",
                "~2024-11-20T16:28:01.123Z~cart~error=1~ disk full",
                first="~",
                head=r"~(?P<time>[^~]+)~(?P<service>[^~]*)~(?P<level>\w+)=",
                rest=r"\d~\s",
            ),
            "~2024-11-20T16:28:01.123Z~cart~info=1~ no error",
        ),
        (
            LogFormat(
                "lettered gateway",
                "!E! 2024-11-20T16:28:01.123Z cart: disk full",
                first="!",
                head=r"!(?P<letter>[IE])! ",
                rest=r"(?P<time>\S+) (?P<service>\w+): ",
            ),
            "!I! 2024-11-20T16:28:01.123Z cart: no error",
        ),
    ],
)
def test_a_new_format_is_one_row(row: LogFormat, other: str) -> None:
    formats = LogFormats((row, *ROWS))
    line = LogParser("web", formats=formats).line(row.example.encode(), 0, NOW)
    assert (line.at, line.level, line.service, line.message) == (AT, Level.ERROR, "cart", "disk full")
    search = FaultSearch(formats)
    data = "\n".join([other] * 50 + [row.example] + [other] * 50).encode() + b"\n"
    for _ in range(3):
        assert [data[start:end] for start, end in search.find(data, NOW)] == [row.example.encode()]
    assert read(row.example).level is None

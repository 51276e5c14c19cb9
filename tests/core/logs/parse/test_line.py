"""Each format that loggers write, and what must be read from it."""

# ruff: noqa: E501 - a log line is as long as it is

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdash.core.logs.model import Level, LogLine
from agentdash.core.logs.parse.line import MESSAGE_LIMIT, LogParser
from agentdash.core.secrets.mask import MASK, mask

NOW = int(datetime(2024, 11, 20, 18, 0, tzinfo=UTC).timestamp() * 1000)


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def local(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def read(text: str | bytes) -> LogLine:
    raw = text.encode() if isinstance(text, str) else text
    return LogParser("web").line(raw, 0, NOW)


AT = utc("2024-11-20T16:28:01.123")
LOCAL = local("2024-11-20T16:28:01.123")
SECOND = local("2024-11-20T16:28:01")


@pytest.mark.parametrize(
    ("line", "at", "level", "service", "message"),
    [
        # JSON
        ('{"level":50,"time":1732120081123,"pid":1,"hostname":"h","name":"api","msg":"boom"}', AT, "error", "api", "boom"),
        ('{"name":"api","hostname":"h","pid":1,"level":40,"msg":"slow","time":"2024-11-20T16:28:01.123Z","v":0}', AT, "warn", "api", "slow"),
        ('{"event":"paid","level":"info","timestamp":"2024-11-20T16:28:01.123000Z","logger":"billing"}', AT, "info", "billing", "paid"),
        ('{"asctime":"2024-11-20 16:28:01,123","levelname":"WARNING","name":"app","message":"hm"}', LOCAL, "warn", "app", "hm"),
        ('{"level":"error","message":"x failed","timestamp":"2024-11-20T16:28:01.123Z","service":"cart"}', AT, "error", "cart", "x failed"),
        ('{"level":"warn","ts":1732120081.123,"caller":"a.go:1","msg":"zap","logger":"z"}', AT, "warn", "z", "zap"),
        ('{"level":"fatal","time":1732120081,"message":"zerolog"}', AT - 123, "fatal", None, "zerolog"),
        ('{"level":"info","msg":"logrus","time":"2024-11-20T16:28:01.123Z"}', AT, "info", None, "logrus"),
        ('{"@timestamp":"2024-11-20T16:28:01.123Z","log.level":"error","message":"ecs","service.name":"shop"}', AT, "error", "shop", "ecs"),
        ('{"@timestamp":"2024-11-20T16:28:01.123Z","log":{"level":"warn"},"message":"ecs","service":{"name":"shop"}}', AT, "warn", "shop", "ecs"),
        ('{"levelno":40,"message":"py","created":1}', None, "error", None, "py"),
        ('{"version":"1.1","host":"h","short_message":"gelf","timestamp":1732120081.123,"level":3}', AT, "error", None, "gelf"),
        ('{"message":"no level","time":"2024-11-20T16:28:01.123Z"}', AT, None, None, "no level"),
        ('{"message":"{\\"level\\":\\"error\\"}","level":"info"}', None, "info", None, '{"level":"error"}'),
        ('{"log":"ERROR inner\\n","stream":"stderr","time":"2024-11-20T16:28:01.123Z"}', AT, "error", None, "inner"),
        # logfmt
        ('time="2024-11-20T16:28:01.123Z" level=warning msg="disk \\"full\\"" app=web', AT, "warn", "web", 'disk "full"'),
        ("ts=2024-11-20T16:28:01.123Z lvl=eror msg=bad service=x", AT, "error", "x", "bad"),
        # plain with times
        ("2024-11-20 16:28:01,123 [main] ERROR com.foo.Bar - it broke", LOCAL, "error", "com.foo.Bar", "it broke"),
        ("2024-11-20 16:28:01,123 ERROR [main] com.foo.Bar - it broke", LOCAL, "error", "com.foo.Bar", "it broke"),
        ("2024-11-20 16:28:01,123 - app.db - WARNING - slow query", LOCAL, "warn", "app.db", "slow query"),
        ("2024-11-20 16:28:01,123 app.db INFO ready", LOCAL, "info", "app.db", "ready"),
        ("2024-11-20 16:28:01.123 | SUCCESS  | mod:fn:12 - done", LOCAL, "info", "mod", "done"),
        ("2024-11-20 16:28:01.123  INFO 4711 --- [main] c.e.App : Started", LOCAL, "info", "c.e.App", "Started"),
        ("2024-11-20T16:28:01.123Z INFO mod: text", AT, "info", None, "mod: text"),
        ("2024-11-20T16:28:01.123Z [warning  ] event   [logger] key=1", AT, "warn", None, "event   [logger] key=1"),
        ("[2024-11-20 16:28:01.123] [error] [web] nope", LOCAL, "error", None, "nope"),
        ("2024-11-20T17:28:01.123+01:00 DEBUG x", AT, "debug", None, "x"),
        ("2024/11/20 16:28:01 [crit] 12#34: *5 open() failed", SECOND, "fatal", None, "*5 open() failed"),
        ("2024-11-20 16:28:01, Info                  CBS    Loaded Servicing Stack", SECOND, "info", "CBS", "Loaded Servicing Stack"),
        ("24/11/20 16:28:01 INFO SparkContext: Running", SECOND, "info", None, "SparkContext: Running"),
        ("[16:28:01 ERR] serilog", SECOND, "error", None, "serilog"),
        ("16:28:01.123 [main] DEBUG a.b.C - logback", LOCAL, "debug", "a.b.C", "logback"),
        ("2024/11/20 16:28:01 go log", SECOND, None, None, "go log"),
        # their own shapes
        ("<11>1 2024-11-20T16:28:01.123Z host app 77 ID1 - failed", AT, "error", "app", "failed"),
        ("<14>Nov 20 16:28:01 host cron[12]: job", SECOND, "info", "cron", "job"),
        ("Nov 20 16:28:01 host sshd[12]: Failed password for root", SECOND, None, "sshd", "Failed password for root"),
        ("Nov 20 16:28:01 host app[12]: [ERROR] bad", SECOND, "error", "app", "bad"),
        ("E1120 16:28:01.123456   123 main.go:12] glog", LOCAL, "error", None, "glog"),
        ("11-20 16:28:01.123  1234  1240 W Tag: logcat", LOCAL, "warn", "Tag", "logcat"),
        ("E/Tag( 123): brief", None, "error", "Tag", "brief"),
        ('1.2.3.4 - - [20/Nov/2024:16:28:01 +0000] "GET /error HTTP/1.1" 200 5', AT - 123, None, None, '"GET /error HTTP/1.1" 200 5'),
        ("[Wed Nov 20 16:28:01.123456 2024] [core:error] [pid 1] AH00", LOCAL, "error", "core", "AH00"),
        ("[W 2024-11-20 16:28:01.123 ServerApp] jupyter", LOCAL, "warn", "ServerApp", "jupyter"),
        ("WARNING:root:basic", None, "warn", "root", "basic"),
        ("INFO[0000] logrus tty", None, "info", None, "logrus tty"),
        ("info: winston simple", None, "info", None, "winston simple"),
        ("[ERROR] bracket", None, "error", None, "bracket"),
        ("error: could not compile", None, "error", None, "error: could not compile"),
        # no level, and none guessed
        ("0 errors, 3 warnings", None, None, None, "0 errors, 3 warnings"),
        ("no error found", None, None, None, "no error found"),
        ("Errors were not seen", None, None, None, "Errors were not seen"),
        ("2024-11-20T16:28:01.123Z finished with 0 ERRORs", AT, None, None, "finished with 0 ERRORs"),
        ("2024-11-20T16:28:01.123Z The ERROR was fixed", AT, None, None, "The ERROR was fixed"),
        ('2024-11-20T16:28:01.123Z got {"level":"error"}', AT, None, None, 'got {"level":"error"}'),
        ("\x1b[31m2024-11-20T16:28:01.123Z ERROR\x1b[0m red", AT, "error", None, "red"),
        ("", None, None, None, ""),
    ],
)  # fmt: skip
def test_a_format(line: str, at: int | None, level: str | None, service: str | None, message: str) -> None:
    got = read(line)
    assert (got.at, got.level, got.service, got.message) == (at, level and Level(level), service, message)


def test_a_line_without_a_year_belongs_to_the_past() -> None:
    assert read("Dec 31 23:59:59 host a: x").at == local("2023-12-31T23:59:59")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"msg":"x","correlationId":"abc-1"}', "abc-1"),
        ('{"msg":"x","trace_id":"t1","requestId":"r1"}', "t1"),
        ('{"msg":"x","req":{"id":"inner"},"reqId":7}', "7"),
        ("level=info msg=x request_id=r-9", "r-9"),
        ("2024-11-20T16:28:01Z INFO done corr=order-77 in 5 ms", "order-77"),
        ("nothing correlates here", None),
    ],
)
def test_the_correlation_id(line: str, expected: str | None) -> None:
    assert read(line).correlation_id == expected


def test_fields_keep_what_has_no_place_of_its_own() -> None:
    got = read('{"level":"info","msg":"m","orderId":7,"nested":{"a":[1,"\\u001b[31mred"]}}')
    assert got.fields == {"orderId": 7, "nested": {"a": [1, "red"]}}


TRACES = {
    "python": """2024-11-20 16:28:01,123 ERROR app failed
Traceback (most recent call last):
  File "a.py", line 1, in f
    g()
    ~^^
  File "b.py", line 2, in g
    raise ValueError("x")
ValueError: x

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "a.py", line 3, in h
KeyError""",
    "bare python": """Traceback (most recent call last):
  File "a.py", line 1, in f
    g()
ValueError: x""",
    "node": """Error: boom
    at f (/srv/a.js:1:2)
    at async g (node:internal:3) {
  code: 'E'
}""",
    "java": """2024-11-20 16:28:01,123 [main] ERROR c.f.Bar - it broke
java.lang.IllegalStateException: outer
\tat com.foo.Bar.run(Bar.java:1)
\t... 12 more
Caused by: java.io.IOException: inner
\tat com.foo.Baz.run(Baz.java:1)""",
    "go": """panic: runtime error: index out of range

goroutine 1 [running]:
main.main()
\t/src/main.go:8 +0x1d
exit status 2""",
    "rust": """thread 'main' panicked at src/main.rs:2:5:
    index out of bounds
stack backtrace:
   0: rust_begin_unwind
             at /rustc/library/std/src/panicking.rs:5
   1: core::panicking::panic_fmt
note: run with `RUST_BACKTRACE=full`""",
}


@pytest.mark.parametrize("trace", TRACES.values(), ids=TRACES.keys())
def test_a_stack_trace_stays_with_its_line(trace: str) -> None:
    parser = LogParser("web")
    offset = 0
    got = []
    for text in ["INFO before", *trace.split("\n"), "2024-11-20 16:28:02,000 INFO app after", "plain after"]:
        got.append(parser.line(text.encode() + b"\n", offset, NOW))
        offset += len(text) + 1
    head = got[1]
    assert head.continues is None
    assert [line.continues for line in got[2:-2]] == [head.offset] * (len(got) - 4)
    assert [line.continues for line in got[-2:]] == [None, None]


@pytest.mark.parametrize("text", ["  indented table", "a plain line", "2 at 3"])
def test_a_line_after_an_ordinary_line_continues_none(text: str) -> None:
    parser = LogParser("web")
    parser.line(b"INFO listening", 0, NOW)
    assert parser.line(text.encode(), 20, NOW).continues is None


@pytest.mark.parametrize(
    ("before", "secret", "after", "kind"),
    [
        ("password=", "hunter22", "", "password"),
        ('"apiKey": "', "abcdef123456", '"', "api-key"),
        ("DB_PASSWORD='", "s3cr3t!", "'", "password"),
        ("Authorization: Bearer ", "abcdef123456789", "", "authorization"),
        ("using ", "ghp_abcdefghijklmnopqrstuvwxyz0123456789", "", "github-token"),
        ("key ", "sk-proj-abcdefghijklmnopqrstuvwx", "", "api-key"),
        ("", "AKIAABCDEFGHIJKLMNOP", "", "aws-key"),
        ("", "xoxb-1234567890-abcdef", "", "slack-token"),
        ("", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc_DEF-123", "", "jwt"),
        ("redis://", "user:pa55word", "@host:6379/0", "url-password"),
        ("token: ", "8f7d6e5c4b3a2918", ",", "token"),
    ],
)
def test_a_secret_is_masked(before: str, secret: str, after: str, kind: str) -> None:
    got = read(f"2024-11-20T16:28:01Z INFO {before}{secret}{after} and on")
    assert kind in got.masked
    assert got.message == f"{before}{MASK}{after} and on"


def test_secret_fields_of_json_are_masked_at_any_depth() -> None:
    got = read(
        json.dumps({"msg": "m", "user": {"password": "hunter22", "name": "joe"}, "authToken": "abc123"})
    )
    assert got.fields == {"user": {"password": MASK, "name": "joe"}, "authToken": MASK}
    assert got.masked == ("password", "token")


@pytest.mark.parametrize(
    "text",
    [
        "token: expired", "max_tokens=4096 used", "tokens=123", "password: required", "compass=north",
        "the secret: never tell", "author=jane wrote", "authorized=true", "token=null", "https://host/path?x=1",
        "password=<hidden>", "skipping sk-1", "api: v2 started", "secret manager ready",
    ],
)  # fmt: skip
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert mask(text) == (text, ())


def test_a_huge_line_is_cut_with_a_note() -> None:
    got = LogParser("web").line(b"x" * 100_000, 0, NOW, cut=1_000)
    assert len(got.message) < MESSAGE_LIMIT + 40
    assert got.message.endswith("(+84616 more)")


def test_a_deep_or_huge_record_is_bounded() -> None:
    deep = b'{"msg":"m","a":' + b"[" * 3000 + b"]" * 3000 + b"}"
    assert read(deep).message
    wide = json.dumps({"msg": "m", "big": "y" * 50_000, "small": 1}).encode()
    assert read(wide).fields == {"small": 1}


@given(st.binary(max_size=400))
def test_any_bytes_become_one_safe_line(raw: bytes) -> None:
    got = read(raw)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", got.message)
    json.dumps([got.message, got.fields, got.service, got.correlation_id]).encode()


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
NAMES = st.sampled_from(
    ["level", "time", "msg", "log", "record", "text", "service", "trace_id", "password", "x"]
)


@given(st.dictionaries(NAMES, JSON_VALUES))
def test_any_record_becomes_one_safe_line(record: dict[str, object]) -> None:
    got = read(json.dumps(record))
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", got.message)
    json.dumps(got.fields, ensure_ascii=False).encode()

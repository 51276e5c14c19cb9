"""The table of log formats: one row each. The parser and the search for errors are derived from it."""

from __future__ import annotations

from agentdash.core.logs.parse import headed, json_line, levels, logfmt, times
from agentdash.core.logs.parse.formats import LogFormat, LogFormats
from agentdash.core.logs.parse.parts import Parts


def _level_in_message(parts: Parts, read_at: int) -> Parts:
    """The message of syslog may begin with a level of its own."""
    del read_at
    inner = levels.leading(parts.message) if parts.level is None else None
    if inner is not None:
        parts.level, parts.message = inner[0], parts.message[inner[1] :]
    parts.message = parts.message.lstrip(" :-|")
    return parts


def _fields_in_last_column(parts: Parts, read_at: int) -> Parts:
    """The console of zap: columns between tabs, the fields as JSON in the last one."""
    message, _, last = parts.message.rpartition("\t")
    inner = json_line.read(last, read_at) if message else None
    if inner is not None:
        parts.message, parts.correlation_id = message, inner.correlation_id
        parts.fields |= inner.fields
    return parts


_DIGITS = "0123456789"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_@"
_PRIORITY = r"<(?P<priority>\d{1,2}|1[0-8]\d|19[01])>"
_HOST_AND_PROGRAM = r"\s(?P<host>[\w.:-]+)\s(?P<service>[\w./@() -]{1,64}?)(?:\[(?P<pid>\d+)\])?:\s"
_TAG = r"(?P<service>[A-Za-z][\w.$-]{1,80}(?=\s*:\s)|[^(:]{1,80}?(?=\s*\())\s*(?:\(\s*(?P<pid>\d+)\))?:\s"

ROWS: tuple[LogFormat, ...] = (
    LogFormat(
        "JSON line",
        '{"level":"error","time":"2024-11-20T16:28:01.123Z","msg":"disk full"}',
        first="{",
        read=json_line.read,
        structured=True,
    ),
    LogFormat(
        "syslog, RFC 5424",
        "<11>1 2024-11-20T16:28:01.123Z web-1 cart 77 ID1 - disk full",
        first="<",
        head=_PRIORITY,
        rest=r"1 (?P<time>\S+) (?P<host>\S+) (?P<service>\S+) (?P<pid>\S+) (?P<msgid>\S+) "
        r"(?:-|(?:\[.*?[^\\]\])+)\s?\ufeff*",
        integers=frozenset(),
    ),
    LogFormat(
        "syslog, RFC 3164",
        "<11>Nov 20 16:28:01 web-1 cart[12]: disk full",
        first="<",
        head=_PRIORITY,
        rest=times.SYSLOG.pattern + _HOST_AND_PROGRAM,
        finish=_level_in_message,
    ),
    LogFormat(
        "syslog, RFC 3164 without a host",
        "<11>Nov 20 16:28:01 disk full",
        first="<",
        head=_PRIORITY,
        rest=times.SYSLOG.pattern + r"\s*",
    ),
    LogFormat(
        "syslog file",
        "Nov 20 16:28:01 web-1 cart[12]: ERROR disk full",
        first="JFMASOND",
        rest=times.SYSLOG.pattern + _HOST_AND_PROGRAM,
        finish=_level_in_message,
    ),
    LogFormat(
        "glog",
        "E1120 16:28:01.123456   123 main.go:12] disk full",
        first="IWEFD",
        head=r"(?P<letter>[IWEFD])" + times.GLOG,
        rest=r"\s+(?P<thread>\d+)\s(?P<at>[^\s\]]+:\d+)\]\s?",
    ),
    LogFormat(
        "Android, brief",
        "E/Cart( 123): disk full",
        first="VDIWEFA",
        head=r"(?P<letter>[VDIWEFA])/",
        rest=_TAG,
    ),
    LogFormat(
        "Android, threadtime",
        "11-20 16:28:01.123  1234  1240 E Cart: disk full",
        first=_DIGITS,
        head=times.LOGCAT + r"(?:\s+(?:u\d+_a\d+|\d+))?\s+(?P<pid>\d+)\s+\d+\s(?P<letter>[VDIWEFA])\s",
        rest=r"(?P<service>[^:]{1,80}?)\s*:\s",
        sign=rb" %c [^\n:]{1,80}:",
        prefix=rb"[\d-]{5,10} [\d:.]{8,15}\s+\w+\s",
    ),
    LogFormat(
        "Android, time",
        "11-20 16:28:01.123 E/Cart( 123): disk full",
        first=_DIGITS,
        head=times.MONTH_DAY + r"\s*(?P<letter>[VDIWEFA])/",
        rest=_TAG,
    ),
    LogFormat(
        "access log",
        '1.2.3.4 - joe [20/Nov/2024:16:28:01 +0000] "GET / HTTP/1.1" 200 5',
        first=_DIGITS + ":",
        contains='] "',
        rest=r"(?P<client>\S{2,64}) \S+ \S+ \["
        + times.ACCESS.pattern
        + r"[^\]]{0,6}\] (?=\"(?:[^\"\\]|\\.|\"(?! \d{3} ))*\" (?P<status>\d{3}) (?:\d+|-))",
    ),
    LogFormat(
        "Apache error log",
        "[Wed Nov 20 16:28:01.123456 2024] [core:error] [pid 1:tid 2] disk full",
        first="[",
        head=r"\[" + times.APACHE.pattern + r"[^\]]{0,20}\] \[(?:(?P<service>\w*):)?(?P<level>\w+)\]\s",
        rest=r"(?:\[pid (?P<pid>\d+)(?::tid \d+)?\]\s?)?(?:\[client (?P<client>[^\]]{1,64})\]\s?)?",
    ),
    LogFormat(
        "Tornado",
        "[E 2024-11-20 16:28:01.123 ServerApp] disk full",
        first="[",
        head=r"\[(?P<letter>[DIWEC]) (?P<time>[\d-]{6,10} [\d:.,]{8,15})",
        rest=r"(?: (?P<service>[^\]]{1,80}))?\]\s?",
    ),
    LogFormat(
        "Python's basicConfig",
        "ERROR:root:disk full",
        first="DIWEC",
        head=r"(?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL):(?P<service>[\w.-]{1,80}):",
    ),
    LogFormat(
        "nginx error log",
        "2024/11/20 16:28:01 [error] 12#34: *5 open() failed",
        first=_DIGITS,
        head=r"(?P<time>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) \[(?P<level>[a-z]{3,9})\] (?P<pid>\d+)#\d+: ",
    ),
    LogFormat(
        "Windows CBS",
        "2024-11-20 16:28:01, Error                 CSI    disk full",
        first=_DIGITS,
        head=r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d), "
        r"(?P<level>Info|Warning|Error|Critical|Fatal|Verbose|Debug)(?=\s)",
        rest=r"\s+(?P<service>[A-Z]\w{1,30})?\s{2,}",
    ),
    LogFormat(
        "zap, console",
        '2024-11-20T16:28:01.123Z\tERROR\tcart\tshop/a.go:12\tdisk full\t{"free": 0}',
        first=_DIGITS + "DIWEPF",
        contains=".go:",
        head=r"(?:(?P<time>\d{4}[-/]\d\d[-/]\d\d[T ][\d:.,+Z-]{8,24})\t)?(?P<level>[A-Z]{3,8})\t",
        rest=r"(?:(?P<service>[\w./-]+)\t)?(?P<caller>[\w./@-]+\.go:\d+)\t",
        finish=_fields_in_last_column,
    ),
    LogFormat(
        "logfmt",
        'time=2024-11-20T16:28:01.123Z level=error msg="disk full"',
        first=_LETTERS,
        read=logfmt.read,
    ),
    LogFormat(
        "time, thread, level and logger in any order, or as many of them as there are",
        "2024-11-20 16:28:01,123 [main] ERROR com.shop.Cart - disk full",
        read=headed.read,
    ),
)
"""All formats, in the order in which they are tried."""

FORMATS = LogFormats(ROWS)
"""The formats that the program reads."""

"""Lines that are not JSON: logfmt, and text whose head carries a time, a level and who wrote it.

A level counts only where a format puts it: in the head, set off as one. A word in the text is a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from agentdash.core.logs.model import Level
from agentdash.core.logs.parse import levels, times
from agentdash.core.logs.parse.json_line import LEVEL, MESSAGE, TIME, of_record
from agentdash.core.logs.parse.json_line import read as read_json
from agentdash.core.logs.parse.parts import Parts

Reader = Callable[[str, int], Parts | None]

_PAIR = re.compile(r"([A-Za-z_@][\w.@/-]*)=(\"(?:[^\"\\]|\\.)*\"|[^\s\"]*)(?:\s+|$)")
_LOGFMT_HEAD = frozenset([*TIME, *LEVEL, *MESSAGE])

_SYSLOG_5424 = re.compile(r"<(\d{1,3})>1 (\S+) (\S+) (\S+) (\S+) (\S+) (?:-|(?:\[.*?[^\\]\])+)\s?")
_SYSLOG_PRI = re.compile(r"<(\d{1,3})>(?=[A-Z][a-z]{2} )")
_SYSLOG_HEAD = re.compile(r"\s(?P<host>[\w.:-]+)\s(?P<app>[\w./@() -]{1,64}?)(?:\[(?P<pid>\d+)\])?:\s")
_GLOG = re.compile(r"([IWEFD])(?=(?:\d{4})?\d{4} \d\d:\d\d:\d\d)")
_GLOG_REST = re.compile(r"\s+(?P<thread>\d+)\s(?P<at>[^\s\]]+:\d+)\]\s?")
_LOGCAT = re.compile(
    r"(?:\s+(?:u\d+_a\d+|\d+))?\s+(?P<pid>\d+)\s+(?P<thread>\d+)\s(?P<level>[VDIWEFA])\s(?P<tag>[^:]{1,80}?)\s*:\s"
)
_LOGCAT_BRIEF = re.compile(
    r"(?P<level>[VDIWEFA])/(?:(?P<tag>[^(:]{1,80}?)\s*\(\s*(?P<pid>\d+)\)|(?P<only>[A-Za-z][\w.$-]{1,80})\s*):\s"
)
_ACCESS = re.compile(
    r"(?P<client>\S{2,64}) \S+ \S+ \[(?P<time>[^\]]{20,32})\] "
    r"(?P<message>\"(?:[^\"\\]|\\.|\"(?! \d{3} ))*\" (?P<status>\d{3}) (?:\d+|-).*)"
)
_APACHE = re.compile(
    r"\[(?P<time>[A-Z][a-z]{2} [A-Z][a-z]{2} [^\]]{10,40})\] \[(?:(?P<module>\w*):)?(?P<level>\w+)\]\s"
    r"(?:\[pid (?P<pid>\d+)(?::tid \d+)?\]\s?)?(?:\[client (?P<client>[^\]]{1,64})\]\s?)?"
)
_LETTERED = re.compile(
    r"\[(?P<level>[DIWEC]) (?P<time>[\d-]{6,10} [\d:.,]{8,15})(?: (?P<logger>[^\]]{1,80}))?\]\s?"
)
_PYTHON_BASIC = re.compile(r"(?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL):(?P<logger>[\w.-]{1,80}):")

_CONTEXT = re.compile(r"[\s|]*(?:[-–—]\s+)?(?:\[(?P<bracket>[^\[\]]{1,80})\]:?|(?P<word>[^\s|\[\]]{1,80}))")
_NAME = re.compile(r"[a-z][\w.$/:@-]*|[A-Za-z_][\w$]*(?:[./:$][\w$]+)+|\d+|---")
_AFTER_LEVEL = re.compile(
    r"[\s|:,\])-]*(?:\d{1,8}\s+---\s+)?(?P<bracket>\[(?P<thread>[^\[\]]{1,80})\]\s*:?\s*)?"
    r"(?:(?P<logger>[A-Za-z_][\w.$/:<>-]{0,100})\s+(?:-|:|\|)\s+"
    r"|(?P<path>[a-z_]\w*(?:(?:\.|::)[\w$]+)+)(?<!Error)(?<!Exception)(?<!Throwable):\s+)?"
)
_THREAD = re.compile(r"[A-Za-z][\w.:@/ -]*")
_LOGURU = re.compile(r"([\w.]+):([\w.<>]+:\d+)")
_ZAP = re.compile(r"\t(?:(?P<logger>[\w./-]+)\t)?(?P<at>[\w./@-]+\.go:\d+)\t")
# Words that stand before ERROR in a sentence, where the name of a logger may stand too.
_PROSE_WORDS = """
a an the no any some this that its my our your got get gets received raised returned returns found saw
see with was is are has had have be been first last next new old one two more many of in on at to for from
by and or not non if when where then but only also after before until unexpected unknown expected previous
exit code status level log logged handled ignoring ignored caught throws threw fixed fatal http
"""
_PROSE = frozenset(_PROSE_WORDS.split())
_CBS = re.compile(r", (?P<level>[A-Z][a-z]{3,8})\s+(?P<service>[A-Z]\w{1,30})?\s{2,}")
_NGINX_ERROR = re.compile(r" \[(?P<level>[a-z]{3,9})\] (?P<pid>\d+)#(?P<thread>\d+): ")


def read(text: str, near: int) -> Parts:
    """The parts of a line that is not JSON; at worst all of it is the message."""
    first = text[:1]
    for reader in _BY_FIRST.get(first, ()):
        parts = reader(text, near)
        if parts is not None:
            return parts
    return _logfmt(text, near) or _headed(text, near)


def _logfmt(text: str, near: int) -> Parts | None:
    head = _PAIR.match(text)
    if head is None:
        return None
    pairs: dict[str, object] = {}
    position = 0
    while (pair := _PAIR.match(text, position)) is not None:
        value = pair[2]
        if value.startswith('"'):
            value = _unquote(value)
        pairs.setdefault(pair[1], value)
        position = pair.end()
    if position < len(text) or len(pairs) < 2 or _LOGFMT_HEAD.isdisjoint(pairs):
        return None
    return of_record(pairs, near)


def _unquote(value: str) -> str:
    inner = value[1:-1]
    return (
        re.sub(r"\\(.)", lambda sign: {"n": "\n", "t": "\t"}.get(sign[1], sign[1]), inner)
        if "\\" in inner
        else inner
    )


def _syslog_new(text: str, near: int) -> Parts | None:
    match = _SYSLOG_5424.match(text)
    if match is None or int(match[1]) > 191:
        return None
    app = None if match[4] == "-" else match[4]
    fields: dict[str, object] = {
        name: value
        for name, value in (("host", match[3]), ("pid", match[5]), ("msgid", match[6]))
        if value != "-"
    }
    at = times.of_value(match[2], near)
    return Parts(
        text[match.end() :].lstrip("\ufeff"), at, levels.SYSLOG[int(match[1]) & 7], app, fields=fields
    )


def _syslog_old(text: str, near: int) -> Parts | None:
    pri = _SYSLOG_PRI.match(text)
    start = pri.end() if pri else 0
    found = times.leading(text, start, near)
    if found is None:
        return None
    at, end = found
    level = levels.SYSLOG[int(pri[1]) & 7] if pri and int(pri[1]) <= 191 else None
    head = _SYSLOG_HEAD.match(text, end)
    if head is None:
        return _headed(text, near) if pri is None else Parts(text[end:].strip(), at, level)
    inner = levels.leading(text, head.end()) if level is None else None
    message = text[(inner[1] if inner else head.end()) :].lstrip(" :-|")
    fields: dict[str, object] = {"host": head["host"]} | ({"pid": int(head["pid"])} if head["pid"] else {})
    return Parts(message, at, level or (inner[0] if inner else None), head["app"], fields=fields)


def _glog(text: str, near: int) -> Parts | None:
    head = _GLOG.match(text)
    moment = (times.MONTH_DAY.match(text, 1) or times.COMPACT.match(text, 1)) if head else None
    rest = _GLOG_REST.match(text, moment.end()) if moment else None
    if head is None or moment is None or rest is None:
        return None
    fields: dict[str, object] = {"at": rest["at"], "thread": rest["thread"]}
    return Parts(text[rest.end() :], times.of_match(moment, near), levels.LETTERS[head[1]], fields=fields)


def _logcat(text: str, near: int) -> Parts | None:
    if text[2:3] != "-" and not text[23:24].isspace():  # not MM-DD, nor a time with milliseconds and a space
        return None
    moment = times.MONTH_DAY.match(text) or times.ISO.match(text)
    if moment is None:
        return None
    at = times.of_match(moment, near)
    if text[2:3] == "-" and (brief := _logcat_brief(text[moment.end() :].lstrip(), near)) is not None:
        return replace(brief, at=at)  # logcat -v time
    rest = _LOGCAT.match(text, moment.end())
    if rest is None:
        return None
    fields: dict[str, object] = {"pid": int(rest["pid"])}
    level = levels.LETTERS[rest["level"]]
    return Parts(text[rest.end() :], at, level, rest["tag"], fields=fields)


def _logcat_brief(text: str, near: int) -> Parts | None:
    del near
    head = _LOGCAT_BRIEF.match(text)
    if head is None:
        return None
    fields: dict[str, object] = {"pid": int(head["pid"])} if head["pid"] else {}
    tag = head["tag"] or head["only"]
    return Parts(text[head.end() :], None, levels.LETTERS[head["level"]], tag, fields=fields)


def _access(text: str, near: int) -> Parts | None:
    match = _ACCESS.match(text) if '] "' in text else None
    moment = times.ACCESS.match(match["time"]) if match else None
    if match is None or moment is None:
        return None
    fields: dict[str, object] = {"client": match["client"], "status": int(match["status"])}
    return Parts(match["message"], times.of_match(moment, near), fields=fields)


def _apache(text: str, near: int) -> Parts | None:
    match = _APACHE.match(text)
    moment = times.APACHE.match(match["time"]) if match else None
    if match is None or moment is None:
        return None
    fields: dict[str, object] = {"pid": int(match["pid"])} if match["pid"] else {}
    if match["client"]:
        fields["client"] = match["client"]
    level = levels.of_word(match["level"])
    return Parts(
        text[match.end() :], times.of_match(moment, near), level, match["module"] or None, fields=fields
    )


def _lettered(text: str, near: int) -> Parts | None:
    match = _LETTERED.match(text)
    if match is None:
        return None
    found = times.leading(match["time"], 0, near)
    return Parts(
        text[match.end() :], found[0] if found else None, levels.LETTERS[match["level"]], match["logger"]
    )


def _python_basic(text: str, near: int) -> Parts | None:
    del near
    match = _PYTHON_BASIC.match(text)
    if match is None:
        return None
    return Parts(text[match.end() :], None, levels.of_word(match["level"]), match["logger"])


def _headed(text: str, near: int) -> Parts:
    """``[time] [thread] LEVEL logger - text`` in all its orders, or as much of it as is there."""
    bracketed = text[:1] == "["
    found = times.leading(text, 1 if bracketed else 0, near)
    if found is None:
        level = levels.leading(text)
        return Parts(text, None) if level is None else _after_level(text, None, level, {})
    at, end = found
    if bracketed:
        if text[end : end + 1] != "]":  # ``[12:00:01 INF] text``
            inner = levels.leading(text, end + 1) or _short_level(text, end + 1)
            return Parts(text, at) if inner is None else _after_level(text, at, inner, {})
        end += 1
    special = _special(text, at, end)
    if special is not None:
        return special
    context: dict[str, object] = {}
    position = end
    names = 0
    for _ in range(4):
        token = _CONTEXT.match(text, position)
        if token is None:
            break
        start = token.start("bracket") - 1 if token["bracket"] else token.start("word")
        level = levels.leading(text, start) or (_short_level(text, start) if position == end else None)
        if level is not None:
            if token["word"] and str(context.get("logger")) in _PROSE:
                break
            return _after_level(text, at, level, context)
        if token["bracket"]:
            context.setdefault("thread", token["bracket"].strip())
        elif names == 0 and _NAME.fullmatch(token["word"].rstrip(":")):
            names += not token["word"].isdecimal()
            context["pid" if token["word"].isdecimal() else "logger"] = token["word"].rstrip(":")
        else:
            break
        position = token.end()
    return Parts(text[end:].lstrip(" \t:|,-"), at)


def _special(text: str, at: int, end: int) -> Parts | None:
    """Heads that would be ambiguous without their own shape: nginx's error log, Windows' CBS log."""
    if (match := _NGINX_ERROR.match(text, end)) is not None:
        return Parts(
            text[match.end() :], at, levels.of_word(match["level"]), fields={"pid": int(match["pid"])}
        )
    if (match := _CBS.match(text, end)) is not None and (level := levels.of_word(match["level"])) is not None:
        return Parts(text[match.end() :], at, level, match["service"])
    return None


def _short_level(text: str, start: int) -> tuple[Level, int] | None:
    """``INF`` or ``ERR`` right after a time, as zerolog and Serilog write it."""
    word = text[start : start + 3]
    if (
        word.isupper()
        and text[start + 3 : start + 4] in {" ", "]", "\t", ""}
        and (level := levels.LEVELS.get(word.lower()))
    ):
        return level, start + 3
    return None


def _after_level(text: str, at: int | None, found: tuple[Level, int], context: dict[str, object]) -> Parts:
    level, end = found
    if (zap := _ZAP.match(text, end)) is not None:
        return _zap(text[zap.end() :], at, level, zap)
    rest = _AFTER_LEVEL.match(text, end)
    message = text[rest.end() :] if rest else text[end:]
    if rest:
        logger = rest["logger"] or rest["path"]
        thread = rest["thread"]
        column = text[end : end + 1] == "[" or (text[end - 1] in "])>" and _THREAD.fullmatch(thread or ""))
        if thread and not logger and not column:
            message, thread = text[rest.start("bracket") :], None  # it may as well be the message's
        if logger:
            context["logger"] = logger.rstrip(":")
        if logger and (place := _LOGURU.fullmatch(logger)) is not None:
            context |= {"logger": place[1], "at": place[2]}
        if thread:
            context.setdefault("thread", thread)
    if at is None and not context and text[end - 1 : end] == ":" and level in {Level.ERROR, Level.FATAL}:
        message = text  # ``Error: x``, ``fatal: x``, ``panic: x``: the word is part of what is said
    named = context.get("logger")
    return Parts(message, at, level, named if isinstance(named, str) else None, fields=context)


def _zap(rest: str, at: int | None, level: Level, head: re.Match[str]) -> Parts:
    """The console of zap: columns between tabs, the fields as JSON in the last one."""
    message, _, last = rest.rpartition("\t")
    inner = read_json(last, 0) if message else None
    fields: dict[str, object] = {"caller": head["at"]} | (inner.fields if inner else {})
    return Parts(
        message if inner else rest, at, level, head["logger"], inner.correlation_id if inner else None, fields
    )


_LETTER: tuple[Reader, ...] = (_glog, _logcat_brief, _python_basic)
_BY_FIRST: dict[str, tuple[Reader, ...]] = {
    "<": (_syslog_new, _syslog_old),
    "[": (_apache, _lettered),
    **dict.fromkeys("0123456789:", (_logcat, _access)),
    **dict.fromkeys("JMSON", (_syslog_old,)),
    **dict.fromkeys("IWE", _LETTER),
    "D": (*_LETTER, _syslog_old),
    "F": (*_LETTER, _syslog_old),
    "A": (_logcat_brief, _syslog_old),
    "V": (_logcat_brief,),
    "C": (_python_basic,),
}

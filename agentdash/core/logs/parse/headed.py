"""The most general format: a head of time, thread, level and logger in any order, and then the message.

A level counts only in the head, and only where it is set off. A word in the message is a word.
"""

from __future__ import annotations

import re

from agentdash.core.logs.model import Level
from agentdash.core.logs.parse import levels, times
from agentdash.core.logs.parse.parts import Parts

_CONTEXT = re.compile(r"[\s|]*(?:[-–—]\s+)?(?:\[(?P<bracket>[^\[\]]{1,80})\]:?|(?P<word>[^\s|\[\]]{1,80}))")
_NAME = re.compile(r"[a-z][\w.$/:@-]*|[A-Za-z_][\w$]*(?:[./:$][\w$]+)+|\d+|---")
_AFTER_LEVEL = re.compile(
    r"[\s|:,\])-]*(?:\d{1,8}\s+---\s+)?(?P<bracket>\[(?P<thread>[^\[\]]{1,80})\]\s*:?\s*)?"
    r"(?:(?P<logger>[A-Za-z_][\w.$/:<>-]{0,100})\s+(?:-|:|\|)\s+"
    r"|(?P<path>[a-z_]\w*(?:(?:\.|::)[\w$]+)+)(?<!Error)(?<!Exception)(?<!Throwable):\s+)?"
)
_THREAD = re.compile(r"[A-Za-z][\w.:@/ -]*")
_LOGURU = re.compile(r"([\w.]+):([\w.<>]+:\d+)")
# Words before ERROR in a sentence, where the name of a logger may be too.
_PROSE_WORDS = """
a an the no any some this that its my our your got get gets received raised returned returns found saw
see with was is are has had have be been first last next new old one two more many of in on at to for from
by and or not non if when where then but only also after before until unexpected unknown expected previous
exit code status level log logged handled ignoring ignored caught throws threw fixed fatal http
"""
_PROSE = frozenset(_PROSE_WORDS.split())


def read(text: str, read_at: int) -> Parts:
    """The parts of a line as ``[time] [thread] LEVEL logger - text``; at worst all of it is the message."""
    bracketed = text[:1] == "["
    found = times.leading(text, 1 if bracketed else 0, read_at)
    if found is None:
        level = levels.leading(text)
        return Parts(text, None) if level is None else _after_level(text, None, level, {})
    at, end = found
    if bracketed:
        if text[end : end + 1] != "]":  # ``[12:00:01 INF] text``
            inner = levels.leading(text, end + 1) or _short_level(text, end + 1)
            return Parts(text, at) if inner is None else _after_level(text, at, inner, {})
        end += 1
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
        message = text  # ``Error: x``, ``fatal: x``, ``panic: x``: the word is part of the message
    named = context.get("logger")
    return Parts(message, at, level, named if isinstance(named, str) else None, fields=context)

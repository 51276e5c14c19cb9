"""The words, letters and numbers of loggers for a level."""

from __future__ import annotations

import re

from agentdash.core.logs.model import Level

_WORDS: dict[Level, str] = {
    Level.TRACE: "trace verbose finest finer silly trc",
    Level.DEBUG: "debug fine dbg",
    Level.INFO: "info information informational notice http success inf ntc",
    Level.WARN: "warn warning wrn",
    Level.ERROR: "error err severe eror",
    Level.FATAL: "fatal critical crit alert emerg emergency panic dpanic ftl pnc",
}
LEVELS: dict[str, Level] = {word: level for level, words in _WORDS.items() for word in words.split()}

# Alone before a message these are too short, or too frequent in prose, to be a level.
_SHORT = {"trc", "dbg", "inf", "ntc", "wrn", "err", "ftl", "pnc", "crit", "emerg", "eror"}
PROSE = frozenset({"fine", "finer", "finest", "http", "silly"})
"""Levels that are frequent words of prose."""
_ORDINARY = PROSE | {"success", "verbose", "information", "informational"}

LETTERS: dict[str, Level] = {
    "V": Level.TRACE, "T": Level.TRACE, "D": Level.DEBUG, "I": Level.INFO, "N": Level.INFO,
    "W": Level.WARN, "E": Level.ERROR, "C": Level.FATAL, "F": Level.FATAL, "A": Level.FATAL,
}  # fmt: skip

# RFC 5424: 0 emergency .. 7 debug.
SYSLOG: tuple[Level, ...] = (
    Level.FATAL, Level.FATAL, Level.FATAL, Level.ERROR, Level.WARN, Level.INFO, Level.INFO, Level.DEBUG,
)  # fmt: skip

_WORD = re.compile(r"[A-Za-z]{3,13}")


def of_word(word: str) -> Level | None:
    """The level of a word, in any case and between any brackets or colons; None for other words."""
    if (level := LEVELS.get(word)) is not None:
        return level
    return LEVELS.get(word.strip(" []<>():|,*").lower())


def of_value(value: object, *, python: bool = False) -> Level | None:
    """The level of a structured line's level field.

    Args:
        value: A word, or a number: pino's and bunyan's tens (30 is info), below 8 syslog's severities.
        python: Whether a number has Python's scale, where 40 is an error.
    """
    if isinstance(value, str):
        return of_value(int(value), python=python) if value.isdecimal() and len(value) < 4 else of_word(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if 0 <= value < 8:
        return SYSLOG[int(value)]
    if python:
        value += 10
    for least, level in ((60, Level.FATAL), (50, Level.ERROR), (40, Level.WARN), (30, Level.INFO)):
        if value >= least:
            return level
    return Level.DEBUG if value >= 20 else Level.TRACE


def leading(text: str, start: int = 0) -> tuple[Level, int] | None:
    """The level word at *start*, set off as in ``ERROR x``, ``error: x``, ``[error] x`` and ``INFO[0000] x``.

    Returns:
        The level and where the text after it begins; None where the word is only a word.
    """
    bracket = text[start : start + 1]
    closing = {"[": "]", "<": ">", "(": ")"}.get(bracket)
    if closing is not None:
        end = text.find(closing, start, start + 16)
        level = LEVELS.get(text[start + 1 : end].strip().lower()) if end > 0 else None
        return None if level is None else (level, end + 1)
    match = _WORD.match(text, start)
    if match is None:
        return None
    word = match[0]
    lower = word.lower()
    level = LEVELS.get(lower)
    if level is None:
        return None
    after = text[match.end() : match.end() + 1]
    if after in {":", "|"} and lower not in _ORDINARY:
        return level, match.end() + 1
    if word.isupper() and word.lower() not in _SHORT and (after in {"", " ", "\t", "[", ",", "/", "]", ")"}):
        return level, match.end()
    return None

"""Text from outside made printable: without effects on a terminal or as markup."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

_ESCAPES = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC: titles, clipboard, links
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"  # DCS, SOS, PM, APC
    r"|\x1b\[[0-?]*[ -/]*[@-~]?"  # CSI: colours, cursor
    r"|\x9b[0-?]*[ -/]*[@-~]?"
    r"|\x1b[ -/]*[0-~]?"
)

Codes = tuple[tuple[int, int], ...]
"""Ranges of code points, both ends included."""

# Format characters (Unicode's category Cf), line separators, halves of surrogate pairs, and what is no
# character: they reorder the text around them, have no width, or carry invisible text.
_HIDDEN: Codes = (
    (0x80, 0x9F), (0x600, 0x605), (0x61C, 0x61C), (0x6DD, 0x6DD), (0x70F, 0x70F), (0x890, 0x891),
    (0x8E2, 0x8E2), (0x200B, 0x200C), (0x200E, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F), (0xD800, 0xDFFF),
    (0xFDD0, 0xFDEF), (0xFEFF, 0xFEFF), (0xFFF0, 0xFFFB), (0xFFFE, 0xFFFF), (0x110BD, 0x110BD),
    (0x110CD, 0x110CD), (0x13430, 0x1343F), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
# Parts of ordinary text (emoji, hyphenation, Hangul) without a glyph, for which terminals disagree about the
# width. They are removed.
_LEFT_OUT: Codes = (
    (0xAD, 0xAD), (0x34F, 0x34F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200D, 0x200D),
    (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0),
)  # fmt: skip
# Blocks without these and without combining marks: text of them alone needs only one search.
_HARMLESS: Codes = (
    (0x20, 0x7E), (0xA0, 0xAC), (0xAE, 0x2FF), (0x370, 0x482), (0x48A, 0x590), (0x1E00, 0x200A),
    (0x2010, 0x2027), (0x202F, 0x205F), (0x2070, 0x20CF), (0x2100, 0x2CEE), (0x2E00, 0x3029),
    (0x3030, 0x3098), (0x309B, 0x3163), (0x3165, 0xA66E), (0xAC00, 0xD7FF), (0xE000, 0xFB1D),
    (0xFE30, 0xFEFE), (0xFF01, 0xFF9F), (0xFFA1, 0xFFEF), (0xFFFC, 0xFFFD), (0x1F000, 0x1FAFF),
)  # fmt: skip


def _one_of(ranges: Codes) -> str:
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


@cache
def _pattern(ranges: Codes, but: str = "") -> re.Pattern[str]:
    return re.compile(f"[{but}{_one_of(ranges)}]")  # 1 ms, and rarely needed


@cache
def _suspect() -> re.Pattern[str]:
    return _pattern(
        _HARMLESS, "^"
    )  # cached without an argument: hashing the table costs more than the search


_CONTROLS = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421}
_MARKS = frozenset({"Mn", "Me"})
"""Unicode's categories of combining marks."""

MOST_MARKS = 4
"""Maximum number of combining marks per character; no living script needs more."""


def strip_escapes(text: str) -> str:
    """Remove whole terminal escape sequences."""
    return _ESCAPES.sub("", text) if "\x1b" in text or "\x9b" in text else text


def printable(text: str) -> str:
    """One line without control characters or hidden text, for every output: screen, tables, files, errors.

    Escape sequences are removed, control characters become symbols (␀ ␊), format characters (direction marks,
    tags, zero-width spaces) become ``�``; joiners and variation selectors are removed, and at most
    `MOST_MARKS` combining marks per character are kept. `printable_lines` keeps line ends.
    """
    if text.isascii():
        return text if text.isprintable() else _without_controls(text)
    if _suspect().search(text) is None:
        return text
    text = _pattern(_HIDDEN).sub("\ufffd", _pattern(_LEFT_OUT).sub("", _without_controls(text)))
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if character > "\u02ff" and unicodedata.category(character) in _MARKS else 0
        if marks <= MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def _without_controls(text: str) -> str:
    return strip_escapes(text).replace("\t", " ").translate(_CONTROLS)


def printable_lines(text: str) -> str:
    """`printable` for text of several lines: line ends are kept."""
    return "\n".join(map(printable, text.split("\n"))) if "\n" in text else printable(text)


def is_utf8(raw: bytes) -> bool:
    """Whether *raw* is valid UTF-8, so that it needs no hex beside it."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def mask_url(url: str) -> str:
    """The URL with its password (and a user that may be a token) replaced by ``***``."""
    from urllib.parse import urlsplit, urlunsplit  # 10 ms to import, and rarely needed

    try:
        parts = urlsplit(url)
    except ValueError:
        return "***"
    query = _SECRET_OPTION.sub(r"\1=***", parts.query)
    if "@" not in parts.netloc and "@" in url:
        return mask_urls_in(url)  # an unquoted / or ?: the password may follow it
    if "@" not in parts.netloc:
        return url if query == parts.query else urlunsplit(parts._replace(query=query))
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"***@{host}", query=query))


_LOGIN = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*://)[^\s]*@")
_SECRET_OPTION = re.compile(r"(?i)\b(\w*(?:password|passwd|pwd|token|secret|api_?key))=[^\s&]+")


def mask_urls_in(text: str) -> str:
    """*text* with the logins of all URLs in it, and the values of options such as ``password=``, as ``***``.

    Where a URL is malformed (an ``@`` or ``/`` in its password) more is masked, not less.
    """
    if "://" in text:
        text = _LOGIN.sub(r"\1***@", text)
    return _SECRET_OPTION.sub(r"\1=***", text) if "=" in text else text

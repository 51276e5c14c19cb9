"""Text from outside, made safe to show: nothing in it can act on a terminal or as markup."""

from __future__ import annotations

import re

_ESCAPES = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC: titles, clipboard, links
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"  # DCS, SOS, PM, APC
    r"|\x1b\[[0-?]*[ -/]*[@-~]?"  # CSI: colours, cursor
    r"|\x9b[0-?]*[ -/]*[@-~]?"
    r"|\x1b[ -/]*[0-~]?"
)
_PICTURES = {code: 0x2400 + code for code in range(0x20)}
_PICTURES[0x7F] = 0x2421
_PICTURES |= dict.fromkeys(range(0x80, 0xA0), 0xFFFD)
# Marks that reorder what is around them or have no width of their own.
_PICTURES |= dict.fromkeys(
    [*range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF], 0xFFFD
)
_PICTURES[0x200D] = 0x200D  # joins emoji; harmless
_PICTURES |= dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


def strip_escapes(text: str) -> str:
    """Remove whole terminal escape sequences."""
    return _ESCAPES.sub("", text) if "\x1b" in text or "\x9b" in text else text


def printable(text: str) -> str:
    """One line without anything that acts: escape sequences go, control characters become symbols (␀ ␊)."""
    if not _UNSAFE.search(text):
        return text
    return strip_escapes(text).replace("\t", " ").translate(_PICTURES)


def decode(raw: bytes) -> str:
    r"""Bytes as printable text; bytes that are no UTF-8 are shown as ``\xNN``."""
    return printable(raw.decode("utf-8", "backslashreplace"))


def is_utf8(raw: bytes) -> bool:
    """Whether *raw* is valid UTF-8, so that it needs no hex beside it."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def mask_url(url: str) -> str:
    """The URL with its password (and a user that may be a token) replaced by ``***``."""
    from urllib.parse import urlsplit, urlunsplit  # costs 10 ms, and most programs never see a URL

    try:
        parts = urlsplit(url)
    except ValueError:
        return "***"
    query = _SECRET_OPTION.sub(r"\1=***", parts.query)
    if "@" not in parts.netloc and "@" in url:
        return mask_urls_in(url)  # a / or ? that is not quoted: the password may stand behind it
    if "@" not in parts.netloc:
        return url if query == parts.query else urlunsplit(parts._replace(query=query))
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"***@{host}", query=query))


_LOGIN = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*://)[^\s]*@")
_SECRET_OPTION = re.compile(r"(?i)\b(\w*(?:password|passwd|pwd|token|secret|api_?key))=[^\s&]+")


def mask_urls_in(text: str) -> str:
    """*text* with the logins of all URLs in it, and the values of options such as ``password=``, as ``***``.

    Where a URL is written wrongly (an ``@`` or ``/`` in its password) more is masked rather than less.
    """
    if "://" in text:
        text = _LOGIN.sub(r"\1***@", text)
    return _SECRET_OPTION.sub(r"\1=***", text) if "=" in text else text

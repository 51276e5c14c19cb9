"""Private keys over many lines of a log: all of their lines are masked.

A key begins with its ``BEGIN`` line (RFC 7468, OpenSSH, PGP, SSH2) and ends with its ``END`` line; lines of
other writers between them are not masked. Where reading begins within a file, or lines were skipped, the
``BEGIN`` may be unknown: lines of base64 alone, of the width of keys, then count as a key until another line.
"""

from __future__ import annotations

import re

# The dashes before it may have been removed with those between a level and a message.
_BEGIN = re.compile(r"-{0,5} ?BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)? ?-{4,5}")
_END = re.compile(r"-{0,5} ?END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)? ?-{4,5}")
_EDGE = "\"'`|,+ \t"
# Base64 comes in fours; PGP's checksum has a sign before it.
_BODY = re.compile(r"=?(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?(?:\\[nr])*")
_ROW = re.compile(r"(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=\D*\d)[A-Za-z0-9+/]{60,76}={0,2}")
_ANY_ROW = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
_SHORT_ROW = re.compile(r"[A-Za-z0-9+/]{1,15}={0,2}")
# The private part of a key of PuTTY: so many lines of base64 follow.
_PUTTY = re.compile(r"(?<![\w-])Private-Lines: ?(?P<count>\d{1,3})[ \t]*$")
_HEADER = re.compile(r"(?:Proc-Type|DEK-Info|Comment|Subject|Version|Hash|x-[\w-]+): ")
_MIN_VALUE = 16
_MAX = 512
_MOST_OTHERS = 20


class KeyFollower:
    """Finds in each line of one source what belongs to a private key."""

    def __init__(self) -> None:
        self._left = 0
        self._others = 0
        self._unknown = True
        self._in_body = False
        self._rows = 0
        self._counted = 0

    def mask(self, text: str, by: str) -> tuple[str, bool]:
        """The next line with *by* in place of its part of a key, and whether it has one."""
        if self._counted:
            self._counted -= 1
            if _ANY_ROW.fullmatch(row := text.strip(_EDGE)) or _SHORT_ROW.fullmatch(row):
                return by, True
            self._counted = 0
        if "Private-Lines" in text and (putty := _PUTTY.search(text)) is not None:
            self._counted = int(putty["count"])
            return text, False
        if not self._left and not self._unknown and "PRIVATE KEY" not in text:
            return text, False
        end = _END.search(text)
        begin = _BEGIN.search(text)
        if begin is not None and (end is None or end.start() < begin.start()):
            self._left, self._others, self._in_body, self._unknown, self._rows = _MAX, 0, True, False, 0
            return text[: begin.start()] + by, True
        if begin is not None:
            return text, False  # a whole key in one line is known by its shape
        if end is not None:
            inside = self._left > 0 or self._in_body
            self._left, self._in_body, self._unknown = 0, False, False
            return (by + text[end.end() :], True) if inside else (text, False)
        return (by, True) if self._is_body(text.strip(_EDGE)) else (text, False)

    def inside(self, text: str) -> bool:
        """Whether the next line, of which *text* is the beginning, may belong to a key."""
        return (self._left > 0 and self._in_body) or self._counted > 0 or "PRIVATE KEY" in text

    def _is_body(self, text: str) -> bool:
        if self._unknown and not self._left:
            self._in_body = _ROW.fullmatch(text) is not None or (
                self._in_body and bool(text) and _BODY.fullmatch(text) is not None
            )
            self._unknown = self._in_body
            return self._in_body
        self._left -= 1
        if not text:
            return False
        if _HEADER.match(text) is not None:
            return self._in_body
        if (
            (self._in_body and _ANY_ROW.fullmatch(text) is not None)
            or (_BODY.fullmatch(text) is not None and (self._in_body or len(text) >= _MIN_VALUE))
            or (self._in_body and self._rows > 0 and _SHORT_ROW.fullmatch(text) is not None)
        ):
            self._others, self._in_body = 0, True
            self._rows += 1
            return True
        self._in_body = False
        self._others += 1
        if self._others > _MOST_OTHERS:
            self._left = 0
        return False

"""Linux's inotify by ctypes.

See inotify(7). Folders are watched one by one, so that ignored ones can be left out.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass

IN_MODIFY = 0x2
IN_ATTRIB = 0x4
IN_MOVED_FROM = 0x40
IN_MOVED_TO = 0x80
IN_CREATE = 0x100
IN_DELETE = 0x200
IN_DELETE_SELF = 0x400
IN_MOVE_SELF = 0x800
IN_Q_OVERFLOW = 0x4000
IN_IGNORED = 0x8000
IN_ONLYDIR = 0x1000000
IN_DONT_FOLLOW = 0x2000000
IN_EXCL_UNLINK = 0x4000000
IN_ISDIR = 0x40000000

CHANGES = (
    IN_MODIFY
    | IN_ATTRIB
    | IN_MOVED_FROM
    | IN_MOVED_TO
    | IN_CREATE
    | IN_DELETE
    | IN_DELETE_SELF
    | IN_MOVE_SELF
)
_FLAGS = IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK
_EVENT = struct.Struct("iIII")
_READ = 256 * 1024


@dataclass(frozen=True, slots=True)
class Event:
    """An event in a watched folder; `name` is empty where it concerns the folder itself."""

    watch: int
    mask: int
    name: bytes


class Inotify:
    """One inotify instance.

    Raises:
        OSError: where there is no inotify, or the limit of instances is reached.
    """

    def __init__(self) -> None:
        if not sys.platform.startswith("linux"):
            raise OSError(0, "inotify needs Linux")
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.fd = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.fd < 0:
            raise _error()

    def add(self, folder: str) -> int:
        """Watch *folder*; returns the number that its events carry.

        Raises:
            OSError: ENOSPC where the limit of watches is reached; ENOENT, EACCES, ENOTDIR as usual.
        """
        watch = int(self._libc.inotify_add_watch(self.fd, os.fsencode(folder), CHANGES | _FLAGS))
        if watch < 0:
            raise _error()
        return watch

    def remove(self, watch: int) -> None:
        """Stop watching a folder; a deleted one is no error."""
        self._libc.inotify_rm_watch(self.fd, watch)

    def read(self) -> Iterator[Event]:
        """The queued events, at most `_READ` bytes of them."""
        try:
            data = os.read(self.fd, _READ)
        except BlockingIOError:
            return
        place = 0
        while place < len(data):
            watch, mask, _, length = _EVENT.unpack_from(data, place)
            place += _EVENT.size
            yield Event(watch, mask, data[place : place + length].rstrip(b"\0"))
            place += length

    def close(self) -> None:
        """Close the instance with all its watches."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def _error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))

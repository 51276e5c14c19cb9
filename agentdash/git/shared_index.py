"""Gives a shared index the time back that git changes when it only reads a split index."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from agentdash.git.git_dir import GitDir

_NAME = re.compile(r"sharedindex\.(?:[0-9a-f]{40}|[0-9a-f]{64})")


@contextmanager
def preserve_times(git_dir: GitDir) -> Iterator[None]:
    """Undo git's ``utime(path, NULL)`` of what is read meanwhile (freshen_shared_index in its read-cache.c).

    Only where that is the one change: the same plain file with one name, of the same size, and with all its
    times set at the same moment, which no writing does.
    """
    before = {}
    with suppress(OSError):
        for name in os.listdir(git_dir.own):  # noqa: PTH208 - names alone, for each look
            if name.startswith("sharedindex.") and _NAME.fullmatch(name):
                before[f"{git_dir.own}/{name}"] = os.lstat(f"{git_dir.own}/{name}")
    began = time.time_ns()
    try:
        yield
    finally:
        for place, was in before.items():
            with suppress(OSError):
                _give_back(place, was, began)


def _give_back(place: str, was: os.stat_result, began: int) -> None:
    if not _touched(os.lstat(place), was, began):
        return
    # A plain file and no link a moment ago: nothing waits here.
    descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if _touched(os.fstat(descriptor), was, began):
            os.utime(descriptor, ns=(was.st_atime_ns, was.st_mtime_ns))
    finally:
        os.close(descriptor)


def _touched(now: os.stat_result, was: os.stat_result, began: int) -> bool:
    """Whether a file has been touched since *began*, Unix ns, and nothing else."""
    return (
        stat.S_ISREG(now.st_mode)
        and now.st_nlink == 1
        and (now.st_dev, now.st_ino, now.st_size, now.st_mode)
        == (was.st_dev, was.st_ino, was.st_size, was.st_mode)
        and now.st_mtime_ns != was.st_mtime_ns
        and now.st_mtime_ns == now.st_ctime_ns == now.st_atime_ns
        and now.st_mtime_ns >= began - _CLOCK_STEP
    )


_CLOCK_STEP = 20_000_000
"""Nanoseconds by which the clock that stamps files may lag behind."""

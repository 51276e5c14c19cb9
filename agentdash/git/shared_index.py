"""Restores the time of a shared index, which git updates when it reads a split index."""

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
    """Undo git's ``utime`` of shared indexes inside of the block (freshen_shared_index in read-cache.c).

    Only where nothing else has changed: the same regular file with one name and the same size, with all times
    set at the same moment, which writing never does.
    """
    before = {}
    with suppress(OSError):
        for name in os.listdir(git_dir.own):  # noqa: PTH208 - names only, called for each read
            if name.startswith("sharedindex.") and _NAME.fullmatch(name):
                before[f"{git_dir.own}/{name}"] = os.lstat(f"{git_dir.own}/{name}")
    started = time.time_ns()
    try:
        yield
    finally:
        for place, was in before.items():
            with suppress(OSError):
                _restore_time(place, was, started)


def _restore_time(place: str, was: os.stat_result, started: int) -> None:
    if not _is_only_touched(os.lstat(place), was, started):
        return
    # It was a regular file a moment ago: opening does not block.
    descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if _is_only_touched(os.fstat(descriptor), was, started):
            os.utime(descriptor, ns=(was.st_atime_ns, was.st_mtime_ns))
    finally:
        os.close(descriptor)


def _is_only_touched(now: os.stat_result, was: os.stat_result, started: int) -> bool:
    """Whether only the times of a file have changed since *started*, Unix ns."""
    return (
        stat.S_ISREG(now.st_mode)
        and now.st_nlink == 1
        and (now.st_dev, now.st_ino, now.st_size, now.st_mode)
        == (was.st_dev, was.st_ino, was.st_size, was.st_mode)
        and now.st_mtime_ns != was.st_mtime_ns
        and now.st_mtime_ns == now.st_ctime_ns == now.st_atime_ns
        and now.st_mtime_ns >= started - _CLOCK_STEP
    )


_CLOCK_STEP = 20_000_000
"""Nanoseconds by which the clock of file times may be behind."""

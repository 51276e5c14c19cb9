"""Servers of several versions, each started by the test on a socket of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from tests.support import wait_until

VERSIONS = ("6.2", "7.0")


def binary(version: str) -> str | None:
    """A ``redis-server`` of that version: from AGENTDASH_TEST_REDIS_62 (…_70), or from PATH."""
    named = os.environ.get(f"AGENTDASH_TEST_REDIS_{version.replace('.', '')}")
    for path in (named, shutil.which("redis-server")):
        if path and _version(path).startswith(f"{version}."):
            return path
    return None


def _version(path: str) -> str:
    told = subprocess.run([path, "--version"], capture_output=True, text=True, check=False, timeout=10).stdout
    return next((word[2:] for word in told.split() if word.startswith("v=")), "")


@contextmanager
def started(path: str, folder: Path, *options: str) -> Iterator[str]:
    """Run the server in *folder* and give its URL; it is gone afterwards."""
    place = folder / "redis.sock"
    process = subprocess.Popen(
        [path, "--port", "0", "--unixsocket", str(place), "--save", "", "--dir", str(folder), *options],
        stdout=subprocess.DEVNULL,
    )
    try:
        with redis.Redis(unix_socket_path=str(place)) as client:
            wait_until(lambda: place.exists() and client.ping(), what=f"an answer of {path}")
        yield f"unix://{place}"
    finally:
        process.terminate()
        process.wait(10)

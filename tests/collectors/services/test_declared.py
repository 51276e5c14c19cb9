"""Services that files declare: read as they are, matched to real processes, no trouble while nobody starts them."""

# ruff: noqa: E501 - a file is as wide as it is

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentdash.core.clock import SystemClock
from agentdash.core.fleet import service_in_trouble
from agentdash.core.services.model import Service, ServiceState
from agentdash.core.settings.model import ServiceSettings
from collectors.services.collector import ServicesCollector
from collectors.services.declared import DeclaredServices, _compose, _match_text, _package, _procfile
from tests.support import until


def look(root: Path) -> dict[str, ServiceSettings]:
    return {d.settings.name: d.settings for d in DeclaredServices((root,)).read(0)}


def test_all_kinds_of_files(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "Procfile").write_text(
        "# all\nweb: PORT=80 node server.js --port $PORT\nworker:  bundle exec sidekiq\n\nx\n"
    )
    (shop / "compose.yaml").write_text(
        "services:\n  db:\n    image: postgres\n    ports: ['127.0.0.1:5433:5432']\n  cache:\n    ports:\n"
        "      - target: 6379\n        published: 6380\n  silent:\n    image: x\n"
    )
    (tmp_path / "package.json").write_text(
        json.dumps({"scripts": {"dev": "vite --host", "test": "vitest", "start": "node ."}})
    )
    found = look(tmp_path)
    root = tmp_path.name
    assert set(found) == {"shop/web", "shop/worker", "shop/db", "shop/cache", f"{root}/dev", f"{root}/start"}
    assert (found["shop/web"].match, found["shop/web"].cwd) == ("node server.js --port", str(shop))
    assert found["shop/web"].command == "sh -c 'PORT=80 node server.js --port $PORT'"
    assert (found["shop/db"].port, found["shop/cache"].port) == (5433, 6380)
    assert found["shop/db"].command == "docker compose up -d -- db"
    assert (found[f"{root}/dev"].match, found[f"{root}/dev"].command) == ("vite --host", "npm run dev")


def test_a_file_is_read_again_only_when_it_changed(tmp_path: Path) -> None:
    file = tmp_path / "Procfile"
    file.write_text("web: node one.js\n")
    declared = DeclaredServices((tmp_path,))
    (first,) = declared.read(0)
    assert declared.read(20) == [first]
    assert declared.read(20)[0] is first
    file.write_text("web: node two.js --fast\n")
    os.utime(file, ns=(1, 1))
    assert declared.read(25) == [first]
    assert declared.read(40)[0].settings.match == "node two.js --fast"
    file.unlink()
    assert declared.read(60) == []


@pytest.mark.parametrize(
    ("command", "sign"),
    [
        ("node server.js", "node server.js"),
        ("A=1 B=2 exec gunicorn app:app -b 0.0.0.0:$PORT", "gunicorn app:app -b"),
        ("python manage.py runserver && echo done", "python manage.py runserver"),
        ("npx cross-env X=1 vite", "vite"),
        ("$RUN", None),
        ("sh", None),
    ],
)
def test_what_the_process_will_be_called(command: str, sign: str | None) -> None:
    assert _match_text(command) == sign


@given(st.text(max_size=200))
def test_any_text_declares_something_or_nothing(text: str) -> None:
    for reader in (_procfile, _package, _compose):
        try:
            found = list(reader(text, Path("/x")))
        except (ValueError, RecursionError):
            continue
        assert all(service.name for service in found)


def _sleep(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(["sleep", "61.5"], cwd=folder, start_new_session=True)


async def test_declared_started_and_ended(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text("web: sleep 61.5\nother: sleep 999.5\n")
    collector = ServicesCollector((), (tmp_path,), "host", SystemClock())

    async def web() -> Service:
        snapshot = await collector.collect()
        assert snapshot is not None
        return next(service for service in snapshot.services if service.name.endswith("/web"))

    process: subprocess.Popen[bytes] | None = None
    try:
        before = await web()
        assert (before.state, before.origin, before.never_seen) == (ServiceState.DOWN, "Procfile", True)
        assert not service_in_trouble(before)
        process = _sleep(tmp_path)

        async def up() -> bool:
            service = await web()
            return service.pid == process.pid

        await until(up)
        process.send_signal(signal.SIGKILL)
        process.wait()

        async def down() -> bool:
            service = await web()
            return service.state is ServiceState.DOWN and service_in_trouble(service)

        await until(down)
    finally:
        if process is not None:
            process.kill()
            process.wait()
        await collector.close()


def _bomb(levels: int, wide: int = 9) -> str:
    """Aliases that name each other: 1 KB that stands for ``wide ** levels`` values."""
    lines = ["a0: &a0 [" + ", ".join(["lol"] * wide) + "]"]
    lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * wide) + "]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


def _merged(levels: int, wide: int = 9) -> str:
    lines = ["a0: &a0 {ports: ['1:1']}"]
    lines += [f"a{n}: &a{n} {{<<: [" + ", ".join([f"*a{n - 1}"] * wide) + "]}" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


WEB = "services:\n  web:\n    ports: ['8080:80']\n"

HOSTILE_COMPOSE = {
    "aliases of aliases": _bomb(40)
    + "services:\n  web:\n    x: *a39\n    ports: [{published: *a39}, '8080:80']\n",
    "merges of merges": _merged(40) + "services:\n  x: {<<: *a39}\n  web:\n    ports: ['8080:80']\n",
    "an alias of itself": "a: &a [*a]\nb: &b {<<: *b}\n" + WEB,
    "services that are themselves": "services: &s {<<: *s, web: {ports: ['8080:80']}}",
    "numbers of 100 000 digits": "n: " + "9" * 100_000 + "\nm: " + "59:" * 50_000 + "59\n" + WEB,
    "times of no calendar": "t: 99999-99-99T99:99:99Z\n" + WEB,
    "a tag that names a program": "x: !!python/object/apply:os.system ['exit 1']\n" + WEB,
    "twice the same key": WEB.replace("web", "web: {}\n  web"),
}
REFUSED_COMPOSE = {
    "deep lists": "x: " + "[" * 100_000,
    "deep maps": "x: " + "{a: " * 50_000,
    "deep by question marks": "? " * 50_000,
    "deep by dashes": "- " * 50_000,
    "wide": "x: [" + "a, " * 80_000 + "]",
    "only commas": "x: [" + "," * 200_000,
    "NUL": "x: \0",
    "unfinished quotes": 'x: "' + "a" * 200_000,
    "anchors": "".join(f"a{n}: &a{n} x\n" for n in range(15_000)),
    "unknown aliases": "x: *a",
    "no document": "",
    "bytes of no text": "\ufffd" * 1000,
    "surrogates": "\udc80: x",
}


@pytest.mark.parametrize("what", HOSTILE_COMPOSE)
def test_a_compose_file_costs_what_its_size_allows(tmp_path: Path, what: str) -> None:
    (tmp_path / "compose.yaml").write_text(HOSTILE_COMPOSE[what])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert [one.settings.port for one in DeclaredServices((tmp_path,)).read(0)] == [8080]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kB


@pytest.mark.parametrize("what", REFUSED_COMPOSE)
def test_a_compose_file_that_is_none_declares_nothing(tmp_path: Path, what: str) -> None:
    (tmp_path / "compose.yaml").write_text(REFUSED_COMPOSE[what], errors="surrogateescape")
    (tmp_path / "Procfile").write_text("web: python serve.py\n")
    assert [one.origin for one in DeclaredServices((tmp_path,)).read(0)] == ["Procfile"]


@pytest.mark.parametrize(
    "text", ["exec " * 40_000 + "x", "web:" + " \n" * 100_000, "A=b " * 60_000, "a" * 200_000]
)
def test_a_hostile_procfile_is_read_in_time(tmp_path: Path, text: str) -> None:
    (tmp_path / "Procfile").write_text(
        f"{'n' * 5000}: {text}\n" * 2 + "".join(f"s{n}: run it {n}\n" for n in range(9000))
    )
    assert len(DeclaredServices((tmp_path,)).read(0)) <= 100


@pytest.mark.parametrize("name", ["compose.yaml", "Procfile", "package.json"])
def test_what_is_no_regular_file_is_not_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / name).symlink_to("/dev/zero")
    (tmp_path / "b").mkdir()
    os.mkfifo(tmp_path / "b" / name)
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / name).symlink_to(name)
    assert DeclaredServices((tmp_path,)).read(0) == []

"""One secret in every source: no output, no key and no file that agentdash writes holds it."""

from __future__ import annotations

from pathlib import Path

import redis

from agentdash.core.secrets.mask import MASK
from tests.command_line import agentdash
from tests.core.secrets.test_recall import left
from tests.secret_samples import Samples
from tests.secret_world import secret_world
from tests.support import wait_until


def _record(url: str) -> str:
    """All keys of the run that a worker recorded."""
    with redis.Redis.from_url(url, decode_responses=True) as client:
        (run,) = set(client.zrange("codi:api:runs", 0, -1)) - {"r1"}
        keys = sorted(client.scan_iter(f"codi:api:run:{run}:*"))
        read = {"stream": client.xrange, "hash": client.hgetall}
        return "\n".join(f"{key} {read[kind](key)}" for key in keys if (kind := client.type(key)) in read)


def test_a_secret_in_every_source_is_in_no_output(tmp_path: Path, redis_url: str, home: Path) -> None:
    seen: list[str] = []
    with secret_world(tmp_path, redis_url) as world:
        world.run_agent()
        kept = _record(redis_url)
        for words in (
            ("snapshot", "--json"), ("snapshot",), ("findings", "--json"), ("config", "show"),
            ("repos", "--redis", f"http://joe:{world.password}@h"),
        ):  # fmt: skip
            done = agentdash(*words, cwd=tmp_path)
            seen.append(f"{words[:2]}\n{done.stdout}\n{done.stderr}")
        settings = tmp_path / "agentdash.toml"
        settings.write_text(settings.read_text() + f'cwd = ["password={world.password}", "{world.token}"]\n')
        done = agentdash("config", "show", cwd=tmp_path)
        seen.append(done.stdout + done.stderr)
    assert "dbPassword" in kept
    assert "user,password" in kept
    seen.append(kept)
    seen += [path.read_text("utf-8", "replace") for path in (*tmp_path.glob("state/**/*"),) if path.is_file()]
    seen += [path.read_text("utf-8", "replace") for path in home.rglob("*.log")]
    assert any(MASK in one for one in seen if "snapshot" in one[:40])
    assert any(f"LEAK {MASK}" in one for one in seen)
    assert not [(one[:80], leak) for one in seen for leak in world.leaks(one)]


def test_the_line_that_announces_a_finding_is_masked(tmp_path: Path) -> None:
    from agentdash.activity import Activity, read_activity

    token, made = Samples(22).token("aws")
    log = Activity(tmp_path / "activity.log")
    log.write("findings", f"opened EXT-001 HIGH saw {token}, \x1b[36mpassword\x1b[0m={made}")
    wait_until(log.flush, what="the line is written")
    log.close()
    assert not left(made, "\n".join(read_activity(tmp_path / "activity.log")))

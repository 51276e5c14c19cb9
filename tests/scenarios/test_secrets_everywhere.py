# ruff: noqa: E501 - tables: a row a line

"""One secret in every source: no output, no key and no file that agentdash writes holds it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import redis

from agentdash.core.secrets.mask import MASK
from tests.command_line import agentdash
from tests.core.secrets.test_recall import left
from tests.secret_samples import Samples
from tests.support import wait_until


def _git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


def test_a_secret_in_every_source_is_in_no_output(tmp_path: Path, redis_url: str, home: Path) -> None:
    make = Samples(21)
    token, made = make.token("github classic")
    password = make.some("abcdefghjkABCDEFGHJK23456789", 20)
    repo = tmp_path / "code/web"
    repo.mkdir(parents=True)
    _git(repo, "init", "-q", "-b", f"fix/{token}")
    (repo / f"{token}.txt").write_text("a")
    _git(repo, "add", ".")
    _git(repo, "-c", f"user.name=Joe {token}", "commit", "-q", "-m", f"use dbPassword={password} and {token}")
    (repo / f"new-{token}.txt").write_text("b")
    finding = {
        "category": f"LEAK {token}", "severity": "HIGH", "summary": f"saw {token}", "evidence": [f"password={password}"],
        "hypothesis": f"\x1b[36mpassword\x1b[0m={password}", "fingerprint": f"f-{token}", "service": f"web-{token}",
    }  # fmt: skip
    (tmp_path / "inbox.jsonl").write_text(json.dumps(finding) + "\n" + json.dumps({"severity": token}) + "\n")
    (tmp_path / "web.log").write_text(f"ERROR cannot log in: dbPassword={password}\nERROR bad {token}\n")
    child = subprocess.Popen(
        [sys.executable, "-c", "import sys; print('up', flush=True); sys.stdin.read()", "--api-token", token, f"--password={password}"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    settings = tmp_path / "agentdash.toml"
    settings.write_text(
        f'projects = ["{tmp_path}/code"]\nstate_dir = "{tmp_path}/state"\n[redis]\nurl = "{redis_url}"\n'
        f'[findings]\ninbox = ["inbox.jsonl"]\n[[services]]\nname = "web"\npid_file = "{tmp_path}/web.pid"\n'
        f'log = "{tmp_path}/web.log"\ncommand = "serve --password {password} --token {token}"\n'
        f'probe = "http://joe:{password}@127.0.0.1:9/"\n'
    )
    seen: list[str] = []
    try:
        (tmp_path / "web.pid").write_text(str(child.pid))
        with redis.Redis.from_url(redis_url) as client:
            prefix = "codi:api"
            command = json.dumps(["agent", "--password", password, token])
            meta = {
                "id": "r1",
                "title": f"with {token}",
                "command": command,
                "status": "running",
                "createdAt": "1",
            }
            client.hset(f"{prefix}:run:r1:meta", mapping={**meta, "error.message": f"password={password}"})
            client.zadd(f"{prefix}:runs", {"r1": 1})
            client.xadd(
                f"{prefix}:run:r1:events",
                {"type": "subprocess_output", "at": "1", "data": json.dumps({"text": token})},
            )
            client.xadd("orders", {"note": f"accessToken={password}", "token": token})
        for words in (
            ("snapshot", "--json"), ("snapshot",), ("findings", "--json"), ("config", "show"),
            ("repos", "--redis", f"http://joe:{password}@h"),
        ):  # fmt: skip
            done = agentdash(*words, cwd=tmp_path)
            seen.append(f"{words[:2]}\n{done.stdout}\n{done.stderr}")
        settings.write_text(settings.read_text() + f'match = ["password={password}", "{token}"]\n')
        done = agentdash("config", "show", cwd=tmp_path)
        seen.append(done.stdout + done.stderr)
    finally:
        child.kill()
        child.communicate()
    state = tmp_path / "state"
    seen += (
        [path.read_text("utf-8", "replace") for path in state.rglob("*") if path.is_file()]
        if state.is_dir()
        else []
    )
    for topic in ("snapshot",):
        assert any(MASK in one for one in seen if topic in one[:40]), topic
    leaks = [(one[:80], one[max(0, one.find(made[:6]) - 80) :][:120]) for one in seen if left(made, one)]
    leaks += [
        (one[:80], one[max(0, one.find(password[:6]) - 80) :][:120]) for one in seen if left(password, one)
    ]
    assert any(f"LEAK {MASK}" in one for one in seen)
    assert not leaks


def test_the_line_that_announces_a_finding_is_masked(tmp_path: Path) -> None:
    from agentdash.activity import Activity, read_activity

    token, made = Samples(22).token("aws")
    log = Activity(tmp_path / "activity.log")
    log.write("findings", f"opened EXT-001 HIGH saw {token}, \x1b[36mpassword\x1b[0m={made}")
    wait_until(log.flush, what="the line is written")
    log.close()
    assert not left(made, "\n".join(read_activity(tmp_path / "activity.log")))

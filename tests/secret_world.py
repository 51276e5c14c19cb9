# ruff: noqa: E501 - settings and programs: a line a line

"""One secret in every source that agentdash reads: what the tests of all outputs look for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from tests.command_line import trust
from tests.secret_samples import Samples

_AGENT = """
import json, os, sys, threading, time
token, password, made = os.environ["SECRETS"].split()
def say(to, text, size, gap):
    for at in range(0, len(text), size):
        to.write(text[at:at + size]); to.flush(); time.sleep(gap)
def tell(kind, **data):
    print(json.dumps({"__cody_event__": {"type": kind, "data": data}}), flush=True)
tell("plan_updated", items=[{"text": f"log in with {token}", "status": "in_progress"}])
tell("file_written", path=f"conf-{token}.txt")
tell("tool_call", tool="bash", input={"command": f"curl -u joe:{password} https://h.example"}, summary=f"curl -u joe:{password} h")
tell("tool_failed", tool="bash", message=f"password={password} was refused, {token} too")
tell("agent_message", text=f"I used {token}; dbPassword={password}")
tell("agent_warning", message=f"authToken={made}")
tell("test_run_completed", passed=1, failed=1, skipped=0, failures=[f"test[{token}]"])
long = "x" * 2030 + f" accessToken={made}\\n"
out = f"go\\n\\x1b[36mdbPassword\\x1b[0m=\\x1b[35m{password}\\x1b[0m\\nusing {token} now\\nAuthorization:\\n  Bearer {made}\\n" + long
error = json.dumps({"accessToken": made, "deep": json.dumps({"apiKey": made})}) + f"\\nuser,password\\nbob,{password}\\n"
one = threading.Thread(target=say, args=(sys.stdout, out[:120], 4, 0.02))
two = threading.Thread(target=say, args=(sys.stderr, error, 8, 0.01))
one.start(); two.start(); one.join(); two.join()
sys.stdout.write(out[120:]); sys.stdout.flush()
print(f"failed with token={token}", flush=True)
sys.exit(3)
"""


def git(folder: Path, *words: str) -> None:
    """Run git there; fails with what it said."""
    done = subprocess.run(["git", *words], cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@dataclass(frozen=True, slots=True)
class SecretWorld:
    """A folder with sources that all hold the same secrets.

    Attributes:
        folder: Its settings are in ``agentdash.toml``, its state below ``state``.
        redis_url: The server, with a login of its own.
        token: Known by its shape; `made` is the part of it that is secret.
        password: Known by what is around it.
    """

    folder: Path
    redis_url: str
    token: str
    made: str
    password: str

    @property
    def secrets(self) -> tuple[str, str]:
        """No six characters of these may be seen anywhere."""
        return self.made, self.password

    def leaks(self, text: str) -> list[str]:
        """Each place of *text* that shows a part of a secret, with what is around it."""
        found = []
        for secret in self.secrets:
            places = (text.find(secret[at : at + 6]) for at in range(len(secret) - 5))
            place = min((place for place in places if place >= 0), default=-1)
            if place >= 0:
                found.append(text[max(0, place - 60) : place + 60])
        return found

    def run_agent(self) -> None:
        """A run of a real worker whose program prints the secrets in pieces, in colour, in JSON, by names."""
        agent = self.folder / "agent.py"
        agent.write_text(_AGENT)
        done = subprocess.run(
            [
                sys.executable, "-m", "agentdash", "run", "--redis", self.redis_url, "--title", f"with {self.token}",
                "--cwd", str(self.folder / "code/web"), "--", sys.executable, str(agent), "--token", self.token, f"--password={self.password}",
            ],
            env={**os.environ, "SECRETS": f"{self.token} {self.password} {self.made}"}, cwd=self.folder, capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        assert b"turn 1 ended with exit code 3" in done.stderr, done.stderr


@contextmanager
def secret_world(folder: Path, redis_url: str) -> Iterator[SecretWorld]:
    """Plant them in repositories, findings, logs, services, streams, runs and settings below *folder*."""
    make = Samples(21)
    token, made = make.token("github classic")
    password = make.some("abcdefghjkABCDEFGHJK23456789", 20)
    world = SecretWorld(folder, redis_url, token, made, password)
    _repositories(world)
    _files(world)
    trust(folder)
    child = subprocess.Popen(
        [sys.executable, "-c", "import sys; print('up', flush=True); sys.stdin.read()", "--api-token", token, f"--password={password}"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        (folder / "web.pid").write_text(str(child.pid))
        with redis.Redis.from_url(redis_url) as client:
            _streams(world, client)
            _runs(world, client)
            yield world
    finally:
        child.kill()
        child.communicate()


def _repositories(world: SecretWorld) -> None:
    token, password = world.token, world.password
    repo = world.folder / "code/web"
    repo.mkdir(parents=True)
    git(repo, "init", "-q", "-b", f"fix/{token}")
    git(repo, "remote", "add", "origin", f"https://joe:{password}@127.0.0.1:9/{token}.git")
    (repo / f"{token}.txt").write_text("a")
    (repo / "conf.env").write_text(f"DB_PASSWORD={password}\n")
    git(repo, "add", ".")
    git(
        repo, "-c", f"user.name=Joe {token}", "commit", "-q",
        "-m", f"use dbPassword={password} and {token}", "-m", f"accessToken: {world.made}",
    )  # fmt: skip
    git(repo, "tag", f"v1-{token}")
    (repo / "conf.env").write_text(f"DB_PASSWORD={password}\nprivate={token}\n")
    git(repo, "stash", "push", "-q", "-m", f"with {token}")
    git(repo, "worktree", "add", "-q", "-b", f"wt/{token}", str(world.folder / f"code/wt-{token}"))
    (repo / "conf.env").write_text(f"AUTH_TOKEN={world.made}\n")
    git(repo, "add", "conf.env")
    (repo / f"{token}.txt").write_text(f"login: {token}\n")
    (repo / f"new-{token}.txt").write_text(f"password={password}\n")
    (repo / ".gitmodules").write_text(
        f'[submodule "lib-{token}"]\n\tpath = lib-{token}\n\turl = https://joe:{password}@h.example/{token}\n'
    )


def _files(world: SecretWorld) -> None:
    folder, token, password = world.folder, world.token, world.password
    finding = {
        "category": f"LEAK {token}", "severity": "HIGH", "summary": f"saw {token}", "evidence": [f"password={password}"],
        "hypothesis": f"\x1b[36mpassword\x1b[0m={password}", "fingerprint": f"f-{token}", "service": f"web-{token}",
        "recommendation": f"rotate {token}", "stream": f"orders-{token}",
    }  # fmt: skip
    (folder / "inbox.jsonl").write_text(json.dumps(finding) + "\n" + json.dumps({"severity": token}) + "\n")
    (folder / "web.log").write_text(
        f"ERROR cannot log in: dbPassword={password}\nERROR bad {token}\n"
        f"INFO request_id={token} begun\n"
        f"{json.dumps({'level': 'error', 'msg': f'bad {token}', 'apiKey': world.made, 'service': f'web-{token}'})}\n"
        f"INFO Authorization:\n  Bearer {world.made}\nINFO rows\nuser,password\nbob,{password}\n"
    )
    (folder / "agentdash.toml").write_text(
        f'projects = ["{folder}/code"]\nstate_dir = "{folder}/state"\n[redis]\nurl = "{world.redis_url}"\n'
        f'[findings]\ninbox = ["inbox.jsonl"]\n[[services]]\nname = "web"\npid_file = "{folder}/web.pid"\n'
        f'log = "{folder}/web.log"\ncommand = "serve --password {password} --token {token}"\n'
        f'probe = "http://joe:{password}@127.0.0.1:9/"\n'
        f'[[services]]\nname = "api-{token}"\ncommand = "env DB_PASSWORD={password} serve {token}"\n'
        f'match = "{token}-{token}"\n'
    )


def _streams(world: SecretWorld, client: redis.Redis) -> None:
    token, password = world.token, world.password
    body = {"user": "bob", "credentials": {"login": password}, "header": f"Bearer {world.made}"}
    for name in ("orders", f"orders-{token}"):
        for number in range(3):
            client.xadd(
                name,
                {
                    "note": f"accessToken={password}", "token": token, "body": json.dumps(body), "n": number,
                    f"field-{token}": "x", "producer": f"joe-{token}", "csv": f"user,password\nbob,{password}\n",
                    "correlation_id": token,
                },
            )  # fmt: skip
        client.xgroup_create(name, f"billing-{token}", id="0")
        client.xreadgroup(f"billing-{token}", f"worker-{token}", {name: ">"}, count=2)


def _runs(world: SecretWorld, client: redis.Redis) -> None:
    token, password = world.token, world.password
    prefix = "codi:api"
    meta = {
        "id": "r1", "title": f"with {token}", "command": json.dumps(["agent", "--password", password, token]),
        "status": "running", "createdAt": "1", "cwd": f"/srv/{token}", "error.message": f"password={password}",
    }  # fmt: skip
    client.hset(f"{prefix}:run:r1:meta", mapping=meta)
    client.zadd(f"{prefix}:runs", {"r1": 1})
    events = (
        ("subprocess_output", {"text": token, "stream": "stdout"}),
        ("agent_message", {"text": f"password={password}"}),
        ("tool_call", {"tool": "bash", "command": f"curl -u joe:{password} h"}),
        (f"odd_{token}", {"password": password, token: 1}),
    )
    for kind, data in events:
        client.xadd(f"{prefix}:run:r1:events", {"type": kind, "at": "1", "data": json.dumps(data)})

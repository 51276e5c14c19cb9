"""Secrets that come in pieces, as agents print them: none is in the store; prompts are seen all the same."""

from __future__ import annotations

import json
import random

import pytest

from agentdash.core.secrets.mask import MASK
from agentdash.runner.output.secret_mask import SecretMask
from agentdash.runner.output.throttle import BUFFERED, CHUNK, PER_SECOND, OutputThrottle
from tests.core.secrets.test_recall import left
from tests.runner.output.test_throttle import Time
from tests.runner.stage import Stage, python
from tests.secret_samples import Samples

TOKENS = ("github classic", "aws", "twilio", "jwt", "slack bot")
FRAMES = {
    "bare": "using {} now\n",
    "named": "dbPassword={}\n",
    "coloured": "\x1b[36mauthToken\x1b[0m=\x1b[35m{}\x1b[0m\n",
    "prompted": "Enter password: {}\n",
    "over the border": "x" * (CHUNK - 20) + " {} " + "y" * 100 + "\n",
    "after a return": "1%\r2%\rtoken={}\rdone\n",
    "without an end": "using {}",
    "half a character before": "grün – ü€ token: {} ü\n",
}


def through(data: bytes, chance: random.Random, gap: float) -> str:
    """What is sent of *data*, which comes in pieces of 1 to 8 bytes, up to *gap* seconds apart."""
    time = Time()
    throttle = OutputThrottle(time, secrets=SecretMask())
    out, at, sent = [], 0, []
    while at < len(data):
        size = chance.randint(1, 8) if len(data) - at < 500 else 500
        throttle.push("stdout", data[at : at + size])
        at += size
        end = time.now + chance.uniform(0.01, gap)
        while True:
            out += (taken := throttle.take())
            sent += [time.now] * len(taken)
            wait = throttle.wait()
            if wait is None or time.now + wait >= end:
                break
            time.now += max(wait, 0.001)
        time.now = end
    throttle.end()
    while (wait := throttle.wait()) is not None:
        time.now += wait
        out += throttle.take()
    assert all(len(one.text.encode()) <= CHUNK for one in out)
    assert all(sum(1 for other in sent if at <= other < at + 1) <= PER_SECOND for at in sent)
    return "".join(one.text for one in out)


@pytest.mark.parametrize("gap", [0.2, 3.0])
@pytest.mark.parametrize("frame", FRAMES)
def test_no_piece_of_a_secret_is_sent(frame: str, gap: float) -> None:
    make, chance = Samples(5), random.Random(frame)
    for name in TOKENS:
        token, made = make.token(name)
        text = FRAMES[frame].format(token)
        said = through(text.encode(), chance, gap)
        assert not left(made, said), (name, said[-200:])
        assert MASK in said


def test_no_piece_of_a_secret_in_json_is_sent() -> None:
    make, chance = Samples(6), random.Random(6)
    token, made = make.token("github classic")
    coloured = f"\x1b[36mpassword\x1b[0m=\x1b[35m{made}\x1b[0m"
    row = json.dumps({"text": coloured, "accessToken": token, "deep": json.dumps({"apiKey": made})})
    assert not left(made, through(f"{row}\n".encode(), chance, 0.2))


def test_a_private_key_in_pieces() -> None:
    make = Samples(7)
    rows = [make.some("abcdefghABCDEFGH0123456789+/", 64) for _ in range(4)]
    key = "\n".join(
        ("-----BEGIN RSA " + "PRIVATE KEY-----", *rows, "-----END RSA PRIVATE KEY-----", "after\n")
    )
    said = through(key.encode(), random.Random(1), 0.2)
    assert not any(left(row, said) for row in rows)
    assert said.endswith("after\n")


def test_what_was_dropped_takes_no_name_from_its_value() -> None:
    make = Samples(8)
    secret = make.some("abcdefghjkABCDEFGHJK23456789", 40)
    for before in range(BUFFERED - 120, BUFFERED + 40, 7):
        throttle = OutputThrottle(time := Time(), secrets=SecretMask())
        throttle.push("stdout", b"x" * 50_000 + b" password=" + secret.encode() + b" " + b"z" * (before - 50))
        throttle.push("stdout", b"\nnext line\n")
        throttle.end()
        out = throttle.take()
        while (wait := throttle.wait()) is not None:
            time.now += wait
            out += throttle.take()
        said = "".join(one.text for one in out)
        assert not left(secret, said), before
        assert said.endswith("next line\n")


def test_an_endless_secret_is_masked_as_far_as_it_goes() -> None:
    make, time = Samples(9), Time()
    throttle = OutputThrottle(time, secrets=SecretMask())
    throttle.push("stdout", b"token=")
    out = []
    made = []
    for _ in range(60):
        made.append(make.some("abcdefghjkABCDEFGHJK23456789", 1024))
        throttle.push("stdout", made[-1].encode())
        time.now += 0.7
        out += throttle.take()
    throttle.push("stdout", b" shown\n")
    throttle.end()
    while (wait := throttle.wait()) is not None:
        time.now += wait
        out += throttle.take()
    said = "".join(one.text for one in out)
    assert not any(left(piece, said) for piece in made)
    assert said.endswith(" shown\n")


@pytest.mark.parametrize(
    "prompt",
    [
        "May I? [y/N] ",
        "May I? [y/N]",
        "Password: ",
        "What is your name",
        "......",
        "\x1b[1mName:\x1b[0m ",
        "$ ",
    ],
)
def test_a_prompt_is_shown_within_a_second(prompt: str) -> None:
    time = Time()
    throttle = OutputThrottle(time, secrets=SecretMask())
    throttle.push("stdout", prompt.encode())
    assert throttle.take() == []
    wait = throttle.wait()
    assert wait is not None
    assert wait <= 1.0
    time.now += wait
    assert [one.text for one in throttle.take()] == [prompt]
    throttle.push("stdout", b"yes\n")
    assert "".join(one.text for one in throttle.take()) in {"yes\n", f"{MASK}\n"}


async def test_a_real_run_leaves_no_secret_anywhere(stage: Stage) -> None:
    make = Samples(10)
    first, second = make.token("github classic"), make.token("anthropic")
    secrets = [first[1], second[1]]
    text = f"go\n\x1b[36mdbPassword\x1b[0m=\x1b[35m{first[0]}\x1b[0m\n"
    error = json.dumps({"accessToken": second[0], "t": "x" * 60}) + "\n"
    code = (
        "import sys,time,threading\n"
        "def say(to, text, size, gap):\n"
        " for at in range(0, len(text), size):\n"
        "  to.write(text[at:at+size]); to.flush(); time.sleep(gap)\n"
        f"one = threading.Thread(target=say, args=(sys.stdout, {text!r}, 4, 0.06))\n"
        f"two = threading.Thread(target=say, args=(sys.stderr, {error!r}, 8, 0.03))\n"
        "one.start(); two.start(); one.join(); two.join()\n"
        f"print('finished with token={first[0]}')\n"
    )
    task = stage.run(*python(code), "--password", second[0], title=f"with {first[0]}", until="finished")
    assert await task == 0
    seen = [*stage.activity.lines, *stage.said, str(await stage.record())]
    async for key in stage.client.scan_iter(match="*"):
        kind = await stage.client.type(key)
        value: object = None
        if kind == b"stream":
            value = await stage.client.xrange(key)
        elif kind == b"hash":
            value = await stage.client.hgetall(key)
        seen.append(f"{key!r} {value!r}")
    assert any("dbPassword" in one for one in seen)
    assert not [one for one in seen for secret in secrets if left(secret, one)]

# ruff: noqa: E501 - tables: a row a line

"""Secrets that stand on another line than their name, or over two: in texts, in logs, in the output of runs."""

from __future__ import annotations

import random

import pytest

from agentdash.core.logs.parse.line import LogParser
from agentdash.core.secrets.mask import MASK, mask_lines
from tests.runner.output.test_pieces import through
from tests.secret_samples import ANY, B64, URL, Samples

_make = Samples(31)
PW = f"Kq{_make.some(ANY, 10)}7z"
MADE = _make.some(ANY, 28) + "4x"
HEAD, BODY, SIGN = f"eyJ{_make.some(ANY, 33)}", f"eyJ{_make.some(ANY, 120)}", _make.some(URL, 42) + "7"
JWT = f"{HEAD}.{BODY}.{SIGN}"
ROWS = [_make.some(B64, 63) + "7" for _ in range(3)]


def wrapped(text: str, width: int) -> str:
    """As a terminal breaks it."""
    return "\n".join(text[at : at + width] for at in range(0, len(text), width))


PUTTY = (
    f"PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: joe@host\nPublic-Lines: 2\nAAAAC3NzaC1lZDI1NTE5AAAAI\nJx7kPq\n"
    f"Private-Lines: 3\n{ROWS[0]}\n{ROWS[1]}\nab{PW[2:8]}=\nPrivate-MAC: {_make.some('0123456789abcdef', 64)}"
)
HIDDEN: dict[str, tuple[str, tuple[str, ...]]] = {
    "a header": (f"Authorization:\n Bearer {MADE}", (MADE,)),
    "a header with its scheme": (f"Authorization: Bearer\n  {MADE}", (MADE,)),
    "only the scheme": (f"> Bearer\n{MADE}", (MADE,)),
    "a name": (f"db_password=\n{PW}", (PW,)),
    "a name in colour": (f"\x1b[36mdbPassword\x1b[0m:\n  \x1b[35m{PW}\x1b[0m", (PW,)),
    "a name in JSON": (f'{{"apiKey":\n  "{MADE}"}}', (MADE,)),
    "a text in YAML": (f"password: |\n  {PW}\n  second{PW}\nhost: h", (PW,)),
    "name and value": (f"- name: DB_PASSWORD\n  value: {PW}", (PW,)),
    "a shell goes on": (f"tool --db-password \\\n  {PW} --verbose", (PW,)),
    "a variable goes on": (f"export DB_PASSWORD=\\\n{PW}", (PW,)),
    "a token, wrapped": (wrapped(f"the token of this session is {JWT}", 60), (BODY, SIGN)),
    "a token in its first part": (f"x {HEAD[:30]}\n{HEAD[30:]}.{BODY}.{SIGN}", (HEAD, BODY, SIGN)),
    "a token in its last part": (f"x {HEAD}.{BODY}.\n{SIGN}", (BODY, SIGN)),
    "a key of an issuer": (wrapped(f"using ghp_{_make.some(ANY, 30)}{MADE} now", 38), (MADE,)),
    "an assignment": (wrapped(f"export AUTH_TOKEN={MADE}{SIGN}", 40), (MADE[8:20], SIGN)),
    "a key in narrow rows": (
        wrapped("-----BEGIN PRIVATE KEY-----", 80) + "\n" + "\n".join(wrapped(row, 50) for row in ROWS) + "\n-----END PRIVATE KEY-----",
        tuple(ROWS),
    ),
    "CSV": (f"user,password\nbob,{PW}\n\"jo,e\",\"x{PW}\"", (PW,)),
    "CSV with more": (f"id;apiKey;at\n7;{MADE};2026-11-20", (MADE,)),
    "tabs": (f"user\tclient_secret\nbob\t{MADE}", (MADE,)),
    "a table": (f" id | password \n----+---------\n  1 | {PW}\n  2 | b{PW}\n(2 rows)", (PW,)),
    "a table in Markdown": (f"| user | password |\n|---|---|\n| bob | {PW} |", (PW,)),
    "PuTTY": (PUTTY, (ROWS[0], ROWS[1], PW[2:8], PUTTY[-64:])),
}  # fmt: skip
SHOWN = (
    "Authorization:\n  none\nnext", "password:\n  type: string", "Bearer\nauthentication is required", "token:\n\nexpired",
    "user,name\nbob,a1b2c3d4e5f6", "id,token\n5,hello\n6,world", "id,password\n1,<hidden>\n2,", "token,value\nINFO took order 4711, 12 ms",
    "user,password\nINFO worker took order 4711", "password\nmachine2 is up", "name:\n  web7", "the password, the token\nand 4x4",
    "digest sha256:3f2a61c09b4d5e6f708192a3b4c5d6e7f8091a2b\nINFO done", "a | b\n1 | x2y3z4a5b6",
    "done token=\nINFO next line2", "usage: tool --password \\\n  --verbose", "Private-Lines: none\nhello", "--token \\",
)  # fmt: skip


def seen(secrets: tuple[str, ...], text: str) -> list[str]:
    """Parts of the secrets that are to be seen."""
    return [one[at : at + 6] for one in secrets for at in range(len(one) - 5) if one[at : at + 6] in text]


@pytest.mark.parametrize("name", HIDDEN)
def test_in_a_text(name: str) -> None:
    text, secrets = HIDDEN[name]
    shown = mask_lines(text)
    assert not seen(secrets, shown), shown
    assert MASK in shown
    assert "\n" in text


@pytest.mark.parametrize("name", HIDDEN)
def test_in_a_log(name: str) -> None:
    text, secrets = HIDDEN[name]
    parser = LogParser("web")
    lines = [
        parser.line(line.encode(), number, 0) for number, line in enumerate(f"INFO begun\n{text}".split("\n"))
    ]
    assert not seen(secrets, str([line.message for line in lines]))
    assert any(line.masked for line in lines)


@pytest.mark.parametrize("gap", [0.2, 3.0])
@pytest.mark.parametrize("name", HIDDEN)
def test_in_the_output_of_a_run(name: str, gap: float) -> None:
    text, secrets = HIDDEN[name]
    for end in ("\n", ""):
        shown = through(f"go\n{text}{end}".encode(), random.Random(name), gap)
        assert not seen(secrets, shown), shown
        assert MASK in shown


@pytest.mark.parametrize("text", SHOWN)
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask_lines(text) == text
    assert through(f"{text}\n".encode(), random.Random(1), 0.2) == f"{text}\n"

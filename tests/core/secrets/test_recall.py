# ruff: noqa: E501 - tables: a row a line

"""How many published formats are known, how many names, and how much that is no secret is touched."""

from __future__ import annotations

import re
import time

import pytest

from agentdash.core.secrets.issuers import ISSUERS
from agentdash.core.secrets.mask import MASK, cut, mask
from tests.secret_samples import COMMANDS, FORMATS, FORMS, NAMES, PROSE, Samples, as_json, look_alikes


def left(secret: str, shown: str) -> bool:
    """Whether a part of *secret* is to be seen in *shown*."""
    size = min(6, len(secret))
    return any(secret[at : at + size] in shown for at in range(len(secret) - size + 1))


def test_published_formats_are_known() -> None:
    make = Samples()
    missed = []
    total = 0
    for name in FORMATS:
        for _, frame in PROSE:
            for line in (lambda text: text), as_json:
                token, secret = make.token(name)
                total += 1
                if left(secret, mask(line(frame.format(token)))[0]):
                    missed.append((name, frame))
    assert len(missed) <= total * 0.05, sorted({name for name, _ in missed})


def test_names_are_known_in_any_form() -> None:
    make = Samples()
    cases = [(form, name, make.value()) for form in FORMS for name in NAMES]
    missed = [
        (form, name, value)
        for form, name, value in cases
        if left(value, mask(form.format(n=name, v=value))[0])
    ]
    assert len(missed) <= len(cases) * 0.10, missed[:20]


@pytest.mark.parametrize("form", COMMANDS)
def test_command_lines_and_headers(form: str) -> None:
    make = Samples()
    values = [make.some("abcdefghijkmnpqrstuvwxyzABCDEFGH23456789", 24) for _ in range(5)]
    assert not [value for value in values if left(value, mask(form.format(v=value))[0])]


def test_few_look_alikes_are_touched() -> None:
    lines = [line for seed in range(20) for line in look_alikes(Samples(seed))]
    touched = [line for line in lines if mask(line) != (line, ())]
    assert len(touched) <= len(lines) * 0.15, sorted(set(touched))[:20]


@pytest.mark.parametrize(
    "text",
    [
        "token=Token{id=4, kind=access}", "stream/token: com.apple.security.x86.agent2", "password: ",
        "auth=true", "max_tokens=4096", "tokens: 1234", "wwid=naa.600508b1001c4a2b9f0e6d5c4b3a2918",
        "token: <token>", "password=${DB_PASSWORD}", "api_key=changeme", '{"tokens": 123456789, "token_count": 99999999}',
    ],
)  # fmt: skip
def test_these_are_no_secrets(text: str) -> None:
    assert mask(text) == (text, ())


def test_numbers_beside_the_name_of_a_secret() -> None:
    assert mask('{"token": 123456789012345, "count": 7}')[0] == f'{{"token": {MASK}, "count": 7}}'


def test_colours_stay_where_they_were() -> None:
    text = "\x1b[36mpassword\x1b[0m=\x1b[35mS3cret\x1b[1mValue99\x1b[0m done"
    assert mask(text)[0] == f"\x1b[36mpassword\x1b[0m=\x1b[35m{MASK}\x1b[1m\x1b[0m done"
    link = "\x1b]8;;https://h.example\x07gh" + "p_" + "\x1b]8;;\x07" + "a1B2" * 9
    assert "a1B2" not in mask(link)[0]


def test_every_row_of_the_table_names_its_source() -> None:
    for row in ISSUERS:
        assert row.source in {"gitleaks", "trufflehog", "detect-secrets", "github", "issuer"}, row
        assert re.compile(row.pattern), row
        assert all(sign == sign.lower() for sign in row.signs), row


def test_a_cut_never_goes_through_a_secret() -> None:
    token = Samples().token("github classic")[0]
    text = f"{'x' * 90} {token} and more"
    for limit in range(85, 140):
        assert not left(token[4:], cut(text, limit)) or limit >= 91 + len(token)


HOSTILE = (
    "password=", "token: ", "a", "-----BEGIN PRIVATE KEY-----", "\x1b[3", "://", "https://a:", "=", "key key ",
    "curl -u ", "eyJ", "ghp_", "\\", '\\"password\\":\\"', "authorization: digest ", "<password>", "AKIA", "0/1",
    "mysql mysql ", "\\u001b[", "heroku ", "a1-", "sk-", ".", " -p", "Bearer ", '"', "%3D", "login ", "_", "é",
)  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_no_line_is_slow(piece: str) -> None:
    text = piece * (65536 // len(piece))
    begun = time.process_time()
    mask(text)
    mask(text[:-9] + "@h:1/x@")
    assert time.process_time() - begun < 3.0

"""A payload leaks nothing that the same text would not: names hold for what is below them."""

from __future__ import annotations

import json

import pytest

from agentdash.core.logs.parse.line import LogParser
from agentdash.core.secrets.safe_text import masked_data
from agentdash.core.secrets.view import MASK
from tui.format.streams.body import value_paras

_PW = "Zw" + "7PasswordA1b2c3!"
_KEY = "Zw" + "1aaaBBBccc111ddd222eee"

SECRETS: dict[str, dict[str, object]] = {
    "an object below": {"password": {"value": _PW}},
    "deeper": {"credentials": {"login": [{"x": {"plain": _PW}}]}},
    "many": {"passwords": {"root": _PW}, "secrets": {"db": _PW}},
    "a list": {"password": [_PW, {"old": _PW}]},
    "an object of a name and a value": {"env": [{"name": "DB_PASSWORD", "value": _PW}]},
    "other words for both": {"env": [{"Key": "DB_PASSWORD", "Val": _PW}]},
    "a pair": {"header": ["x-api-key", _KEY]},
    "pairs": {"headers": [["host", "h"], ["x-api-key", _KEY], ["db-password", "sunflower"]]},
    "a command": {"target": f"curl -sSu joe:{_PW} https://x"},
    "words of a command": {"argv": ["tool", "-e", "DB_PASSWORD", _PW]},
    "options of Windows": {"argv": ["xfreerdp", "/u:joe", f"/p:{_PW}"]},
    "a login": {"argv": ["curl", "-u", f"joe:{_PW}", "https://x"]},
    "a login, joined": {"argv": ["curl", f"-sSujoe:{_PW}", "https://x"]},
    "the line below": {"text": f"password:\n  {_PW}"},
    "two lines below": {"text": f'{{"password":\n\n  "{_PW}"}}'},
    "a text of several lines": {"text": f"db:\n  password: |\n    {_PW}\n  host: h"},
    "name and value on two lines": {"text": f"- name: DB_PASSWORD\n  value: {_PW}\n"},
    "a number": {"password": {"value": 918273645}},
}


@pytest.mark.parametrize("name", SECRETS)
def test_no_form_of_a_payload_shows_it(name: str) -> None:
    data = SECRETS[name]
    for shown in (masked_data(data), masked_data({"deep": [data]})):
        text = json.dumps(shown, ensure_ascii=False)
        assert MASK in text
        for part in ("7Pass", "b2c3", "1aaaBBB", "222eee", "sunflower", "918273"):
            assert part not in text


@pytest.mark.parametrize("name", SECRETS)
def test_nor_do_the_fields_of_a_log(name: str) -> None:
    raw = json.dumps({"level": "info", "msg": "m", **SECRETS[name]}).encode()
    line = LogParser("web").line(raw, 0, 0)
    for part in ("7Pass", "b2c3", "1aaaBBB", "222eee", "sunflower", "918273"):
        assert part not in f"{line}"
    assert line.masked


@pytest.mark.parametrize(
    "data",
    [
        {"tokens": {"input": 412345678, "model": "some-model", "cached": True}},
        {"password": {"type": "string", "minLength": 8, "set": True}},
        {"usage": {"max_tokens": 412345678}, "token_count": 412345678},
        {"required": ["password", "username"], "token": {"type": "ident"}},
        {"name": "shop", "value": "a1b2c3d4e5f6g7h8"},
        {"rows": [["host", "a1b2c3d4e5f6"], ["port", "6379"]]},
        {"argv": ["grep", "-rn", "api_key", "src/module2.py"]},
        {"auth": {"user": "joe", "method": "scram"}},
        {"text": "password:\n  type: string\n  minLength: 8"},
        {"text": "tests:\n  value: a1b2c3d4e5f6g7h8"},
        {"text": "Enter the password:\nfirst2line of the output"},
    ],
)
def test_what_is_no_secret_stays(data: dict[str, object]) -> None:
    assert masked_data(data) == data


@pytest.mark.parametrize("name", SECRETS)
def test_nor_do_the_lines_of_an_entry_of_a_stream(name: str) -> None:
    lines = value_paras(b"body", json.dumps(SECRETS[name]).encode())
    lines += value_paras(b"password", json.dumps({"x": [_PW]}).encode())
    for part in ("7Pass", "b2c3", "1aaaBBB", "222eee", "sunflower", "918273"):
        assert part not in f"{lines}"
    assert MASK in f"{lines}"


OVER_LINES = (
    ("- name: DB_PASSWORD", f"  value: {_PW}"),
    ('"password":', f'  "{_PW}"'),
    ("INFO the root password:", _PW),
    ("password:", "", f"  {_PW}"),
)


@pytest.mark.parametrize("lines", OVER_LINES)
def test_a_secret_on_the_line_after_its_name_is_masked(lines: tuple[str, ...]) -> None:
    parser = LogParser("web")
    got = [parser.line(line.encode(), number, 0) for number, line in enumerate((*lines, "done7done"))]
    assert not any("7Pass" in line.message for line in got)
    assert got[-2].masked
    assert (got[-1].message, got[-1].masked) == ("done7done", ())


def test_lines_that_were_passed_over_part_a_name_from_what_follows() -> None:
    parser = LogParser("web")
    parser.line(b"password:", 0, 0)
    parser.reset()
    assert parser.line(b"status7ok8now", 10, 0).message == "status7ok8now"

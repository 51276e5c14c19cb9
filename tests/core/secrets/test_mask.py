"""Secrets are masked wherever they stand; ordinary lines are left alone."""

# ruff: noqa: E501 - a log line is as long as it is

from __future__ import annotations

import json
import random
import string
from collections.abc import Callable

import pytest

from agentdash.core.logs.parse.line import LogParser
from agentdash.core.secrets.mask import MASK, mask

_ANY = string.ascii_letters + string.digits
_LOW = string.ascii_lowercase + string.digits
_random = random.Random(7)


def some(count: int, of: str = _ANY) -> str:
    return "".join(_random.choice(of) for _ in range(count))


def digits(count: int) -> str:
    return some(count, string.digits)


TOKENS = {
    "aws-key": f"AKIA{some(16, string.ascii_uppercase)}",
    "azure-key": f"AccountKey={some(86)}==",
    "discord-token": f"M{some(23)}.{some(6)}.{some(27)}",
    "github-token": f"ghp_{some(36)}",
    "github-token, app": f"ghs_{some(36)}",
    "github-token, fine-grained": f"github_pat_{some(22)}_{some(59)}",
    "gitlab-token": f"glpat-{some(20)}",
    "gitlab-token, deploy": f"gldt-{some(20)}",
    "gitlab-token, runner": f"GR1348941{some(20)}",
    "jwt": f"eyJ{some(20)}.eyJ{some(40)}.{some(43)}",
    "mailchimp-key": f"{some(32, _LOW)}-us12",
    "npm-token": f"npm_{some(36)}",
    "api-key, project": f"sk-proj-{some(40)}",
    "api-key, of an agent": f"sk-ant-api03-{some(80)}",
    "pypi-token": f"pypi-AgEIcHlwaS5vcmc{some(80)}",
    "sendgrid-key": f"SG.{some(22)}.{some(43)}",
    "slack-token": f"xoxb-{digits(11)}-{digits(12)}-{some(24)}",
    "slack-token, hook": f"https://hooks.slack.com/services/T{some(8)}/B{some(8)}/{some(24)}",
    "square-token": f"sq0csp-{some(43)}",
    "stripe-key": f"sk_live_{some(24)}",
    "stripe-key, test": f"rk_test_{some(24)}",
    "telegram-token": f"{digits(9)}:{some(35)}",
    "twilio-key": f"SK{some(32, _LOW)}",
    "google-key": f"AIza{some(35)}",
    "hf-token": f"hf_{some(34)}",
    "docker-token": f"dckr_pat_{some(27)}",
    "vault-token": f"hvs.{some(90)}",
}
FRAMES = {
    "alone": "{}",
    "in prose": "2024-11-20T16:28:01Z INFO using {} for the call",
    "in quotes": '2024-11-20 16:28:01,123 ERROR app.db: bad key "{}", stop',
    "in a URL": "GET https://host.example/path?x=1&k={}&y=2 200",
}


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("name", TOKENS)
def test_a_known_token_is_masked(name: str, frame: str) -> None:
    token = TOKENS[name]
    got = LogParser("web").line(FRAMES[frame].format(token).encode(), 0, 0)
    assert token not in got.message
    assert MASK in got.message
    assert name.partition(",")[0] in got.masked
    assert token[-12:] not in got.message


@pytest.mark.parametrize("name", TOKENS)
def test_a_known_token_is_masked_in_the_fields_of_json(name: str) -> None:
    record = {"level": "info", "msg": f"m {TOKENS[name]}", "deep": [{"note": f"is {TOKENS[name]}."}]}
    got = LogParser("web").line(json.dumps(record).encode(), 0, 0)
    assert TOKENS[name] not in f"{got}"
    assert got.masked


def test_a_private_key_on_one_line_is_masked_whole() -> None:
    key = f"-----BEGIN RSA PRIVATE KEY-----\\n{some(64)}\\n-----END RSA PRIVATE KEY-----"
    assert mask(f"loaded {key} from disk") == (f"loaded {MASK} from disk", ("private-key",))


ROWS = [some(64) for _ in range(12)] + [f"{some(23)}="]
KEYS = {
    "plain": ("-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----", "{}"),
    "openssh": ("-----BEGIN OPENSSH PRIVATE KEY-----", "-----END OPENSSH PRIVATE KEY-----", "    {}"),
    "pgp": ("-----BEGIN PGP PRIVATE KEY BLOCK-----", "-----END PGP PRIVATE KEY BLOCK-----", "{}"),
    "ssh2": ("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----", "---- END SSH2 ENCRYPTED PRIVATE KEY ----", "{}"),
    "with a head": (
        "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----",
        "2024-11-20T16:28:01Z INFO {}",
    ),
    "quoted": ("-----BEGIN EC PRIVATE KEY-----", "-----END EC PRIVATE KEY-----", "'{}\\n' +"),
    "json": ("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", '{{"level":30,"msg":"{}"}}'),
}


def _read(lines: list[str], parser: LogParser | None = None) -> list[tuple[str, tuple[str, ...]]]:
    parser = parser or LogParser("web")
    got = [parser.line(line.encode(), number, 0) for number, line in enumerate(lines)]
    return [(line.message, line.masked) for line in got]


@pytest.mark.parametrize("name", KEYS)
def test_no_line_of_a_private_key_is_shown(name: str) -> None:
    begin, end, frame = KEYS[name]
    headers = ["Proc-Type: 4,ENCRYPTED", f"DEK-Info: AES-128-CBC,{some(32)}", ""] if name == "plain" else []
    body = [*headers, *ROWS[:6], "2024-11-20T16:28:01Z INFO another writer took 7 orders", *ROWS[6:]]
    key = [frame.format(row) if " INFO " not in row else row for row in (begin, *body, end)]
    got = _read(["INFO before", *key, "INFO done", "INFO after"])
    assert got[0] == ("before", ())
    assert [message for message, kinds in got if not kinds] == [
        "before", *([""] if headers else []), "another writer took 7 orders", "done", "after",
    ]  # fmt: skip
    assert not any(row[:8] in message for message, _ in got for row in ROWS)
    assert {kind for _, kinds in got for kind in kinds} == {"private-key"}


def test_a_key_whose_beginning_was_passed_over_is_masked_too() -> None:
    parser = LogParser("web")
    assert _read(["INFO a"], parser) == [("a", ())]
    parser.reset()
    digest = _hex(64)
    hidden = [(MASK, ("private-key",))] * len(ROWS)
    assert _read([*ROWS, "INFO b", digest], parser) == [*hidden, ("b", ()), (digest, ())]
    assert _read([digest, digest]) == [(digest, ()), (digest, ())]


def test_what_only_speaks_of_a_key_hides_nothing_that_follows() -> None:
    prose = [f"INFO took order {number}" for number in range(30)]
    told = _read(
        ["ERROR expected -----BEGIN PRIVATE KEY----- in key.pem", *prose, "done", "AuthenticationService"]
    )
    assert [message for message, kinds in told if kinds] == [f"expected {MASK}"]
    assert _read(["no PRIVATE KEY was given", "-----END PRIVATE KEY-----"])[1] == (
        "-----END PRIVATE KEY-----",
        (),
    )


def test_a_key_in_one_structured_line_is_masked_whole() -> None:
    key = "\n".join(["-----BEGIN PRIVATE KEY-----", *ROWS, "-----END PRIVATE KEY-----"])
    got = LogParser("web").line(json.dumps({"level": 30, "msg": f"is {key} ok", "pem": key}).encode(), 0, 0)
    assert (got.message, got.fields["pem"], got.masked) == (f"is {MASK} ok", MASK, ("private-key",))


def _hex(count: int) -> str:
    return some(count, "0123456789abcdef")


def _uuid() -> str:
    return f"{_hex(8)}-{_hex(4)}-4{_hex(3)}-a{_hex(3)}-{_hex(12)}"


ORDINARY: tuple[Callable[[], str], ...] = (
    lambda: f"GET /api/v{digits(1)}/orders/{_uuid()} 200 {digits(2)} ms",
    lambda: f"request_id={_uuid()} trace_id={_hex(32)} span_id={_hex(16)} done",
    lambda: f"commit {_hex(40)} by author Jane Doe <jane@example.com>",
    lambda: f"pulled registry.example/app@sha256:{_hex(64)}",
    lambda: f"pod web-{_hex(10)}-{some(5, _LOW)} ready on ip-10-0-{digits(1)}-{digits(2)}.ec2.internal",
    lambda: f"user {some(6, _LOW)} logged in, password changed {digits(2)} days ago",
    lambda: f"token: expired for session {digits(6)}; tokens=4{digits(3)} prompt_tokens={digits(4)}",
    lambda: f"max_tokens={digits(4)} total_tokens: {digits(5)} cache_read_input_tokens={digits(5)}",
    lambda: f"authorization failed for {some(5, _LOW)}: no credentials given",
    lambda: f"api: listening on http://0.0.0.0:{digits(4)} (pid {digits(5)})",
    lambda: f"connected to redis://cache-{digits(1)}.internal:6379/0 in {digits(2)} ms",
    lambda: f"    at Object.<anonymous> (/srv/app/node_modules/auth-token/index.js:{digits(3)}:{digits(2)})",
    lambda: f'  File "/srv/app/secrets.py", line {digits(3)}, in load_password',
    lambda: f"cookie banner shown {digits(4)} times, secret santa drawn, key {digits(3)} pressed",
    lambda: f"cache key user:{digits(6)}:profile:{_hex(8)} missed, primary key={digits(7)}",
    lambda: f"etag W/\"{_hex(32)}\" if-none-match matched, range bytes={digits(5)}-{digits(6)}",
    lambda: f"worker took order {digits(5)} for {digits(5)} in {digits(2)} ms and no error",
    lambda: f"{digits(13)}-0 XADD orders * id {digits(6)} total {digits(3)}.{digits(2)}",
    lambda: f"asked model gpt-{digits(1)}-turbo, {digits(4)} tokens, finish_reason=stop, id chatcmpl-{digits(4)}",
    lambda: f"wrote /var/lib/app/{_hex(2)}/{_hex(62)}.blob ({digits(6)} bytes)",
    lambda: f"skipping task-{digits(4)}, risk-{_hex(8)}, disk-usage-{digits(2)}",
    lambda: f"basic authentication disabled; bearer authorization or bearer tokens required by policy {digits(3)}",
    lambda: f"Set-Cookie header dropped, X-Api-Key header missing from {digits(2)}.{digits(2)}.1.{digits(1)}",
    lambda: f"migrated schema 2024{digits(4)}_{some(8, _LOW)}_add_token, author={some(5, _LOW)}",
    lambda: f"{{\"state\": \"{some(7, _LOW)}\", \"tokens\": {digits(4)}, \"key\": \"{some(5, _LOW)}\"}}",
    lambda: f"mac 0{digits(1)}:{_hex(2)}:{_hex(2)}:{_hex(2)} joined, build 1.{digits(2)}.{digits(3)}+{_hex(7)}",
    lambda: f"data:image/png;base64,{some(12)} shortened, checksum md5={_hex(32)} crc={_hex(8)}",
    lambda: f"arn:aws:sqs:eu-west-1:{digits(12)}:orders polled, aws region eu-west-{digits(1)}",
)  # fmt: skip


def test_at_most_one_ordinary_line_in_a_thousand_is_touched() -> None:
    lines = [ORDINARY[number % len(ORDINARY)]() for number in range(28_000)]
    touched = [line for line in lines if mask(line) != (line, ())]
    assert len(touched) <= len(lines) // 1000, touched[:10]
    parser = LogParser("web")
    parsed = [line for line in lines if parser.line(line.encode(), 0, 0).masked]
    assert len(parsed) <= len(lines) // 1000, parsed[:10]

# ruff: noqa: E501 - a table: a row a line

"""Samples of secrets and of what only looks like one, composed when a test needs them: none is written out here.

Each format is described by its parts; the descriptions follow what issuers and the rules of gitleaks, TruffleHog,
detect-secrets and GitHub's secret scanning publish (config/gitleaks.toml, pkg/detectors, plugins, docs.github.com).
"""

from __future__ import annotations

import json
import random
import string
from collections.abc import Callable

HEX = "0123456789abcdef"
LOW = string.ascii_lowercase + string.digits
ANY = string.ascii_letters + string.digits
UP = string.ascii_uppercase + string.digits
URL = ANY + "-_"
B64 = ANY + "+/"
Part = str | tuple[str, int]

FORMATS: dict[str, tuple[Part, ...]] = {
    "github classic": ("ghp_", (ANY, 36)),
    "github oauth": ("gho_", (ANY, 36)),
    "github refresh": ("ghr_", (ANY, 36)),
    "github fine-grained": ("github_pat_", (ANY, 22), "_", (ANY, 59)),
    "gitlab personal": ("glpat-", (URL, 20)),
    "gitlab routable": ("glpat-", (URL, 27), ".", (HEX, 2), (LOW, 7)),
    "gitlab deploy": ("gldt-", (URL, 20)),
    "gitlab feed": ("glft-", (URL, 20)),
    "gitlab flags": ("glffct-", (URL, 20)),
    "gitlab job": ("glcbt-", (HEX, 2), "_", (URL, 20)),
    "gitlab trigger": ("glptt-", (HEX, 40)),
    "gitlab agent": ("glagent-", (URL, 50)),
    "gitlab runner": ("glrt-", (URL, 20)),
    "gitlab scim": ("glsoat-", (URL, 20)),
    "gitlab oauth secret": ("gloas-", (HEX, 64)),
    "gitlab mail": ("glimt-", (LOW, 25)),
    "bitbucket": ("ATBB", (ANY, 32)),
    "npm": ("npm_", (ANY, 36)),
    "pypi": ("pypi-AgEIcHlwaS5vcmc", (URL, 120)),
    "rubygems": ("rubygems_", (HEX, 48)),
    "docker": ("dckr_pat_", (URL, 27)),
    "artifactory": ("AKCp", (ANY, 69)),
    "circleci": ("CCIPAT_", (ANY, 22), "_", (HEX, 40)),
    "sonar": ("squ_", (HEX, 40)),
    "sourcegraph": ("sgp_", (HEX, 40)),
    "aws": ("AKIA", (string.ascii_uppercase + "234567", 16)),
    "aws temporary": ("ASIA", (string.ascii_uppercase + "234567", 16)),
    "azure storage": ("AccountKey=", (B64, 86), "=="),
    "azure secret": ((ANY, 3), "8Q~", (ANY, 34)),
    "google": ("AIza", (URL, 35)),
    "google oauth": ("ya29.", (URL, 120)),
    "google secret": ("GOCSPX-", (URL, 28)),
    "alibaba": ("LTAI", (ANY, 20)),
    "digitalocean": ("dop_v1_", (HEX, 64)),
    "digitalocean refresh": ("dor_v1_", (HEX, 64)),
    "cloudflare origin": ("v1.0-", (HEX, 24), "-", (HEX, 146)),
    "heroku": ("HRKU-AA", (URL, 58)),
    "fly": ("fo1_", (URL, 43)),
    "fly macaroon": ("fm2_", (B64, 140)),
    "netlify": ("nfp_", (ANY, 36)),
    "pulumi": ("pul-", (HEX, 40)),
    "terraform": ((ANY, 14), ".atlasv1.", (URL, 64)),
    "vault": ("hvs.", (URL, 95)),
    "vault batch": ("hvb.", (URL, 140)),
    "doppler": ("dp.pt.", (ANY, 43)),
    "doppler service": ("dp.st.prd.", (ANY, 43)),
    "1password": ("ops_eyJ", (B64, 260)),
    "openshift": ("sha256~", (URL, 43)),
    "tailscale": ("tskey-auth-", (ANY, 12), "-", (ANY, 32)),
    "databricks": ("dapi", (HEX, 32)),
    "planetscale": ("pscale_tkn_", (URL, 43)),
    "airtable": ("pat", (ANY, 14), ".", (HEX, 64)),
    "clickhouse": ("4b1d", (ANY, 38)),
    "anthropic": ("sk-ant-api03-", (URL, 93), "AA"),
    "anthropic admin": ("sk-ant-admin01-", (URL, 93), "AA"),
    "openai project": ("sk-proj-", (URL, 74), "T3BlbkFJ", (URL, 74)),
    "openai service": ("sk-svcacct-", (URL, 74), "T3BlbkFJ", (URL, 74)),
    "openai": ("sk-", (ANY, 20), "T3BlbkFJ", (ANY, 20)),
    "hugging face": ("hf_", (string.ascii_letters, 34)),
    "perplexity": ("pplx-", (ANY, 48)),
    "groq": ("gsk_", (ANY, 52)),
    "xai": ("xai-", (ANY, 80)),
    "replicate": ("r8_", (ANY, 37)),
    "langsmith": ("lsv2_pt_", (HEX, 32), "_", (HEX, 10)),
    "grafana service": ("glsa_", (ANY, 32), "_", (HEX, 8)),
    "grafana cloud": ("glc_", (ANY, 60)),
    "sentry user": ("sntryu_", (HEX, 64)),
    "sentry organisation": ("sntrys_", (B64, 120), "_", (B64, 43)),
    "dynatrace": ("dt0c01.", (UP, 24), ".", (UP, 64)),
    "new relic user": ("NRAK-", (UP, 27)),
    "new relic browser": ("NRJS-", (HEX, 19)),
    "new relic license": ((HEX, 36), "NRAL"),
    "slack bot": ("xoxb-", (string.digits, 12), "-", (string.digits, 12), "-", (ANY, 24)),
    "slack app": ("xapp-1-", (UP, 11), "-", (string.digits, 13), "-", (HEX, 64)),
    "slack hook": ("https://hooks.slack.com/services/T", (UP, 9), "/B", (UP, 9), "/", (ANY, 24)),
    "discord": ("M", (ANY, 23), ".", (URL, 6), ".", (URL, 27)),
    "telegram": ((string.digits, 9), ":AA", (URL, 33)),
    "atlassian": ("ATATT3", (URL, 180)),
    "linear": ("lin_api_", (ANY, 40)),
    "notion": ("ntn_", (string.digits, 11), (ANY, 35)),
    "figma": ("figd_", (URL, 40)),
    "postman": ("PMAK-", (HEX, 24), "-", (HEX, 34)),
    "typeform": ("tfp_", (URL, 59)),
    "sendgrid": ("SG.", (URL, 22), ".", (URL, 43)),
    "mailchimp": ((HEX, 32), "-us12"),
    "mailgun": ("key-", (HEX, 32)),
    "mailgun signing": ((HEX, 32), "-", (HEX, 8), "-", (HEX, 8)),
    "sendinblue": ("xkeysib-", (HEX, 64), "-", (ANY, 16)),
    "twilio": ("SK", (HEX, 32)),
    "stripe": ("sk_live_", (ANY, 24)),
    "stripe restricted": ("rk_test_", (ANY, 40)),
    "stripe hook": ("whsec_", (ANY, 32)),
    "square": ("sq0atp-", (URL, 22)),
    "square production": ("EAAA", (URL, 60)),
    "shopify": ("shpat_", (HEX, 32)),
    "shopify private": ("shppa_", (HEX, 32)),
    "shopify shared": ("shpss_", (HEX, 32)),
    "shippo": ("shippo_live_", (HEX, 40)),
    "easypost": ("EZAK", (ANY, 54)),
    "flutterwave": ("FLWSECK_TEST-", (HEX, 32), "-X"),
    "plaid": ("access-sandbox-", (HEX, 8), "-", (HEX, 4), "-", (HEX, 4), "-", (HEX, 4), "-", (HEX, 12)),
    "age": ("AGE-SECRET-KEY-1", ("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58)),
    "jwt": ("eyJ", (ANY, 33), ".eyJ", (ANY, 60), ".", (URL, 43)),
    "okta": ("Authorization: SSWS 00", (URL, 40)),
    "heroku by name": ("HEROKU_API_KEY=", (HEX, 8), "-", (HEX, 4), "-", (HEX, 4), "-", (HEX, 4), "-", (HEX, 12)),
    "datadog by name": ("datadog: ", (HEX, 20), (LOW, 20)),
    "algolia by name": ("algolia_admin='", (LOW, 32), "'"),
    "cloudflare by name": ("CLOUDFLARE_TOKEN: ", (URL, 40)),
}  # fmt: skip

PROSE = (
    ("alone", "{}"),
    ("in prose", "2024-11-20T16:28:01Z INFO using {} for the call"),
    ("in brackets", "got ({}), stop"),
)
NAMES = (
    "password", "dbPassword", "DB_PASSWORD", "db-password", "authToken", "accessToken", "access_token", "apiKey",
    "API_KEY", "x-api-key", "SecretAccessKey", "AWS_SECRET_ACCESS_KEY", "PGPASSWORD", "clientSecret", "client_secret",
    "private_key", "GITHUB_TOKEN", "redis.password", "spring.datasource.password", "MYSQL_ROOT_PASSWORD",
    "JWT_SECRET", "refreshToken", "passphrase", "smtp_pass", "credentials", "encryptionKey", "secret_key_base",
)  # fmt: skip
FORMS: tuple[str, ...] = (
    "{n}={v}", "{n}: '{v}'", '{n}="{v}"', '"{n}": "{v}"', "{{'{n}': '{v}', 'x': 1}}", "{n} := \"{v}\"",
    '"{n}" => "{v}"', "{n} = {v}", "export {n}={v}", "GET /x?a=1&{n}={v}&b=2 200", "--{n} {v} --verbose",
    "--{n}={v}", '{{\\"{n}\\":\\"{v}\\"}}', "level=info {n}={v} took=3ms", "{n}={v};User=joe;Host=h", "<{n}>{v}</{n}>",
    "\x1b[36m{n}\x1b[0m=\x1b[35m{v}\x1b[0m", "\\u001b[36m{n}\\u001b[0m=\\u001b[35m{v}\\u001b[0m", "{n}.={v}",
    'os.environ["{n}"] = "{v}"', "{n}=SecretStr('{v}')", "{n}=b'{v}'", "[{n}={v}]", "docker run -e {n}={v} img",
)  # fmt: skip
COMMANDS = (
    "curl -u joe:{v} https://h.example/x", "curl --user 'joe:{v}' h", "mysql -uroot -p{v} shop", "sshpass -p {v} ssh h",
    "PGPASSWORD={v} psql -h db", "redis-cli -h r -a {v} PING", "Authorization: token {v}", "Authorization: Bearer {v}",
    "curl -H 'Authorization: Basic {v}' h", "postgres://joe:{v}@db:5432/x", "Cookie: sid={v}; theme=dark",
    "docker login -u joe -p {v} reg.example", "https://{v}@git.example/x.git", 'proxy-authorization: "Basic {v}"',
    "X-Auth-Token: {v}", "joe:{v}@tcp(db:3306)/shop",
)  # fmt: skip


class Samples:
    """Composes them; the same ones for the same seed."""

    def __init__(self, seed: int = 11) -> None:
        self.random = random.Random(seed)

    def some(self, of: str, count: int) -> str:
        return "".join(self.random.choice(of) for _ in range(count))

    def token(self, name: str) -> tuple[str, str]:
        """A text with a token of that format, and the longest random part of it."""
        parts = [part if isinstance(part, str) else self.some(*part) for part in FORMATS[name]]
        made = [text for text, part in zip(parts, FORMATS[name], strict=True) if not isinstance(part, str)]
        return "".join(parts), max(made, key=len)

    def value(self) -> str:
        """What people and programs use as passwords and keys."""
        word = self.random.choice(("Winter", "horse", "Zebra", "kiwi", "Falcon"))
        return self.random.choice((
            self.some(ANY, 24), self.some(HEX, 32), self.some(LOW, 16), f"{word}{self.some(string.digits, 4)}!x",
            f"S3cr{self.some(ANY, 6)}", self.some(URL, 40), f"{word}-{self.some(LOW, 6)}7",
        ))  # fmt: skip

    def uuid(self) -> str:
        return "-".join(self.some(HEX, count) for count in (8, 4, 4, 4, 12))


def look_alikes(make: Samples) -> list[str]:
    """Lines that hold the words and the shapes of secrets, and none."""
    some, digits = make.some, string.digits
    lines: tuple[Callable[[], str], ...] = (
        lambda: f"token=Token{{id={some(digits, 4)}, kind=access}}", lambda: f"tokens: {some(digits, 4)}",
        lambda: f"max_tokens={some(digits, 4)} temperature=0.7", lambda: "password: ", lambda: "Enter password: ",
        lambda: f"cache key=user:{some(digits, 6)}:{some(HEX, 8)} missed", lambda: f"wwid=naa.{some(HEX, 32)}",
        lambda: f"sda: wwid: t10.ATA_____Disk_{some(UP, 24)}", lambda: "stream/token: com.apple.security.x86.agent2",
        lambda: "auth=true user=joe", lambda: "auth=null", lambda: "token=none", lambda: "secret=<hidden>",
        lambda: "password=${DB_PASSWORD}", lambda: "api_key=YOUR_API_KEY", lambda: "token: xxxxxxxxxxxxxxxx",
        lambda: "password=changeme", lambda: f"request_id={make.uuid()} done", lambda: f"commit {some(HEX, 40)}",
        lambda: f"sha256:{some(HEX, 64)} pulled", lambda: "password = os.environ['DB_PASSWORD']",
        lambda: "token = request.headers.get('Authorization')", lambda: "apiKey: process.env.API_KEY,",
        lambda: f"AKIA{'X' * 16}", lambda: "AKIAIOSFODNN7EXAMPLE", lambda: f"ghp_{'x' * 36}", lambda: "sk-learn-contrib-tools-extra",
        lambda: f"session_id={make.uuid()}", lambda: f"next_page_token={some(URL, 24)}", lambda: "password must be set",
        lambda: f"unexpected token: '{some(LOW, 9)}'", lambda: "secretName: tls-frontend", lambda: "--token-file /run/tok",
        lambda: "SECRET_FILE=/run/secrets/db_password", lambda: f"tokenizer=gpt2 vocab={some(digits, 5)}", lambda: "key=value",
        lambda: f"eos_token_id={some(digits, 6)}", lambda: f"public_key={some(HEX, 40)}", lambda: f"etag: {some(HEX, 32)}",
        lambda: f"trace_id={some(HEX, 32)} span_id={some(HEX, 16)}", lambda: f"thread {make.uuid()} started",
        lambda: f"/nix/store/{some(LOW, 32)}-glibc-2.39", lambda: f"compass={some(digits, 3)} bypass=on", lambda: "token expired",
        lambda: f"css-{some(LOW, 8)} chunk-{some(UP, 8)}.js", lambda: f"password_reset_sent_at=2024-11-{some('12', 2)}T10:00:00Z",
    )  # fmt: skip
    return [line() for line in lines]


def as_json(text: str) -> str:
    """A line of JSON that says *text*."""
    return json.dumps({"level": "info", "msg": text})

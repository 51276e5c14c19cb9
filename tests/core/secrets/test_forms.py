# ruff: noqa: E501 - tables: a row a line

"""Forms in which secrets are written: all of the secret goes, and what only looks like one stays."""

from __future__ import annotations

import json

import pytest

from agentdash.core.secrets.mask import MASK, mask, mask_lines

PW = "Kq7" + "d1aRxYqFF!z"
MADE = "tqD04GHw" + "GGf2GK4CAQmNUz7BhieCu4ct"
HEX = "3f2a61c09b4d5e6f708192a3b4c5d6e7f8091a2b"


def shows(secret: str, text: str) -> bool:
    shown = mask_lines(text)
    return any(secret[at : at + 5] in shown for at in range(len(secret) - 4))


def nested(depth: int) -> str:
    text = json.dumps({"db": {"password": PW}})
    for _ in range(depth):
        text = json.dumps({"msg": text})
    return text


ALL_OF_IT = (
    f'Authorization: Digest username="joe", realm="x", nonce="abc", response="{MADE}"',
    f"curl -H 'Authorization: Digest username=\"joe\", response=\"{MADE}\"' https://x",
    json.dumps({"authorization": f'Digest username="joe", response="{MADE}"'}),
    f'["password"]=> string(14) "{PW}"', f"[password] => {PW}", f'Config {{ password: Some("{PW}") }}',
    f"<password><![CDATA[{PW}]]></password>", f'<property name="javax.persistence.jdbc.password">{PW}</property>',
    f"<td>Password</td><td>{PW}</td>", f'      + password                       = "{PW}"',
    f'      ~ password = "old{MADE}" -> "{PW}"', nested(2), nested(4), nested(5),
    f'{{"pass\\u0077ord": "{PW}"}}', f"{{\\u0022password\\u0022: \\u0022{PW}\\u0022}}", f"%22password%22%3A%22{PW}%22",
    f"&quot;password&quot;:&quot;{PW}&quot;", f"password＝{PW}", f"password：{PW}", f"ｐａｓｓｗｏｒｄ={PW}",
    f"password:\u00a0{PW}", f"**Password:** {PW}", f"- **password**: `{PW}`", f"DB_PASSWORD → {PW}",
    f"| DB_PASSWORD | {PW} |", f"│ DB_PASSWORD │ {PW} │", f"| `DB_PASSWORD` | `{PW}` |", f"DB_PASSWORD\t\t{PW}",
    f"client.set_password('{PW}')", f"define('DB_PASSWORD', '{PW}');", f"('x-api-key', '{MADE}')",
    f"postgres://joe:p@ss/w:rd#1{PW}@db:5432/shop", f"redis://:{PW}/a@cache:6379/0", f"https://joe:a@{PW}@h.example/x/@scope",
)  # fmt: skip

BY_WHAT_IS_AROUND = (
    f"machine api.example.com login joe password {PW}", f"machine h\n  login joe\n  password {PW}\n",
    f"db.example.com:5432:shop:joe:{PW}", f"*:*:*:joe:{PW}", f".h.example\tTRUE\t/\tTRUE\t1700000000\tsessionid\t{MADE}",
    f"    client-key-data: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQ{MADE}{MADE}", f"requirepass {PW}",
    f"masterauth {PW}", f"CONFIG SET requirepass {PW}", f"AUTH {PW}", f"AUTH default {PW}", f'"AUTH" "joe" "{PW}"',
    f"ACL SETUSER joe on >{PW} ~* +@all", f"user joe on >{PW} ~* +@all", f"curl -sSu joe:{PW} https://x",
    f"curl -b 'sid={MADE}' https://x", f"sqlplus joe/{PW}@ORCL", f"jdbc:oracle:thin:joe/{PW}@//db:1521/ORCL",
    f"7z x -p{PW} a.7z", f"zip -P {PW} a.zip f", f"unzip -P {PW} a.zip", f"lftp -u joe,{PW} h",
    f"openssl enc -aes-256-cbc -k {PW} -in a", f"htpasswd -b f joe {PW}", f"htpasswd -nb joe {PW}", f"echo {PW} | sudo -S ls",
    f"echo '{PW}' | docker login --password-stdin -u x", f"docker login --password-stdin -u x <<< '{PW}'",
    f"printf '%s' '{PW}' | docker login --password-stdin", f"cypher-shell -u neo4j -p {PW}", f"xfreerdp /u:joe /p:{PW} /v:h",
    f"rabbitmqctl change_password joe {PW}", f"CREATE USER joe WITH PASSWORD '{PW}';", f"ALTER USER 'joe'@'%' IDENTIFIED BY '{PW}';",
    f"ENV DB_PASSWORD {PW}", f"setenv DB_PASSWORD {PW}", f"set -x DB_PASSWORD {PW}", f"docker run -e DB_PASSWORD {PW}",
    f"PASS {PW}", f"> PASS {PW}", f"AUTH PLAIN {MADE}==", f"the password is {PW} now", f"I set the root password to {PW}.",
    f"A temporary password is generated for root@localhost: {PW}", f"AWS Secret Access Key [None]: {MADE}{MADE[:8]}",
    f"Kennwort: {PW}", f"mot_de_passe={PW}", f"mot de passe : {PW}", f"contraseña={PW}", f"senha={PW}", f"пароль={PW}",
    f"密码={PW}", f"密码：{PW}", f"パスワード: {PW}", f"비밀번호: {PW}", f"joe:$apr1$YfyLMpCc${MADE[:22]}", f"psk={PW}",
    f'{{"db": {{"password": {{"value": "{PW}"}}}}}}', f'{{"passwords": ["{PW}", 1]}}',
)  # fmt: skip

NO_SECRETS = (
    f"blob: {HEX}", f"blob={HEX}", f'"blob": "{HEX}"', f"global: {HEX}", "global_options=unbuffered_output1",
    "zipp/glob.py,sha256=DLV9LBsDxA6YVW82e3-tkoNrus1h4R-j3BR6VqS0AzE,3382", f"sentry-trace: {HEX[:32]}-{HEX[:16]}-1",
    f"sentry-release={HEX}", f"heroku commit={HEX}", "linear: ENG-1234-fix-the-thing2", "jira: PROJ-12345-fix-login",
    "server: cloudflare, cf-ray: 8a1b2c3d4e5f6a7b-FRA", "cloudflare: cf-ray=8a1b2c3d4e5f6a7b-FRA",
    "sonar.projectKey=my-project-key2024", "adobe: Photoshop-CC2024-x64", "xray trace=1-5759e988-bd862e3fe1be46a994272793",
    "'pass', 'raise', 'nonlocal'", "log.info('token', 'getting list')", "self.error(name, token, 'easing function expected')",
    '"token": "hello world"', '"token": "Identifier123"', '{"token": "Ġdevelopment", "logprob": -0.123}',
    "let token: Token2022 = parse()?;", f"signature={HEX}", f"sig={HEX}", f"Signature: {HEX}", f"test_{HEX[:32]}",
    f"tests/x.py::test_{HEX[:32]}", "Pass: test_login_works_2", "password = var.db_password2",
    "password: process.env.DB_PASS2 || '',", "password: !vault |", "mysql -port 3306", "Bearer authentication2 required",
    f"trace-token={HEX}", f"lock token={MADE}", "sync_token=12345678", "Token: 12345678", "resume token: abc12345def",
    "password = forms.CharField(widget=forms.PasswordInput)", "self.key_password = key_password", "print('Token: ' + repr(tt))",
    "std::vector<AsmToken> Value;", "if secret := secret_in(lines):", "pwd=pwd)", "redis://[user:password@]host:6379/0",
    "Token:                  '#ABB2BF',", "credentials=include2024", "app_key=billing-service-v2-eu", "Secret: prod/db/password-v2",
    "return CPAN::HTTP::Credentials->get_proxy_credentials();", "https://user:8080/@vite/client", "postgres://db:5432/shop?owner=joe@h",
    "live_abcdefghijklmnopqrstuvwxyz0123456789abcd", "DB_PASSWORD is read from the file", "cat password | grep x2y4z6a8",
    "PASS src/App2.test.tsx", "the password is too short", "password changed for user: joe", "AUTH failed", "parse_token(text)",
    "the password is required here", "your token is expired, get one", "AUTH required for user2", "PASS tests2", "user joe logged in >2 times",
    "src/x.py:5432:12:E501:too-long", "identified by the id 12", "a temporary password is sent by mail", "senhalization: 12345678a",
    "password was set to expire in 30 days", '"password": ["This field may not be blank."]', "-----BEGIN CERTIFICATE-----",
    "certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSURCVENDQWUyZ0F3SUJBZ0lJ", "curl -sb x",
    "set -x PATH /usr/local/bin2", "ENV PATH /usr/local/bin2", "costs $5 and $6 for a b", "the API key is in the vault",
)  # fmt: skip


@pytest.mark.parametrize("text", ALL_OF_IT)
def test_all_of_a_secret_goes(text: str) -> None:
    secret = PW if PW in text or f"\\{PW[-4:]}" in text or "pass\\u0077" in text else MADE
    assert MASK in mask_lines(text)
    assert not shows(secret, text), mask_lines(text)


@pytest.mark.parametrize("text", BY_WHAT_IS_AROUND)
def test_secrets_are_known_by_what_is_around_them(text: str) -> None:
    secret = PW if PW in text else MADE
    assert MASK in mask_lines(text)
    assert not shows(secret[:22], text), mask_lines(text)
    if "\t" not in text:
        assert not shows(secret[:22], json.dumps({"msg": text}, ensure_ascii=False))


@pytest.mark.parametrize("text", NO_SECRETS)
def test_what_is_no_secret_is_not_touched(text: str) -> None:
    assert mask(text) == (text, ())
    assert mask_lines(text) == text

"""The table of token formats that issuers publish: a prefix that they reserved, and what follows it.

Each row was written from what its source publishes, in our own words. Sources:

- ``gitleaks``: the rules of gitleaks, https://github.com/gitleaks/gitleaks (config/gitleaks.toml, MIT)
- ``trufflehog``: the detectors of TruffleHog, https://github.com/trufflesecurity/trufflehog (pkg/detectors)
- ``detect-secrets``: its plugins, https://github.com/Yelp/detect-secrets (Apache-2.0)
- ``github``: the supported patterns of GitHub's secret scanning, https://docs.github.com/code-security
- ``issuer``: the issuer's own documentation or announcement of the format

A token must not be a part of a longer word: `shapes` checks both ends, so a row need not. A part in parentheses, where a row has one, is the secret; else all of it is.
"""

# ruff: noqa: E501 - a table: a row a line

from __future__ import annotations

from typing import NamedTuple


class Issuer(NamedTuple):
    """One format.

    Attributes:
        kind: The name of this kind of secret.
        signs: In lower case; a text without any of them contains no such token.
        pattern: A regular expression, linear in the length of the text.
        source: Where the format is published; see the module.
    """

    kind: str
    signs: tuple[str, ...]
    pattern: str
    source: str


_B64 = r"[A-Za-z0-9+/]"
_B64URL = r"[A-Za-z0-9_-]"
_HEX = r"[A-Fa-f0-9]"
_UUID = r"[A-Fa-f0-9]{8}(?:-[A-Fa-f0-9]{4}){3}-[A-Fa-f0-9]{12}"
_GITLAB = (
    "glpat-", "gldt-", "glft-", "glsoat-", "glrt-", "glrtr-", "glcbt-", "glimt-", "glptt-", "glagent-",
    "gloas-", "glffct-", "glwt-",
)  # fmt: skip

ISSUERS: tuple[Issuer, ...] = (
    # Source code, packages, builds
    Issuer("github-token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh[pousr]_[A-Za-z0-9]{20,255}", "github"),
    Issuer("github-token", ("github_pat_",), r"github_pat_\w{22,255}", "github"),
    Issuer("gitlab-token", _GITLAB, r"gl(?:pat|dt|ft|soat|rtr?|cbt|imt|ptt|agent|oas|ffct|wt)-[\w-]{20,320}(?:\.[a-z0-9]{2,3}\.?[a-z0-9]{7,9})?", "gitleaks"),
    Issuer("gitlab-token", ("gr1348941",), r"GR1348941[\w-]{20,50}", "gitleaks"),
    Issuer("bitbucket-token", ("atctt3xff", "atbb"), r"(?:ATCTT3xFf[A-Za-z0-9+/=_.-]{60,300}|ATBB[A-Za-z0-9]{28,40})", "trufflehog"),
    Issuer("npm-token", ("npm_",), r"npm_[A-Za-z0-9]{36}", "github"),
    Issuer("npm-token", ("_authtoken=",), rf"_authToken=(npm_[A-Za-z0-9]+|{_UUID}|[A-Za-z0-9+/_=.-]{{20,}})", "detect-secrets"),
    Issuer("pypi-token", ("pypi-",), r"pypi-[\w-]{32,1000}", "github"),
    Issuer("rubygems-token", ("rubygems_",), rf"rubygems_{_HEX}{{48}}", "gitleaks"),
    Issuer("nuget-token", ("oy2",), r"oy2[a-z0-9]{43}", "github"),
    Issuer("clojars-token", ("clojars_",), r"(?i:CLOJARS_)[A-Za-z0-9]{60}", "gitleaks"),
    Issuer("crates-token", ("cio",), r"cio[A-Za-z0-9]{32}", "trufflehog"),
    Issuer("docker-token", ("dckr_pat_", "dckr_oat_"), r"dckr_[po]at_[\w-]{20,64}", "github"),
    Issuer("artifactory-token", ("akcp", "cmvmd"), r"(?:AKCp[A-Za-z0-9]{60,80}|cmVmd[A-Za-z0-9]{59})", "gitleaks"),
    Issuer("octopus-key", ("api-",), r"API-[A-Z0-9]{25,30}", "gitleaks"),
    Issuer("harness-token", ("pat.", "sat."), rf"[ps]at\.{_B64URL}{{22}}\.[A-Za-z0-9]{{24}}\.[A-Za-z0-9]{{20}}", "gitleaks"),
    Issuer("buildkite-token", ("bkua_",), rf"bkua_{_HEX}{{40}}", "trufflehog"),
    Issuer("circleci-token", ("ccipat_", "ccipr"), r"CCI(?:PAT|PRJ)_[A-Za-z0-9]{22}_[a-f0-9]{40}", "github"),
    Issuer("sonar-token", ("squ_", "sqp_", "sqa_"), r"sq[upa]_[\w=-]{36,44}", "gitleaks"),
    Issuer("sourcegraph-token", ("sgp_", "slk_"), rf"(?:sgp_(?:(?:{_HEX}{{16}}|local)_)?{_HEX}{{40}}|slk_{_HEX}{{64}})", "gitleaks"),
    Issuer("snyk-token", ("snyk_",), r"snyk_(?:uat|sat)\.[a-z0-9]{8}\.[\w.-]{20,200}", "issuer"),
    Issuer("codeclimate-token", ("qltp_", "qltcw_"), r"qlt(?:p|cw)_[A-Za-z0-9]{10,60}", "trufflehog"),
    Issuer("infracost-key", ("ico-",), r"ico-[A-Za-z0-9]{32}", "gitleaks"),
    Issuer("prefect-key", ("pnu_", "pnb_"), r"pn[ub]_[A-Za-z0-9]{36}", "gitleaks"),
    Issuer("readme-key", ("rdme_",), r"rdme_[a-z0-9]{70}", "gitleaks"),
    # Clouds and hosting
    Issuer("aws-key", ("akia", "asia", "abia", "acca", "a3t"), r"(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}", "github"),
    Issuer("aws-bedrock-key", ("absk", "bedrock-api-key-"), rf"(?:ABSK{_B64}{{109,269}}={{0,2}}|bedrock-api-key-{_B64}{{28,}}={{0,2}})", "gitleaks"),
    Issuer("azure-key", ("accountkey=", "sharedaccesskey="), rf"(?i:AccountKey|SharedAccessKey)=({_B64}{{42,86}}={{0,2}})", "detect-secrets"),
    Issuer("azure-secret", ("q~",), r"[A-Za-z0-9_~.]{3}\dQ~[\w~.-]{31,34}", "gitleaks"),
    Issuer("azure-devops-token", ("azdo",), r"[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}", "github"),
    Issuer("google-key", ("aiza",), rf"AIza{_B64URL}{{35}}", "github"),
    Issuer("google-token", ("ya29.",), r"ya29\.[\w-]{20,512}", "trufflehog"),
    Issuer("google-secret", ("gocspx-",), rf"GOCSPX-{_B64URL}{{28}}", "github"),
    Issuer("alibaba-key", ("ltai",), r"LTAI[A-Za-z0-9]{12,22}", "gitleaks"),
    Issuer("tencent-key", ("akid",), r"AKID[A-Za-z0-9]{32}", "trufflehog"),
    Issuer("yandex-key", ("aqvn", "t1.", "ycaj", "y0_"), r"(?:AQVN[\w-]{35,38}|t1\.[\w-]{10,300}={0,2}\.[\w-]{86}={0,2}|YCAJ[\w-]{36}|y0_[\w-]{50,70})", "gitleaks"),
    Issuer("digitalocean-token", ("dop_v1_", "doo_v1_", "dor_v1_"), rf"do[por]_v1_{_HEX}{{64}}", "github"),
    Issuer("cloudflare-key", ("v1.0-",), r"v1\.0-[a-f0-9]{24}-[a-f0-9]{146}", "gitleaks"),
    Issuer("cloudflare-token", ("cfut_", "cfat_", "cfk_"), r"cf(?:ut|at|k)_[A-Za-z0-9_-]{37,60}", "issuer"),
    Issuer("heroku-key", ("hrku-",), r"HRKU-[\w-]{36,70}", "github"),
    Issuer("fly-token", ("fo1_", "fm1r_", "fm1a_", "fm2_"), rf"(?:fo1_{_B64URL}{{43}}|fm1[ar]_{_B64}{{90,}}={{0,3}}|fm2_{_B64}{{90,}}={{0,3}})", "gitleaks"),
    Issuer("netlify-token", ("nfp_", "nfc_", "nfo_", "nfu_", "nfb_"), r"nf[pcoub]_[A-Za-z0-9]{36}", "github"),
    Issuer("vercel-token", ("vcp_", "vci_", "vca_", "vcr_", "vck_"), r"vc[piark]_[A-Za-z0-9]{50,64}", "github"),
    Issuer("render-key", ("rnd_",), r"rnd_[A-Za-z0-9]{28,40}", "trufflehog"),
    Issuer("scalingo-token", ("tk-us-",), rf"tk-us-{_B64URL}{{48}}", "gitleaks"),
    Issuer("scaleway-key", ("scw",), r"SCW[A-Z0-9]{17}", "github"),
    Issuer("pulumi-token", ("pul-",), rf"pul-{_HEX}{{40}}", "gitleaks"),
    Issuer("terraform-token", (".atlasv1.",), rf"[A-Za-z0-9]{{14}}\.atlasv1\.{_B64URL}{{60,70}}", "gitleaks"),
    Issuer("vault-token", ("hvs.", "hvb.", "hvr."), r"hv[sbr]\.[\w-]{24,300}", "github"),
    Issuer("vault-token", ("s.",), r"s\.(?=[A-Za-z]{0,24}\d)[A-Za-z0-9]{24}", "gitleaks"),
    Issuer("doppler-token", ("dp.",), r"dp\.(?:pt|ct|sa|scim|audit|said|st(?:\.[a-z0-9_-]{2,35})?)\.[A-Za-z0-9]{40,44}", "gitleaks"),
    Issuer("infisical-token", ("st.",), r"st\.[a-f0-9]{24}\.[a-f0-9]{32,64}\.[a-f0-9]{32,64}", "issuer"),
    Issuer("1password-key", ("a3-", "ops_eyj"), rf"(?:A3-[A-Z0-9]{{6}}-(?:[A-Z0-9]{{11}}|[A-Z0-9]{{6}}-[A-Z0-9]{{5}})(?:-[A-Z0-9]{{5}}){{3}}|ops_eyJ{_B64}{{100,}}={{0,3}})", "gitleaks"),
    Issuer("openshift-token", ("sha256~",), rf"sha256~{_B64URL}{{43}}", "gitleaks"),
    Issuer("tailscale-key", ("tskey-",), r"tskey-[a-z]{2,20}-[A-Za-z0-9-]{20,64}", "github"),
    Issuer("ngrok-key", ("ak_", "cr_"), r"(?:ak|cr)_[A-Za-z0-9]{27}", "trufflehog"),
    Issuer("ibm-key", ("ibm",), r"(?i:ibm[_-]?(?:cloud)?[_-]?(?:iam)?[_-]?(?:api)?[_-]?key)[\"' :=]{1,6}([\w-]{44})", "detect-secrets"),
    # Data
    Issuer("databricks-token", ("dapi", "dose", "dkea"), rf"d(?:api|ose|kea){_HEX}{{32}}(?:-\d)?", "gitleaks"),
    Issuer("planetscale-token", ("pscale_",), r"pscale_(?:tkn|oauth|pw|api|app_secret)_[\w=.-]{32,64}", "github"),
    Issuer("supabase-key", ("sbp_", "sb_secret_"), r"(?:sbp_[a-f0-9]{40}|sb_secret_[\w-]{20,64})", "github"),
    Issuer("neon-key", ("napi_",), r"napi_[a-z0-9]{60,70}", "github"),
    Issuer("clickhouse-key", ("4b1d",), r"4b1d[A-Za-z0-9]{38}", "gitleaks"),
    Issuer("cloudant-key", (".cloudant.com",), r"https?://([\w-]+:[\w-]+)@[\w-]+\.cloudant\.com", "detect-secrets"),
    Issuer("airtable-token", ("pat",), r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}", "gitleaks"),
    Issuer("upstash-token", ("upstash_",), r"upstash_[a-z]{2,12}_[\w-]{20,80}", "issuer"),
    Issuer("maxmind-key", ("_mmk",), r"[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk", "gitleaks"),
    Issuer("mapbox-token", ("sk.ey", "pk.ey"), r"[sp]k\.ey[\w-]{30,400}\.[\w-]{20,40}", "trufflehog"),
    Issuer("aiven-token", ("avns_",), r"AVNS_[\w-]{10,40}", "trufflehog"),
    Issuer("dbt-token", ("dbtc_", "dbtu_"), r"dbt[cu]_[\w-]{40,60}={0,2}", "github"),
    # Models
    Issuer("api-key", ("sk-ant-",), r"sk-ant-(?:[a-z]{3,8}\d{2}-)?[\w-]{20,128}", "github"),
    Issuer("api-key", ("sk-proj-", "sk-svcacct-", "sk-admin-", "sk-none-"), r"sk-(?:proj|svcacct|admin|None)-[\w-]{20,255}", "github"),
    Issuer("api-key", ("sk-",), r"sk-(?:or-v1-)?(?=[\w-]{0,255}\d)[A-Za-z0-9][\w-]{18,255}", "issuer"),
    Issuer("hf-token", ("hf_", "api_org_"), r"(?:hf|api_org)_[A-Za-z0-9]{30,64}", "gitleaks"),
    Issuer("perplexity-key", ("pplx-",), r"pplx-[A-Za-z0-9]{32,64}", "gitleaks"),
    Issuer("groq-key", ("gsk_",), r"gsk_[A-Za-z0-9]{48,60}", "github"),
    Issuer("xai-key", ("xai-",), r"xai-[A-Za-z0-9]{70,90}", "github"),
    Issuer("replicate-token", ("r8_",), r"r8_[A-Za-z0-9]{37,40}", "github"),
    Issuer("fireworks-key", ("fw_",), r"fw_[A-Za-z0-9]{22,32}", "github"),
    Issuer("langchain-key", ("lsv2_", "ls__"), r"(?:lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}|ls__[A-Za-z0-9]{32})", "github"),
    Issuer("langfuse-key", ("sk-lf-",), rf"sk-lf-{_UUID}", "github"),
    Issuer("pinecone-key", ("pcsk_",), r"pcsk_[A-Za-z0-9_]{40,80}", "github"),
    Issuer("nvidia-key", ("nvapi-",), rf"nvapi-{_B64URL}{{60,70}}", "trufflehog"),
    Issuer("tavily-key", ("tvly-",), r"tvly-[\w-]{20,64}", "trufflehog"),
    Issuer("elevenlabs-key", ("sk_",), r"sk_[a-f0-9]{48}", "trufflehog"),
    Issuer("weights-key", ("wandb_v1_",), r"wandb_v1_[\w-]{40,100}", "issuer"),
    # Watching and errors
    Issuer("grafana-token", ("glsa_", "glc_", "eyjrijoi"), rf"(?:glsa_[A-Za-z0-9]{{32}}_{_HEX}{{8}}|glc_{_B64}{{32,400}}={{0,3}}|eyJrIjoi[A-Za-z0-9]{{60,400}}={{0,3}})", "gitleaks"),
    Issuer("sentry-token", ("sntrys_", "sntryu_", "sntrya_", "sntryi_"), rf"sntry[usai]_(?:{_HEX}{{64}}|{_B64}{{20,400}}={{0,2}}(?:_{_B64}{{43}})?)", "gitleaks"),
    Issuer("sentry-dsn", (".sentry.io", "sentry."), rf"https?://({_HEX}{{32}}(?::{_HEX}{{32}})?)@[\w.-]*sentry[\w.-]*/", "trufflehog"),
    Issuer("dynatrace-token", ("dt0",), r"dt0[a-z]\d\d\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{64}", "gitleaks"),
    Issuer("newrelic-key", ("nrak-", "nrjs-", "nrii-", "nrra-", "nral"), r"NR(?:AK-[A-Za-z0-9]{27}|JS-[a-f0-9]{19}|II-[A-Za-z0-9_-]{32}|RA-[a-f0-9]{42})|[a-f0-9]{36}NRAL", "gitleaks"),
    Issuer("honeycomb-key", ("hcaik_", "hcxik_", "hcaak_", "hcxlk_"), r"hc[a-z](?:ik|ak|lk)_[a-z0-9]{58,64}", "github"),
    Issuer("posthog-key", ("phx_", "phs_"), r"ph[xs]_[A-Za-z0-9]{40,50}", "github"),
    Issuer("pagerduty-key", ("u+",), rf"u\+{_B64URL}{{18}}", "trufflehog"),
    Issuer("logfire-token", ("pylf_v",), r"pylf_v\d_[a-z]{2}_[A-Za-z0-9]{43}", "github"),
    Issuer("axiom-token", ("xaat-", "xapt-"), rf"xa[ap]t-{_UUID}", "trufflehog"),
    # Work and messages
    Issuer("slack-token", ("xox", "xapp-"), r"(?:xoxe\.)?xox[a-z](?:-|%2D)[\w%-]{8,300}|xapp-[\w-]{10,255}", "github"),
    Issuer("slack-hook", ("hooks.slack.com/",), r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9+/]{24,80})", "github"),
    Issuer("discord-hook", ("/api/webhooks/",), rf"discord(?:app)?\.com/api/webhooks/\d{{17,20}}/({_B64URL}{{60,80}})", "trufflehog"),
    Issuer("discord-token", ("",), r"[MNO][A-Za-z\d_-]{23,27}\.[\w-]{6}\.[\w-]{27,40}", "detect-secrets"),
    Issuer("teams-hook", (".webhook.office.com",), r"webhook\.office\.com/webhookb2/(\S{60,300})", "gitleaks"),
    Issuer("telegram-token", ("",), r"(?:bot)?(\d{8,10}:[\w-]{35})", "detect-secrets"),
    Issuer("atlassian-token", ("atatt3",), r"ATATT3[A-Za-z0-9_=-]{60,300}", "github"),
    Issuer("linear-key", ("lin_api_", "lin_oauth_"), r"lin_(?:api|oauth)_[A-Za-z0-9]{32,64}", "gitleaks"),
    Issuer("notion-token", ("ntn_", "secret_"), r"(?:ntn_\d{11}[A-Za-z0-9]{35}|secret_[A-Za-z0-9]{43})", "gitleaks"),
    Issuer("figma-token", ("figd_", "figoh_", "figor_"), r"fig(?:d|oh|or)_[\w-]{40,48}", "github"),
    Issuer("asana-token", ("",), r"[012]/\d{12,17}(?:/\d{12,17})?:[a-f0-9]{32}", "trufflehog"),
    Issuer("postman-key", ("pmak-", "pmat-"), rf"PMA[KT]-(?:{_HEX}{{24}}-{_HEX}{{34}}|[A-Z0-9]{{26}})", "gitleaks"),
    Issuer("typeform-token", ("tfp_",), r"tfp_[\w.=-]{40,70}", "gitleaks"),
    Issuer("frameio-token", ("fio-u-",), r"fio-u-[\w=-]{64}", "gitleaks"),
    Issuer("contentful-token", ("cfpat-",), r"CFPAT-[\w-]{43}", "trufflehog"),
    Issuer("hubspot-token", ("pat-na", "pat-eu"), rf"pat-(?:na|eu)\d-{_UUID}", "github"),
    Issuer("intra42-secret", ("s-s4t2",), r"s-s4t2(?:ud|af)-[A-Fa-f0-9]{64}", "gitleaks"),
    Issuer("settlemint-token", ("sm_aat_", "sm_pat_", "sm_sat_"), r"sm_[aps]at_[A-Za-z0-9]{16}", "gitleaks"),
    Issuer("adobe-secret", ("p8e-",), r"p8e-[A-Za-z0-9]{32}", "gitleaks"),
    Issuer("authress-key", (".acc_", ".acc-"), r"(?:sc|ext|scauth|authress)_[a-z0-9]{5,30}\.[a-z0-9]{4,6}\.acc[_-][a-z0-9-]{10,32}\.[A-Za-z0-9+/_=-]{30,120}", "gitleaks"),
    Issuer("okta-token", ("ssws ",), r"(?<=SSWS )00[\w-]{40}", "gitleaks"),
    # Mail, phones
    Issuer("sendgrid-key", ("sg.",), r"SG\.[\w=.-]{34,90}", "github"),
    Issuer("mailchimp-key", ("-us",), r"[0-9a-z]{32}-us\d{1,2}", "detect-secrets"),
    Issuer("mailgun-key", ("key-", "pubkey-"), r"(?:pub)?key-[0-9a-z]{32}", "gitleaks"),
    Issuer("mailgun-key", ("",), r"[a-f0-9]{32}-[a-f0-9]{8}-[a-f0-9]{8}", "gitleaks"),
    Issuer("sendinblue-key", ("xkeysib-", "xsmtpsib-"), r"x(?:key|smtp)sib-[a-f0-9]{64}-[A-Za-z0-9]{16}", "gitleaks"),
    Issuer("resend-key", ("re_",), r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}", "trufflehog"),
    Issuer("twilio-key", ("",), r"(?:SK|AC)[0-9a-fA-F]{32}|SK[0-9a-z]{32}", "detect-secrets"),
    # Money and shops
    Issuer("stripe-key", ("sk_live_", "rk_live_", "sk_test_", "rk_test_", "sk_prod_", "rk_prod_", "whsec_"), r"(?:[sr]k_(?:live|test|prod)_[A-Za-z0-9]{10,255}|whsec_[A-Za-z0-9+/=]{24,64})", "github"),
    Issuer("square-token", ("sq0", "eaaa"), r"(?:sq0[a-z]{3}-[\w-]{22,60}|EAAA[\w-]{22,60})", "gitleaks"),
    Issuer("shopify-token", ("shpat_", "shpca_", "shppa_", "shpss_", "shptka_", "shpua_"), rf"shp(?:at|ca|pa|ss|tka|ua)_{_HEX}{{32}}", "gitleaks"),
    Issuer("paypal-token", ("access_token$",), r"access_token\$(?:production|sandbox)\$[a-z0-9]{16}\$[a-f0-9]{32}", "github"),
    Issuer("plaid-token", ("access-",), rf"access-(?:sandbox|development|production)-{_UUID}", "gitleaks"),
    Issuer("flutterwave-key", ("flwseck", "flwpubk"), r"FLW(?:SECK|PUBK)(?:_TEST)?-[a-zA-Z0-9]{12,40}(?:-X)?", "gitleaks"),
    Issuer("shippo-token", ("shippo_",), rf"shippo_(?:live|test)_{_HEX}{{40}}", "gitleaks"),
    Issuer("easypost-key", ("ezak", "eztk"), r"EZ[AT]K[A-Za-z0-9]{54}", "gitleaks"),
    Issuer("duffel-token", ("duffel_",), r"duffel_(?:test|live)_[\w=-]{43}", "gitleaks"),
    Issuer("lob-key", ("live_", "test_"), r"(?:live|test)_(?:[a-f0-9]{35}|pub_[a-f0-9]{31})", "gitleaks"),
    Issuer("gocardless-token", ("live_",), r"live_(?=[\w=-]{0,39}[A-Z])(?=[\w=-]{0,39}\d)[\w=-]{40}", "gitleaks"),
    Issuer("facebook-token", ("eaa",), r"EAA[A-Za-z0-9]{80,300}", "gitleaks"),
    Issuer("facebook-token", ("|", "%7c"), r"\d{15,16}(?:\||%7[Cc])[0-9A-Za-z_-]{27,40}", "gitleaks"),
    Issuer("dropbox-token", ("sl.",), r"sl\.[\w=-]{60,1500}", "gitleaks"),
    Issuer("ebay-key", ("prd-",), r"[\w-]{3,32}-(?:PRD|SBX)-[a-f0-9]{8,9}-[a-f0-9]{8}|PRD-[a-f0-9]{12}(?:-[a-f0-9]{4}){4}", "trufflehog"),
    Issuer("defined-token", ("dnkey-",), r"dnkey-[\w=-]{26}-[\w=-]{52}", "gitleaks"),
    # Not an issuer's, but reserved all the same
    Issuer("age-key", ("age-secret-key-",), r"AGE-SECRET-KEY-1[0-9A-Z]{40,80}", "gitleaks"),
    Issuer("jwt", ("eyj",), r"eyJ[\w=-]{8,2000}\.(?:eyJ[\w=-]{4,8000}\.[\w=+/-]*|\.[\w=-]{4,2000}\.[\w=-]{4,8000}\.[\w=-]+|[\w=-]{4,2000}\.[\w=-]{4,2000}\.[\w=-]{4,8000}\.[\w=-]+)", "gitleaks"),
    Issuer("jwt", (".ey",), r"ey[A-Za-z0-9]{17,2000}\.ey[\w/-]{17,8000}\.[\w/=-]*", "gitleaks"),
    Issuer("jwt", ("zxlk",), r"ZXlK[\w+/-]{40,}={0,2}", "gitleaks"),
    # A part of one where a terminal has broken its line.
    Issuer("jwt", ("eyj",), r"eyJ[\w-]{17,4000}(?:\.[\w-]{0,8000}){0,2}$", "issuer"),
    Issuer("jwt", (".eyj",), r"[\w-]{1,400}\.eyJ[\w-]{8,8000}(?:\.[\w-]{0,8000})?", "issuer"),
    Issuer("private-key", ("private-mac:", "private-hash:"), r"Private-(?:MAC|Hash): ?([0-9a-fA-F]{40,64})", "issuer"),
    Issuer("private-key", ("ls0tls1crudjti",), r"LS0tLS1CRUdJTi(?!BDRVJUSUZJQ0FUR|BQVUJMSUMg)[A-Za-z0-9+/]{20,100000}={0,2}", "issuer"),
    Issuer("password-hash", ("$",), r"\$(?:2[aby]|[156y]|apr1|argon2id?)\$([\w./$=,+-]{22,300})", "issuer"),
    Issuer("gitlab-session", ("_gitlab_session=",), r"_gitlab_session=([0-9a-z]{32})", "gitleaks"),
)  # fmt: skip
"""All rows; a sign of ``""`` asks for nothing but a long run of letters and digits."""

INNER = frozenset(
    {
        "azdo",
        "ibm",
        "cloudant",
        "aws",
        "softlayer",
        "t3blbkfj",
        "hooks.slack",
        "hooks.slack.com/",
        "sentry.",
        "accountkey=",
        "sharedaccesskey=",
        "q~",
        "nral",
        "prd-",
    }
)
"""Signs that a token does not begin with; those that begin with no letter or digit need not be named."""

NAMES: tuple[str, ...] = (
    "adafruit", "adobe", "airtable", "algolia", "alibaba", "artifactory", "asana", "atlassian", "beamer", "bintray",
    "bitbucket", "bittrex", "cloudflare", "codecov", "cohere", "co_api_key", "coinbase", "confluence", "confluent",
    "contentful", "contribsys", "datadog", "discord", "drone", "dropbox", "etsy", "facebook", "fastly", "finicity",
    "finnhub", "flickr", "freshbooks", "gitter", "heroku", "hubspot", "intercom", "jfrog", "jira", "kraken", "kucoin",
    "launchdarkly", "linear", "linkedin", "linked-in", "linked_in", "lob", "looker", "mailchimp", "mailgun", "mapbox",
    "mattermost", "meraki", "messagebird", "message_bird", "message-bird", "netlify", "newrelic", "new-relic",
    "new_relic", "newyorktimes", "nytimes", "okta", "plaid", "privateai", "private-ai", "private_ai", "rapidapi", "sendbird", "sentry",
    "snyk", "sonar", "squarespace", "sumo", "telegr", "travis", "twitch", "twitter", "typeform", "xray", "yandex", "zendesk",
)  # fmt: skip
"""Issuers whose tokens have no prefix: known where they are assigned to a name with the issuer's (gitleaks)."""

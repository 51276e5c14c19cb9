"""The page on settings, from `agentdash.core.settings.model`: what each is, its default, what it may be."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from agentdash.core.settings.keys import LIMITS, PATHS, Key, keys, sections
from agentdash.core.settings.model import Settings
from agentdash.settings.trust import POWERS, Power

HEAD = """\
# Settings

Made by `python -m docs` from `agentdash/core/settings/model.py`; a test holds the two together.

A setting comes from the first of these that names it:

1. the command line: `--projects`, `--redis`, `--read-only`, `--no-color`
2. the environment: `AGENTDASH_` and the setting's name, as in `AGENTDASH_STREAMS_POLL=2`; also `REDIS_URL`
   and `PROJECTS`, which give way to `AGENTDASH_REDIS_URL` and `AGENTDASH_PROJECTS`
3. `./agentdash.toml`
4. `~/.config/agentdash/config.toml` (`$XDG_CONFIG_HOME` is honoured)
5. the default

The `agentdash.toml` of a folder may be anybody's. What starts programs, sends requests to servers, chooses
where is written, takes a protection away, changes keys, or reads files outside of the folder is ignored in it
until you have trusted it (*needs trust* below): the dashboard asks once, `agentdash trust` at any time, both
with what the file would be allowed. An answer holds for the file's content: a changed file asks again. A
symbolic link, a file of another user and one that everybody may write to cannot be trusted as they are.
`agentdash trust --list` and `--revoke` show and forget answers, `agentdash config show` says what was trusted
and what is ignored. Your own `config.toml`, a file that you name, the environment and options need no trust.

`--config FILE` or `AGENTDASH_CONFIG` reads FILE in place of the two files. In the environment an empty
variable is one that is not set; lists are separated by commas, or, where they hold paths, as in `PATH`.
Tables (`ui.keys`) and services can be set in files only.

A file of more than 256 KiB, and what is no regular file, is an error. An unknown key or a value that cannot
be is an error that names the place, the key and the nearest key there is.

- `agentdash init` writes a commented file from what it finds
- `agentdash config show` prints the settings in force and where each came from
- `agentdash config path` prints the files that are read
- `agentdash config schema` prints the JSON Schema of a file

```toml
projects = ["~/code"]

[redis]
url = "redis://localhost:6379/0"

[streams]
exclude = ["celery*", "bull:*"]
lag_limit = 500

[[services]]
name = "web"
port = 8080
probe = "http://127.0.0.1:8080/health"
log = "~/code/web/log/web.log"

[ui]
theme = "agentdash-light"
keys = { "runs.cancel" = "ctrl+k" }
```
"""

_ENTRY = re.compile(r"^ {4,8}(\w+): (.*(?:\n {12,}.*)*)", re.MULTILINE)


def page() -> str:
    """The whole page."""
    parts = [HEAD, "## At the top\n", _table("", Settings)]
    for name, record in sections().items():
        title = f"[[{name}]]" if name == "services" else f"[{name}]"
        first = (record.__doc__ or "").splitlines()[0]
        parts += [f"## {title}\n", f"{first}\n", _table(name, record)]
    return "\n".join(parts)


def _table(section: str, record: type) -> str:
    words = {name: " ".join(text.split()) for name, text in _ENTRY.findall(record.__doc__ or "")}
    return "\n".join(_rows(section, words)) + "\n"


def _rows(section: str, words: dict[str, str]) -> Iterator[str]:
    defaults = getattr(Settings(), section) if section else Settings()
    yield "| setting | default | may be | what |"
    yield "| --- | --- | --- | --- |"
    for key in keys().values():
        owner, _, part = key.name.rpartition(".")
        if owner == section:
            default = "" if section == "services" else _default(getattr(defaults, part))
            yield f"| `{part}` | {default} | {_may_be(key)} | {_plain(words[part])}{_trust(key)} |"


def _trust(key: Key) -> str:
    power = POWERS[key.name]
    return "" if power is Power.NONE else f" *Needs trust: {power}.*"


def _default(value: object) -> str:
    match value:
        case None:
            return "none"
        case tuple():
            return f"`{json.dumps(list(value))}`"
        case str() | bool() | dict():
            return f"`{json.dumps(value)}`"
        case _:
            return f"{value:,}".replace(",", " ").removesuffix(".0")


def _may_be(key: Key) -> str:
    if key.name in LIMITS:
        low, high = (f"{limit:,.12g}".replace(",", " ") for limit in LIMITS[key.name])
        return f"{low} to {high}"
    if key.kind == "choice":
        return ", ".join(f"`{choice}`" for choice in key.choices)
    kind = {"text": "text", "flag": "true, false", "texts": "list of texts", "table": "table of texts"}[
        key.kind
    ]
    if key.name in PATHS:
        kind = "list of paths" if key.kind == "texts" else "path"
    return kind


def _plain(text: str) -> str:
    """Docstring markup as Markdown, safe in a table."""
    return text.replace("``", "`").replace("|", "\\|")

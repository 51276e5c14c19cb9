"""Which settings of a folder's ``agentdash.toml`` apply only after a person has trusted it.

The current folder may be someone else's repository. Settings that start programs, send requests to servers,
choose where is written, remove a protection, change keys, or read files outside of the folder are ignored
until the file is trusted. Every setting is in `POWERS`; a test compares the table with the settings. See
``docs/adr/0034-trust.md``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Literal

from agentdash.core.settings.keys import POWERS, Power
from agentdash.core.settings.model import ServiceSettings
from agentdash.core.text import mask_url

State = Literal["trusted", "declined", "undecided", "unsafe"]

_HARMLESS: Mapping[str, object] = {"read_only": True, "runs.mask": True, "redis.embedded": False}
"""The safe values of protections. Numbers (events and lines kept, the lease of a run, the size of a file that
is staged) have none: they can be wrong either way."""
_PATTERN = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Grant:
    """One permission that a file needs.

    Attributes:
        key: The setting, dotted.
        power: The effect.
        text: The value, passwords of URLs masked; not made printable.
    """

    key: str
    power: Power
    text: str


@dataclass(frozen=True, slots=True)
class FolderFile:
    """A settings file that needs trust, and the decision about its content.

    Attributes:
        path: Absolute.
        shown: Its name in messages.
        sha256: Of the bytes that were read, hexadecimal.
        state: ``unsafe`` where it cannot be trusted.
        reason: Why it is ``unsafe``, or why decisions are unknown; else empty.
        grants: The permissions that it needs.
    """

    path: Path
    shown: str
    sha256: str
    state: State
    reason: str
    grants: tuple[Grant, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The settings that need trust, each once."""
        return tuple(dict.fromkeys(grant.key for grant in self.grants))

    @property
    def ignored(self) -> tuple[str, ...]:
        """The settings that are ignored."""
        return () if self.state == "trusted" else self.keys


def divide(values: Mapping[str, object], folder: Path) -> tuple[dict[str, object], tuple[Grant, ...]]:
    """The settings of a folder that apply without trust, and the permissions that the others need.

    Args:
        values: By dotted key; ``services`` holds the records.
        folder: Of the file, absolute.
    """
    kept: dict[str, object] = {}
    grants: list[Grant] = []
    for name, value in values.items():
        if name == "services" and isinstance(value, tuple):
            kept[name] = tuple(_service(service, folder, grants) for service in value)
        elif found := list(_grants(name, value, folder)):
            grants += found
        else:
            kept[name] = value
    return kept, tuple(grants)


def _service(service: ServiceSettings, folder: Path, grants: list[Grant]) -> ServiceSettings:
    """*service* without what needs trust, which is added to *grants*."""
    dropped: dict[str, None] = {}
    for field in fields(ServiceSettings):
        value = getattr(service, field.name)
        # A log is relative to the service's folder.
        base = folder / service.cwd if service.cwd and field.name == "log" else folder
        for grant in _grants(f"services.{field.name}", value, base, folder):
            grants.append(replace(grant, text=f"{service.name}: {grant.text}"))
            dropped[field.name] = None
    return replace(service, **dropped)  # type: ignore[arg-type]  # none of them is the name


def _grants(name: str, value: object, base: Path, folder: Path | None = None) -> Iterator[Grant]:
    """The permissions that the value of a setting needs; relative paths start at *base*."""
    power = POWERS.get(name, Power.PROGRAM)
    if power is Power.NONE or value in (None, "", (), {}):
        return
    if power is Power.GUARD and name in _HARMLESS and value == _HARMLESS[name]:
        return
    items = value if isinstance(value, tuple) else (value,)
    if isinstance(value, dict):
        items = tuple(f"{key}: {item}" for key, item in value.items())
    for item in items:
        if power is not Power.READ or _leads_outside(str(item), base, folder or base):
            yield Grant(name, power, _text(name, item, base))


def _text(name: str, item: object, base: Path) -> str:
    if isinstance(item, bool):
        return "true" if item else "false"
    text = mask_url(item) if isinstance(item, str) and POWERS[name] is Power.SERVER else str(item)
    if POWERS[name] is Power.READ or name == "state_dir":
        real = os.path.realpath(base / _fixed(text))
        rest = text[len(_fixed(text)) :]
        leads = os.path.join(real, rest) if rest else real  # noqa: PTH118 - a pattern, not a path
        return text if leads == text else f"{text} ({leads})"
    return text


def _leads_outside(path: str, base: Path, folder: Path) -> bool:
    """Whether *path*, which may be a pattern, leads out of *folder*."""
    if ".." in Path(path[len(_fixed(path)) :]).parts:
        return True
    try:
        real = Path(os.path.realpath(base / _fixed(path)))
        return not real.is_relative_to(os.path.realpath(folder))
    except (OSError, ValueError):
        return True


def _fixed(path: str) -> str:
    """The part of a pattern before the first name with a wildcard, with its slash."""
    found = _PATTERN.search(path)
    return path if found is None else path[: path.rfind("/", 0, found.start()) + 1]


def ignored_message(found: FolderFile) -> str:
    """A warning in one line: which settings are ignored, and what to do."""
    keys = list(found.ignored)
    more = f" and {len(keys) - 6} more" if len(keys) > 6 else ""
    why = f" ({found.reason})" if found.reason else ""
    return (
        f"{found.shown} is not trusted{why}: these settings of it are ignored: {', '.join(keys[:6])}{more}; "
        "`agentdash trust` shows what they would allow"
    )

"""The text of a commented settings file with all settings, detected ones filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from textwrap import wrap

from agentdash.core.secrets.safe_text import as_text
from agentdash.core.services.model import Service
from agentdash.core.settings.keys import keys, sections
from agentdash.core.settings.model import ServiceSettings, Settings
from agentdash.core.store import Store
from agentdash.core.text import printable

_ENTRY = re.compile(r"^ {4,8}(\w+): (.*(?:\n {12,}.*)*)", re.MULTILINE)
_STREAMS_NAMED = 20


@dataclass(frozen=True, slots=True)
class DetectedSettings:
    """What was detected on this machine.

    Attributes:
        roots: Folders with repositories below them.
        services: Those that can be identified.
        streams: Printable names.
    """

    roots: tuple[str, ...] = ()
    services: tuple[ServiceSettings, ...] = ()
    streams: tuple[str, ...] = ()


def detected_settings(store: Store) -> DetectedSettings:
    """The part of *store* that belongs into a settings file."""
    services = store.services.services if store.services else ()
    named = [_service(service) for service in services]
    return DetectedSettings(
        roots=store.repos.roots if store.repos else (),
        services=tuple(service for service in named if service is not None),
        streams=tuple(as_text(stream.name) for stream in (store.streams.streams if store.streams else ())),
    )


def settings_text(found: DetectedSettings) -> str:
    """The file; defaults are commented out, detected settings are not."""
    return "\n".join(_lines(found)) + "\n"


def _service(service: Service) -> ServiceSettings | None:
    """The service by its first port, else by its working folder; None where it has neither."""
    if service.ports:
        return ServiceSettings(name=printable(service.name), port=service.ports[0])
    if service.cwd:
        return ServiceSettings(name=printable(service.name), cwd=service.cwd)
    return None


def _lines(found: DetectedSettings) -> Iterator[str]:
    yield "# Settings of agentdash. A line that is commented out shows the default."
    yield "# The command line and the environment (AGENTDASH_STREAMS_POLL, REDIS_URL, …) take precedence."
    yield ""
    detected = {"projects": list(found.roots)} if found.roots else {}
    yield from _section("", Settings, detected)
    for name, record in sections().items():
        if name == "services":
            continue
        yield ""
        yield f"[{name}]"
        if name == "streams" and found.streams:
            yield from _comment(_streams(found.streams))
        yield from _section(name, record, {})
    yield ""
    yield from _services(found.services)


def _streams(names: tuple[str, ...]) -> str:
    more = len(names) - _STREAMS_NAMED
    return "Found: " + ", ".join(names[:_STREAMS_NAMED]) + (f" and {more} more" if more > 0 else "")


def _section(section: str, record: type, detected: Mapping[str, object]) -> Iterator[str]:
    descriptions = _descriptions(record)
    defaults = getattr(Settings(), section) if section else Settings()
    for name in keys():
        owner, _, part = name.rpartition(".")
        if owner != section:
            continue
        yield from _comment(descriptions.get(part, ""))
        default = getattr(defaults, part)
        if part in detected:
            yield f"{part} = {_toml(detected[part])}"
        else:
            yield f"# {part} = {_toml(default)}" if default is not None else f"# {part} ="


def _services(services: Iterable[ServiceSettings]) -> Iterator[str]:
    yield "# Services: each is followed by its pid_file, port, match or cwd, else by its command."
    for part, descriptions in _descriptions(ServiceSettings).items():
        yield from _comment(f"{part}: {descriptions}")
    any_found = False
    for service in services:
        any_found = True
        yield ""
        yield "[[services]]"
        for name in keys():
            owner, _, part = name.rpartition(".")
            if owner == "services" and getattr(service, part) is not None:
                yield f"{part} = {_toml(getattr(service, part))}"
    if not any_found:
        yield "# [[services]]"
        yield '# name = "web"'
        yield "# port = 8080"


def _descriptions(record: type) -> dict[str, str]:
    """The description of each attribute in the docstring of the record."""
    return {name: " ".join(text.split()) for name, text in _ENTRY.findall(record.__doc__ or "")}


def _comment(text: str) -> Iterator[str]:
    for line in wrap(printable(text).replace("``", ""), 100):
        yield f"# {line}"


def _toml(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return "[" + ", ".join(_toml(item) for item in value) + "]"
        case dict():
            return "{" + ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items()) + "}"
        case str():
            return json.dumps(value.encode("utf-8", "replace").decode(), ensure_ascii=False).replace(
                "\x7f", "\\u007f"
            )
        case _:
            return repr(value)

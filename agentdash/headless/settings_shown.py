"""The settings in force as rows: key, value, origin; secrets masked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from agentdash.core.safe_text import masked_data
from agentdash.core.settings_load import Loaded
from agentdash.core.text import mask_url


def shown(loaded: Loaded) -> Iterator[tuple[str, object, str]]:
    """(dotted key, value, where it came from) of every setting, in the order of `Settings`."""
    for key, origin in loaded.origins.items():
        yield key, _masked(key, _value(loaded, key)), origin


def _value(loaded: Loaded, key: str) -> object:
    value: object = loaded.settings
    for part in key.split("."):
        value = getattr(value, part)
    if key == "services":
        return [
            {name: _masked(name, item) for name, item in asdict(service).items() if item is not None}
            for service in loaded.settings.services
        ]
    return list(value) if isinstance(value, tuple) else value


def _masked(key: str, value: object) -> object:
    if isinstance(value, str):
        return (
            mask_url(value)
            if key in {"redis.url", "probe"}
            else masked_data({key.rpartition(".")[2]: value}).popitem()[1]
        )
    if isinstance(value, dict | list | tuple):
        return masked_data({"": value})[""]
    return value

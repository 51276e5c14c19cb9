"""The settings in force as rows: key, value, origin; secrets masked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from agentdash.core.secrets.safe_text import masked_data
from agentdash.core.settings.model import ServiceSettings
from agentdash.core.text import mask_url
from agentdash.settings.load import Loaded


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """One setting.

    Attributes:
        key: Dotted.
        value: The value in force; secrets in URLs masked.
        origin: ``default``, a file, ``$VARIABLE`` or an option.
        trusted: Whether it applies because its file is trusted; None where it needs no trust, or where its
            value comes from elsewhere.
        ignored: (value, file) of a file that is not trusted; None where there is none.
    """

    key: str
    value: object
    origin: str
    trusted: bool | None
    ignored: tuple[object, str] | None

    @property
    def where(self) -> str:
        """Its origin, and whether it is trusted or ignored."""
        if self.ignored is not None:
            return f"{self.origin}; of {self.ignored[1]} ignored: not trusted"
        return f"{self.origin} (trusted)" if self.trusted else self.origin

    def record(self) -> dict[str, object]:
        """For JSON."""
        ignored = None if self.ignored is None else dict(zip(("value", "origin"), self.ignored, strict=True))
        return {"value": self.value, "origin": self.origin, "trusted": self.trusted, "ignored": ignored}


def shown(loaded: Loaded) -> Iterator[ShownSetting]:
    """Every setting, in the order of `Settings`."""
    granted = {
        (key if not key.startswith("services.") else "services", file.shown): file.state == "trusted"
        for file in loaded.guarded
        for key in file.keys
    }
    for key, origin in loaded.origins.items():
        ignored = loaded.ignored.get(key)
        yield ShownSetting(
            key,
            _masked(key, _value(loaded, key)),
            origin,
            granted.get((key, origin)) if ignored is None else None,
            None if ignored is None else (_masked(key, _listed(ignored[0])), ignored[1]),
        )


def _value(loaded: Loaded, key: str) -> object:
    value: object = loaded.settings
    for part in key.split("."):
        value = getattr(value, part)
    return _listed(value)


def _listed(value: object) -> object:
    """Tuples as lists, services as tables."""
    if not isinstance(value, tuple):
        return value
    return [
        {name: _masked(name, part) for name, part in asdict(item).items() if part is not None}
        if isinstance(item, ServiceSettings)
        else item
        for item in value
    ]


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

"""JSON objects as tables of fields; documents, schemas and docs/json.md are derived from them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import Any, get_args, get_origin

from agentdash.core.secrets.safe_text import as_text
from agentdash.core.text import printable

Document = dict[str, object]
Getter = Callable[[Any, Any], Any]
"""The value of a field, from (record, context)."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a JSON object.

    Attributes:
        name: Its key in the document, in camelCase.
        type: A Python type, or a `JsonObject`: ``object``, a list ``[object]``, or ``(object, None)``.
        description: A phrase for the schema and the documentation.
        get: The path of an attribute, or a `Getter`; by default the attribute with this name in snake_case.
    """

    name: str
    type: Any
    description: str = ""
    get: str | Getter | None = None

    @property
    def path(self) -> str:
        """The path of its attribute, where it has no `Getter`."""
        return self.get if isinstance(self.get, str) else re.sub(r"(?=[A-Z])", "_", self.name).lower()

    @property
    def getter(self) -> Getter:
        """The value of the field, as it is in the record."""
        if callable(self.get):
            return self.get
        attribute = attrgetter(self.path)
        return lambda record, _: attribute(record)


@dataclass(frozen=True, slots=True, eq=False)
class JsonObject:
    """The fields of a JSON object. Every key is always present; null is *unknown* or *not applicable*.

    Attributes:
        title: Its name in schemas, unique among all.
        description: One sentence.
        fields: In the order of the document.
        context: From (record, outer context): what the getters of its fields and of nested objects receive.
    """

    title: str
    description: str
    fields: tuple[Field, ...]
    context: Getter | None = None
    _empty: Document = field(init=False, repr=False)
    _attributes: tuple[tuple[str, ...], Callable[[object], tuple[object, ...]]] = field(
        init=False, repr=False
    )
    _getters: list[tuple[str, Getter]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        getters = [(field, _nested(field.type, field.getter)) for field in self.fields]
        direct = [field for field, get in getters if not callable(field.get) and _is_plain(field.type)]
        names = tuple(field.name for field in direct)
        object.__setattr__(self, "_empty", dict.fromkeys(field.name for field in self.fields))
        object.__setattr__(self, "_attributes", (names, _attributes(tuple(field.path for field in direct))))
        object.__setattr__(self, "_getters", [(one.name, get) for one, get in getters if one not in direct])

    def document(self, record: object, context: object = None) -> Document:
        """The JSON object of *record*."""
        if self.context is not None:
            context = self.context(record, context)
        made = self._empty.copy()
        names, attributes = self._attributes
        made.update(zip(names, attributes(record), strict=True))
        for name, get in self._getters:
            made[name] = get(record, context)
        return made


def _attributes(paths: tuple[str, ...]) -> Callable[[object], tuple[object, ...]]:
    """The values of all attributes in one call: a poll may have thousands of records."""
    if len(paths) > 1:
        return attrgetter(*paths)
    return lambda record: tuple(attrgetter(path)(record) for path in paths)


def _is_plain(kind: Any) -> bool:
    """Whether a value of this type is JSON already."""
    if isinstance(kind, JsonObject | list | tuple):
        return False
    return list not in {get_origin(part) for part in (kind, *get_args(kind))}


def _nested(kind: Any, get: Getter) -> Getter:
    """*get*, with records and tuples in its value made what JSON has for them."""
    match kind:
        case JsonObject():
            return lambda record, context: kind.document(get(record, context), context)
        case list():
            item: JsonObject = kind[0]
            return lambda record, context: [item.document(one, context) for one in get(record, context)]
        case tuple():
            part: JsonObject = kind[0]
            return lambda record, context: (
                None if (value := get(record, context)) is None else part.document(value, context)
            )
    if _is_plain(kind):
        return get
    return lambda record, context: None if (value := get(record, context)) is None else list(value)


def name_fields(name: str, kind: Any, *descriptions: str, get: str | None = None) -> tuple[Field, Field]:
    """A name that is bytes, as two fields: printable text, and ``…Hex`` where that text is not the name.

    Hex is given beside names that are not UTF-8 and beside those with control characters: the text that is
    printed for these cannot be turned back into the name. There is none beside a name that holds a secret.
    """
    raw = attrgetter(get or name)
    text, exact = descriptions or ("", "")
    return (
        Field(name, kind, text, lambda record, _: _printed(raw(record))[0]),
        Field(f"{name}Hex", str | None, exact, lambda record, _: _printed(raw(record))[1]),
    )


@lru_cache(4096)
def _printed(name: bytes | None) -> tuple[str | None, str | None]:
    """A name as printable text, and in hex where it needs that."""
    if name is None:
        return None, None
    text = as_text(name)
    if text.encode(errors="replace") == name:
        return text, None
    return text, name.hex() if text == printable(name.decode("utf-8", "backslashreplace")) else None


def plain(value: object, depth: int = 16) -> object:
    """*value* as JSON can represent it: NaN and infinity as null, other types as text, bounded in depth."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case dict() if depth:
            return {str(key): plain(item, depth - 1) for key, item in value.items()}
        case list() | tuple() if depth:
            return [plain(item, depth - 1) for item in value]
        case dict() | list() | tuple():
            return "…"
        case _:
            return str(value)

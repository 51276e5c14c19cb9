"""JSON Schemas of the documents and of settings files, for ``agentdash config schema``.

Imported only to publish and to test: documents are made without pydantic. Readers must ignore unknown fields,
since fields are added within a version.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel, Field, TypeAdapter, create_model

from agentdash.core.settings.model import Settings
from agentdash.headless.json_object import JsonObject
from agentdash.headless.views import OBJECTS


@cache
def model_of(kind: JsonObject) -> type[BaseModel]:
    """A pydantic model of the documents of *kind*."""
    fields = list(kind.fields)
    if fields[0].name == "schema" and "health" in {field.name for field in fields}:
        fields.insert(3, fields.pop(0))  # published in this order since version 1
    columns: dict[str, Any] = {}
    for field in fields:
        info = Field(alias=field.name, description=field.description or None)
        columns[f"{field.name}_"] = (_annotation(field.type), info)
    return create_model(kind.title, __doc__=kind.description, **columns)


def view_schema(view: str) -> dict[str, object]:
    """The JSON Schema of a view.

    Raises:
        KeyError: when there is no such view.
    """
    return model_of(OBJECTS[view]).model_json_schema(by_alias=True)


def settings_schema() -> dict[str, object]:
    """The JSON Schema of a settings file."""
    return TypeAdapter(Settings).json_schema()


def _annotation(kind: Any) -> Any:
    """The type of a field as pydantic expects it."""
    match kind:
        case JsonObject():
            return model_of(kind)
        case list():
            return list[model_of(kind[0])]  # type: ignore[misc]
        case tuple():
            return model_of(kind[0]) | None
    return kind

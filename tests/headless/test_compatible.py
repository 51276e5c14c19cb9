"""Documents and schemas of version 1 stay as they were published; a field may be added, in one row."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from agentdash.core.store import Store
from agentdash.headless.json_object import Field, JsonObject
from agentdash.headless.runs.view import RUN
from agentdash.headless.schemas import model_of, view_schema
from agentdash.headless.views import OBJECTS, all_views, dumps
from docs.json_page import field_table
from tests.full_store import NOW, full_store

HERE = Path(__file__).parent
SCHEMAS = json.loads((HERE / "schemas_v1.json").read_text(encoding="utf-8"))
DOCUMENTS = json.loads((HERE / "documents_v1.json").read_text(encoding="utf-8"))


def undescribed(schema: object) -> object:
    """*schema* without its descriptions, which may be worded otherwise."""
    match schema:
        case dict():
            return {name: undescribed(part) for name, part in schema.items() if name != "description"}
        case list():
            return [undescribed(part) for part in schema]
    return schema


@pytest.mark.parametrize("view", list(SCHEMAS))
def test_a_schema_is_the_one_that_was_published(view: str) -> None:
    assert json.dumps(undescribed(view_schema(view))) == json.dumps(undescribed(SCHEMAS[view]))


@pytest.mark.parametrize(("name", "store"), [("empty", Store()), ("full", full_store())])
def test_a_document_is_the_one_that_was_published(name: str, store: Store) -> None:
    assert dumps(all_views(store, NOW, "h")) == json.dumps(DOCUMENTS[name])


def test_a_new_field_is_one_row() -> None:
    field = Field("events", int | None, "entries of its event stream")
    run = JsonObject(RUN.title, RUN.description, (*RUN.fields, field))
    store = full_store()
    assert store.runs is not None
    assert run.document(replace(store.runs.runs[0], events=3), _moment(store))["events"] == 3
    schema = model_of(run).model_json_schema(by_alias=True)
    assert schema["properties"]["events"]["description"] == "entries of its event stream"
    assert "events" in schema["required"]
    assert "| `events` | integer, null | entries of its event stream |" in field_table(run)


def test_no_two_objects_have_the_same_title() -> None:
    def of(kind: object) -> list[JsonObject]:
        match kind:
            case JsonObject():
                return [kind, *(one for field in kind.fields for one in of(field.type))]
            case list() | tuple():
                return [one for part in kind for one in of(part)]
        return []

    objects = {one for each in OBJECTS.values() for one in of(each)}
    assert len(objects) == len({one.title for one in objects})


def _moment(store: Store) -> object:
    from agentdash.headless.envelope import Moment

    return Moment(store, NOW, "h", store.runs)

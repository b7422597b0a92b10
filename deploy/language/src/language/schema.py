"""The JSON Schema of an event: its form, without prose, personal fields marked as such."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from events.personal import personal_fields
from events.registry import Event

Schema = dict[str, Any]

PERSONAL = "x-personal"


class _Untitled(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's signature
        return False


def described(cls: type[BaseModel], ref_template: str = "#/$defs/{model}") -> Schema:
    """The schema with the docstrings of the classes.

    `x-personal` says of a field whose it is and which kind of data: it travels in a sealed block.
    """
    schema = cls.model_json_schema(ref_template=ref_template, schema_generator=_Untitled)
    if issubclass(cls, Event):
        for name, mark in personal_fields(cls).items():
            personal = {"subject": mark.subject, "category": mark.category.value}
            schema["properties"][name][PERSONAL] = personal
    return schema


def form(cls: type[BaseModel]) -> Schema:
    """The schema without any prose: it changes only when what travels changes."""
    bare: Schema = _bare(described(cls))
    return bare


def _bare(schema: Any) -> Any:
    """Titles and descriptions go; a field that bears such a name stays."""
    match schema:
        case dict():
            return {
                key: {name: _bare(each) for name, each in value.items()}
                if key in ("properties", "$defs")
                else _bare(value)
                for key, value in schema.items()
                if key not in ("title", "description")
            }
        case list():
            return [_bare(each) for each in schema]
        case _:
            return schema

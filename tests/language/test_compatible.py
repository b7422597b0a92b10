"""Within a version an event may gain optional fields, and nothing else may change."""

import copy
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from events.personal import Category, Personal
from events.registry import PublishedEvent
from language.compatible import changes
from language.events import spoken
from language.schema import Schema, form

Value = BaseModel


class Place(Value):
    town: str
    floor: int | None = None


class Tree(Value):
    """Refers to itself."""

    leaf: str
    branches: tuple["Tree", ...] = ()


class Told(PublishedEvent):
    """What the changes below are made to."""

    title: str
    number: int = Field(ge=1, le=9)
    code: str = Field(pattern="^[a-z]+$", max_length=5)
    kind: Literal["one", "two"]
    places: tuple[Place, ...] = ()
    tree: Tree | None = None
    note: str = "none"
    name: Annotated[str | None, Personal("title", Category.IDENTITY)] = None


def field(name: str, annotation: Any, default: Any = ...) -> type[PublishedEvent]:
    """The event with this field, in the place of the old one of that name if there is one."""
    namespace = {"__annotations__": {name: annotation}, "__module__": __name__}
    if default is not ...:
        namespace[name] = default
    return type("Told", (Told,), namespace)


class Town(Value):
    """The same as a place, under another name and in another order."""

    floor: int | None = None
    town: str


class WithStreet(Place):
    street: str | None = None


class WithNeededStreet(Place):
    street: str


class Bush(Value):
    leaf: int
    branches: tuple["Bush", ...] = ()


@pytest.mark.parametrize(
    "new",
    [
        field("size", int, 3),
        field("size", int | None, None),
        field("title", str),
        field("kind", Literal["two", "one"]),
        field("places", tuple[Town, ...], ()),
        field("places", tuple[WithStreet, ...], ()),
        field("phone", Annotated[str | None, Personal("title", Category.PRIVATE)], None),
    ],
)
def test_what_may_change(new: type[PublishedEvent]) -> None:
    assert changes(form(Told), form(new)) == []


@pytest.mark.parametrize(
    ("new", "change"),
    [
        (field("size", int), "the event, field size: is new and not optional"),
        (field("title", str | None), "field title"),
        (field("title", str, "x"), "field title: has become optional"),
        (field("number", str), "field number: type"),
        (field("number", Annotated[int, Field(ge=2, le=9)]), "minimum"),
        (field("number", Annotated[int, Field(ge=1, le=8)]), "maximum"),
        (field("number", Annotated[int, Field(ge=1, le=10)]), "maximum: 9 has become 10"),
        (field("number", Annotated[int, Field(ge=1)]), "maximum 9 is gone"),
        (field("code", Annotated[str, Field(pattern="^[a-f]+$", max_length=5)]), "pattern"),
        (field("code", Annotated[str, Field(pattern="^[a-z]+$", max_length=4)]), "maxLength"),
        (field("code", Annotated[str, Field(min_length=2)]), "minLength 2 is new"),
        (field("kind", Literal["one"]), "field kind"),
        (field("kind", Literal["one", "two", "three"]), "field kind: the values"),
        (field("places", tuple[WithNeededStreet, ...], ()), "field street: is new and not"),
        (field("places", tuple[Tree, ...], ()), "field town: is gone"),
        (field("places", Place | None, None), "field places"),
        (field("tree", Bush | None, None), "field leaf: type: 'string' has become 'integer'"),
        (field("note", str, "nothing"), "field note: default: 'none' has become 'nothing'"),
        (field("note", str), "field note: has become required"),
        (
            field("name", Annotated[str | None, Personal("title", Category.NOTES)], None),
            "field name: x-personal: category: 'identity' has become 'notes'",
        ),
        (
            field("name", Annotated[str | None, Personal("code", Category.IDENTITY)], None),
            "field name: x-personal: subject",
        ),
        (field("name", str | None, None), "field name: x-personal"),
        (
            field("note", Annotated[str, Personal("title", Category.NOTES)], "none"),
            "field note: x-personal",
        ),
    ],
)
def test_what_needs_a_new_version(new: type[PublishedEvent], change: str) -> None:
    assert any(change in found for found in changes(form(Told), form(new)))


def test_a_removed_field_needs_a_new_version() -> None:
    assert changes(form(field("size", int, 3)), form(Told)) == ["the event, field size: is gone"]


def parts(schema: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in a schema a schema stands."""
    yield place
    for word in ("properties", "$defs"):
        for name in schema.get(word, ()):
            yield from parts(schema[word][name], (*place, word, name))
    if isinstance(schema.get("items"), dict):
        yield from parts(schema["items"], (*place, "items"))
    for number, _ in enumerate(schema.get("anyOf", ())):
        yield from parts(schema["anyOf"][number], (*place, "anyOf", number))


def at(schema: Any, place: tuple[Any, ...]) -> Any:
    for step in place:
        schema = schema[step]
    return schema


def a_rule_more(part: Schema) -> bool:
    part["not"] = {"const": "x"}
    return True


def another_type(part: Schema) -> bool:
    known = part.get("type")
    part["type"] = "integer" if known == "string" else "string"
    return known is not None


def a_value_less(part: Schema) -> bool:
    return bool(part.get("enum")) and bool(part["enum"].pop())


def a_value_more(part: Schema) -> bool:
    return part.get("enum") is not None and part["enum"].append("?") is None


def a_field_less(part: Schema) -> bool:
    return bool(part.get("properties")) and bool(part["properties"].popitem())


def one_must_more(part: Schema) -> bool:
    part.get("properties", {})["of_tomorrow"] = {"type": "string"}
    part.setdefault("required", []).append("of_tomorrow")
    return "properties" in part


def one_must_less(part: Schema) -> bool:
    return bool(part.get("required")) and bool(part["required"].pop())


def one_choice_less(part: Schema) -> bool:
    return bool(part.get("anyOf")) and bool(part["anyOf"].pop())


def others_field(part: Schema) -> bool:
    mark = part.get("x-personal")
    return mark is not None and mark.update(category="evidence") is None


def one_may_more(part: Schema) -> bool:
    part.get("properties", {})["of_tomorrow"] = {"type": "string", "default": ""}
    return "properties" in part


def another_order(part: Schema) -> bool:
    for rule in {"required", "enum"} & part.keys():
        part[rule].reverse()
    return not part.keys().isdisjoint({"required", "enum"})


BREAKING = [
    a_rule_more,
    another_type,
    a_value_less,
    a_value_more,
    a_field_less,
    one_must_more,
    one_must_less,
    one_choice_less,
    others_field,
]


@pytest.mark.parametrize("change", [*BREAKING, one_may_more, another_order])
def test_in_every_place_of_every_published_event(change: Callable[[Schema], bool]) -> None:
    """Each kind of change is made wherever it can be made, and judged alike everywhere."""
    made = 0
    for cls in spoken().values():
        old = form(cls)
        for place in parts(old):
            new = copy.deepcopy(old)
            if change(at(new, place)):
                made += 1
                assert bool(changes(old, new)) == (change in BREAKING), (cls, place)
    assert made

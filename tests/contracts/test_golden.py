"""What was stored or told once stays readable: samples of every event of every service."""

import json
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import pytest
from tests.contracts.registries import ROOT, private, published

from events.ids import new_id
from events.personal import Category, Personal
from events.registry import Event, Json, PublishedEvent, Registry
from events.testing.golden import faults, samples

GOLDEN = Path(__file__).parent / "golden"
PRIVATE = private()

pytestmark = pytest.mark.spec("PLT-01")


def test_every_published_event_stays_readable() -> None:
    assert faults(samples(GOLDEN), published) == []


@pytest.mark.parametrize("service", sorted(PRIVATE))
def test_every_private_event_stays_readable(service: str) -> None:
    found = samples(ROOT / "tests" / service / "golden")
    registries = PRIVATE[service]
    assert registries
    known = {name for registry in registries for name in registry.names()}
    assert {sample.name.type for sample in found} == known
    for registry in registries:
        of_registry = [sample for sample in found if registry.knows(sample.name.type)]
        assert faults(of_registry, registry) == []


@pytest.mark.parametrize("sample", samples(GOLDEN), ids=lambda sample: sample.file)
def test_a_reader_ignores_what_it_does_not_know(sample: Any) -> None:
    published.load(sample.name, {**sample.public, "of_a_later_release": {"x": 1}})


SUBJECT = str(new_id())
BLOCK = {"subject": SUBJECT, "category": "identity"}


def _in_one(fields: Json) -> Json:
    """Two names become one; both may be absent."""
    fields = dict(fields)
    name = " ".join(fields.pop(part, "") for part in ("first", "last")).strip()
    return {**fields, "name": name} if name else fields


def _told(upcaster: Any) -> Registry:
    registry = Registry()

    @registry.event("Told", version=2, upcasters=[upcaster])
    class Told(PublishedEvent):
        contact: UUID
        name: Annotated[str | None, Personal("contact", Category.IDENTITY)] = None
        size: int | None = None

    return registry


OLD = {"contact": SUBJECT, "sealed": [{**BLOCK, "fields": {"first": "Jürgen", "last": "Groß"}}]}
NEW = {"contact": SUBJECT, "size": 3, "sealed": [{**BLOCK, "fields": {"name": "Jürgen Groß"}}]}
BEFORE_SIZE = {key: value for key, value in NEW.items() if key != "size"}
OTHER = "Told.v2.json: is not what would be stored today"
BANKING = [{**BLOCK, "category": "banking", "fields": {"name": "Jürgen Groß"}}]


@pytest.mark.parametrize(
    ("files", "wrong"),
    [
        ({"Told.v1": OLD, "Told.v2": NEW}, []),
        ({"Told.v1": OLD, "Told.v2": BEFORE_SIZE, "Told.v2.2": NEW}, []),
        ({"Told.v2": NEW}, ["Told.v1.json is missing"]),
        ({"Told.v1": OLD}, ["Told.v2.json is missing"]),
        ({"Told.v1": OLD, "Told.v2": BEFORE_SIZE}, ["Told.v2.json: no sample shows size"]),
        (
            {"Told.v1": OLD, "Told.v2": NEW, "Told.v3": NEW},
            ["Told.v3.json: Told v3 is newer than v2"],
        ),
        (
            {"Told.v1": OLD, "Told.v2": {**NEW, "sealed": BANKING}},
            [
                "Told.v2.json: is not what would be stored today",
                "Told.v2.json: no sample shows name",
            ],
        ),
        (
            {"Told.v1": OLD, "Told.v2": {**NEW, "removed": 3}},
            [OTHER],
        ),
        (
            {"Told.v1": {"contact": SUBJECT, "size": "three"}, "Told.v2": NEW},
            ["Told.v1.json: Told: size int_parsing"],
        ),
    ],
)
def test_what_is_wrong_with_samples_is_found(
    files: dict[str, Json], wrong: list[str], tmp_path: Path
) -> None:
    write(tmp_path, files)
    assert faults(samples(tmp_path), _told(_in_one)) == wrong


def _greedy(fields: Json) -> Json:
    return {"contact": fields["contact"], "size": fields["sizes"].pop()}


def _inventive(fields: Json) -> Json:
    return {"contact": fields["contact"], "name": "nobody"}


@pytest.mark.parametrize(
    ("upcaster", "fault"),
    [(_greedy, "an upcaster changes"), (_inventive, "a personal field is left")],
)
def test_an_upcaster_that_misbehaves_is_found(upcaster: Any, fault: str, tmp_path: Path) -> None:
    """One that changes what it is given, and one that invents what was erased."""
    write(tmp_path, {"Told.v1": {**OLD, "sizes": [1, 2, 3]}, "Told.v2": NEW})
    (found,) = faults(samples(tmp_path), _told(upcaster))
    assert fault in found


def test_a_private_event_may_gain_nothing_without_a_new_version(tmp_path: Path) -> None:
    """The release before refuses a field that it does not know."""
    registry = Registry()

    @registry.event("noted")
    class Noted(Event):
        number: int
        unit: str | None = "page"

    write(tmp_path, {"noted.v1": {"number": 3}})
    assert faults(samples(tmp_path), registry) == [
        "noted.v1.json: is not what would be stored today"
    ]


def write(folder: Path, files: dict[str, Json]) -> None:
    for stem, content in files.items():
        (folder / f"{stem}.json").write_text(json.dumps(content), "utf-8")

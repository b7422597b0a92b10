"""What was published once stays readable; every event has a topic and a sample."""

import importlib
import pkgutil
from pathlib import Path
from typing import Annotated

import pytest

import events.contracts
from events.contracts import published
from events.contracts.topics import SUBJECT_KEYS, TOPICS
from events.personal import Category, Personal, personal_fields, put_together, take_apart
from events.registry import PublishedEvent, Registry, UnreadableError
from events.testing.golden import Sample, empty_fields, file_name, missing, samples
from events.topic import Kind

GOLDEN = Path(__file__).parent / "golden"

for module in pkgutil.iter_modules(events.contracts.__path__):
    importlib.import_module(f"events.contracts.{module.name}")


@pytest.mark.parametrize("sample", samples(GOLDEN), ids=lambda sample: file_name(sample.name))
def test_a_sample_stays_readable(sample: Sample) -> None:
    event = published.load(sample.name, sample.fields)
    public, blocks = take_apart(event)
    assert published.load(sample.name, put_together(type(event), public, blocks)) == event
    assert empty_fields(event) == []


@pytest.mark.parametrize("sample", samples(GOLDEN), ids=lambda sample: file_name(sample.name))
def test_a_sample_stays_readable_without_its_personal_fields(sample: Sample) -> None:
    """They are gone once the person was erased."""
    public, _ = take_apart(published.load(sample.name, sample.fields))
    event = published.load(sample.name, public)
    assert all(getattr(event, name) is None for name in personal_fields(type(event)))


@pytest.mark.parametrize("sample", samples(GOLDEN), ids=lambda sample: file_name(sample.name))
def test_a_reader_ignores_what_it_does_not_know(sample: Sample) -> None:
    published.load(sample.name, {**sample.fields, "of_a_later_release": {"x": 1}})


def test_every_published_event_has_a_sample() -> None:
    assert missing(GOLDEN, published) == []


def test_a_missing_sample_is_found(tmp_path: Path) -> None:
    registry = Registry()

    @registry.event("Told", version=2)
    class Told(PublishedEvent):
        contact: str
        name: Annotated[str | None, Personal("contact", Category.IDENTITY)] = None

    (tmp_path / "Told.v1.json").write_text('{"contact": "x"}')
    assert missing(tmp_path, registry) == ["Told.v2.json"]
    (tmp_path / "Told.v2.json").write_text('{"contact": "x"}')
    assert missing(tmp_path, registry) == []

    old, new = samples(tmp_path)
    assert empty_fields(registry.load(new.name, new.fields)) == ["name"]
    with pytest.raises(UnreadableError, match="no upcaster"):
        registry.load(old.name, old.fields)


def test_every_published_event_has_a_topic_and_every_topic_an_event() -> None:
    assert TOPICS.keys() == {*published.names(), SUBJECT_KEYS}


@pytest.mark.parametrize("name", sorted(published.names()))
def test_the_key_of_a_topic_is_a_public_field_of_its_event(name: str) -> None:
    cls = published.class_of(name)
    assert TOPICS[name].key in cls.model_fields.keys() - personal_fields(cls).keys()


@pytest.mark.parametrize("name", sorted(published.names()))
def test_personal_fields_may_be_none_and_name_a_public_subject(name: str) -> None:
    cls = published.class_of(name)
    for field, mark in personal_fields(cls).items():
        assert cls.model_fields[field].default is None
        assert mark.subject in cls.model_fields.keys() - personal_fields(cls).keys()


def test_state_is_compacted_and_facts_are_kept_for_400_days() -> None:
    for topic in TOPICS.values():
        settings = topic.settings()
        match topic.kind:
            case Kind.FACT:
                assert settings["retention.ms"] == str(400 * 24 * 3600 * 1000)
                assert settings["cleanup.policy"] == "delete"
            case Kind.STATE | Kind.KEYS:
                assert settings["cleanup.policy"] == "compact"
    assert TOPICS[SUBJECT_KEYS].partitions == 1

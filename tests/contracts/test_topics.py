"""Every published event has a topic that keeps it as long as its kind says."""

import pytest
from tests.contracts.registries import published

from events.contracts.topics import SUBJECT_KEYS, TOPICS
from events.personal import personal_fields
from events.topic import Kind


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

"""The documents of the published language are today's, and say nothing else than before."""

import pytest
from tests.contracts.registries import ROOT, published

from events.ids import new_id
from events.keyring import Keyring
from events.registry import PublishedEvent
from events.testing.golden import samples
from events.testing.keys import random_keks
from events.testing.speaker import Speaker
from language import asyncapi, history, kept
from language.events import spoken
from language.schema import PERSONAL, form

pytestmark = pytest.mark.spec("PLT-01")


def test_every_form_of_every_event_is_written_down_and_compatible_with_all_before_it() -> None:
    today = {name: form(cls) for name, cls in spoken().items()}
    assert {name.type for name in today} == {
        *published.names(),
        "SubjectKeys",
        "SubjectFence",
        "Tick",
    }
    assert list(history.faults(ROOT / history.FOLDER, today)) == []


def test_no_sample_and_no_schema_was_changed_or_deleted() -> None:
    assert list(kept.faults(ROOT)) == []


def test_the_asyncapi_document_is_up_to_date() -> None:
    assert (ROOT / asyncapi.FILE).read_text(encoding="utf-8") == asyncapi.text(ROOT), "make schemas"


def test_personal_fields_are_marked() -> None:
    schema = form(published.class_of("ContactChanged"))
    assert {n: f[PERSONAL] for n, f in schema["properties"].items() if PERSONAL in f} == {
        "short_name": {"subject": "contact", "category": "identity"},
        "salutation": {"subject": "contact", "category": "identity"},
        "name_lines": {"subject": "contact", "category": "identity"},
        "postal_address": {"subject": "contact", "category": "communication"},
        "address_lines": {"subject": "contact", "category": "communication"},
        "mail_address": {"subject": "contact", "category": "communication"},
    }


def test_the_documented_headers_are_those_of_a_record() -> None:
    schema = asyncapi.document(ROOT)["components"]["schemas"]["CloudEvent"]
    speaker = Speaker(Keyring.from_text(random_keks()), "outbox")
    for sample in samples(ROOT / "tests" / "contracts" / "golden"):
        event = sample.event(published)
        assert isinstance(event, PublishedEvent)
        headers = dict(speaker.records(new_id(), event)[-1].headers)

        assert set(schema["required"]) <= headers.keys() <= schema["properties"].keys()

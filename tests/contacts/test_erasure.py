"""The rules of an erasure, and the certificate's condition."""

from datetime import UTC, datetime
from itertools import product
from uuid import UUID, uuid4

import pytest

from contacts.domain.erasure.commands import CertifyErasure, OrderErasure, RecordConfirmation
from contacts.domain.erasure.decider import (
    DECIDER,
    ErasureIncomplete,
    Part,
    is_complete,
    stream_of,
)
from contacts.domain.erasure.events import ErasureCertified, ErasureConfirmed, ErasureOrdered
from events.personal import Category, KeyId
from events.testing.orders import every_order
from events.testing.scenario import Scenario

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
CONTACT = UUID("0190a000-0000-7000-8000-000000000021")
BOTH = (Category.IDENTITY, Category.NOTES)
SERVICES = frozenset({"contacts", "outbox"})
KEYS = frozenset(KeyId(CONTACT, category) for category in BOTH)

ORDER = OrderErasure(CONTACT, BOTH, "consent-withdrawn", "user:clerk-1", NOON)
ORDERED = ErasureOrdered(
    contact=CONTACT,
    categories=BOTH,
    legal_basis="consent-withdrawn",
    ordered_by="user:clerk-1",
    ordered_at=NOON,
)

erasure = Scenario(DECIDER)

pytestmark = pytest.mark.spec("CON-43")


def confirmation(service: str, category: Category) -> RecordConfirmation:
    return RecordConfirmation(service, category, f"{category}-key", NOON)


def confirmed(service: str, category: Category) -> ErasureConfirmed:
    return ErasureConfirmed(
        service=service, category=category, fingerprint=f"{category}-key", confirmed_at=NOON
    )


ALL = [confirmed(service, category) for service, category in product(sorted(SERVICES), BOTH)]


def certify(gone: frozenset[KeyId] = KEYS) -> CertifyErasure:
    return CertifyErasure(SERVICES, gone, NOON)


def test_it_is_ordered_once() -> None:
    erasure.given().when(ORDER).then(ORDERED)
    erasure.given(ORDERED).when(ORDER).then_nothing()


def test_each_service_confirms_each_category_once() -> None:
    identity = Category.IDENTITY
    given = erasure.given(ORDERED)
    given.when(confirmation("outbox", identity)).then(confirmed("outbox", identity))
    again = erasure.given(ORDERED, confirmed("outbox", identity))
    again.when(confirmation("outbox", identity)).then_nothing()


def test_what_nobody_has_ordered_is_not_confirmed() -> None:
    erasure.given().when(confirmation("outbox", Category.IDENTITY)).then_nothing()


def test_the_certificate_names_services_and_destroyed_keys() -> None:
    erasure.given(ORDERED, *ALL).when(certify()).then(
        ErasureCertified(
            services=("contacts", "outbox"),
            fingerprints=("identity-key", "notes-key"),
            certified_at=NOON,
        )
    )


def test_it_is_issued_once() -> None:
    issued = ErasureCertified(services=(), fingerprints=(), certified_at=NOON)
    erasure.given(ORDERED, *ALL, issued).when(certify()).then_nothing()


@pytest.mark.parametrize("missing", range(len(ALL)))
def test_there_is_none_while_one_confirmation_is_missing(missing: int) -> None:
    some = [each for number, each in enumerate(ALL) if number != missing]
    given = erasure.given(ORDERED, *some)
    given.when(certify()).then_rejected(ErasureIncomplete)
    lacking = Part(ALL[missing].service, ALL[missing].category)
    assert given.state.lacking(SERVICES) == {lacking}


@pytest.mark.parametrize("key", sorted(KEYS))
def test_there_is_none_while_kafka_still_holds_a_key(key: KeyId) -> None:
    erasure.given(ORDERED, *ALL).when(certify(KEYS - {key})).then_rejected(ErasureIncomplete)


def test_there_is_none_without_an_order() -> None:
    erasure.given().when(certify()).then_rejected(ErasureIncomplete)


def test_keys_of_others_do_not_matter() -> None:
    state = erasure.given(ORDERED, *ALL).state
    assert is_complete(state, SERVICES, KEYS | {KeyId(uuid4(), Category.IDENTITY)})
    assert not is_complete(state, SERVICES | {"event-archive"}, KEYS)


def test_confirmations_lead_to_the_same_in_every_order() -> None:
    ended = set()
    for story in every_order(ALL):
        state = DECIDER.fold([ORDERED])
        for told in story:
            for event in DECIDER.decide(confirmation(told.service, told.category), state):
                state = DECIDER.evolve(state, event)
        ended.add(state)
    assert len(ended) == 1


def test_an_erasure_has_a_stream_of_its_own() -> None:
    """The contact's own stream can't be written any more."""
    assert stream_of(CONTACT) != CONTACT

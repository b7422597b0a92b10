"""Who may change what of a contact, and what follows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.domain.address import PostalAddress
from contacts.domain.commands import ChangeContact, ContactCommand, RegisterContact
from contacts.domain.decider import (
    DECIDER,
    Contact,
    ContactAlreadyRegistered,
    ContactChangedMeanwhile,
    ContactNotRegistered,
    DetailsInvalid,
)
from contacts.domain.details import ContactDetails
from contacts.domain.events import ContactChanged, ContactEvent, ContactRegistered
from contacts.domain.names import Company, Couple, Gender, Person
from events.contracts.contacts import ContactKind
from events.contracts.deliveries import Channel
from events.decider import Rejected
from events.testing.scenario import Scenario

CONTACT = UUID("0190b6a0-0000-7000-8000-000000000001")
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
LATER = NOW + timedelta(days=1)

PERSON = Person(gender=Gender.FEMALE, first_names="Anna", surname="Müller")
ADDRESS = PostalAddress(
    street="Marktplatz", house_number="1", postal_code="06108", town="Halle (Saale)"
)
ANNA = ContactDetails(
    names=PERSON,
    postal_address=ADDRESS,
    mail_address="anna@example.org",
    preferred_channels=(Channel.EPOST,),
)
MARRIED = replace(
    ANNA,
    names=Couple(first=PERSON, second=Person(gender=Gender.MALE, surname="Müller")),
    preferred_channels=(Channel.MAIL,),
)

contact = Scenario(DECIDER)


def fields(details: ContactDetails, at: datetime) -> dict[str, Any]:
    return {
        "contact": CONTACT,
        "at": at,
        "kind": details.names.kind,
        "preferred_channels": details.preferred_channels,
        "names": details.names,
        "salutation_override": details.salutation_override,
        "postal_address": details.postal_address,
        "mail_address": details.mail_address,
    }


def registered(details: ContactDetails = ANNA) -> ContactRegistered:
    return ContactRegistered(**fields(details, NOW))


def changed(details: ContactDetails, *names: str) -> ContactChanged:
    return ContactChanged(**fields(details, LATER), changed_fields=names)


def register(details: ContactDetails = ANNA) -> RegisterContact:
    return RegisterContact(CONTACT, details, NOW)


def change(details: ContactDetails, *, seen: int = 1) -> ChangeContact:
    return ChangeContact(CONTACT, seen, details, LATER)


def test_a_new_contact_is_registered_with_all_its_details() -> None:
    contact.given().when(register()).then(registered())


@pytest.mark.parametrize(
    ("details", "kind"),
    [
        (ANNA, ContactKind.PERSON),
        (MARRIED, ContactKind.COUPLE),
        (replace(ANNA, names=Company(name_lines=("Muster GmbH",))), ContactKind.COMPANY),
    ],
)
def test_the_kind_follows_from_the_names(details: ContactDetails, kind: ContactKind) -> None:
    (event,) = DECIDER.decide(register(details), Contact())

    assert event.kind == kind


def test_details_are_stored_in_normal_form() -> None:
    entered = replace(ANNA, mail_address="anna@EXAMPLE.org")

    contact.given().when(register(entered)).then(registered())


def test_registering_the_same_twice_registers_it_once() -> None:
    contact.given(registered()).when(register()).then_nothing()


def test_an_id_that_is_taken_is_refused() -> None:
    contact.given(registered()).when(register(MARRIED)).then_rejected(ContactAlreadyRegistered)


def test_a_change_holds_all_details_and_names_the_changed_fields() -> None:
    contact.given(registered()).when(change(MARRIED)).then(
        changed(MARRIED, "names", "preferred_channels")
    )


def test_a_change_that_changes_nothing_is_no_event() -> None:
    contact.given(registered()).when(change(ANNA)).then_nothing()


def test_what_nobody_registered_cannot_be_changed() -> None:
    contact.given().when(change(ANNA, seen=0)).then_rejected(ContactNotRegistered)


@pytest.mark.spec("CON-11")
@pytest.mark.parametrize("seen", [0, 1, 3])
def test_a_change_of_another_version_than_the_one_that_stands_is_refused(seen: int) -> None:
    history = (registered(), changed(MARRIED, "names", "preferred_channels"))

    contact.given(*history).when(change(ANNA, seen=seen)).then_rejected(ContactChangedMeanwhile)


def test_repeating_a_change_is_answered_like_the_first_time() -> None:
    history = (registered(), changed(MARRIED, "names", "preferred_channels"))

    contact.given(*history).when(change(MARRIED, seen=1)).then_nothing()


@pytest.mark.spec("CON-10")
@pytest.mark.parametrize("history", [(), (registered(),)], ids=["on entry", "on change"])
def test_details_with_errors_are_refused(history: tuple[ContactEvent, ...]) -> None:
    wrong = replace(ANNA, mail_address="anna@", postal_address=replace(ADDRESS, country="XX"))
    command = change(wrong) if history else register(wrong)

    with pytest.raises(DetailsInvalid) as refused:
        DECIDER.decide(command, DECIDER.fold(history))

    assert {finding.slug for finding in refused.value.findings} == {
        "country-unknown",
        "mail-address-invalid",
    }


@pytest.mark.spec("CON-05", "CON-10")
def test_a_warning_keeps_nothing_from_being_saved() -> None:
    lacking = replace(ANNA, postal_address=None, preferred_channels=(Channel.EPOST,))

    contact.given().when(register(lacking)).then(registered(lacking))


def test_an_erased_contact_is_neither_changed_nor_registered_again() -> None:
    erased = ContactRegistered(
        contact=CONTACT, at=NOW, kind=ContactKind.PERSON, preferred_channels=()
    )

    contact.given(erased).when(change(ANNA)).then_rejected(ContactNotRegistered)
    contact.given(erased).when(register()).then_rejected(ContactAlreadyRegistered)


details = st.builds(
    ContactDetails,
    names=st.sampled_from([PERSON, MARRIED.names, Company(name_lines=("Muster GmbH",))]),
    salutation_override=st.sampled_from([None, "Liebe Anna,"]),
    postal_address=st.sampled_from([None, ADDRESS]),
    mail_address=st.sampled_from([None, "anna@example.org", "anna@EXAMPLE.org"]),
    preferred_channels=st.lists(st.sampled_from(Channel), max_size=3).map(tuple),
)
commands = st.one_of(
    st.builds(RegisterContact, st.just(CONTACT), details, st.just(NOW)),
    st.builds(ChangeContact, st.just(CONTACT), st.integers(0, 5), details, st.just(LATER)),
)


@pytest.mark.spec("CON-11")
@given(st.lists(commands, max_size=8))
def test_what_is_accepted_stands_and_nothing_is_overwritten_unseen(
    asked: list[ContactCommand],
) -> None:
    state = Contact()
    for command in asked:
        before = state
        try:
            state = DECIDER.fold(DECIDER.decide(command, state), state)
        except Rejected:
            assert state == before
            continue
        assert state.details == command.details.normal()
        if state != before and isinstance(command, ChangeContact):
            assert command.version == before.version == state.version - 1

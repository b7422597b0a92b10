"""Every slug that a clerk may meet has a German sentence."""

from importlib.resources import files

import pytest

from contacts.api.answers import error_list, warning_list
from contacts.domain.address import PostalAddress
from contacts.domain.details import ContactDetails, errors
from contacts.domain.names import Company
from events.contracts.deliveries import Channel
from events.decider import Rejected
from events.execute import SubjectErased
from web.messages import read_messages
from web.testing import rejections_without_sentence

MESSAGES = read_messages(files("contacts") / "messages.toml")
ALL_WRONG = ContactDetails(
    names=Company(name_lines=("x" * 81,)),
    postal_address=PostalAddress(street="x" * 81, postal_code="1", town="Halle"),
    mail_address="anna@",
)
UNKNOWN_COUNTRY = ContactDetails(
    names=ALL_WRONG.names,
    postal_address=PostalAddress(street="Markt", postal_code="1", town="Halle", country="XX"),
)
ALL_LACKING = ContactDetails(names=ALL_WRONG.names, preferred_channels=tuple(Channel))
WITHOUT_HOUSE_NUMBER = ContactDetails(
    names=ALL_WRONG.names,
    postal_address=PostalAddress(street="Markt", postal_code="06108", town="Halle"),
)


def test_every_rejection_has_a_sentence() -> None:
    assert rejections_without_sentence(Rejected, MESSAGES, "contacts") == []
    assert SubjectErased.slug in MESSAGES


@pytest.mark.spec("CON-10")
def test_every_error_and_every_warning_has_a_sentence_and_every_sentence_a_use() -> None:
    wrong = [*errors(ALL_WRONG), *errors(UNKNOWN_COUNTRY)]
    told = [error["slug"] for error in error_list(wrong, MESSAGES)]
    warned = [
        warning.slug
        for details in (ALL_LACKING, WITHOUT_HOUSE_NUMBER)
        for warning in warning_list(details, MESSAGES)
    ]

    assert {*told, *warned} == MESSAGES.keys() - {
        "contact-already-registered",
        "contact-not-registered",
        "contact-changed-meanwhile",
        "erasure-incomplete",
        "subject-erased",
        "version-missing",
        "control-character",
        "text-missing",
    }

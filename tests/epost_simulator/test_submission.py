"""POST /api/Letter refuses what the real one refuses, and stores nothing of it."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.epost_simulator.customer import Customer, error_code

from epost_simulator import running, specimen
from epost_simulator.accounts import Mode
from epost_simulator.control import Control


def test_a_letter_is_accepted_with_a_number_and_kept(customer: Customer) -> None:
    pdf = specimen.letter(pages=3, mark="behalten")
    body = customer.letter(pdf, custom1="zustellung-1", batchID=7)
    answer = customer.client.post("/api/Letter", json=[body])
    [ident] = answer.json()
    assert ident["fileName"] == body["fileName"]
    [kept] = customer.control.letters("zustellung-1")
    assert (kept.letter_id, kept.pages, kept.status) == (ident["letterID"], 3, 1)
    assert kept.sha256 == hashlib.sha256(pdf).hexdigest()
    assert customer.control.pdf(kept.letter_id) == pdf


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"fileName": None}, "E313"),
        ({"data": None}, "E313"),
        ({"addressLine1": None}, "E313"),
        ({"zipCode": None}, "E313"),
        ({"city": None}, "E313"),
        ({"unbekannt": "x"}, "E313"),
        ({"fileName": "a.pd"}, "E313"),
        ({"fileName": "x" * 197 + ".pdf"}, "E313"),
        ({"fileName": "Müller & Co.pdf"}, "E313"),
        ({"addressLine1": "x" * 81}, "E313"),
        ({"addressLine5": "x" * 81}, "E313"),
        ({"zipCode": "12"}, "E313"),
        ({"city": "x" * 81}, "E313"),
        ({"country": "x" * 81}, "E313"),
        ({"senderStreet": "x" * 81}, "E313"),
        ({"senderAdressLineComplete": "x" * 201}, "E313"),
        ({"custom1": "x" * 81}, "E313"),
        ({"custom5": "x" * 81}, "E313"),
        ({"vendorSystemInformation": "x" * 121}, "E313"),
        ({"costCenter": "123456789"}, "E313"),
        ({"costCenter": "ÄB1"}, "E313"),
        ({"testEMail": "x" * 101}, "E313"),
        ({"batchID": 2**31}, "E313"),
        ({"batchID": "7"}, "E313"),
        ({"isColor": "true"}, "E313"),
        ({"registeredLetter": "x" * 51}, "E313"),
        ({"registeredLetter": "Einschreiben Eigenhändig"}, "E317"),
        ({"registeredLetter": "Einschreiben", "isDuplex": True}, "E312"),
        ({"registeredLetter": "Einschreiben", "country": "ÖSTERREICH", "zipCode": "1010"}, "E311"),
        ({"country": "Österreich", "zipCode": "1010"}, "E305"),
        ({"country": "AUSTRIA", "zipCode": "1010"}, "E305"),
        ({"country": "DEUTSCHLAND"}, "E305"),
        ({"zipCode": "5311"}, "E306"),
        ({"zipCode": "D-53113"}, "E306"),
        ({"zipCode": "   "}, "E306"),
        ({"zipCode": "00113"}, "E306"),
        ({"country": "ÖSTERREICH", "zipCode": "A-1010"}, "E306"),
        ({"country": "ÖSTERREICH", "zipCode": "1010", "addressLine5": "Stiege 2"}, "E306"),
        ({"addressLine1": "   "}, "E306"),
        ({"addressLine3": "53113 Bonn"}, "E306"),
        ({"data": "%%%"}, "E301"),
        ({"plugInList": [{"plugInName": "Automover"}]}, "E601"),
    ],
)
def test_a_letter_is_refused_and_not_kept(
    customer: Customer, changes: dict[str, Any], code: str
) -> None:
    answer = customer.hand_in(custom1=changes.pop("custom1", "abgelehnt"), **changes)
    assert error_code(answer) == (400, code)
    assert [one for one in customer.control.letters() if one.ekp == customer.account.ekp] == []


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b'"x"', b"[1]"])
def test_a_body_that_is_no_array_of_letters_is_refused(customer: Customer, body: bytes) -> None:
    assert error_code(customer.client.post("/api/Letter", content=body)) == (400, "E313")


def test_one_letter_without_its_array_is_refused(customer: Customer) -> None:
    assert error_code(customer.client.post("/api/Letter", json=customer.letter())) == (400, "E313")


def test_of_several_letters_all_are_kept_or_none(customer: Customer) -> None:
    good, bad = customer.letter(custom1="gut"), customer.letter(zipCode="1")
    answer = customer.client.post("/api/Letter", json=[good, bad])
    assert answer.status_code == 400
    assert customer.control.letters("gut") == []


def test_a_foreign_country_without_postal_codes_has_three_blanks(customer: Customer) -> None:
    lines = (specimen.SENDER, specimen.Line("HONGKONG", 25, 84))
    pdf = specimen.letter(lines=lines, mark="abroad")
    customer.accepted(pdf=pdf, country="HONGKONG", zipCode="   ", city="Kowloon")


def test_a_registered_letter_of_each_kind_is_accepted(customer: Customer) -> None:
    for kind in ("Einwurf Einschreiben", "Einschreiben", "Einschreiben Rückschein"):
        customer.accepted(registeredLetter=kind)


def test_a_file_name_can_be_used_once(customer: Customer) -> None:
    customer.accepted(fileName="einmal.pdf")
    assert error_code(customer.hand_in(fileName="einmal.pdf")) == (400, "E309")
    twins = [customer.letter(fileName="zwilling.pdf") for _ in range(2)]
    assert error_code(customer.client.post("/api/Letter", json=twins)) == (400, "E309")


def test_the_file_name_of_a_failed_letter_is_free_again(customer: Customer) -> None:
    letter_id = customer.accepted(fileName="neu.pdf")
    customer.control.fail(letter_id, "E318")
    customer.accepted(fileName="neu.pdf")


def test_the_same_pdf_within_the_hour_is_a_duplicate_and_names_the_first(
    customer: Customer,
) -> None:
    pdf = specimen.letter(mark="doppelt")
    first = customer.accepted(pdf=pdf, activateDuplicateFailsafe=True)
    customer.control.advance(timedelta(minutes=59))
    answer = customer.hand_in(pdf=pdf, activateDuplicateFailsafe=True)
    assert error_code(answer) == (400, "E324")
    assert f"LetterID {first}" in answer.json()["description"]
    customer.control.advance(timedelta(minutes=1))
    customer.accepted(pdf=pdf, activateDuplicateFailsafe=True)


def test_the_failsafe_compares_only_letters_that_asked_for_it(customer: Customer) -> None:
    pdf = specimen.letter(mark="ohne Schutz")
    customer.accepted(pdf=pdf)
    customer.accepted(pdf=pdf, activateDuplicateFailsafe=True)
    customer.accepted(pdf=pdf)


def test_a_failed_letter_is_no_duplicate(customer: Customer) -> None:
    pdf = specimen.letter(mark="gescheitert")
    first = customer.accepted(pdf=pdf, activateDuplicateFailsafe=True)
    customer.control.fail(first, "E318")
    customer.accepted(pdf=pdf, activateDuplicateFailsafe=True)


def test_an_account_in_test_mode_sends_only_tests(customer: Customer) -> None:
    customer.changed(mode=Mode.TEST)
    assert error_code(customer.hand_in()) == (400, "E319")
    customer.accepted(testFlag=True)


def test_test_letters_have_a_daily_quota_and_a_request_a_size(
    tmp_path: Path, new_customer: Callable[[Control], Customer]
) -> None:
    with running(tmp_path, tests_per_day=2, max_request_bytes=20_000) as control:
        control.set_clock(datetime(2031, 7, 1, 10, tzinfo=UTC))  # no midnight in between
        customer = new_customer(control)
        customer.accepted(testFlag=True)
        customer.accepted(testFlag=True)
        assert error_code(customer.hand_in(testFlag=True)) == (400, "E320")
        customer.accepted()
        assert error_code(customer.hand_in(data="A" * 20_000)) == (400, "E303")
        control.advance(timedelta(days=1))
        customer.renew_token()
        customer.accepted(testFlag=True)

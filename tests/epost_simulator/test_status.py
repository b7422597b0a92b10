"""How a letter ages, and what the status queries tell of it."""

import base64
import re
from datetime import datetime, timedelta

import pytest
from tests.epost_simulator.customer import Customer, error_code

from epost_simulator import specimen

HOUR = timedelta(hours=1)


def test_a_letter_moves_from_1_to_4_by_the_clock(customer: Customer) -> None:
    letter_id = customer.accepted(pdf=specimen.letter(pages=2, mark="altert"), custom1="altert")
    seen = [customer.status(letter_id)]
    for step in (timedelta(minutes=2), 4 * HOUR, timedelta(days=2)):
        customer.control.advance(step)
        customer.renew_token()
        seen.append(customer.status(letter_id))
    assert [one["statusID"] for one in seen] == [1, 2, 3, 4]
    assert [one["frankierID"] is None for one in seen] == [True, True, True, False]
    assert [one["printUploadDate"] is None for one in seen] == [True, True, False, False]
    assert (seen[3]["noOfPages"], seen[3]["custom1"]) == (2, "altert")


def test_a_test_letter_ends_at_2_and_its_pdf_can_be_fetched_for_48_hours(
    customer: Customer,
) -> None:
    pdf = specimen.letter(mark="Test")
    letter_id = customer.accepted(pdf=pdf, testFlag=True)

    def fetch() -> tuple[int, str]:
        answer = customer.client.get("/api/Letter/TestResult", params={"letterID": letter_id})
        return answer.status_code, answer.json().get("data", "")

    assert fetch() == (404, "")
    customer.control.advance(timedelta(minutes=2))
    assert fetch() == (200, base64.b64encode(pdf).decode())
    customer.control.advance(48 * HOUR)
    customer.renew_token()
    assert fetch() == (404, "")
    assert customer.status(letter_id)["statusID"] == 2


def test_dates_are_german_time_without_a_zone_with_and_without_a_fraction(
    customer: Customer,
) -> None:
    customer.control.set_clock(datetime.fromisoformat("2031-07-01T10:00:00+00:00"))
    customer.renew_token()
    letter_id = customer.accepted()
    customer.control.advance(timedelta(minutes=3))
    status = customer.status(letter_id)
    assert re.fullmatch(r"2031-07-01T12:0[01]:\d\d\.\d{3}", status["createdDate"])
    assert re.fullmatch(r"2031-07-01T12:0[23]:\d\d", status["processedDate"])


@pytest.mark.parametrize("status", [1, 3, 4])
def test_a_letter_fails_with_99_at_any_time(customer: Customer, status: int) -> None:
    letter_id = customer.accepted()
    customer.control.advance({1: timedelta(), 3: 5 * HOUR, 4: 50 * HOUR}[status])
    customer.renew_token()
    assert customer.status(letter_id)["statusID"] == status
    customer.control.fail(letter_id, "E318", "W202")
    told = customer.status(letter_id)
    assert told["statusID"] == 99
    assert [(one["level"], one["code"]) for one in told["errorList"]] == [
        ("Error", "E318"),
        ("Warning", "W202"),
    ]


def test_a_status_nobody_knows_is_shown_on_request(customer: Customer) -> None:
    letter_id = customer.accepted()
    customer.control.show_status(letter_id, 210)
    assert customer.status(letter_id)["statusID"] == 210
    customer.control.show_status(letter_id, None)
    assert customer.status(letter_id)["statusID"] == 1


def test_a_registered_letter_has_its_number_from_3_on_and_is_tracked(customer: Customer) -> None:
    letter_id = customer.accepted(registeredLetter="Einschreiben")
    assert customer.status(letter_id)["registeredLetterID"] is None
    customer.control.advance(5 * HOUR)
    customer.control.track(letter_id, "DELIVERED")
    told = customer.status(letter_id)
    assert told["registeredLetterID"]
    assert told["registeredLetterStatus"] == "DELIVERED"
    day = customer.control.now().date()
    period = {"fromDate": f"{day - timedelta(days=3)}", "tillDate": f"{day + timedelta(days=2)}"}
    found = customer.client.get("/api/Letter/Registered", params=period).json()
    assert [one["letterID"] for one in found] == [letter_id]


def test_letters_are_found_by_ids_batch_reference_and_what_is_open(customer: Customer) -> None:
    first = customer.accepted(custom1="eins", batchID=5)
    second = customer.accepted(custom1="zwei", batchID=5)
    trial = customer.accepted(custom1="probe", batchID=6, testFlag=True)

    def ids(path: str, **params: str | int) -> list[int]:
        answer = customer.client.get(f"/api/Letter/{path}", params=params)
        return [one["letterID"] for one in answer.json()]

    asked = customer.client.post("/api/Letter/StatusQuery", json=[second, 1, first])
    assert [one["letterID"] for one in asked.json()] == [second, first]
    assert ids("Batch", batchId=5) == [first, second]
    assert ids("Custom1", custom1="probe") == [trial]
    assert ids("Open") == [first, second]
    customer.control.fail(first, "E318")
    assert ids("Open") == [second]
    assert ids("Batch", batchId=5, onlyIssues="true") == [first]


def test_a_day_ends_before_it_begins_to_be_the_last(customer: Customer) -> None:
    customer.control.set_clock(datetime.fromisoformat("2031-09-10T08:00:00+00:00"))
    customer.renew_token()
    letter_id = customer.accepted()

    def found(start: str, end: str) -> tuple[int, list[int]]:
        period = {"fromDate": start, "tillDate": end}
        answer = customer.client.get("/api/Letter/Date", params=period)
        told = answer.json()
        return answer.status_code, [one["letterID"] for one in told] if answer.is_success else []

    assert found("2031-09-10", "2031-09-11") == (200, [letter_id])
    assert found("2031-09-01", "2031-09-10") == (404, [])
    assert found("2031-09-01T00:00:00", "2031-09-10T23:59:59") == (200, [letter_id])
    assert found("2030-07-01", "2031-09-11") == (400, [])
    assert found("gestern", "heute") == (400, [])


@pytest.mark.parametrize(
    "path", ["1", "Custom1?custom1=fremd", "Custom1", "Batch?batchId=999", "Open"]
)
def test_nothing_found_is_an_error(customer: Customer, path: str) -> None:
    assert error_code(customer.client.get(f"/api/Letter/{path}")) == (404, "E201")


def test_a_list_of_unknown_ids_is_an_error_and_so_is_no_list(customer: Customer) -> None:
    url = "/api/Letter/StatusQuery"
    assert error_code(customer.client.post(url, json=[1, 2])) == (404, "E201")
    assert error_code(customer.client.post(url, json=["1"])) == (400, "E313")
    assert error_code(customer.client.post(url, json=[])) == (400, "E313")

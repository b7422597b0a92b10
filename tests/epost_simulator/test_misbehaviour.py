"""What the simulator can be told to do wrong, and what is stored then."""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from tests.epost_simulator.customer import Customer, error_code

from epost_simulator.control import Control
from epost_simulator.faults import Kind
from stack.process import wait_until


def kept(customer: Customer, custom1: str) -> int:
    return len(customer.control.letters(custom1))


@pytest.mark.parametrize(
    ("kind", "count"), [(Kind.DROP_BEFORE_ACCEPT, 0), (Kind.DROP_AFTER_ACCEPT, 1)]
)
def test_a_connection_ends_without_an_answer(customer: Customer, kind: Kind, count: int) -> None:
    customer.control.misbehave(kind, custom1=kind.value)
    with pytest.raises(httpx.RemoteProtocolError):
        customer.hand_in(custom1=kind.value)
    assert kept(customer, kind.value) == count


@pytest.mark.parametrize(("kind", "count"), [(Kind.HANG, 0), (Kind.HANG_AFTER_ACCEPT, 1)])
def test_a_hang_ends_in_a_drop(customer: Customer, kind: Kind, count: int) -> None:
    customer.control.misbehave(kind, custom1=kind.value, seconds=0.05)
    with pytest.raises(httpx.RemoteProtocolError):
        customer.hand_in(custom1=kind.value)
    assert kept(customer, kind.value) == count


def test_a_client_may_give_up_on_a_hang(customer: Customer) -> None:
    customer.control.misbehave(Kind.HANG, custom1="geduld", seconds=3600)
    with pytest.raises(httpx.ReadTimeout):
        customer.client.post(
            "/api/Letter",
            json=[customer.letter(custom1="geduld")],
            timeout=httpx.Timeout(60, read=0.1),
        )
    # The simulator may not have come that far when he gave up.
    wait_until(lambda: not customer.control.waiting_faults(), what="the hang", timeout_s=60)
    customer.accepted(custom1="geduld")


@pytest.mark.parametrize(
    ("kind", "status", "count"),
    [
        (Kind.ERROR_BEFORE_ACCEPT, 502, 0),
        (Kind.ERROR_AFTER_ACCEPT, 502, 1),
        (Kind.GARBAGE_AFTER_ACCEPT, 200, 1),
    ],
)
def test_an_answer_can_be_useless(customer: Customer, kind: Kind, status: int, count: int) -> None:
    customer.control.misbehave(kind, custom1=kind.value, http_status=502)
    answer = customer.hand_in(custom1=kind.value)
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert kept(customer, kind.value) == count


def test_a_token_can_die_in_mid_run_and_the_pace_can_be_too_fast(customer: Customer) -> None:
    customer.control.misbehave(Kind.EXPIRED, custom1="unterwegs")
    customer.control.misbehave(Kind.TOO_MANY, custom1="unterwegs", seconds=17)
    assert error_code(customer.hand_in(custom1="unterwegs")) == (401, "E101")
    refused = customer.hand_in(custom1="unterwegs")
    assert error_code(refused) == (429, "E322")
    assert refused.headers["Retry-After"] == "17"
    assert kept(customer, "unterwegs") == 0


def test_any_code_can_be_the_answer(customer: Customer) -> None:
    customer.control.misbehave(Kind.REFUSE, custom1="E777", codes=("E777",), http_status=418)
    assert error_code(customer.hand_in(custom1="E777")) == (418, "E777")


def test_a_letter_can_be_doomed(customer: Customer) -> None:
    customer.control.misbehave(Kind.FAIL_99, custom1="verloren", codes=("E316",))
    letter_id = customer.accepted(custom1="verloren")
    assert customer.status(letter_id)["statusID"] == 1
    customer.control.advance(timedelta(minutes=2))
    told = customer.status(letter_id)
    assert told["statusID"] == 99
    assert [one["code"] for one in told["errorList"]] == ["E316"]


def test_a_fault_meets_only_what_it_names_and_as_often_as_it_says(customer: Customer) -> None:
    control = customer.control
    control.misbehave(Kind.ERROR_BEFORE_ACCEPT, custom1="genau der", times=2)
    customer.accepted(custom1="ein anderer")
    assert [customer.hand_in(custom1="genau der").status_code for _ in range(3)] == [500, 500, 200]
    assert control.waiting_faults() == 0
    control.misbehave(Kind.ERROR_BEFORE_ACCEPT, path="/api/Letter/Open")
    customer.accepted()
    assert customer.client.get("/api/Letter/Open").status_code == 500


def test_queries_by_reference_match_too(
    simulator: Control, new_customer: Callable[[Control], Customer]
) -> None:
    customer = new_customer(simulator)
    simulator.misbehave(Kind.ERROR_BEFORE_ACCEPT, custom1="suche")
    answer = customer.client.get("/api/Letter/Custom1", params={"custom1": "suche"})
    assert answer.status_code == 500

"""Queries that come too soon are refused, per account, by the simulator's clock."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.epost_simulator.customer import Customer, error_code

from epost_simulator import running
from epost_simulator.control import Control


@pytest.fixture(scope="module")
def unhurried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    folder: Path = tmp_path_factory.mktemp("unhurried")
    # An hour, so that a slow machine cannot wait it out by chance.
    with running(folder, status_spacing_s=3600, test_result_spacing_s=3600) as control:
        yield control


def test_status_queries_of_one_account_keep_their_distance(
    unhurried: Control, new_customer: Callable[[Control], Customer]
) -> None:
    customer, other = new_customer(unhurried), new_customer(unhurried)
    letter_id, others = customer.accepted(), other.accepted()
    assert customer.status(letter_id)["statusID"] == 1
    for path in (f"{letter_id}", "Open", "Custom1?custom1=x", "Batch?batchId=1"):
        assert error_code(customer.client.get(f"/api/Letter/{path}")) == (429, "E322")
    asked = customer.client.post("/api/Letter/StatusQuery", json=[letter_id])
    assert error_code(asked) == (429, "E322")
    assert other.status(others)["statusID"] == 1
    unhurried.advance(timedelta(hours=1))
    assert customer.status(letter_id)["statusID"] == 2


def test_handing_in_is_not_a_status_query(
    unhurried: Control, new_customer: Callable[[Control], Customer]
) -> None:
    customer = new_customer(unhurried)
    customer.status(customer.accepted())
    customer.accepted()


def test_test_results_have_a_distance_of_their_own(
    unhurried: Control, new_customer: Callable[[Control], Customer]
) -> None:
    customer = new_customer(unhurried)
    letter_id = customer.accepted(testFlag=True)
    unhurried.advance(timedelta(minutes=2))
    url = f"/api/Letter/TestResult?letterID={letter_id}"
    assert customer.client.get(url).status_code == 200
    assert error_code(customer.client.get(url)) == (429, "E322")
    customer.status(letter_id)

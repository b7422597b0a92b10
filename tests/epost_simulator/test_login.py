"""Getting in: tokens that die, codes by SMS, secrets that replace each other."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from tests.epost_simulator.customer import Customer, error_code

from epost_simulator.control import Control


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"password": "falsches"}, (401, "E001")),
        ({"secret": "falsch"}, (401, "E001")),
        ({"vendorID": "78"}, (401, "E001")),
        ({"ekp": "9999999999"}, (401, "E001")),
        ({"vendorSubID": "unbekannt"}, (401, "E002")),
        ({"ekp": "123"}, (400, "E313")),
        ({"password": "kurz"}, (400, "E313")),
        ({"secret": "x" * 101}, (400, "E313")),
        ({"tokenDuration": 1441}, (400, "E313")),
        ({"unbekannt": 1}, (400, "E313")),
    ],
)
def test_login_is_refused(
    customer: Customer, changes: dict[str, object], refusal: tuple[int, str]
) -> None:
    assert error_code(customer.log_in(**changes)) == refusal


def test_a_known_sub_vendor_may_log_in(customer: Customer) -> None:
    customer.changed(vendor_sub_ids=("kunde-1",))
    assert customer.log_in(vendorSubID="kunde-1").status_code == 200


def test_a_blocked_customer_is_refused_at_login_and_with_the_token_he_has(
    customer: Customer,
) -> None:
    customer.changed(blocked=True)
    assert error_code(customer.log_in()) == (401, "E004")
    assert error_code(customer.hand_in()) == (401, "E004")


def test_no_token_and_a_wrong_token_are_refused(customer: Customer) -> None:
    del customer.client.headers["Authorization"]
    assert error_code(customer.hand_in()) == (401, "E101")
    customer.client.headers["Authorization"] = "Bearer erfunden"
    assert error_code(customer.hand_in()) == (401, "E101")


def test_a_token_lives_as_long_as_was_asked_and_no_minute_longer(customer: Customer) -> None:
    token = customer.log_in(tokenDuration=30).json()["token"]
    customer.client.headers["Authorization"] = f"Bearer {token}"
    customer.control.advance(timedelta(minutes=29))
    customer.accepted()
    customer.control.advance(timedelta(minutes=1))
    assert error_code(customer.hand_in()) == (401, "E101")


def test_a_token_lives_a_day_when_nothing_was_asked(customer: Customer) -> None:
    customer.control.advance(timedelta(minutes=1439))
    customer.accepted()
    customer.control.advance(timedelta(minutes=1))
    assert error_code(customer.hand_in()) == (401, "E101")


def test_a_code_by_sms_sets_a_password_and_the_secret_before_is_dead(customer: Customer) -> None:
    account = customer.account
    who = {"vendorID": account.vendor_id, "ekp": account.ekp}
    assert customer.client.post("/api/Login/smsRequest", json=who).status_code == 202
    code = customer.control.sms_code(account.ekp)
    answer = customer.client.post(
        "/api/Login/setPassword", json=who | {"newPassword": "neues-wort", "smsCode": code}
    )
    secret = answer.json()
    again = who | {"newPassword": "neues-wort", "smsCode": code}
    assert error_code(customer.client.post("/api/Login/setPassword", json=again)) == (400, "E001")
    assert error_code(customer.log_in()) == (401, "E001")
    assert customer.log_in(secret=secret, password="neues-wort").status_code == 200


def test_a_code_by_sms_lives_ten_minutes_and_a_wrong_one_never(customer: Customer) -> None:
    who = {"vendorID": customer.account.vendor_id, "ekp": customer.account.ekp}
    customer.client.post("/api/Login/smsRequest", json=who)
    code = customer.control.sms_code(customer.account.ekp)
    assert code is not None
    wrong = who | {"newPassword": "neues-wort", "smsCode": f"{(int(code) + 1) % 10**6:06}"}
    assert error_code(customer.client.post("/api/Login/setPassword", json=wrong)) == (400, "E001")
    customer.control.advance(timedelta(minutes=10))
    late = who | {"newPassword": "neues-wort", "smsCode": code}
    assert error_code(customer.client.post("/api/Login/setPassword", json=late)) == (400, "E001")


def test_too_many_codes_block_for_a_quarter_of_an_hour(customer: Customer) -> None:
    who = {"vendorID": customer.account.vendor_id, "ekp": customer.account.ekp}

    def ask() -> int:
        return customer.client.post("/api/Login/smsRequest", json=who).status_code

    assert [ask() for _ in range(3)] == [202, 202, 202]
    refused = customer.client.post("/api/Login/smsRequest", json=who)
    assert error_code(refused) == (429, "E003")
    customer.control.advance(timedelta(minutes=14))
    assert ask() == 429
    customer.control.advance(timedelta(minutes=1))
    assert ask() == 202


def test_health_is_told_in_the_words_of_an_error_and_an_inactive_api_refuses_all(
    simulator: Control, new_customer: Callable[[Control], Customer]
) -> None:
    customer = new_customer(simulator)
    assert error_code(customer.client.get("/api/Login/HealthCheck")) == (200, "I501")
    assert error_code(customer.client.get("/api/Login/HealthCheck")) == (429, "E322")
    simulator.set_health("E501")
    try:
        simulator.advance(timedelta(hours=1))
        assert error_code(customer.client.get("/api/Login/HealthCheck")) == (200, "E501")
        assert error_code(customer.hand_in()) == (503, "E501")
    finally:
        simulator.set_health("I501")

"""A customer who speaks the API in its own words, and what he needs to read its answers."""

import base64
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import httpx

from epost_simulator import specimen
from epost_simulator.accounts import Account
from epost_simulator.control import Control

_numbers = count(1)


@dataclass(frozen=True)
class Customer:
    """Holds the token of one account."""

    client: httpx.Client
    control: Control
    account: Account

    def log_in(self, **changes: Any) -> httpx.Response:
        account = self.account
        body = {
            "vendorID": account.vendor_id,
            "ekp": account.ekp,
            "secret": account.secret,
            "password": account.password,
        }
        return self.client.post("/api/Login", json=body | changes)

    def renew_token(self) -> None:
        token = self.log_in().raise_for_status().json()["token"]
        self.client.headers["Authorization"] = f"Bearer {token}"

    def changed(self, **changes: Any) -> None:
        self.control.register(replace(self.account, **changes))

    def hand_in(self, **changes: Any) -> httpx.Response:
        return self.client.post("/api/Letter", json=[self.letter(**changes)])

    def accepted(self, **changes: Any) -> int:
        """Hand a letter in, and return its number."""
        return int(self.hand_in(**changes).raise_for_status().json()[0]["letterID"])

    def letter(self, pdf: bytes | None = None, **changes: Any) -> dict[str, Any]:
        """Return a letter that is accepted, unless the changes forbid it; None drops a field."""
        number = next(_numbers)
        body = {
            "fileName": f"brief-{number}.pdf",
            "data": encoded(pdf or specimen.letter(mark=str(number))),
            "addressLine1": "Erika Muster",
            "addressLine2": "Weg 7",
            "zipCode": "53113",
            "city": "Bonn",
        }
        return {name: value for name, value in (body | changes).items() if value is not None}

    def status(self, letter_id: int) -> dict[str, Any]:
        answer = self.client.get(f"/api/Letter/{letter_id}").raise_for_status()
        told: dict[str, Any] = answer.json()
        return told


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def error_code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]

"""One simulator for all tests of this folder, and a customer of his own for each test."""

import ssl
from collections.abc import Callable, Iterator
from itertools import count

import httpx
import pytest
from tests.epost_simulator.customer import Customer

from epost_simulator import running
from epost_simulator.accounts import Account
from epost_simulator.control import Control

_ekps = count(1_000_000_001)
# Loading the world's certificates for each client would be most of the time spent here.
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    folder = tmp_path_factory.mktemp("epost")
    with running(
        folder, status_spacing_s=0, test_result_spacing_s=0, health_spacing_s=3600
    ) as control:
        yield control


@pytest.fixture
def new_customer(simulator: Control) -> Iterator[Callable[[Control], Customer]]:
    """Return how to become a customer of any simulator."""
    clients = []

    def register(control: Control) -> Customer:
        account = control.register(
            Account(ekp=str(next(_ekps)), vendor_id="77", password="passwort", secret="geheim")
        )
        client = httpx.Client(
            base_url=control.base_url, trust_env=False, verify=_NO_TLS, timeout=60
        )
        clients.append(client)
        customer = Customer(client, control, account)
        customer.renew_token()
        return customer

    yield register
    simulator.behave()
    for client in clients:
        client.close()


@pytest.fixture
def customer(simulator: Control, new_customer: Callable[[Control], Customer]) -> Customer:
    return new_customer(simulator)

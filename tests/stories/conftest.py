"""The whole product, each service a program of its own, on real servers."""

from collections.abc import Iterator

import pytest

from demo.clerk import Clerk, clerk
from demo.people import SENDER
from demo.product import Product, running


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with running(tmp_path_factory.mktemp("product"), print) as everything:
        yield everything


@pytest.fixture
def anna(product: Product) -> Iterator[Clerk]:
    """A clerk of a mandant that nobody has seen before."""
    with clerk(product) as somebody:
        somebody.introduce(SENDER)
        yield somebody


@pytest.fixture
def stranger(product: Product) -> Iterator[Clerk]:
    """A clerk of yet another mandant."""
    with clerk(product) as somebody:
        somebody.introduce(SENDER)
        yield somebody

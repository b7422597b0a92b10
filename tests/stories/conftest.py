"""The whole product, each service a program of its own, on real servers."""

from collections.abc import Iterator

import pytest
from tests.stories.collector import Collector, collecting

from demo.clerk import Clerk, clerk
from demo.people import SENDER
from demo.product import Product, running
from events.tracing import ENDPOINT


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Gets the spans of all services, which are told of it by their environment."""
    with collecting() as collector, pytest.MonkeyPatch.context() as environment:
        environment.setenv(ENDPOINT, collector.url)
        environment.setenv("OTEL_BSP_SCHEDULE_DELAY", "500")
        yield collector


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[Product]:
    assert collector.url
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

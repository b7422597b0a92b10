"""Real servers for all tests: one PostgreSQL and one Kafka per run, started when first needed."""

from collections.abc import Iterator

import pytest

import stack


@pytest.fixture(scope="session")
def postgres() -> Iterator[stack.PostgresServer]:
    with stack.running(kafka=False) as running:
        yield running.postgres


@pytest.fixture(scope="session")
def kafka() -> Iterator[stack.KafkaServer]:
    with stack.running(postgres=False) as running:
        yield running.kafka


@pytest.fixture(scope="session")
def servers(postgres: stack.PostgresServer, kafka: stack.KafkaServer) -> stack.Servers:
    """Both of them."""
    return stack.Servers(postgres_server=postgres, kafka_server=kafka)

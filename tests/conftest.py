"""Real servers for all tests: one PostgreSQL and one Kafka per run, started when first needed.

What a test says must not hang on the machine: neither on its speed nor on its environment.
"""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

import stack

# A slow example is no error, and the same sources are judged by the same examples every time.
# Those who look for new ones: pytest --hypothesis-profile=explore
settings.register_profile("house", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000, database=None)
for _name in ("house", "explore"):
    settings.register_profile(
        _name, settings.get_profile(_name), suppress_health_check=[HealthCheck.too_slow]
    )
settings.load_profile("house")

# Whatever proxy the environment names, this machine's own ports are not behind it.
os.environ["no_proxy"] = ",".join(filter(None, (os.environ.get("no_proxy"), "127.0.0.1")))


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

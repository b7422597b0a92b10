"""The local Kafka: real, serving when it says so, and ours to kill."""

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

import stack


async def _create(bootstrap_servers: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()


async def _send(bootstrap_servers: str, topic: str, *values: bytes) -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers, enable_idempotence=True
    ) as producer:
        for value in values:
            await producer.send_and_wait(topic, value)


async def _read(bootstrap_servers: str, topic: str, group: str, count: int) -> list[bytes]:
    async with AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap_servers,
        group_id=group,
        auto_offset_reset="earliest",
    ) as consumer:
        return [(await consumer.getone()).value for _ in range(count)]


async def test_a_group_reads_what_an_idempotent_producer_wrote(servers: stack.Servers) -> None:
    address = servers.kafka.bootstrap_servers
    await _create(address, "LetterPosted")
    await _send(address, "LetterPosted", b"one", b"two")
    assert await _read(address, "LetterPosted", "postman", 2) == [b"one", b"two"]


async def test_a_killed_broker_starts_again_with_every_acknowledged_record(
    servers: stack.Servers,
) -> None:
    address, first_pid = servers.kafka.bootstrap_servers, servers.kafka.pid
    await _create(address, "LetterLost")
    await _send(address, "LetterLost", b"still here")
    servers.kafka.kill()
    assert servers.kafka.pid is None
    servers.kafka.start()
    assert servers.kafka.pid not in {None, first_pid}
    assert servers.kafka.bootstrap_servers == address
    assert await _read(address, "LetterLost", "finder", 1) == [b"still here"]


async def test_it_makes_no_topic_by_itself_and_leaves_none_of_its_probe(
    servers: stack.Servers,
) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers.kafka.bootstrap_servers)
    await admin.start()
    try:
        await admin.describe_topics(["NeverMade"])
        topics = await admin.list_topics()
    finally:
        await admin.close()
    assert "NeverMade" not in topics
    assert not [topic for topic in topics if topic.startswith("stack-probe")]


def test_stop_and_start_are_idempotent(servers: stack.Servers) -> None:
    servers.kafka.stop()
    servers.kafka.stop()
    assert servers.kafka.pid is None
    servers.kafka.start()
    pid = servers.kafka.pid
    servers.kafka.start()
    assert pid is not None
    assert servers.kafka.pid == pid


def test_a_server_not_asked_for_is_a_mistake() -> None:
    with pytest.raises(AssertionError, match="kafka=False"):
        _ = stack.Servers(postgres_server=None, kafka_server=None).kafka

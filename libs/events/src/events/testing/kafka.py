"""Topics that start empty, and a look at everything that stands in them."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from events.contracts.topics import SUBJECT_KEYS, TOPICS
from events.kafka_topics import make_topics

_DEADLINE_S = 120.0
_PAUSE_S = 0.05


async def empty_topics(bootstrap_servers: str) -> None:
    """Make the topics of the table, anew where anything of an earlier test stands in them."""
    await make_topics(bootstrap_servers, TOPICS.values())
    used = sorted({part.topic for part, end in (await _ends(bootstrap_servers)).items() if end})
    if not used:
        return
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        await admin.delete_topics(used)
        await _until_gone(admin, used)
    finally:
        await admin.close()
    await make_topics(bootstrap_servers, TOPICS.values())


async def _ends(bootstrap_servers: str) -> dict[TopicPartition, int]:
    async with AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers, enable_auto_commit=False
    ) as consumer:
        parts = _partitions(TOPICS)
        consumer.assign(parts)  # or else the client would not look for them at once
        ends: dict[TopicPartition, int] = await consumer.end_offsets(parts)
        return ends


def _partitions(topics: Iterable[str]) -> list[TopicPartition]:
    return [TopicPartition(name, n) for name in topics for n in range(TOPICS[name].partitions)]


async def _until_gone(admin: AIOKafkaAdminClient, names: Collection[str]) -> None:
    async with asyncio.timeout(_DEADLINE_S):
        while not set(names).isdisjoint(await admin.list_topics()):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(_PAUSE_S)


async def compact_soon(bootstrap_servers: str) -> None:
    """Have the topic of keys compacted within seconds instead of an hour, if ticks come in.

    Until `empty_topics` makes it anew.
    """
    hurry = {
        "segment.ms": "500",
        "max.compaction.lag.ms": "1000",
        "min.cleanable.dirty.ratio": "0.001",
    }
    settings = {**TOPICS[SUBJECT_KEYS].settings(), **hurry}
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        topic = ConfigResource(ConfigResourceType.TOPIC, SUBJECT_KEYS, configs=settings)
        await admin.alter_configs([topic])
    finally:
        await admin.close()


async def all_records(bootstrap_servers: str, topics: Iterable[str] | None = None) -> Sequence[Any]:
    """Every record that stands in the topics now (default: all of the table)."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, enable_auto_commit=False)
    await consumer.start()
    try:
        parts = _partitions(topics or TOPICS)
        consumer.assign(parts)
        ends = await consumer.end_offsets(parts)
        for part, offset in (await consumer.beginning_offsets(parts)).items():
            consumer.seek(part, offset)
        records: list[Any] = []
        async with asyncio.timeout(_DEADLINE_S):
            while not await _all_read(consumer, ends):
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    records.extend(batch)
        return records
    finally:
        await consumer.stop()


async def _all_read(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> bool:
    return all([await consumer.position(part) >= end for part, end in ends.items()])

"""Topics that start empty, and a look at everything that stands in them."""

import asyncio
from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from events.contracts.topics import TOPICS
from events.kafka_topics import make_topics

_DEADLINE_S = 120.0
_PAUSE_S = 0.05


async def empty_topics(bootstrap_servers: str) -> None:
    """Make all topics of the table anew, so that nothing of an earlier test stands in them."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        old = set(await admin.list_topics()) & TOPICS.keys()
        if old:
            await admin.delete_topics(sorted(old))
        await _until_gone(admin)
        await make_topics(bootstrap_servers, TOPICS.values())
    finally:
        await admin.close()


async def _until_gone(admin: AIOKafkaAdminClient) -> None:
    async with asyncio.timeout(_DEADLINE_S):
        for _ in count():
            if not set(await admin.list_topics()) & TOPICS.keys():
                return
            await asyncio.sleep(_PAUSE_S)


async def all_records(bootstrap_servers: str, topics: Iterable[str] | None = None) -> Sequence[Any]:
    """Every record that stands in the topics now (default: all of the table)."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, enable_auto_commit=False)
    await consumer.start()
    try:
        wanted = [TOPICS[name] for name in topics or TOPICS]
        parts = [TopicPartition(t.name, n) for t in wanted for n in range(t.partitions)]
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

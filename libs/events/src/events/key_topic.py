"""The topic SubjectKeys as a whole: what stands in it, and of which keys nothing is left."""

import asyncio
from collections.abc import AsyncIterator, Collection

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from events.contracts.topics import SUBJECT_KEYS
from events.personal import KeyId
from events.registry import UnreadableError
from events.subject_keys import Fence, read_record

_DEADLINE_S = 300.0
_FETCH_MS = 500


async def whole_topic(bootstrap_servers: str) -> AsyncIterator["ConsumerRecord[bytes, bytes]"]:
    """Every record that stands in the topic at the moment of the call, from the beginning.

    Raises Kafka's errors, and `TimeoutError` where it can't be read to its end.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers,
        enable_auto_commit=False,
        # The default, the end, would win against a later seek while the first answer is under way.
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        part = TopicPartition(SUBJECT_KEYS, 0)
        consumer.assign([part])
        end = (await consumer.end_offsets([part]))[part]
        async with asyncio.timeout(_DEADLINE_S):
            while await consumer.position(part) < end:
                for records in (await consumer.getmany(part, timeout_ms=_FETCH_MS)).values():
                    for record in records:
                        yield record
    finally:
        await consumer.stop()


async def only_fenced(bootstrap_servers: str, keys: Collection[KeyId]) -> frozenset[KeyId]:
    """Those of these keys of which Kafka holds the fence and nothing else: they are gone.

    Where a record can be read neither as key nor as fence, the key is not gone. Who has not met
    the fence has not read far enough to say anything.
    """
    names = {f"{key.subject}:{key.category}".encode(): key for key in keys}
    fenced: set[KeyId] = set()
    doubtful: set[KeyId] = set()
    async for record in whole_topic(bootstrap_servers):
        key = names.get(record.key or b"")
        if key is not None:
            (fenced if _is_fence(record.value) else doubtful).add(key)
    return frozenset(fenced - doubtful)


def _is_fence(value: bytes | None) -> bool:
    try:
        return isinstance(read_record(value), Fence)
    except UnreadableError:
        return False

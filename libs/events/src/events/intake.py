"""Reads Kafka through FastStream and hands whole batches of raw records on.

The offsets in our own database decide where reading goes on; Kafka's stored ones are a hint.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage

from events.database import Database
from events.inlet import Inlet, Records
from events.linger import linger

_BATCH_MAX = 2000
_BATCH_WAIT_MS = 20
_GRACE_S = 25.0
_PAUSE_S = 1.0

log = structlog.get_logger()


@asynccontextmanager
async def intake(
    bootstrap_servers: str, group: str, topics: Collection[str], inlet: Inlet, database: Database
) -> AsyncIterator[None]:
    """Take in `topics` until the context ends: one consumer of the group for all of them."""
    # Not the framework's defaults: those acknowledge first, start at the end, make topics.
    broker = KafkaBroker(
        bootstrap_servers,
        allow_auto_create_topics=False,
        graceful_timeout=_GRACE_S,
        apply_types=False,
        logger=None,
    )
    listener = _SeekToOurs(database)
    subscriber = broker.subscriber(
        *sorted(topics),
        group_id=group,
        batch=True,
        max_records=_BATCH_MAX,
        batch_timeout_ms=_BATCH_WAIT_MS,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        ack_policy=AckPolicy.NACK_ON_ERROR,
        listener=listener,
        parser=listener.parse,
        decoder=_decode,
    )

    async def take(records: Records) -> None:
        began = time.monotonic()
        await inlet.take(records)
        await linger(began, len(records), _BATCH_MAX)

    subscriber(take)
    listener.consumer_of = lambda: subscriber.consumer
    await broker.start()
    try:
        yield
    finally:
        await broker.stop()


class _SeekToOurs(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    """Starts each partition that we are given where our database says, if it is still there."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.consumer_of: Any = lambda: None

    async def parse(self, batch: tuple["ConsumerRecord[bytes, bytes]", ...]) -> KafkaAckableMessage:
        """Parse nothing: a parser that raises would make FastStream skip the record."""
        return KafkaAckableMessage(
            body=b"", raw_message=batch, headers={}, consumer=self.consumer_of()
        )

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        log.info("intake.revoked", partitions=len(revoked))

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        consumer: AIOKafkaConsumer = self.consumer_of()
        if not assigned:
            return
        # Until our places are found nothing may come from those that Kafka has stored.
        consumer.pause(*assigned)
        ours, ends = await self._places(consumer, assigned)
        for partition in assigned:
            place = (partition.topic, partition.partition)
            if place not in ours:
                # Kafka may remember what a database took in that is lost: this one is empty.
                await consumer.seek_to_beginning(partition)
            elif ours[place] <= ends[partition]:
                consumer.seek(partition, ours[place])
            else:
                # A rebuilt cluster counts from zero; streams make the repeats harmless.
                log.warning("intake.rewound", topic=place[0], part=place[1])
                await self._forget(place)
                await consumer.seek_to_beginning(partition)
        consumer.resume(*assigned)
        log.info("intake.assigned", partitions=len(assigned))

    async def _places(
        self, consumer: AIOKafkaConsumer, assigned: Collection[TopicPartition]
    ) -> tuple[dict[tuple[str, int], int], dict[TopicPartition, int]]:
        """Our offsets and the topics' ends, however long it takes.

        An error raised here is swallowed by the client, which would go on at Kafka's offsets:
        after a restore of our database those are too far ahead.
        """
        while True:
            try:
                return await self._stored(), await consumer.end_offsets(list(assigned))
            except (psycopg.Error, KafkaError) as error:
                log.warning("intake.waiting", error=type(error).__name__)
                await asyncio.sleep(_PAUSE_S)

    async def _stored(self) -> dict[tuple[str, int], int]:
        async with self._database.plain() as connection:
            rows = await connection.execute("select topic, part, next from intake_offset")
            return {(topic, part): offset for topic, part, offset in await rows.fetchall()}

    async def _forget(self, place: tuple[str, int]) -> None:
        async with self._database.plain() as connection:
            await connection.execute(
                "update intake_offset set next = 0 where topic = %s and part = %s", place
            )


async def _decode(message: KafkaAckableMessage) -> Records:
    raw = message.raw_message
    return raw if isinstance(raw, Sequence) else (raw,)

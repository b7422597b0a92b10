"""Whether Kafka really serves: a record goes in and comes out again."""

import asyncio
import logging
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from stack.errors import StackError

_PAUSE_S = 0.05
_REQUEST_TIMEOUT_MS = 5_000


def await_round_trip(bootstrap_servers: str, *, timeout_s: float) -> None:
    """Blocks until a record went through a topic of its own; raises StackError at the deadline.

    An open port is not enough: for a moment Kafka answers NotLeaderForPartition and the like.
    """
    with ThreadPoolExecutor(1) as pool:  # the caller's thread may have an event loop of its own
        pool.submit(asyncio.run, _until_it_works(bootstrap_servers, timeout_s)).result()


async def _until_it_works(bootstrap_servers: str, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await _repeat(bootstrap_servers)
    except TimeoutError:
        raise StackError(f"kafka: no record went through within {timeout_s:.0f} s") from None


async def _repeat(bootstrap_servers: str) -> None:
    topic = f"stack-probe-{uuid.uuid4().hex}"
    with _unlogged(topic):
        while True:
            try:
                return await _round_trip(bootstrap_servers, topic)
            except (KafkaError, OSError):
                await asyncio.sleep(_PAUSE_S)


@contextmanager
def _unlogged(topic: str) -> Iterator[None]:
    """Keeps what aiokafka says of this topic out of the logs: its first failures are expected."""

    def is_of_interest(record: logging.LogRecord) -> bool:
        return topic not in record.getMessage()

    loggers = [logging.getLogger(f"aiokafka.{part}") for part in ("producer.sender", "cluster")]
    for logger in loggers:
        logger.addFilter(is_of_interest)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(is_of_interest)


async def _round_trip(bootstrap_servers: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(
        bootstrap_servers=bootstrap_servers, request_timeout_ms=_REQUEST_TIMEOUT_MS
    )
    try:
        await admin.start()
        answer = await admin.create_topics([NewTopic(topic, 1, 1)])
        for _, code, *_ in answer.topic_errors:
            if code not in {0, TopicAlreadyExistsError.errno}:
                raise for_code(code)
        await _produce(bootstrap_servers, topic)
        await _consume(bootstrap_servers, topic)
        await admin.delete_topics([topic])
    finally:
        await admin.close()


async def _produce(bootstrap_servers: str, topic: str) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers,
        acks="all",
        request_timeout_ms=_REQUEST_TIMEOUT_MS,
    )
    try:
        await producer.start()
        await producer.send_and_wait(topic, b"probe", partition=0)
    finally:
        await producer.stop()


async def _consume(bootstrap_servers: str, topic: str) -> None:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        request_timeout_ms=_REQUEST_TIMEOUT_MS,
    )
    try:
        await consumer.start()
        consumer.assign([TopicPartition(topic, 0)])
        await consumer.getone()
    finally:
        await consumer.stop()

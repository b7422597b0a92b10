"""Makes the topics of the topic table in Kafka; nothing else ever makes one."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import for_code

from events.topic import Topic

_EXISTS = 36
_LED_WITHIN_S = 60.0
_PAUSE_S = 0.02


async def make_topics(
    bootstrap_servers: str, topics: Iterable[Topic], *, replicas: int = 1
) -> list[str]:
    """Make what is missing, wait until all serve, and return the names of what was made.

    Idempotent. A consumer that is quicker than the news of a topic looks for it again only after
    minutes.
    """
    wanted = list(topics)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        answer = await admin.create_topics([_new(topic, replicas) for topic in wanted])
        made = []
        for name, code, *_ in answer.topic_errors:
            if code == 0:
                made.append(name)
            elif code != _EXISTS:
                raise for_code(code)(name)
        await _until_led(admin, [topic.name for topic in wanted])
    finally:
        await admin.close()
    return made


async def _until_led(admin: AIOKafkaAdminClient, names: Sequence[str]) -> None:
    """Wait until each partition has a leader that brokers know of."""
    async with asyncio.timeout(_LED_WITHIN_S):
        while not all(map(_is_led, await admin.describe_topics(names))):  # noqa: ASYNC110 - Kafka tells nobody
            await asyncio.sleep(_PAUSE_S)


def _is_led(topic: dict[str, Any]) -> bool:
    parts = [part["error_code"] for part in topic["partitions"]]
    return not topic["error_code"] and bool(parts) and not any(parts)


def _new(topic: Topic, replicas: int) -> NewTopic:
    settings = {**topic.settings(), "max.message.bytes": "1048576"}
    # An acknowledged record must survive a power cut: by replicas, or else by the disk at once.
    settings |= {"flush.messages": "1"} if replicas == 1 else {"min.insync.replicas": "2"}
    return NewTopic(
        name=topic.name,
        num_partitions=topic.partitions,
        replication_factor=replicas,
        topic_configs=settings,
    )

"""Makes the topics of the topic table in Kafka; nothing else ever makes one."""

from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import for_code

from events.topic import Topic

_EXISTS = 36


async def make_topics(
    bootstrap_servers: str, topics: Iterable[Topic], *, replicas: int = 1
) -> list[str]:
    """Make what is missing and return the names of what was made; idempotent."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        answer = await admin.create_topics([_new(topic, replicas) for topic in topics])
    finally:
        await admin.close()
    made = []
    for name, code, *_ in answer.topic_errors:
        if code == 0:
            made.append(name)
        elif code != _EXISTS:
            raise for_code(code)(name)
    return made


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

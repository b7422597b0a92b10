"""`python -m events topics`: makes the topics and prints the table."""

import asyncio
import os
import sys

from events.contracts.topics import TOPICS
from events.kafka_topics import make_topics


def main() -> int:
    """Make the missing topics where KAFKA_BOOTSTRAP_SERVERS points; print all of them."""
    if sys.argv[1:] != ["topics"]:
        print("usage: python -m events topics", file=sys.stderr)
        return 2
    servers = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    made = asyncio.run(make_topics(servers, TOPICS.values())) if servers else []
    for topic in TOPICS.values():
        state = "made" if topic.name in made else topic.owner
        print(f"{topic.name:32} {topic.kind:6} {topic.partitions:3} partitions  {state}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

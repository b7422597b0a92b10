"""What a topic is: one published event's place in Kafka."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

_FACTS_KEPT_FOR = timedelta(days=400)


class Kind(StrEnum):
    """State topics are compacted snapshots; fact topics are histories that end in the archive."""

    STATE = "state"
    FACT = "fact"
    KEYS = "keys"


@dataclass(frozen=True, slots=True)
class Topic:
    """One row of the topic table. `key` names the event's field that becomes the record's key."""

    name: str
    owner: str
    kind: Kind
    key: str
    partitions: int = 6

    def settings(self) -> Mapping[str, str]:
        """Kafka's settings for this topic."""
        match self.kind:
            case Kind.FACT:
                kept_ms = int(_FACTS_KEPT_FOR.total_seconds() * 1000)
                return {"cleanup.policy": "delete", "retention.ms": str(kept_ms)}
            case Kind.STATE:
                return {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.1"}
            case Kind.KEYS:
                return _KEY_SETTINGS


# Erasure is done when compaction has removed the key's record, so compaction must really happen:
# small segments, and nothing may stay uncompacted for more than an hour.
_KEY_SETTINGS = {
    "cleanup.policy": "compact",
    "max.compaction.lag.ms": "3600000",
    "min.cleanable.dirty.ratio": "0.01",
    "segment.bytes": "1048576",
    "segment.ms": "600000",
}

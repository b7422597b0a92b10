"""What everybody has written down about one mandant, read from the outside.

Nothing of the product's code is used here: own SQL, own parsing.
"""

import asyncio
import email
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from tests.faults.world import World

from epost_simulator.control import SentLetter

SERVICES = ("contacts", "outbox", "delivery_epost", "delivery_mail")
QUEUES = ("inbox", "relay", "dead")


@dataclass(frozen=True, slots=True)
class Event:
    """A row of a service's log."""

    source: str
    stream: UUID
    version: int
    type: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """A record in Kafka."""

    topic: str
    headers: Mapping[str, str]
    key: bytes
    value: bytes

    @property
    def of(self) -> tuple[str, str, int, str]:
        """Which event it tells of, in which topic."""
        headers = self.headers
        version = int(headers["ce_streamversion"])
        return (headers["ce_source"], headers["ce_subject"], version, self.topic)

    @property
    def id(self) -> tuple[str, str]:
        return (self.headers["ce_source"], self.headers["ce_id"])


@dataclass(frozen=True, slots=True)
class Books:
    """All of it, for one mandant."""

    mandant: UUID
    events: Sequence[Event]
    told: Sequence[Told]
    keys_made: frozenset[str]
    keys_told: frozenset[str]
    letters: Sequence[SentLetter]
    mails: Mapping[str, Sequence[str]]
    """Message-IDs by the delivery that a mail names."""
    deliveries: Sequence[Mapping[str, Any]]
    documents: Sequence[Mapping[str, Any]]
    left: Mapping[str, int]
    """How many rows stand in which queue of which service."""


_DELIVERIES = """
select delivery::text, document::text, channel, state, needs_decision, attempt, dropped, reasons
from delivery where mandant = %s and not dropped
"""
_DOCUMENTS = """
select document::text, open, delivered, failed, in_progress, on_hold, by_epost, by_mail
from document where mandant = %s
"""


@dataclass(slots=True)
class Reader:
    """Reads the books of one mandant after the other; what only grows is read on."""

    world: World
    _seen_mails: dict[str, tuple[str, str]] = field(default_factory=dict)
    _records: dict[str, list[Told]] = field(default_factory=lambda: defaultdict(list))
    _keys: set[str] = field(default_factory=set)
    _places: dict[TopicPartition, int] = field(default_factory=dict)

    def read(self, mandant: UUID) -> Books:
        asyncio.run(self._read_kafka())
        contacts, outbox = self._rows("contacts", "outbox")
        keys = contacts(
            "select subject || ':' || category as key from subject_key where mandant = %s and own",
            mandant,
        )
        events = [event for service in SERVICES for event in self._events(service, mandant)]
        return Books(
            mandant=mandant,
            events=events,
            told=list(self._records[str(mandant)]),
            keys_made=frozenset(row["key"] for row in keys),
            keys_told=frozenset(self._keys),
            letters=self.world.post.letters(),
            mails=self._mails(),
            deliveries=outbox(_DELIVERIES, mandant),
            documents=outbox(_DOCUMENTS, mandant),
            left=self.left(mandant),
        )

    def left(self, mandant: UUID) -> Mapping[str, int]:
        """What still stands in queues: of all mandants, but for the work of channels."""
        left = {}
        for service in SERVICES:
            (rows,) = self._rows(service)
            for queue in QUEUES:
                left[f"{service}.{queue}"] = rows(f"select count(*) as n from {queue}")[0]["n"]  # noqa: S608 - our own names
            work = rows("select count(*) as n from work where mandant = %s", mandant)
            left[f"{service}.work"] = work[0]["n"]
        (rows,) = self._rows("outbox")
        left["outbox.chore"] = rows("select count(*) as n from chore where mandant = %s", mandant)[
            0
        ]["n"]
        return left

    def states(self, mandant: UUID) -> Sequence[Mapping[str, Any]]:
        (outbox,) = self._rows("outbox")
        rows: Sequence[Mapping[str, Any]] = outbox(_DELIVERIES, mandant)
        return rows

    def _events(self, service: str, mandant: UUID) -> Iterator[Event]:
        (rows,) = self._rows(service)
        query = "select stream, version, type, data from event where mandant = %s order by position"
        for row in rows(query, mandant):
            yield Event(
                service.replace("_", "-"), row["stream"], row["version"], row["type"], row["data"]
            )

    def _rows(self, *services: str) -> Any:
        def reader(service: str) -> Any:
            def rows(query: str, *parameters: Any) -> list[dict[str, Any]]:
                url = self.world.admin_url(service)
                with psycopg.connect(
                    url, autocommit=True, row_factory=psycopg.rows.dict_row
                ) as connection:
                    return connection.execute(query.encode(), parameters).fetchall()

            return rows

        return [reader(service) for service in services]

    def _mails(self) -> Mapping[str, Sequence[str]]:
        new = Path(self.world.mail.maildir) / "new"
        for path in new.iterdir() if new.is_dir() else ():
            if path.name not in self._seen_mails:
                message = email.message_from_bytes(path.read_bytes())
                delivery = str(message["X-Delivery-Id"]).strip()
                self._seen_mails[path.name] = (delivery, str(message["Message-ID"]).strip())
        found: dict[str, list[str]] = defaultdict(list)
        for delivery, message_id in self._seen_mails.values():
            found[delivery].append(message_id)
        return found

    async def _read_kafka(self) -> None:
        consumer = AIOKafkaConsumer(bootstrap_servers=self.world.kafka, enable_auto_commit=False)
        await consumer.start()
        try:
            parts = await _partitions(self.world.kafka)
            consumer.assign(parts)
            for part in parts:
                consumer.seek(part, self._places.get(part, 0))
            ends = await consumer.end_offsets(parts)
            while any(self._places.get(part, 0) < end for part, end in ends.items()):
                for part, records in (await consumer.getmany(timeout_ms=200)).items():
                    for record in records:
                        self._keep(record)
                    self._places[part] = records[-1].offset + 1
        finally:
            await consumer.stop()

    def _keep(self, record: Any) -> None:
        if record.topic == "SubjectKeys":
            if record.value and "wrapped" in json.loads(record.value):
                self._keys.add(record.key.decode())
            return
        headers = {name: value.decode() for name, value in record.headers}
        told = Told(record.topic, headers, record.key, record.value)
        self._records[headers["ce_mandant"]].append(told)


async def _partitions(bootstrap_servers: str) -> list[TopicPartition]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        described = await admin.describe_topics()
    finally:
        await admin.close()
    return [
        TopicPartition(topic["topic"], part["partition"])
        for topic in described
        if not topic["is_internal"]
        for part in topic["partitions"]
    ]

"""A service that hears of contacts, from record to fact, without Kafka."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from aiokafka import ConsumerRecord
from tests.events.ledger import MANDANT, executor, remember

from events.contracts import published
from events.contracts.contacts import ContactChanged
from events.contracts.deliveries import Channel
from events.database import Database
from events.hearing import Policy
from events.inlet import Inlet
from events.keyring import Keyring
from events.registry import PublishedEvent
from events.store import Record
from events.stream import Heard, Order
from events.testing.speaker import Speaker, as_consumed
from events.wake import Wake
from events.worker import Worker


@dataclass
class Listener:
    """Its parts, and a speaker who plays the address book. Open `app` and `own` around it."""

    app: Database
    own: Database
    keyring: Keyring
    owner: psycopg.Connection
    policy: Policy = remember
    batch_max: int = 500
    heard: list[Heard] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.speaker = Speaker(self.keyring, "contacts")
        self.inlet = Inlet(self.own, Wake("", ["inbox"]))
        self.worker = self.another_worker()
        self._offsets = itertools.count()

    def another_worker(self) -> Worker:
        return Worker(
            self.app,
            executor(self.keyring),
            published,
            {ContactChanged: self._remember},
            batch_max=self.batch_max,
        )

    def _remember(self, heard: Heard) -> Sequence[Order]:
        self.heard.append(heard)
        return self.policy(heard)

    def only(self, channel: Channel) -> Inlet:
        """An inlet for deliveries of one channel."""
        return Inlet(self.own, Wake("", ["inbox"]), channel)

    def say(self, event: PublishedEvent, mandant: UUID = MANDANT, **more: Any) -> list[Record]:
        """The records of an event, that of its key first."""
        return self.speaker.records(mandant, event, **more)

    def consumed(self, *records: Record) -> list["ConsumerRecord[bytes, bytes]"]:
        return [as_consumed(record, next(self._offsets)) for record in records]

    async def take(self, *records: Record) -> None:
        """Take them in as one batch."""
        await self.inlet.take(self.consumed(*records))

    async def work(self) -> int:
        """Work until nothing is due; returns how many records were claimed."""
        claimed = 0
        while some := await self.worker.work():
            claimed += some
        return claimed

    def make_due(self) -> None:
        """Let the time pass for which records were put off."""
        self.owner.execute("update inbox set due_at = clock_timestamp()")

    def events(self) -> list[tuple[UUID, int]]:
        """Mandant and version of every fact, in the order of the log."""
        rows = self.owner.execute("select mandant, version from event order by position")
        return [(mandant, version) for mandant, version in rows.fetchall()]

    def inbox(self) -> list[tuple[int, str | None]]:
        """Attempts and what is waited for, of every record that is not done."""
        rows = self.owner.execute("select attempts, waiting_for from inbox order by seq")
        return [(attempts, waits) for attempts, waits in rows.fetchall()]

    def dead(self) -> list[str]:
        """The reasons of the dead, the first one first."""
        rows = self.owner.execute("select reason from dead order by seq").fetchall()
        return [reason for (reason,) in rows]

    def offsets(self) -> dict[tuple[str, int], int]:
        rows = self.owner.execute("select topic, part, next from intake_offset").fetchall()
        return {(topic, part): offset for topic, part, offset in rows}

    def due_at(self) -> list[datetime]:
        rows = self.owner.execute("select due_at from inbox order by seq").fetchall()
        return [at for (at,) in rows]


def changed(record: Record, **headers: str | bytes) -> Record:
    """The record as a stranger may have written it."""
    new = {n: v if isinstance(v, bytes) else v.encode() for n, v in headers.items()}
    return replace(record, headers=tuple({**dict(record.headers), **new}.items()))


def name_of(heard: Heard) -> str | None:
    assert isinstance(heard.event, ContactChanged)
    return heard.event.short_name

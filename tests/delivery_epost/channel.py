"""The letter channel on real servers, told by a speaker who plays the outbox."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import stack
from delivery_epost.ports import Access
from delivery_epost.settings import EpostSettings
from delivery_epost.wiring import running
from documents.store import DocumentStore
from documents.testing import samples
from epost_simulator.control import Control, SentLetter
from events.clock import utc_now
from events.contracts import published
from events.contracts.deliveries import (
    Channel,
    DeliveryRequested,
    FileReference,
    LetterOptions,
    PostalAddress,
    Sender,
)
from events.contracts.topics import SUBJECT_KEYS
from events.envelope import header
from events.ids import new_id
from events.keyring import Keyring
from events.registry import PublishedEvent
from events.testing.kafka import all_records
from events.testing.keys import random_keks
from events.testing.postgres import Urls
from events.testing.speaker import Speaker, say

DEADLINE_S = 120.0
SENDER = Sender(
    name="Hausverwaltung Lindenhof GmbH",
    street="Lindenallee 1",
    postal_code="04109",
    town="Leipzig",
    reply_to="post@lindenhof.example",
)


@dataclass
class LetterChannel:
    """What a test sees and does: ask for letters, look at the post and at what is told."""

    bootstrap_servers: str
    settings: EpostSettings
    post: Control
    mandant: UUID = field(default_factory=new_id)

    def __post_init__(self) -> None:
        keyring = Keyring.from_text(self.settings.keks.get_secret_value())
        self.outbox = Speaker(keyring, "outbox")

    async def file(self, content: bytes, pages: int) -> FileReference:
        kept = await DocumentStore.at_url(self.settings.documents_url).put(self.mandant, content)
        return FileReference(sha256=kept.sha256, size_bytes=kept.size_bytes, pages=pages)

    async def say(self, *events: PublishedEvent) -> None:
        records = [r for event in events for r in self.outbox.records(self.mandant, event)]
        await say(self.bootstrap_servers, *records)

    async def request(self, **changes: object) -> DeliveryRequested:
        """A request for a two-page letter to Jürgen Groß, not said yet."""
        file = await self.file(samples.written(pages=2), 2)
        fields = {
            "delivery": new_id(),
            "attempt": 1,
            "document": new_id(),
            "channel": Channel.EPOST,
            "contact": new_id(),
            "batch": new_id(),
            "files": (file,),
            "sender": SENDER,
            "letter": LetterOptions(),
            "requested_at": utc_now(),
            "short_name": "Groß, Jürgen",
            "salutation": "Sehr geehrter Herr Groß,",
            "name_lines": ("Jürgen Groß",),
            "postal_address": PostalAddress(
                street="Straße des 17. Juni",
                house_number="135",
                postal_code="10623",
                town="Berlin",
                country="DE",
            ),
            "address_lines": ("Herrn", "Jürgen Groß", "Straße des 17. Juni 135", "10623 Berlin"),
            "file_names": ("Betriebskostenabrechnung 2025 Groß",),
        }
        return DeliveryRequested.model_validate(fields | changes)

    async def told(self, delivery: UUID) -> list[str]:
        """The types of what the channel has told about a delivery, as a set in name order."""
        records = await all_records(self.bootstrap_servers)
        return sorted(
            record.topic
            for record in records
            if record.topic != SUBJECT_KEYS
            and record.key == str(delivery).encode()
            and header(record.headers, "ce_source") == "delivery-epost"
        )

    async def until_told(self, delivery: UUID, event: type[PublishedEvent]) -> None:
        name = published.name_of(event).type

        async def told() -> bool:
            return name in await self.told(delivery)

        await until(told)

    def letters(self, delivery: UUID) -> Sequence[SentLetter]:
        return self.post.letters(custom1=str(delivery))


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition, plain or awaitable, with a deadline."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            met = condition()
            if asyncio.iscoroutine(met):
                met = await met
            if met:
                return
            await asyncio.sleep(0.1)


def channel_settings(
    servers: stack.Servers, database: Urls, documents: Path, control: Control, access: Access
) -> EpostSettings:
    return EpostSettings.model_validate(
        {
            "environment": "test",
            "database_url": database.app,
            "machinery_database_url": database.machinery,
            "migrator_database_url": database.migrator,
            "kafka_bootstrap_servers": servers.kafka.bootstrap_servers,
            "keks": random_keks(),
            "documents_url": documents.as_uri(),
            "epost_url": control.base_url,
            "epost_vendor_id": access.vendor_id,
            "epost_ekp": access.ekp,
            "epost_secret": access.secret,
            "epost_password": access.password,
            "token_key": base64.b64encode(bytes(32)).decode(),
            "questions_apart_s": 0.0,
            "look_up_after_s": 0.2,
            "poll_every_s": 0.3,
            "request_timeout_s": 60.0,
            "token_issuer": "hausbote-development",
            "token_audience": "hausbote",
            "token_keys_url": "http://127.0.0.1/.well-known/jwks.json",
        }
    )


@asynccontextmanager
async def all_processes(settings: EpostSettings) -> AsyncIterator[None]:
    """Every process but the API, in this one, until the block ends."""
    stopping = asyncio.Event()
    async with running(settings) as processes:
        wanted = [run(stopping) for name, run in processes.items() if name != "api"]
        tasks = [asyncio.ensure_future(work) for work in wanted]
        try:
            yield
        finally:
            stopping.set()
            await asyncio.gather(*tasks)

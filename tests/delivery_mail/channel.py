"""The mail channel on real servers, told by a speaker who plays the outbox."""

import asyncio
import email
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import SecretStr
from tests.delivery_mail.requests import a_request

from delivery_mail.settings import MailSettings
from delivery_mail.wiring import running
from documents.store import DocumentStore
from documents.testing import samples
from events.clock import utc_now
from events.contracts import published
from events.contracts.deliveries import DeliveryRequested, FileReference
from events.contracts.topics import SUBJECT_KEYS
from events.envelope import header, read
from events.ids import new_id
from events.registry import PublishedEvent
from events.service import Machinery
from events.testing.kafka import all_records
from events.testing.keys import random_keks
from events.testing.postgres import Urls
from events.testing.speaker import Speaker, as_consumed, say
from smtp_simulator import RunningServer
from web.auth import DEVELOPMENT_ISSUER
from web.issuer import AUDIENCE

DEADLINE_S = 120.0


@dataclass
class MailChannel:
    """What a test sees and does: ask for mails, look at the server and at what is told."""

    settings: MailSettings
    server: RunningServer
    mandant: UUID = field(default_factory=new_id)

    def __post_init__(self) -> None:
        self.kafka = self.settings.kafka_bootstrap_servers
        self.outbox = Speaker(self.settings.keyring(), "outbox")

    async def file(self, content: bytes, pages: int = 1) -> FileReference:
        kept = await DocumentStore.at_url(self.settings.documents_url).put(self.mandant, content)
        return FileReference(sha256=kept.sha256, size_bytes=kept.size_bytes, pages=pages)

    async def request(self, **changes: object) -> DeliveryRequested:
        """A request whose file is in the store, not said yet."""
        file = await self.file(samples.written(pages=2), 2)
        return a_request(**{"files": (file,), "requested_at": utc_now(), **changes})

    async def say(self, *events: PublishedEvent) -> None:
        records = [r for event in events for r in self.outbox.records(self.mandant, event)]
        await say(self.kafka, *records)

    async def told(self, delivery: UUID) -> list[PublishedEvent]:
        """What the channel has told about a delivery, by instant."""
        records = [
            read(list(record.headers), record.value)
            for record in await all_records(self.kafka)
            if record.topic != SUBJECT_KEYS
            and record.key == str(delivery).encode()
            and header(record.headers, "ce_source") == "delivery-mail"
        ]
        heard = [envelope.open(published, {}, utc_now()) for envelope in records]
        return [one.event for one in sorted(heard, key=lambda one: (one.version, one.at))]

    async def names(self, delivery: UUID) -> set[str]:
        return {type(event).__name__ for event in await self.told(delivery)}

    async def until_told(self, delivery: UUID, event: type[PublishedEvent]) -> Any:
        """The event of this kind about the delivery, as soon as it is in Kafka."""
        found: list[PublishedEvent] = []

        async def told() -> bool:
            found.extend(one for one in await self.told(delivery) if isinstance(one, event))
            return bool(found)

        await until(told)
        return found[0]

    def raw_mails(self, delivery: UUID) -> Sequence[bytes]:
        name = f"X-Delivery-ID: {delivery}".encode()
        return [mail for mail in self.server.messages() if name in mail]

    def mails(self, delivery: UUID) -> list[EmailMessage]:
        """The mails of a delivery that lie at the server."""
        parsed = [
            email.message_from_bytes(m, policy=policy.default) for m in self.raw_mails(delivery)
        ]
        return [mail for mail in parsed if isinstance(mail, EmailMessage)]


async def hear(parts: Machinery, mandant: UUID, *events: PublishedEvent) -> None:
    """Let a machinery hear what the outbox says, without Kafka in between."""
    speaker = Speaker(parts.settings.keyring(), "outbox")
    records = [record for event in events for record in speaker.records(mandant, event)]
    await parts.inlet.take([as_consumed(r, offset) for offset, r in enumerate(records)])
    while await parts.worker.work():
        pass


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
    database: Urls, folder: Path, *, kafka: str, smtp_port: int, **changes: object
) -> MailSettings:
    fields: dict[str, object] = {
        "environment": "test",
        "database_url": database.app,
        "machinery_database_url": database.machinery,
        "migrator_database_url": database.migrator,
        "kafka_bootstrap_servers": kafka,
        "keks": random_keks(),
        "documents_url": (folder / "documents").as_uri(),
        "smtp_host": "127.0.0.1",
        "smtp_port": smtp_port,
        "smtp_tls": "none",
        "client_name": "haus.example",
        "sender_address": "versand@hausbote.example",
        "return_path": "ruecklauf@hausbote.example",
        "answer_s": 60.0,
        "final_answer_s": 120.0,
        "retry_first_s": 0.2,
        "retry_max_s": 0.5,
        "account_rest_s": 0.5,
        "server_rest_s": 0.2,
        "token_issuer": DEVELOPMENT_ISSUER,
        "token_audience": AUDIENCE,
        "token_keys_url": "http://127.0.0.1/.well-known/jwks.json",
    }
    return MailSettings.model_validate(fields | changes)


def environment(settings: MailSettings) -> dict[str, str]:
    """The settings as the variables of a program."""
    texts = {
        name: value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in settings
        if value is not None
    }
    return {**os.environ, **{f"DELIVERY_MAIL_{name.upper()}": t for name, t in texts.items()}}


@asynccontextmanager
async def all_processes(settings: MailSettings) -> AsyncIterator[None]:
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

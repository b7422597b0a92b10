"""What clerks do all day, and the outbox's own processes between it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

import httpx
import ormsgpack
import psycopg
from psycopg import sql
from tests.outbox.builders import SENDER
from tests.outbox.neighbours import Neighbours

from documents.testing.samples import written
from events.contracts.deliveries import DeliveryRequested
from events.envelope import read
from events.personal import put_together
from events.seal import unseal
from outbox.wiring import Outbox

TEXT: dict[str, Any] = {"name": "Einladung Eigentümerversammlung", "kind": "invitation"}


@cache
def pdf(pages: int = 1) -> bytes:
    return written(pages)


@dataclass(slots=True)
class Office:
    """A mandant's outbox with its clerk, its admin and its neighbours."""

    outbox: Outbox
    clerk: httpx.AsyncClient
    admin: httpx.AsyncClient
    neighbours: Neighbours

    async def open(self) -> None:
        """Set the sender, so that deliveries can be sent."""
        answer = await self.admin.put("/sender", json=SENDER.model_dump())
        assert answer.status_code == 200, answer.text
        await self.settle()

    async def file(
        self,
        *recipients: UUID,
        content: bytes | None = None,
        key: str | None = None,
        **changed: Any,
    ) -> UUID:
        """File a document for these recipients; returns its id."""
        answer = await self.post(
            {**TEXT, "recipients": [str(each) for each in recipients], **changed},
            pdf() if content is None else content,
            key,
        )
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["document"])

    async def post(
        self, document: dict[str, Any], content: bytes, key: str | None = None
    ) -> httpx.Response:
        return await self.clerk.post(
            "/documents",
            files={
                "file": ("brief.pdf", content, "application/pdf"),
                "document": ("document.json", json.dumps(document), "application/json"),
            },
            headers={"Idempotency-Key": key} if key else {},
        )

    async def document(self, document: UUID) -> dict[str, Any]:
        return await self.get(f"/documents/{document}")

    async def deliveries(self, document: UUID) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.document(document))["deliveries"]["items"]
        return found

    async def delivery(self, document: UUID) -> dict[str, Any]:
        """The only one of a document."""
        (one,) = await self.deliveries(document)
        return one

    async def counts(self, document: UUID) -> list[int]:
        """The six counters, in their order."""
        return [counter["count"] for counter in (await self.document(document))["counters"]]

    async def get(self, path: str) -> dict[str, Any]:
        answer = await self.clerk.get(path)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def send(self, *documents: UUID, **more: Any) -> dict[str, Any]:
        answer = await self.clerk.post(
            "/deliveries/send", json={"documents": [str(each) for each in documents], **more}
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def settle(self) -> None:
        """Handle all records that arrived, and all chores that follow from them."""
        parts = self.outbox.parts
        while True:
            handled = await parts.worker.work()
            for poller in self.outbox.pollers():
                lease = await parts.leases.take(poller.name)
                assert lease is not None
                handled += await poller.work(lease)
            if not handled:
                return

    def requests(self) -> Sequence[DeliveryRequested]:
        """What was published to channels, personal fields left sealed."""
        return [
            DeliveryRequested.model_validate(read(headers, value).fields)
            for topic, headers, value in self.relayed()
            if topic == "DeliveryRequested"
        ]

    def opened_requests(self) -> Sequence[DeliveryRequested]:
        """The same, opened with the keys of the recipients."""
        opened = []
        for topic, headers, value in self.relayed():
            if topic == "DeliveryRequested":
                envelope = read(headers, value)
                place = envelope.attributes.place
                keys = self.neighbours.keys
                blocks = {b.key: unseal(b, keys[b.key], place) for b in envelope.sealed}
                fields = put_together(DeliveryRequested, envelope.fields, blocks)
                opened.append(DeliveryRequested.model_validate(fields))
        return opened

    def relayed(self) -> Sequence[tuple[str, list[tuple[str, bytes]], bytes]]:
        """Topic, headers and value of each record that waits for the relay."""
        return [
            (topic, ormsgpack.unpackb(headers), value)
            for topic, headers, value in self.rows(
                "select topic, headers, value from relay order by seq"
            )
        ]

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What stands in the database, seen past all isolation."""
        url = self.outbox.settings.migrator_database_url.get_secret_value()
        with psycopg.connect(url) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def forget_answers(self) -> None:
        """As if the service had died between committing and answering."""
        self._change("delete from idempotency")

    def make_chores_due(self) -> None:
        """As if the pause after a failure were over."""
        self._change("update chore set due_at = clock_timestamp()")

    def let_announcements_age(self) -> None:
        """As if they had come a day ago; whoever waits for their files looks again."""
        self._change("update announcement set announced_at = announced_at - interval '25 hours'")
        self.make_chores_due()

    def forget_what_was_seen(self) -> None:
        """Switch deduplication off for what has arrived so far."""
        self._change("truncate inbox_seen")

    def _change(self, statement: str) -> None:
        url = self.outbox.settings.migrator_database_url.get_secret_value()
        with psycopg.connect(url) as connection:
            connection.execute(statement.encode())

    def count(self, table: str) -> int:
        query = sql.SQL("select count(*) from {}").format(sql.Identifier(table))
        url = self.outbox.settings.migrator_database_url.get_secret_value()
        with psycopg.connect(url) as connection:
            row = connection.execute(query).fetchone()
        assert row is not None
        return int(row[0])

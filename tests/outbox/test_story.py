"""The whole path over real Kafka: contact, document, click, a channel's answer, a green bar."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from tests.outbox.builders import SENDER, at
from tests.outbox.neighbours import Neighbours
from tests.outbox.office import Office

import stack
from events.contracts import deliveries
from events.contracts.deliveries import Channel, ChannelAnswer
from events.envelope import read, read_attributes
from events.process import Process, machinery_processes
from events.store import Record
from events.testing.kafka import all_records, empty_topics
from outbox.poller import together
from outbox.wiring import Outbox

DEADLINE_S = 120.0
PAUSE_S = 0.05


@pytest.fixture
def bootstrap_servers(kafka: stack.KafkaServer) -> str:
    return kafka.bootstrap_servers


@pytest.fixture
async def at_work(outbox: Outbox, bootstrap_servers: str) -> AsyncIterator[None]:
    """All processes of the outbox but the API, which the tests call directly."""
    await empty_topics(bootstrap_servers)
    processes = [*machinery_processes(outbox.parts).values(), together(*outbox.pollers())]
    async with AsyncExitStack() as all_of_them:
        for process in processes:
            await all_of_them.enter_async_context(running(process))
        yield


@asynccontextmanager
async def running(process: Process) -> AsyncIterator[None]:
    stopping = asyncio.Event()
    task = asyncio.ensure_future(process(stopping))
    try:
        yield
    finally:
        stopping.set()
        await task


class OverKafka(Neighbours):
    """Neighbours whose records really go through Kafka."""

    async def tell_all(self, records: Sequence[Record]) -> None:
        servers = self.parts.settings.kafka_bootstrap_servers
        async with AIOKafkaProducer(bootstrap_servers=servers, acks="all") as producer:
            for each in records:
                await producer.send_and_wait(
                    each.topic, key=each.key, value=each.value, headers=list(each.headers)
                )


@pytest.fixture
def neighbours(neighbours: Neighbours) -> Neighbours:
    return OverKafka(neighbours.parts, neighbours.keyring, neighbours.mandant)


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while True:
            if await true():
                return
            await asyncio.sleep(PAUSE_S)


@pytest.mark.spec("OUT-01", "OUT-11", "OUT-14", "OUT-16", "OUT-20")
@pytest.mark.usefixtures("at_work")
async def test_a_letter_goes_out_and_its_bar_turns_green(
    office: Office, bootstrap_servers: str
) -> None:
    contact = uuid4()
    await office.admin.put("/sender", json=SENDER.model_dump())
    document = await office.file(contact)

    await office.neighbours.contact(contact, Channel.EPOST)
    await until(lambda: counted(office, document, [1, 0, 0, 0, 0, 1]))

    sent = await office.send(document)
    assert sent["deliveries"] == 1
    request = await requested(bootstrap_servers, office)
    assert (request.document, request.channel) == (document, Channel.EPOST)

    story: list[tuple[type[ChannelAnswer], int]] = [
        (deliveries.DeliverySucceeded, 9),
        (deliveries.DeliveryAccepted, 6),
        (deliveries.DeliverySucceeded, 9),
    ]
    await office.neighbours.tell_all(
        [office.neighbours.answering(cls, request, at(minute)) for cls, minute in story]
    )
    await until(lambda: counted(office, document, [0, 1, 0, 0, 0, 1]))

    await until(lambda: told(office, request.delivery, ["accepted", "succeeded"]))
    assert office.count("dead") == 0


async def counted(office: Office, document: Any, counts: list[int]) -> bool:
    return await office.counts(document) == counts


async def told(office: Office, delivery: Any, facts: list[str]) -> bool:
    timeline = (await office.get(f"/deliveries/{delivery}"))["timeline"]
    return [fact["what"] for fact in timeline if fact["attempt"] and "epost" in fact["source"]] == (
        facts
    )


async def requested(servers: str, office: Office) -> deliveries.DeliveryRequested:
    """The only request of our mandant that stands in Kafka, once it does."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            records = [
                record
                for record in await all_records(servers, ["DeliveryRequested"])
                if read_attributes(record.headers).mandant == office.neighbours.mandant
            ]
            if records:
                (one,) = records
                return deliveries.DeliveryRequested.model_validate(
                    read(one.headers, one.value).fields
                )
            await asyncio.sleep(PAUSE_S)

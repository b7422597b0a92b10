"""An erasure from its order to its certificate, on a real Kafka that really compacts."""

from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr
from tests.contacts.test_service import ANNA, CLEAR, RENAMED, running
from tests.events.conditions import until as until_so

import stack
from contacts.application import ERASURE
from contacts.domain.decider import ContactNotRegistered
from contacts.domain.erasure.decider import Erasure, stream_of
from contacts.settings import ContactsSettings
from contacts.wiring import erasures, poller
from events.contracts.contacts import ContactChanged
from events.contracts.keys import Tick
from events.contracts.topics import SUBJECT_KEYS
from events.database import Connection
from events.ids import new_id
from events.key_topic import only_fenced
from events.operator.fences import learn
from events.personal import Category, KeyId
from events.process import machinery_processes
from events.service import Blueprint, Machinery, machinery
from events.stream import Cause, Heard, Order
from events.subject_keys import Fence, IssuedKey, key_record, read_record
from events.testing.kafka import all_records, compact_soon, empty_topics
from events.testing.postgres import Urls, fresh_database
from events.testing.postgres import urls as urls_of
from events.testing.speaker import say

PATIENCE_S = 180.0


@pytest.fixture
def settings(settings: ContactsSettings) -> ContactsSettings:
    return settings.model_copy(
        update={
            "erasures_confirmed_by": frozenset({"contacts", "reader"}),
            "tick_every_s": 0.5,
            "certify_every_s": 1.0,
        }
    )


@pytest.fixture
async def topics(servers: stack.Servers) -> str:
    await empty_topics(servers.kafka.bootstrap_servers)
    await compact_soon(servers.kafka.bootstrap_servers)
    return servers.kafka.bootstrap_servers


@asynccontextmanager
async def working(parts: Machinery, *more: Any) -> AsyncIterator[None]:
    """A service's own processes, and more of them, for the length of the block."""
    async with AsyncExitStack() as stopped:
        for process in (*machinery_processes(parts).values(), *more):
            await stopped.enter_async_context(running(process))
        yield


@asynccontextmanager
async def reader(settings: ContactsSettings, urls: Urls) -> AsyncIterator[Machinery]:
    """Another service that keeps what it hears of contacts: nothing but the keys."""

    async def hear(_: Connection, __: Heard) -> list[Order]:
        return []

    places = {
        "database_url": SecretStr(urls.app),
        "machinery_database_url": SecretStr(urls.machinery),
    }
    blueprint = Blueprint(source="reader", hears={ContactChanged: hear})
    async with machinery(settings.model_copy(update=places), blueprint) as parts:
        yield parts


async def until(condition: Any) -> None:
    await until_so(condition, deadline_s=PATIENCE_S, pause_s=0.2)


async def erasure_of(parts: Machinery, mandant: UUID, contact: UUID) -> Erasure:
    state: Erasure = await parts.commands.state(Order(ERASURE, stream_of(contact), mandant, None))
    return state


def rows(urls: Urls, tables: Collection[str]) -> dict[str, int]:
    with psycopg.connect(urls.migrator) as connection:
        counts = {
            table: connection.execute(
                sql.SQL("select count(*) from {}").format(sql.Identifier(table))
            ).fetchall()[0][0]
            for table in tables
        }
    return {table: count for table, count in counts.items() if count}


def dump(urls: Urls) -> str:
    """Every row of every table."""
    with psycopg.connect(urls.migrator) as connection:
        tables = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'public'"
        ).fetchall()
        return "\n".join(
            row
            for (table,) in tables
            for (row,) in connection.execute(
                sql.SQL("select t::text from {} t").format(sql.Identifier(table))
            )
        )


# long: one story from the order to the certificate
@pytest.mark.spec("CON-43")
async def test_it_is_certified_when_all_have_confirmed_and_kafka_has_forgotten_the_keys(
    clerk: httpx.AsyncClient,
    settings: ContactsSettings,
    parts: Machinery,
    servers: stack.Servers,
    database: Urls,
    mandant: UUID,
    topics: str,
) -> None:
    saved = await clerk.post("/contacts", json=ANNA)
    stays = await clerk.post("/contacts", json={**RENAMED, "mail_address": "other@example.org"})
    contact, other = (UUID(each.json()["contact"]) for each in (saved, stays))
    keys = {KeyId(contact, category) for category in Category}

    async def told() -> bool:
        records = await all_records(topics, [SUBJECT_KEYS])
        told = [read_record(record.value) for record in records]
        return sum(isinstance(one, IssuedKey) and one.key.id in keys for one in told) == 3

    async with AsyncExitStack() as open_until_end:
        await open_until_end.enter_async_context(working(parts, poller(settings, parts).run))
        await until(told)
        await erasures(settings, parts).order(
            mandant, contact, legal_basis="consent-withdrawn", by="user:a", cause=Cause(new_id())
        )
        state = await erasure_of(parts, mandant, contact)
        assert state.ordered_at is not None

        async def ours_confirmed() -> bool:
            state = await erasure_of(parts, mandant, contact)
            return {part.service for part in state.lacking({"contacts", "reader"})} == {"reader"}

        await until(ours_confirmed)
        read = await clerk.get(saved.headers["Location"])
        assert read.status_code == 404
        assert "Annegret" not in (await clerk.get("/contacts")).text.replace(
            "Zöllner, Annegret", ""
        )
        assert not (await erasure_of(parts, mandant, contact)).certified

        # The other service was down all the time; it has an empty database.
        urls = open_until_end.enter_context(fresh_database(servers.postgres.admin_url()))
        late = await open_until_end.enter_async_context(reader(settings, urls))
        await open_until_end.enter_async_context(working(late))

        async def certified() -> bool:
            return (await erasure_of(parts, mandant, contact)).certified

        await until(certified)
        assert {row for (row,) in _subjects(urls)} == {other}

    assert await only_fenced(topics, keys) == keys
    assert {row for (row,) in _subjects(database)} == {other}
    assert not any(value in dump(database) for value in set(CLEAR) - _shared())
    await _only_fences_are_left(topics, contact)


def _shared() -> set[str]:
    """What the other contact says too."""
    return {value for value in CLEAR if value in str(RENAMED)} | {"Annegret", "GOUDA"}


def _subjects(urls: Urls) -> list[tuple[UUID]]:
    with psycopg.connect(urls.migrator) as connection:
        query = "select subject from subject_key union select subject from event_personal"
        return connection.execute(query).fetchall()


async def _only_fences_are_left(topics: str, contact: UUID) -> None:
    records = await all_records(topics, [SUBJECT_KEYS])
    told = [read_record(record.value) for record in records]
    ours = [one for one in told if not isinstance(one, Tick) and _subject(one) == contact]
    assert {one.key.category for one in ours if isinstance(one, Fence)} == set(Category)
    assert not any(isinstance(one, IssuedKey) for one in ours)


def _subject(told: Fence | IssuedKey) -> UUID:
    return told.key.subject if isinstance(told, Fence) else told.key.id.subject


@pytest.mark.spec("CON-43")
async def test_a_late_key_is_answered_with_the_fence(
    clerk: httpx.AsyncClient,
    settings: ContactsSettings,
    parts: Machinery,
    mandant: UUID,
    topics: str,
) -> None:
    """A relay that was thought dead has told it once more."""
    saved = await clerk.post("/contacts", json=ANNA)
    contact = UUID(saved.json()["contact"])
    key = KeyId(contact, Category.IDENTITY)
    late = settings.keyring().make(key)
    async with working(parts):
        await erasures(settings, parts).order(
            mandant, contact, legal_basis="consent-withdrawn", by="user:a", cause=Cause(new_id())
        )

        async def fences(count: int) -> bool:
            records = await all_records(topics, [SUBJECT_KEYS])
            told = [read_record(record.value) for record in records]
            return sum(isinstance(one, Fence) and one.key == key for one in told) >= count

        await until(lambda: fences(1))
        await say(topics, key_record(mandant, late, parts.clock()))
        await until(lambda: fences(2))
    *_, last = [
        one
        for record in await all_records(topics, [SUBJECT_KEYS])
        if not isinstance(one := read_record(record.value), Tick) and _subject(one) == contact
    ]
    assert isinstance(last, Fence)


@pytest.mark.spec("CON-43")
async def test_who_is_not_in_the_book_cannot_be_erased_nor_changed_afterwards(
    clerk: httpx.AsyncClient,
    stranger: httpx.AsyncClient,
    settings: ContactsSettings,
    parts: Machinery,
    mandant: UUID,
) -> None:
    of_another = await stranger.post("/contacts", json=ANNA)
    use = erasures(settings, parts)
    for contact in (new_id(), UUID(of_another.json()["contact"])):
        with pytest.raises(ContactNotRegistered):
            await use.order(mandant, contact, legal_basis="x", by="a", cause=Cause(new_id()))

    saved = await clerk.post("/contacts", json=ANNA)
    contact = UUID(saved.json()["contact"])
    for _ in range(2):
        await use.order(mandant, contact, legal_basis="x", by="a", cause=Cause(new_id()))
    changed = await clerk.put(saved.headers["Location"], json=RENAMED, headers={"If-Match": '"1"'})
    assert changed.status_code in (404, 410), "the fence stands before anything is destroyed"
    assert (await erasure_of(parts, mandant, contact)).ordered_at is not None


@pytest.mark.spec("CON-43", "PLT-33")
@pytest.mark.usefixtures("topics")
async def test_a_database_that_is_restored_is_erased_again_before_it_serves(
    clerk: httpx.AsyncClient,
    settings: ContactsSettings,
    parts: Machinery,
    servers: stack.Servers,
    mandant: UUID,
) -> None:
    saved = await clerk.post("/contacts", json=ANNA)
    contact = UUID(saved.json()["contact"])
    with fresh_database(servers.postgres.admin_url()) as urls:
        async with working(parts):
            async with reader(settings, urls) as before, working(before):
                await until(lambda: _keys(urls, 3))
            with copied(urls, servers) as backup:
                await erasures(settings, parts).order(
                    mandant, contact, legal_basis="x", by="a", cause=Cause(new_id())
                )
                async with reader(settings, urls) as later, working(later):
                    await until(lambda: _keys(urls, 0))
                assert await _keys(backup, 3), "the backup has what was erased since"
                async with reader(settings, backup) as restored:
                    assert await learn(restored) == len(Category)
                assert await _keys(backup, 0)


async def _keys(urls: Urls, count: int) -> bool:
    return rows(urls, ["subject_key"]).get("subject_key", 0) == count


@contextmanager
def copied(database: Urls, servers: stack.Servers) -> Iterator[Urls]:
    """The database as it is now, restored under another name."""
    admin_url = servers.postgres.admin_url()
    name = f"restored_{new_id().hex}"
    template = urlsplit(database.migrator).path.lstrip("/")
    made = sql.SQL("create database {} template {}")
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(made.format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield urls_of(admin_url, name)
        finally:
            gone = sql.SQL("drop database {} with (force)").format(sql.Identifier(name))
            admin.execute(gone)

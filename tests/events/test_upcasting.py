"""What was stored or told in an older version is read in today's shape, personal fields too."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
import pytest
from tests.events.hearing import Listener
from tests.events.ledger import MANDANT
from tests.events.versions import (
    NEW_PERSON,
    NEW_PUBLISHED,
    OLD_PERSON,
    OLD_PUBLISHED,
    Meet,
    NewContactChanged,
    NewMet,
    OldContactChanged,
    OldMet,
    executor,
    meeting,
)

from events.database import Database
from events.ids import new_id
from events.keyring import Keyring
from events.personal import Category, KeyId
from events.registry import Event, Json, Name, Registry, TooNewError, UnreadableError, Upcaster
from events.store.postgres import PostgresStore
from events.stream import Cause, Heard, Order, StreamKind
from events.testing.speaker import Speaker
from events.worker import Worker

pytestmark = pytest.mark.spec("PLT-01")


def _twice(fields: Json) -> Json:
    return {**fields, "number": fields["number"] * 2}


def test_each_version_takes_the_steps_that_it_lacks() -> None:
    registry = Registry()

    @registry.event("thing", version=3, upcasters=(_twice, lambda f: {**f, "unit": "page"}))
    class Thing(Event):
        number: int
        unit: str

    assert registry.load(Name("thing", 1), {"number": 1}) == Thing(number=2, unit="page")
    assert registry.load(Name("thing", 2), {"number": 1}) == Thing(number=1, unit="page")
    assert registry.load(Name("thing", 3), {"number": 1, "unit": "m"}) == Thing(number=1, unit="m")
    with pytest.raises(TooNewError):
        registry.load(Name("thing", 4), {"number": 1, "unit": "m"})
    with pytest.raises(UnreadableError, match="never had"):
        registry.load(Name("thing", 0), {"number": 1, "unit": "m"})


@pytest.mark.parametrize(("version", "upcasters"), [(2, ()), (1, (_twice,)), (3, (_twice,))])
def test_a_missing_step_is_found_when_the_program_starts(
    version: int, upcasters: Sequence[Upcaster]
) -> None:
    class Thing(Event):
        number: int

    with pytest.raises(ValueError, match="upcasters"):
        Registry().event("thing", version=version, upcasters=upcasters)(Thing)


def test_an_upcaster_that_fails_names_itself_and_quotes_nothing() -> None:
    registry = Registry()

    @registry.event("thing", version=2, upcasters=(_twice,))
    class Thing(Event):
        number: int

    with pytest.raises(UnreadableError, match=r"^thing v1: _twice fails with KeyError$") as raised:
        registry.load(Name("thing", 1), {"Jürgen Groß": 1})
    assert raised.value.__cause__ is None
    assert Thing(number=1)


async def test_a_stored_event_is_read_in_todays_shape(app: Database, keyring: Keyring) -> None:
    """Its block was sealed with the old names, under the old category."""
    person = new_id()
    met = Meet(OldMet(person=person, name="Jürgen Groß", phone="030 1234"))
    await _have_keys(app, keyring, person)
    async with PostgresStore(app).transaction([MANDANT]) as transaction:
        old = executor(keyring, OLD_PUBLISHED)
        await old.execute(transaction, [_order(OLD_PERSON, person, met)])
    new = NewMet(contact=person, times=2, first_name="Grete", last_name="Groß", phone="030 4321")
    async with PostgresStore(app).transaction([MANDANT]) as transaction:
        by = executor(keyring, NEW_PUBLISHED)
        await by.execute(transaction, [_order(NEW_PERSON, person, Meet(new))])
        state = await by.state(transaction, _order(NEW_PERSON, person, Meet(new)))
        with pytest.raises(TooNewError):
            await executor(keyring, OLD_PUBLISHED).state(
                transaction, _order(OLD_PERSON, person, met)
            )
    first = NewMet(contact=person, times=1, first_name="Jürgen", last_name="Groß", phone="030 1234")
    assert state == (first, new)


async def test_a_stored_event_of_somebody_erased_is_read_without_the_names(
    app: Database, keyring: Keyring, owner: psycopg.Connection
) -> None:
    person = new_id()
    met = Meet(OldMet(person=person, name="Jürgen Groß", phone="030 1234"))
    await _have_keys(app, keyring, person)
    async with PostgresStore(app).transaction([MANDANT]) as transaction:
        old = executor(keyring, OLD_PUBLISHED)
        await old.execute(transaction, [_order(OLD_PERSON, person, met)])
    owner.execute("delete from event_personal")
    async with PostgresStore(app).transaction([MANDANT]) as transaction:
        by = executor(keyring, NEW_PUBLISHED)
        state = await by.state(transaction, _order(NEW_PERSON, person, met))
    assert state == (NewMet(contact=person, times=1),)


async def test_an_event_that_an_older_release_told_is_heard_in_todays_shape(
    listener: Listener,
) -> None:
    contact = new_id()
    speaker = Speaker(listener.keyring, "contacts", OLD_PUBLISHED)
    event = OldContactChanged(contact=contact, full_name="Jürgen Groß", phone="030 1234")
    heard: list[Heard] = []

    def react(one: Heard) -> Sequence[Order]:
        heard.append(one)
        return meeting(one)

    worker = Worker(
        listener.app,
        executor(listener.keyring, NEW_PUBLISHED),
        NEW_PUBLISHED,
        {NewContactChanged: react},
    )
    await _have_keys(listener.app, listener.keyring, contact, Category.COMMUNICATION)
    await listener.take(*speaker.records(MANDANT, event))
    assert await worker.work() == 1
    assert [one.event for one in heard] == [
        NewContactChanged(contact=contact, first_name="Jürgen", last_name="Groß", phone="030 1234")
    ]
    assert (listener.dead(), listener.inbox()) == ([], [])
    assert listener.events() == [(MANDANT, 1)]


def _order(kind: StreamKind[Any, Any, Any], person: UUID, met: Meet) -> Order:
    return Order(kind, person, MANDANT, met, Cause(new_id()))


async def _have_keys(
    database: Database,
    keyring: Keyring,
    subject: UUID,
    *categories: Category,
) -> None:
    """As if they had arrived."""
    wanted = categories or (Category.IDENTITY, Category.COMMUNICATION)
    made = [keyring.make(KeyId(subject, category)) for category in wanted]
    async with PostgresStore(database).transaction([MANDANT]) as transaction:
        await transaction.add_keys(MANDANT, made)

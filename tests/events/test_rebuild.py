"""A rebuild comes to what the log says, leaves nothing behind, and breaks nothing on its way."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import psycopg
import pytest
from tests.events.conditions import until
from tests.events.ledger import MANDANT, STRANGER, Note, executor, order
from tests.events.rebuilding import House, a_house
from tests.events.tallying import READ_MODELS, erase, project

import stack
from events.clock import utc_now
from events.database import Connection, Database
from events.erasure import Eraser, demand
from events.ids import new_id
from events.keyring import Keyring
from events.personal import Category, KeyId
from events.rebuild import shadow
from events.rebuild.run import Progress, RebuildError
from events.stream import Change
from events.subject_keys import Fence

_APPEND = """
insert into event (mandant, stream, version, id, type, schema, at, meta, data)
select %s, %s, 1, gen_random_uuid(), type, 1, at, meta, data from event
where type = 'ledger.counted' limit 1
"""

pytestmark = pytest.mark.spec("PLT-03")


@pytest.fixture
async def house(postgres: stack.PostgresServer, keks: str) -> AsyncIterator[House]:
    async with a_house(postgres.admin_url(), keks) as house:
        yield house


async def definitions(house: House) -> list[list[str]]:
    async with await psycopg.AsyncConnection.connect(house.admin_url) as connection:
        # A path without the tables, so that their names are written in full.
        await connection.execute("set search_path = pg_catalog")
        return [await shadow.definition(connection, table) for table in READ_MODELS]


async def test_broken_tables_are_healed(house: House) -> None:
    await house.write(2000)
    before, shape = house.contents(), await definitions(house)
    house.change("delete from ledger where version % 2 = 0")
    house.change("update tally set events = events + 3; delete from person")
    house.change("delete from errand")

    assert await house.rebuild() == 0

    assert house.contents() == before
    assert await definitions(house) == shape
    assert house.rows("select * from errand") == []
    house.check()


async def test_an_empty_log_and_no_change_at_all(house: House) -> None:
    assert await house.rebuild() == 0
    await house.write(50)
    assert [await house.rebuild(), await house.rebuild()] == [0, 0]
    house.check()


async def test_only_the_named_table_is_swapped(house: House) -> None:
    await house.write(100)
    house.change("update tally set events = 0; update ledger set count = 77")

    assert await house.rebuild("tally") == 0

    assert {row for (row,) in house.rows("select count from ledger")} == {77}
    assert house.rows("select sum(events) from tally") == [(100,)]
    assert await house.rebuild("nothing") == 2


async def test_comparing_tells_what_differs_and_swaps_nothing(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    await house.write(300)
    capsys.readouterr()
    assert await house.rebuild(compare=True) == 0
    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()] == ["equal"] * 3
    house.change("update ledger set count = count + 1 where mandant = %s", MANDANT)
    house.change("delete from tally where mandant = %s", STRANGER)
    broken = house.contents()
    (ours,) = house.rows("select count(*) from ledger where mandant = %s", MANDANT)[0]

    assert await house.rebuild(compare=True) == 1

    told = capsys.readouterr().out
    assert f"{ours} rows differ in count" in told
    assert "1 rows missing in the live table" in told
    assert house.contents() == broken
    assert house.left_over() == []


@pytest.mark.spec("PLT-21")
async def test_new_tables_keep_mandants_apart(house: House) -> None:
    await house.write(300)
    await house.rebuild()

    async with Database(house.urls.app) as app:
        for mandant in (MANDANT, STRANGER):
            async with app.working([mandant]) as connection:
                for table in READ_MODELS:
                    found = await connection.execute(f"select mandant from {table}".encode())  # noqa: S608 - our own table names
                    assert {row for (row,) in await found.fetchall()} == {mandant}
        async with app.plain() as connection:
            assert await (await connection.execute("select from ledger")).fetchall() == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with app.working([MANDANT]) as connection:
                await connection.execute("update tally set mandant = %s", (STRANGER,))


async def test_prepared_statements_go_on(house: House) -> None:
    """Whoever has read and written the old tables often enough to have plans meets the new ones."""
    async with Database(house.urls.app, connections=1) as app:

        async def look() -> int:
            async with app.working([MANDANT, STRANGER]) as connection:
                found = await connection.execute("select * from ledger where count >= %s", (0,))
                return len(await found.fetchall())

        for _ in range(10):
            await house.write(20)
            await look()
        await house.rebuild()
        for _ in range(10):
            await house.write(20)
            assert await look() == len(house.rows("select distinct stream from event"))
    house.check()


async def test_a_broken_projection_leaves_the_old_tables_alone(house: House) -> None:
    await house.write(200)
    before = house.contents()

    async def broken(connection: Connection, changes: Sequence[Change]) -> None:
        await project(connection, changes)
        await connection.execute("select 1 / 0")

    async def undeclared(connection: Connection, changes: Sequence[Change]) -> None:
        await project(connection, changes)
        await connection.execute("delete from relay")

    with pytest.raises(psycopg.errors.DivisionByZero):
        await house.use(house.site(project=broken))
    with pytest.raises(psycopg.errors.UndefinedTable, match="relay"):
        await house.use(house.site(project=undeclared))
    with pytest.raises(psycopg.errors.UndefinedTable, match="errand"):
        await house.use(house.site(effects=()))

    assert house.contents() == before
    house.check()


async def test_what_hangs_on_a_table_is_not_lost(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    await house.write(10)
    house.change("create view counts as select count from ledger")

    assert await house.rebuild() == 2

    assert "the view public.counts hangs on ledger" in capsys.readouterr().err
    assert house.left_over() == []


async def test_a_table_that_was_changed_meanwhile_is_not_swapped(house: House) -> None:
    await house.write(100)
    async with house.opened() as rebuild:
        await rebuild.prepare()
        house.change("alter table ledger add column remark text")
        with pytest.raises(RebuildError, match="ledger was changed"):
            await rebuild.swap(READ_MODELS)
    assert await house.rebuild() == 2
    assert await house.rebuild(abandon=True) == 0
    house.check()


async def test_two_at_once_are_one_too_many(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    await house.write(100)
    async with house.opened() as rebuild:
        await rebuild.prepare()
        assert await house.rebuild() == 2
        assert "another rebuild" in capsys.readouterr().err
        await rebuild.swap(READ_MODELS)
    house.check()


@pytest.mark.spec("PLT-01")
async def test_an_erased_person_stays_away(house: House) -> None:
    """Before the rebuild, and while the name stands in the new table already."""
    early, late = new_id(), new_id()
    fence = "insert into erasure_fence values (%s, %s, 'identity', null, now())"
    for person in (early, late):
        await house.commands.one(order(Note(person, "Jürgen Groß")))
    house.change(fence, MANDANT, early)
    async with house.opened() as rebuild:
        await rebuild.prepare()
        assert [row for (row,) in house.rows("select person from rebuilt.person")] == [late]
        house.change(fence, MANDANT, late)
        await rebuild.swap(READ_MODELS)

    assert house.rows("select person from person") == []
    house.check()


@pytest.mark.spec("PLT-01")
async def test_what_a_fence_has_taken_out_stays_out(house: House) -> None:
    """Its key may stand still: another category's fence has taken the row along."""
    person = new_id()
    await house.commands.one(order(Note(person, "Jürgen Groß")))
    fence = "insert into erasure_fence values (%s, %s, 'communication', null, now())"
    house.change(fence, MANDANT, person)
    house.change("delete from person where person = %s", person)
    assert await house.rebuild() == 0
    assert house.rows("select person from person") == []


@pytest.mark.spec("PLT-01")
async def test_nobody_confirms_an_erasure_while_new_tables_may_hold_the_name(house: House) -> None:
    """Not even while a killed rebuild lies about."""
    person = new_id()
    await house.commands.one(order(Note(person, "Jürgen Groß")))
    async with house.opened() as rebuild:
        await rebuild.prepare()
    fence = Fence(MANDANT, KeyId(person, Category.IDENTITY), None, utc_now())
    async with Database(house.urls.app) as app:
        async with app.working([MANDANT]) as connection:
            await demand(connection, [fence], confirm=True)
        eraser = Eraser(app, executor(Keyring.from_text(house.keks)), erase, lambda: None)
        assert await eraser.work() == 0
        assert await house.rebuild() == 0
        assert await eraser.work() == 1
    assert house.rows("select topic from relay where topic = 'ErasureConfirmed'") != []
    assert house.rows("select person from person") == []


async def test_an_older_writer_is_waited_for(house: House) -> None:
    """He wrote before the triggers were there and commits after: his event is in the log."""
    await house.write(100)
    stream, told = new_id(), list[Progress]()
    async with Database(house.urls.app) as app, house.opened(told) as rebuild:
        async with app.working([MANDANT]) as connection:
            await connection.execute(_APPEND, (MANDANT, stream))
            preparing = asyncio.create_task(rebuild.prepare())
            await until(lambda: any(one.step == "waiting for older writers" for one in told))
        await preparing
        await rebuild.swap(READ_MODELS)
    assert house.rows("select version from ledger where stream = %s", stream) == [(1,)]


async def test_a_reader_in_the_way_is_waited_for_and_holds_up_nobody(house: House) -> None:
    await house.write(100)
    told = list[Progress]()
    async with Database(house.urls.app) as app, house.opened(told) as rebuild:
        await rebuild.prepare()
        async with app.working([MANDANT]) as connection:
            await connection.execute("select count(*) from tally")
            swapping = asyncio.create_task(rebuild.swap(READ_MODELS))
            async with asyncio.timeout(60):
                while sum(one.step == "swapping" for one in told) < 2:
                    await house.write(5)
        await swapping
    house.check()

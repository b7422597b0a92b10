"""What the database itself enforces: an append-only log, and mandants who never meet."""

import threading
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from events.database import Database
from events.testing.postgres import Urls

A, B, C = (UUID(int=number) for number in (1, 2, 3))

ROWS = {
    "event": (
        "insert into event (mandant, stream, version, id, type, schema, at, meta, data) values"
        " (%s, gen_random_uuid(), 1, gen_random_uuid(), 't', 1, now(), '{}', '{}')"
    ),
    "event_personal": (
        "insert into event_personal values"
        " (%s, gen_random_uuid(), 1, gen_random_uuid(), 'identity', '', '', '')"
    ),
    "subject_key": (
        "insert into subject_key values (%s, gen_random_uuid(), 'identity', '', 'k', '', true)"
    ),
    "idempotency": (
        "insert into idempotency values (%s, 'POST /x', 'key', '', null, null, null, now())"
    ),
    "erasure_fence": (
        "insert into erasure_fence values (%s, gen_random_uuid(), 'identity', null, now())"
    ),
}


async def fill(app: Database, table: str, *mandants: UUID) -> None:
    async with app.working(mandants) as connection:
        for mandant in mandants:
            await connection.execute(ROWS[table].encode(), (mandant,))


async def seen(app: Database, table: str, *mandants: UUID) -> set[UUID]:
    """The mandants whose rows a query without any filter finds."""
    async with app.working(mandants) as connection:
        query = sql.SQL("select mandant from {}").format(sql.Identifier(table))
        return {row[0] for row in await (await connection.execute(query)).fetchall()}


@pytest.mark.parametrize("role", ["app", "machinery", "migrator"])
@pytest.mark.parametrize(
    "change",
    [
        "update event set type = 'x'",
        "delete from event",
        "truncate event",
        "truncate event cascade",
    ],
)
async def test_no_role_changes_the_log(urls: Urls, app: Database, role: str, change: str) -> None:
    await fill(app, "event", A)
    with psycopg.connect(getattr(urls, role)) as connection:
        connection.execute("select set_config('app.mandants', %s, false)", (str(A),))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(change.encode())
    assert await seen(app, "event", A) == {A}


@pytest.mark.parametrize("table", ROWS)
async def test_a_transaction_sees_the_mandants_that_it_names(app: Database, table: str) -> None:
    await fill(app, table, A, B, C)

    assert await seen(app, table, A) == {A}
    assert await seen(app, table, B, C) == {B, C}
    assert await seen(app, table, uuid4()) == set()
    assert await seen(app, table) == set()


@pytest.mark.parametrize("table", ROWS)
async def test_without_a_setting_there_are_no_rows(urls: Urls, app: Database, table: str) -> None:
    await fill(app, table, A)
    query = sql.SQL("select count(*) from {}").format(sql.Identifier(table))
    with psycopg.connect(urls.app) as connection:
        assert connection.execute(query).fetchone() == (0,)
    async with app.plain() as connection_after:
        assert await (await connection_after.execute(query)).fetchone() == (0,)


@pytest.mark.parametrize("table", ROWS)
async def test_nothing_is_written_for_another_mandant(app: Database, table: str) -> None:
    async def write() -> None:
        async with app.working([A]) as connection:
            await connection.execute(ROWS[table].encode(), (B,))

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await write()


async def test_nothing_changes_hands(app: Database) -> None:
    await fill(app, "idempotency", A)

    async def hand_over() -> None:
        async with app.working([A]) as connection:
            await connection.execute("update idempotency set mandant = %s", (B,))

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await hand_over()


async def test_a_setting_ends_with_its_transaction(urls: Urls) -> None:
    async with Database(urls.app, connections=1) as app:
        await fill(app, "event", A)
        assert await seen(app, "event", A) == {A}
        async with app.plain() as connection:
            found = await connection.execute("select count(*) from event")
            assert await found.fetchone() == (0,)


@pytest.mark.parametrize(
    ("role", "tables"),
    [
        ("app", ["intake_offset", "inbox_seen"]),
        ("machinery", ["event", "event_personal"]),
    ],
)
def test_a_role_reads_only_what_it_works_on(urls: Urls, role: str, tables: list[str]) -> None:
    for table in tables:
        with (
            psycopg.connect(getattr(urls, role)) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(sql.SQL("select from {}").format(sql.Identifier(table)))


def partitions(owner: psycopg.Connection) -> set[str]:
    rows = owner.execute(
        "select relname from pg_inherits join pg_class c on c.oid = inhrelid"
        " where inhparent = 'inbox_seen'::regclass"
    )
    return {name for (name,) in rows.fetchall()}


def remember(owner: psycopg.Connection, day: date) -> UUID:
    id_ = uuid4()
    owner.execute("insert into inbox_seen values (%s, %s, '')", (day, id_))
    return id_


def days(owner: psycopg.Connection) -> set[date]:
    return {day for (day,) in owner.execute("select day from inbox_seen").fetchall()}


def today() -> date:
    return datetime.now(UTC).date()


def dated(day: date) -> str:
    return f"inbox_seen_{day:%Y%m%d}"


def test_what_was_seen_is_forgotten_after_thirty_days(owner: psycopg.Connection) -> None:
    start = today()
    for age in (40, 31):
        day = start - timedelta(days=age)
        made = sql.SQL("create table {} partition of inbox_seen for values from ({}) to ({})")
        owner.execute(
            made.format(sql.Identifier(dated(day)), str(day), str(day + timedelta(days=1)))
        )
        remember(owner, day)
    remember(owner, start - timedelta(days=35))  # in the default partition
    kept = {remember_day(owner, start, age) for age in (29, 1, 0, -1, -2)}
    owner.execute("select roll_inbox_seen()")

    assert days(owner) == kept
    assert dated(start - timedelta(days=40)) not in partitions(owner)


def remember_day(owner: psycopg.Connection, start: date, age: int) -> date:
    day = start - timedelta(days=age)
    remember(owner, day)
    return day


def test_a_clock_that_runs_ahead_stops_no_rolling(owner: psycopg.Connection) -> None:
    start = today()
    remember(owner, start + timedelta(days=2))
    remember(owner, start - timedelta(days=50))
    owner.execute("select roll_inbox_seen()")

    assert days(owner) == {start + timedelta(days=2)}
    assert dated(start + timedelta(days=3)) in partitions(owner)
    assert dated(start + timedelta(days=2)) not in partitions(owner)


def test_all_may_roll_at_once(urls: Urls, owner: psycopg.Connection) -> None:
    failed: list[BaseException] = []

    def roll() -> None:
        try:
            with psycopg.connect(urls.machinery, autocommit=True) as connection:
                for _ in range(3):
                    connection.execute("select roll_inbox_seen()")
        except psycopg.Error as error:
            failed.append(error)

    threads = [threading.Thread(target=roll) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert failed == []
    assert len(partitions(owner)) == 5

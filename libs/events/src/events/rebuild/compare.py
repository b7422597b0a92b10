"""How live tables differ from rebuilt ones: row by row, column by column, as counts."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

import psycopg
from psycopg import sql

from events.database import Connection, see
from events.rebuild import state
from events.rebuild.run import Rebuild

_MANDANTS_AT_ONCE = 100
_OPTIONS = "-c statement_timeout=60s -c jit=off"

_COLUMNS: LiteralString = """
select attname, attnum = any (indkey) from pg_attribute join pg_index
    on indrelid = attrelid and indisprimary
where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attnum
"""


@dataclass(slots=True)
class Difference:
    """Rows that only one of the two tables has, and rows that differ in each of these columns."""

    only_live: int
    only_rebuilt: int
    columns: Mapping[str, int]

    def __bool__(self) -> bool:
        return bool(self.only_live or self.only_rebuilt or any(self.columns.values()))

    def plus(self, other: "Difference") -> "Difference":
        return Difference(
            self.only_live + other.only_live,
            self.only_rebuilt + other.only_rebuilt,
            {name: count + other.columns[name] for name, count in self.columns.items()},
        )

    def __str__(self) -> str:
        return ", ".join(self._parts()) or "equal"

    def _parts(self) -> Iterator[str]:
        if self.only_live:
            yield f"{self.only_live} rows only in the live table"
        if self.only_rebuilt:
            yield f"{self.only_rebuilt} rows missing in the live table"
        for name, count in self.columns.items():
            if count:
                yield f"{count} rows differ in {name}"


async def compare(
    rebuild: Rebuild, url: str, models: Mapping[str, Collection[str]]
) -> dict[str, Difference]:
    """How each live table differs from its rebuilt one, apart from the columns named with it.

    Each table is compared as of one instant; `url` is in the owner's role.
    """
    mandants = await state.mandants(rebuild.owner)
    found: dict[str, Difference] = {}
    async with await psycopg.AsyncConnection.connect(
        url, autocommit=True, options=_OPTIONS
    ) as connection:
        await connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
        for model, drifting in models.items():
            for start in range(0, len(mandants) or 1, _MANDANTS_AT_ONCE):
                group = mandants[start : start + _MANDANTS_AT_ONCE]
                difference = await _compare(rebuild, connection, model, drifting, group)
                found[model] = found[model].plus(difference) if model in found else difference
    return found


async def _compare(
    rebuild: Rebuild,
    connection: Connection,
    model: str,
    drifting: Collection[str],
    mandants: Sequence[UUID],
) -> Difference:
    rows = await connection.execute(_COLUMNS, (f"public.{model}",))
    columns = await rows.fetchall()
    keys = [name for name, is_key in columns if is_key]
    others = [name for name, is_key in columns if not is_key and name not in drifting]
    async with connection.transaction():
        # The first statement fixes what the transaction sees.
        await rebuild.at_rest(lambda: see(connection, mandants))
        row = await (await connection.execute(_query(model, keys, others))).fetchone()
    assert row is not None
    return Difference(row[0], row[1], dict(zip(others, row[2:], strict=True)))


def _query(model: str, keys: Sequence[str], others: Sequence[str]) -> sql.Composed:
    key = sql.Identifier(keys[0])
    both = sql.SQL("live.{0} is not null and new.{0} is not null").format(key)
    counts = [
        sql.SQL("count(*) filter (where {both} and live.{c} is distinct from new.{c})").format(
            both=both, c=sql.Identifier(name)
        )
        for name in others
    ]
    return sql.SQL(
        "select count(*) filter (where new.{key} is null),"
        " count(*) filter (where live.{key} is null){counts}"
        " from public.{table} live full join rebuilt.{table} new using ({keys})"
    ).format(
        key=key,
        counts=sql.SQL("").join(sql.SQL(", ") + count for count in counts),
        table=sql.Identifier(model),
        keys=sql.SQL(", ").join(map(sql.Identifier, keys)),
    )

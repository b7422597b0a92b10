"""Tables like the live ones in a schema of their own, and the one step in which they take over.

Everything here runs in the role of the tables' owner.
"""

from collections.abc import Collection, Sequence
from typing import LiteralString

from psycopg import sql

from events.database import Connection

# What a table is, as the statements that make its like; the first line only describes it.
_DEFINITION: LiteralString = """
with live as (
    select c.*, format('rebuilt.%%I', c.relname) as made
    from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relname = %s and c.relkind = 'r'
)
select statement from (
    select 0, '-- ' || string_agg(format('%%I %%s %%s %%s', attname,
            format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)), ', '
            order by attname)
    from live join pg_attribute a on a.attrelid = live.oid and attnum > 0 and not attisdropped
        left join pg_attrdef d on d.adrelid = live.oid and d.adnum = a.attnum having count(*) > 0
    union all
    select 1, format('create table %%s (like public.%%I including all excluding indexes)',
        made, relname) from live
    union all
    select 2, format('alter table %%s add constraint %%I %%s', made, conname,
        pg_get_constraintdef(x.oid))
    from live join pg_constraint x on conrelid = live.oid and contype in ('p', 'u', 'x')
    union all
    select 3, replace(pg_get_indexdef(indexrelid), format(' ON public.%%I ', relname),
        format(' ON %%s ', made))
    from live join pg_index on indrelid = live.oid
    where not exists (select from pg_constraint where conindid = indexrelid)
    union all
    select 4, format('alter table %%s set (%%s)', made, array_to_string(reloptions, ', '))
    from live where reloptions is not null
    union all
    select 5, format('alter table %%s %%s row level security', made, what)
    from live cross join lateral (values ('enable', relrowsecurity), ('force', relforcerowsecurity))
        as security (what, wanted) where wanted
    union all
    select 6, format('create policy %%I on %%s as %%s for %%s to %%s', policyname, made, permissive,
            cmd, (select string_agg(case r when 'public' then r else quote_ident(r) end, ', ')
                from unnest(roles::text[]) r))
        || coalesce(format(' using (%%s)', qual), '')
        || coalesce(format(' with check (%%s)', with_check), '')
    from live join pg_policies on schemaname = 'public' and tablename = relname
    union all
    select 7, format('grant %%s on %%s to %%s', privilege_type, made,
        case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end)
    from live cross join lateral aclexplode(relacl) where grantee <> relowner
    union all
    select 8, format('alter table %%s owner to %%I', made, pg_get_userbyid(relowner)) from live
) as definition (step, statement) order by step, statement
"""

# What would be lost with the old table, or would keep it from being dropped.
_HANGING: LiteralString = """
with live as (select %s::regclass as id)
select 'the trigger ' || tgname from pg_trigger, live where tgrelid = id and not tgisinternal
union all
select 'the foreign key ' || conname from pg_constraint, live
where contype = 'f' and (conrelid = id or confrelid = id)
union all
select 'the view ' || ev_class::regclass
from live join pg_depend d on d.refobjid = id and d.refclassid = 'pg_class'::regclass
    join pg_rewrite r on r.oid = d.objid and d.classid = 'pg_rewrite'::regclass
where ev_class <> id
union all
select 'the function ' || objid::regprocedure
from live join pg_depend d on d.refobjid = id and d.refclassid = 'pg_class'::regclass
where classid = 'pg_proc'::regclass
union all
select 'rights on the column ' || attname from pg_attribute, live
where attrelid = id and attacl is not null and not attisdropped
"""


class UnfitTableError(Exception):
    """The table can't be rebuilt: it is not there, or something hangs on it."""


async def definition(connection: Connection, table: str) -> list[str]:
    """The live table as statements, one text per part; equal texts mean equal tables."""
    found = await connection.execute(_DEFINITION, (table,))
    statements = [text for (text,) in await found.fetchall()]
    if not statements:
        raise UnfitTableError(f"there is no table {table}")
    return statements


async def make(connection: Connection, table: str) -> list[str]:
    """Make the like of a live table: columns, indexes, isolation, rights. Returns what it was."""
    statements = await definition(connection, table)
    hanging = await (await connection.execute(_HANGING, (f"public.{table}",))).fetchall()
    if hanging:
        raise UnfitTableError(f"{', '.join(what for (what,) in hanging)} hangs on {table}")
    for statement in statements:
        await connection.execute(statement.encode())
    return statements


async def make_sink(connection: Connection, table: str) -> None:
    """A place for effects that must not happen again: dropped unread."""
    statement = sql.SQL("create table rebuilt.{0} (like public.{0} including all)")
    await connection.execute(statement.format(sql.Identifier(table)))


async def lock(connection: Connection, tables: Collection[str]) -> None:
    """Keep everybody else out of the live tables until the transaction ends."""
    names = sql.SQL(", ").join(sql.Identifier("public", table) for table in tables)
    await connection.execute(sql.SQL("lock table {} in access exclusive mode").format(names))


async def swap(connection: Connection, tables: Sequence[str]) -> None:
    """Put the new tables into the place of the live ones, which are dropped."""
    for table in tables:
        name = sql.Identifier(table)
        await connection.execute(sql.SQL("drop table public.{}").format(name))
        statement = sql.SQL("alter table rebuilt.{} set schema public").format(name)
        await connection.execute(statement)


async def analyze(connection: Connection, table: str) -> None:
    """Let the planner know the new table before anybody asks it."""
    await connection.execute(sql.SQL("analyze rebuilt.{}").format(sql.Identifier(table)))

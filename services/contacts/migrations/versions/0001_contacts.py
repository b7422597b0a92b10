"""The machinery's tables, and each contact as it is now."""

from alembic import op

from events.store.schema import isolate, machinery_tables

revision = "0001"
down_revision = None

# Personal in clear: short_name to mail_address. `sort_name` is made for comparison by code point.
_CONTACT = """
create table contact (
    contact uuid primary key,
    mandant uuid not null,
    version int not null,
    changed_at timestamptz not null,
    kind text not null,
    preferred_channels text[] not null,
    short_name text not null,
    sort_name text collate "C" not null,
    names jsonb not null,
    salutation_override text,
    postal_address jsonb,
    mail_address text
);
create index on contact (mandant, sort_name, contact);
"""


def upgrade() -> None:
    """Several statements at once go through unprepared only."""
    database = op.get_bind().execution_options(no_parameters=True)
    for statement in (*machinery_tables(), _CONTACT, *isolate("contact")):
        database.exec_driver_sql(statement)

"""The machinery's tables: a letter is its events and its one next task. And the login's token."""

from alembic import op

from events.store.schema import APP, machinery_tables

revision = "0001"
down_revision = None

# One row per customer number, encrypted; mandants may share one.
_TOKEN = f"""
create table epost_token (
    ekp text primary key,
    token bytea not null,
    expires_at timestamptz not null
);
grant select, insert, update on epost_token to {APP};
"""


def upgrade() -> None:
    """Several statements at once go through unprepared only."""
    database = op.get_bind().execution_options(no_parameters=True)
    for statement in (*machinery_tables(), _TOKEN):
        database.exec_driver_sql(statement)

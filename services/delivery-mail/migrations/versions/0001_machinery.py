"""The machinery's tables: a mail is its events and its one next task, nothing more."""

from alembic import op

from events.store.schema import machinery_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Several statements at once go through unprepared only."""
    database = op.get_bind().execution_options(no_parameters=True)
    for statement in machinery_tables():
        database.exec_driver_sql(statement)

"""How Alembic reaches the database: at the URL that `events.migrate` gives it."""

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

engine = create_engine(context.config.attributes["url"], poolclass=NullPool)

with engine.begin() as connection:
    context.configure(connection=connection)
    context.run_migrations()

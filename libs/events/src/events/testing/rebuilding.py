"""What a service's read models are after a rebuild, for comparing with what they were."""

from argparse import Namespace

import psycopg
from psycopg import sql

from events.operator.rebuild import TOOL
from events.operator.tool import Site


async def rebuilt(site: Site) -> int:
    """Compare the read models with the log, then replace them; 0 where nothing differed."""
    status = await TOOL.run(site, Namespace(table=[], compare=True, abandon=False))
    assert await TOOL.run(site, Namespace(table=[], compare=False, abandon=False)) == 0
    return status


def contents(site: Site) -> dict[str, set[str]]:
    """Each read model's rows as text, apart from the columns that drift."""
    url = site.settings.migrator_database_url.get_secret_value()
    with psycopg.connect(url) as connection:
        return {
            model.table: {
                row
                for (row,) in connection.execute(
                    sql.SQL("select (to_jsonb(t) - %s)::text from {} t").format(
                        sql.Identifier(model.table)
                    ),
                    (list(model.drifting),),
                )
            }
            for model in site.blueprint.read_models
        }

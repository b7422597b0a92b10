"""`rebuild`: makes the read models again from the log, beside the live ones, and swaps them.

Killed, it goes on where it was when it is called again. `--compare` swaps nothing and tells how
the live tables differ from what the log says.
"""

import argparse
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from events.database import TRANSIENT, Database
from events.keyring import KeyMissingError
from events.operator.rebuild_progress import shown
from events.operator.tool import Site, Tool
from events.rebuild.compare import compare
from events.rebuild.history import Teller
from events.rebuild.run import Rebuild, RebuildError, Report, Service, opened
from events.rebuild.shadow import UnfitTableError
from events.registry import TooNewError
from events.replay import kinds_by_event


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("table", nargs="*", help="swap or compare these only (all)")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--compare", action="store_true", help="swap nothing, tell what differs")
    only.add_argument("--abandon", action="store_true", help="drop what an interrupted one left")


async def run(site: Site, chosen: argparse.Namespace) -> int:
    models = {model.table: model.drifting for model in site.blueprint.read_models}
    if unknown := sorted(set(chosen.table) - models.keys()):
        return _refuse(f"no read model is called {', '.join(unknown)}; there are {_all(models)}")
    tables = {name: models[name] for name in chosen.table or models}
    if not tables or site.blueprint.project is None:
        return _refuse("this service has no read models")
    try:
        with shown() as report:
            async with rebuilding(site, report) as rebuild:
                return await _carry_out(site, rebuild, tables, chosen)
    except (RebuildError, UnfitTableError) as error:
        return _refuse(str(error))
    except KeyMissingError as error:
        return _refuse(f"a key of {error.key.category} has not arrived yet: call it again later")
    except TooNewError as error:
        return _refuse(f"{error}: use the newer release")


async def _carry_out(
    site: Site,
    rebuild: Rebuild,
    tables: Mapping[str, Sequence[str]],
    chosen: argparse.Namespace,
) -> int:
    if chosen.abandon or await rebuild.interrupted_after_swap():
        await rebuild.clear()
        print("abandoned" if chosen.abandon else "swapped before it was interrupted: cleared up")
        if not chosen.compare:
            return 0
    try:
        await rebuild.prepare()
        if chosen.compare:
            return await _tell_differences(site, rebuild, tables)
        await rebuild.swap(list(tables))
    except (*TRANSIENT, KeyMissingError, RebuildError):
        raise  # What is made so far stays; it goes on from there.
    except Exception:
        await rebuild.clear()
        raise
    print(f"rebuilt {_all(tables)}")
    return 0


async def _tell_differences(
    site: Site, rebuild: Rebuild, tables: Mapping[str, Sequence[str]]
) -> int:
    url = site.settings.migrator_database_url.get_secret_value()
    found = await compare(rebuild, url, tables)
    await rebuild.clear()
    for table, difference in found.items():
        print(f"{table:24} {difference}")
    return 1 if any(found.values()) else 0


@asynccontextmanager
async def rebuilding(site: Site, report: Report) -> AsyncIterator[Rebuild]:
    """The rebuild of a service's read models, ready to be prepared; raises `RebuildError`."""
    settings, blueprint = site.settings, site.blueprint
    assert blueprint.project is not None
    url = settings.database_url.get_secret_value()
    async with Database(url, connections=2) as database:
        service = Service(
            database=database,
            keyring=settings.keyring(),
            teller=Teller(kinds_by_event(blueprint.kinds), blueprint.source),
            project=blueprint.project,
            erase=blueprint.erase,
            models=[model.table for model in blueprint.read_models],
            effects=blueprint.effects,
        )
        owner_url = settings.migrator_database_url.get_secret_value()
        async with opened(owner_url, service, report) as rebuild:
            yield rebuild


def _all(tables: Mapping[str, object]) -> str:
    return ", ".join(tables)


def _refuse(reason: str) -> int:
    print(reason, file=sys.stderr)
    return 2


TOOL = Tool("rebuild", "make the read models again from the log, and swap them", arguments, run)

"""`fences`: after a restore, erase again what was erased since the backup, before anyone serves it.

The service would hear of it from Kafka anyway, soon after its start. But until then its API would
show, and its sender might write to, somebody who was erased.
"""

import argparse
import asyncio
from collections.abc import Sequence

from events import erasure
from events.database import see
from events.key_topic import whole_topic
from events.operator.tool import Site, Tool
from events.registry import UnreadableError
from events.service import Machinery, machinery
from events.subject_keys import Fence, read_record

_TOGETHER = 500
_PAUSE_S = 0.5


async def learn(parts: Machinery) -> int:
    """Put up all fences that stand in Kafka, and destroy what is behind them.

    Returns how many there are, once nothing is left to destroy. Repeating it is harmless. Raises
    what is transient of Kafka and the database.
    """
    fences = []
    async for record in whole_topic(parts.settings.kafka_bootstrap_servers):
        try:
            told = read_record(record.value)
        except UnreadableError:
            continue  # The intake sets it aside, for a person to look at.
        if isinstance(told, Fence):
            fences.append(told)
    for start in range(0, len(fences), _TOGETHER):
        await _demand(parts, fences[start : start + _TOGETHER])
    while await _is_due(parts):
        await parts.eraser.work()
        await asyncio.sleep(_PAUSE_S)
    return len(fences)


async def _demand(parts: Machinery, fences: Sequence[Fence]) -> None:
    async with parts.database.plain() as connection:
        await see(connection, {fence.mandant for fence in fences})
        await erasure.demand(connection, fences)


async def _is_due(parts: Machinery) -> bool:
    async with parts.database.plain() as connection:
        found = await connection.execute("select exists (select from erasure_due)")
        return await found.fetchone() == (True,)


def _no_arguments(_: argparse.ArgumentParser) -> None:
    pass


async def _run(site: Site, _: argparse.Namespace) -> int:
    async with machinery(site.settings, site.blueprint) as parts:
        print(f"{await learn(parts)} fences stand, and nothing is left behind them")
    return 0


TOOL = Tool(
    "fences", "after a restore: erase again what was erased since the backup", _no_arguments, _run
)

"""Gathering: under a trickle each stage would run one tiny transaction after the other."""

import asyncio
import time

_GATHERED_FOR_S = 0.025


async def linger(began: float, handled: int, most: int) -> None:
    """Wait for company after a batch that was neither full nor a single record.

    Then the next batch starts 25 ms after this one `began`, an instant of `time.monotonic`: records
    that come one by one at a thousand a second share transactions, and a lone one never waits.
    """
    if 1 < handled < most:
        await asyncio.sleep(began + _GATHERED_FOR_S - time.monotonic())

"""Who has company waits for more of it, for a moment; who is alone or overwhelmed does not."""

import asyncio
import time

import pytest

from events.linger import linger

_HOUR_S = 3600.0


@pytest.mark.parametrize("handled", [0, 1, 500])
async def test_nothing_one_record_and_a_full_batch_wait_for_nobody(handled: int) -> None:
    await linger(time.monotonic() + _HOUR_S, handled, most=500)


async def test_some_records_wait_for_more() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await linger(time.monotonic() + _HOUR_S, 2, most=500)


async def test_a_batch_that_took_long_has_waited_enough() -> None:
    await linger(time.monotonic() - _HOUR_S, 2, most=500)

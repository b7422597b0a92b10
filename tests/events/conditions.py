"""Waiting for something to be so, with a deadline."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from itertools import count


async def until(
    condition: Callable[[], object | Awaitable[object]],
    *,
    deadline_s: float = 60.0,
    pause_s: float = 0.0,
) -> None:
    """Return as soon as the condition, plain or awaitable, is met."""
    async with asyncio.timeout(deadline_s):
        for _ in count():
            met = condition()
            if inspect.isawaitable(met):
                met = await met
            if met:
                return
            await asyncio.sleep(pause_s)

"""Whether a process lives and whether it is ready, as its operator asks."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

Check = Callable[[], Awaitable[None]]

_STUCK_AFTER_S = 120.0
_CHECK_S = 5.0


@dataclass(slots=True)
class Health:
    """`alive` is about this process alone; `ready` also asks what it depends on."""

    checks: dict[str, Check] = field(default_factory=dict)
    _beats: dict[str, float] = field(default_factory=dict)

    def beat(self, process: str) -> None:
        """Say that a loop is still going round."""
        self._beats[process] = time.monotonic()

    def forget(self, process: str) -> None:
        """Say that a loop has ended, as it should."""
        self._beats.pop(process, None)

    def alive(self) -> bool:
        """False when a loop that once went round has stopped: restart the process."""
        now = time.monotonic()
        return all(now - beat < _STUCK_AFTER_S for beat in self._beats.values())

    async def ready(self) -> Mapping[str, str]:
        """What is wrong now, by the name of the check; empty when all is well."""
        wrong = {}
        for name, check in self.checks.items():
            try:
                async with asyncio.timeout(_CHECK_S):
                    await check()
            except Exception as error:  # noqa: BLE001 - whatever it is, we are not ready
                wrong[name] = type(error).__name__
        return wrong

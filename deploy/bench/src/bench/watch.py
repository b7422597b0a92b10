"""Looks at the outbox while it works: how far it is, and how much memory it takes."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import psutil
import psycopg

from events.testing.postgres import Urls

LOOK_S = 0.5
_STALLED_S = 120.0

# So much garbage at once is held after the first of it is dead: the outbox takes it for a bug.
_TAKEN = """
select (select coalesce(sum(next), 0) from intake_offset)::bigint,
    count(*) filter (where not is_held),
    count(*) filter (where is_held) + (select count(*) from dead)
from (select coalesce(waiting_for like 'held: %', false) as is_held from inbox) waiting
"""


@dataclass
class Outcome:
    """What a run came to. `memory_mb` samples the largest of the outbox's processes.

    `dead`: so many records nobody could handle, whether they were buried or are held.
    """

    name: str
    messages: int = 0
    seconds: float = 0.0
    dead: int = 0
    state: tuple[str, ...] = ()
    memory_mb: list[int] = field(default_factory=list)

    @property
    def growth_mb(self) -> int:
        """How much memory grew after the first quarter, when all has been used once."""
        settled = self.memory_mb[len(self.memory_mb) // 4 :]
        return max(settled) - settled[0] if settled else 0

    def __str__(self) -> str:
        every = max(1, len(self.memory_mb) // 12)
        memory = " ".join(map(str, self.memory_mb[::every]))
        return (
            f"{self.name}: {self.messages} messages in {self.seconds:.0f} s,"
            f" {self.messages / self.seconds:.0f}/s, {self.dead} dead or held\n"
            f"  memory in MB: {memory} (grown by {self.growth_mb})\n"
            f"  state: {' '.join(self.state)}"
        )


@dataclass
class Watch:
    """Looks at the outbox while it works: how far it is, and how much memory it takes."""

    urls: Urls
    pids: Sequence[int]
    outcome: Outcome
    inbox: int = 0
    taken: int = 0
    _began: float = field(default_factory=time.perf_counter)
    _moved: float = field(default_factory=time.perf_counter)

    async def __aenter__(self) -> Self:
        self._connection = await psycopg.AsyncConnection.connect(
            self.urls.migrator, autocommit=True
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connection.close()

    async def look(self) -> None:
        """Sample, and raise where nothing moves any more."""
        row = await (await self._connection.execute(_TAKEN)).fetchone()
        assert row is not None
        before = (self.taken, self.inbox)
        self.taken, self.inbox, self.outcome.dead = row
        memory = (psutil.Process(pid).memory_info().rss for pid in self.pids)
        self.outcome.memory_mb.append(max(memory) >> 20)
        now = time.perf_counter()
        if before != (self.taken, self.inbox):
            self._moved = now
        if now - self._moved > _STALLED_S:
            raise TimeoutError(f"stuck: {self.taken} taken in, {self.inbox} in the inbox")
        self.outcome.seconds = now - self._began

    async def drained(self) -> None:
        """Wait until all that was told is taken in and handled."""
        await self.look()
        while self.taken < self.outcome.messages or self.inbox:
            await asyncio.sleep(LOOK_S)
            await self.look()

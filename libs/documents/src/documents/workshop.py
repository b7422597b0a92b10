"""PDF work done at arm's length: in worker processes that may run out of time or memory, or die."""

import asyncio
import logging
from collections.abc import Collection, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Self, assert_never

from documents.bench import Bench
from documents.cover import Cover
from documents.inspect import Inspection, Limits, inspect
from documents.jobs import Broken, Done, Job, Outcome, Rejected
from documents.letter import Letter, LetterLimits, make_letter
from documents.portrait import shrink_pages
from documents.rejections import DocumentRejected, Slug
from documents.zones import InkReport, check_zones

_log = logging.getLogger(__name__)
_GIB = 1024**3


class Workshop:
    """A few workers, each a process of its own, reused from job to job.

    Every method may raise DocumentRejected. A job that crashes its worker twice, overruns
    `timeout_s` or `memory_bytes`, or fails in an unforeseen way is UNREADABLE and harms nobody
    else. Enter it in the thread that stays: the workers die with that thread.
    """

    def __init__(
        self, *, workers: int = 2, timeout_s: float = 60.0, memory_bytes: int = 2 * _GIB
    ) -> None:
        self._timeout_s = timeout_s
        self._memory_bytes = memory_bytes
        self._workers = workers
        self._idle: asyncio.Queue[Bench] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        for _ in range(self._workers):
            bench = Bench(self._memory_bytes)
            bench.open()
            self._idle.put_nowait(bench)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for _ in range(self._workers):
            bench = await self._idle.get()
            bench.close()

    async def inspect(self, content: bytes, limits: Limits | None = None) -> Inspection:
        """See documents.inspect."""
        inspection: Inspection = await self.run(partial(inspect, content, limits or Limits()))
        return inspection

    async def letter(
        self,
        sources: Sequence[bytes],
        cover: Cover | None,
        limits: LetterLimits,
        *,
        duplex: bool,
    ) -> Letter:
        """See documents.letter."""
        job = partial(make_letter, tuple(sources), cover, limits, duplex=duplex)
        letter: Letter = await self.run(job)
        return letter

    async def check_zones(self, content: bytes) -> InkReport:
        """See documents.zones."""
        report: InkReport = await self.run(partial(check_zones, content))
        return report

    async def shrink_pages(self, content: bytes, pages: Collection[int]) -> bytes:
        """See documents.portrait."""
        shrunk: bytes = await self.run(partial(shrink_pages, content, tuple(pages)))
        return shrunk

    async def run(self, job: Job) -> Any:
        """Do a job that can be pickled; a crash may be another's fault and is tried once more."""
        outcome = await self._attempt(job)
        if isinstance(outcome, Broken) and outcome.error in ("crash", "MemoryError"):
            outcome = await self._attempt(job)
        match outcome:
            case Done(result):
                return result
            case Rejected(rejection):
                raise rejection
            case Broken(error, place):
                _log.warning("PDF work failed: %s at %s", error, place)
                raise DocumentRejected(Slug.UNREADABLE, {"cause": error})
            case _:
                assert_never(outcome)

    async def _attempt(self, job: Job) -> Outcome:
        """One try on an idle bench, which is replaced unless it answered in good order."""
        bench = await self._idle.get()
        outcome: Outcome | None = None
        try:
            outcome = await bench.do(job, self._timeout_s)
        finally:
            if not isinstance(outcome, Done | Rejected):
                bench.close()
                bench = Bench(self._memory_bytes)
            self._idle.put_nowait(bench)
        return outcome

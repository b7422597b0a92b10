"""Workers: quick when all is well, and whatever befalls them is only a rejection (OUT-02)."""

import asyncio
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
import pytest

from documents.cover import Cover
from documents.inspect import Limits, inspect
from documents.jobs import Job
from documents.letter import LetterLimits, make_letter
from documents.rejections import DocumentRejected, Slug
from documents.testing import hostile, samples
from documents.workshop import Workshop
from documents.zones import check_zones


async def refusal(workshop: Workshop, content: bytes) -> DocumentRejected:
    with pytest.raises(DocumentRejected) as caught:
        await workshop.inspect(content)
    return caught.value


def workers() -> list[psutil.Process]:
    """Those of this process that are alive."""
    return [child for child in psutil.Process().children() if _is_working(child)]


def _is_working(child: psutil.Process) -> bool:
    try:
        command = child.cmdline()
        return child.status() != psutil.STATUS_ZOMBIE and "documents.workbench" in command
    except psutil.NoSuchProcess:
        return False  # It ended while we looked.


@pytest.mark.spec("OUT-02")
async def test_an_inspection_and_a_rejection_come_back(workshop: Workshop) -> None:
    assert (await workshop.inspect(samples.written(3))).pages == 3
    assert (await refusal(workshop, b"<html>")).slug is Slug.NOT_A_PDF
    assert (await refusal(workshop, hostile.content_bomb())).slug is Slug.BOMB


async def test_letters_and_zones_are_the_same_as_at_home(workshop: Workshop, cover: Cover) -> None:
    sources = [samples.mixed([samples.A4_PT, samples.LANDSCAPE_PT])]

    made = await workshop.letter(sources, cover, LetterLimits(), duplex=True)

    assert made == make_letter(sources, cover, LetterLimits(), duplex=True)
    assert await workshop.check_zones(made.content) == check_zones(made.content)
    assert await workshop.shrink_pages(made.content, (4,)) != made.content


async def test_a_worker_is_used_again(workshop: Workshop) -> None:
    pids = {await workshop.run(os.getpid) for _ in range(5)}

    assert len(pids) == 1
    assert pids != {os.getpid()}


@pytest.mark.spec("OUT-02")
@pytest.mark.parametrize(
    ("job", "cause"),
    [
        (os.abort, "crash"),
        (partial(os._exit, 0), "crash"),
        (partial(time.sleep, 600), "timeout"),
        (partial(inspect, hostile.echoing_forms(), Limits()), "timeout"),
        (partial(bytearray, 4 * 1024**3), "MemoryError"),
        (partial(int, "geheim"), "ValueError"),
    ],
    ids=["abort", "exit", "hang", "endless drawing", "memory", "unforeseen"],
)
async def test_whatever_befalls_a_worker_is_a_rejection(
    job: Job, cause: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with Workshop(workers=1, timeout_s=1 if cause == "timeout" else 60) as workshop:
        with pytest.raises(DocumentRejected) as caught:
            await workshop.run(job)
        workshop._timeout_s = 60  # only the endless job need be cut short
        after = await workshop.inspect(samples.written())

    assert (caught.value.slug, caught.value.figures) == (Slug.UNREADABLE, {"cause": cause})
    assert after.pages == 1
    assert cause in caplog.text
    assert "geheim" not in caplog.text
    await until(lambda: workers() == [])


def sleeping(seconds: float, begun: Path) -> "partial[None]":
    """A job that leaves a file when it has begun."""
    place = str(begun)
    return partial(exec, f"import time; open({place!r}, 'w').close(); time.sleep({seconds})")


async def test_a_worker_killed_from_outside_costs_a_second_try_only(
    workshop: Workshop, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    job = asyncio.create_task(workshop.run(sleeping(1, begun)))
    (victim,) = workers()
    await until(begun.exists)
    victim.kill()

    assert await job is None


async def test_a_cancelled_job_does_not_keep_its_worker(workshop: Workshop, tmp_path: Path) -> None:
    (busy,) = workers()
    job = asyncio.create_task(workshop.run(sleeping(600, tmp_path / "begun")))
    await until((tmp_path / "begun").exists)
    job.cancel()

    with pytest.raises(asyncio.CancelledError):
        await job
    assert (await workshop.inspect(samples.written())).pages == 1
    await until(lambda: not busy.is_running())


async def test_jobs_wait_for_a_free_worker(workshop: Workshop) -> None:
    told = await asyncio.gather(*[workshop.inspect(samples.written(n)) for n in range(1, 9)])

    assert [inspection.pages for inspection in told] == list(range(1, 9))
    assert len(workers()) == 1


_ORPHANAGE = """
import asyncio, os, sys
from functools import partial
from documents.workshop import Workshop

async def main():
    async with Workshop(workers=2) as workshop:
        print(await workshop.run(os.getpid), flush=True)
        print(await workshop.run(os.getpid), flush=True)
        await asyncio.gather(*[workshop.run(partial(exec, job)) for job in sys.argv[1:]])

asyncio.run(main())
"""


async def test_workers_do_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    begun = [tmp_path / "one", tmp_path / "other"]
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _ORPHANAGE, *(sleeping(600, file).args[0] for file in begun)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert parent.stdout is not None
    pids = [int(await parent.stdout.readline()), int(await parent.stdout.readline())]
    orphans = [psutil.Process(pid) for pid in pids]
    assert len(set(pids)) == 2
    await until(lambda: all(file.exists() for file in begun))

    parent.kill()
    await parent.wait()

    await until(lambda: not any(alive(worker) for worker in orphans))


def alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


async def until(condition: Callable[[], bool], *, deadline_s: float = 60) -> None:
    """Wait for it, with an end."""
    async with asyncio.timeout(deadline_s):
        while not condition():  # noqa: ASYNC110 - a process sets no event
            await asyncio.sleep(0.01)

"""Several processes of one service share its work; adding and killing them doubles nothing."""

import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.faults import checker
from tests.faults.crew import Seat
from tests.faults.points import INTAKES, RELAYS, SENDERS, WORKERS
from tests.faults.run import Runner
from tests.faults.story import Story
from tests.faults.world import World

_SHARED = (*INTAKES, *WORKERS, *RELAYS, *SENDERS, "delivery_epost.poller", "outbox.poller")
_DOCUMENTS = 8


@contextmanager
def several(everything: World, numbers: range) -> Iterator[list[Seat]]:
    """More processes beside the first of each kind, for the length of the block."""
    more = [Seat.of(who, number) for who in _SHARED for number in numbers]
    everything.crew.seat(more)
    try:
        yield more
    finally:
        everything.crew.unseat(more)


@pytest.mark.spec("CHN-04", "CHN-01", "PLT-01")
def test_three_of_each_share_the_work_while_some_come_and_some_die(everything: World) -> None:
    runner = Runner(everything)
    story = Story(everything, "Many hands", documents=_DOCUMENTS)
    dice = random.Random(1)  # noqa: S311 - chance that can be repeated, not secrecy
    with several(everything, range(2, 3)):
        story.enter()
        story.wait_until_sendable()
        story.send()
        with several(everything, range(3, 4)):
            while not runner.is_quiet(story):
                everything.crew.tell(dice.choice(everything.crew.seats()), signal.SIGKILL)
                time.sleep(dice.uniform(0.3, 1.0))
                if everything.crew.deaths > _DOCUMENTS * 10:
                    break
            story.wait(lambda: runner.is_quiet(story), "quiet")
    assert checker.violations(runner.reader.read(story.mandant), story.deliveries) == []


@pytest.mark.spec("CHN-04")
def test_adding_and_removing_intakes_in_full_flow_loses_and_doubles_nothing(
    everything: World,
) -> None:
    """Every change of the group moves partitions: for a moment two may believe to hold one."""
    runner = Runner(everything)
    story = Story(everything, "Changes of the group", documents=_DOCUMENTS)
    intakes = [Seat.of(who, 2) for who in INTAKES]
    story.enter()
    story.wait_until_sendable()
    story.send()
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGTERM):
        everything.crew.seat(intakes)
        time.sleep(2.0)
        everything.crew.unseat(intakes, number)
    story.wait(lambda: runner.is_quiet(story), "quiet")
    assert checker.violations(runner.reader.read(story.mandant), story.deliveries) == []

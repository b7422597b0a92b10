"""The short set: every point and every weather at least once, and everything survives."""

import random

import pytest
from tests.faults.plan import Change, Part, Plan, Trap, Weather
from tests.faults.points import traps
from tests.faults.run import Runner
from tests.faults.world import World

_STORIES_MAX = 12
_LATE = ("intent.", "outside.", "poller.", "lease.")
_AT_ONCE = 5  # of the weather; more of it at once only hides what it does


@pytest.mark.spec("PLT-40", "PLT-01", "CHN-01", "CHN-03")
def test_every_point_is_survived(everything: World) -> None:
    runner = Runner(everything)
    missing = {*traps(), *(weather.value for weather in Weather)}
    if not everything.small_disks:
        missing -= {Weather.DOCUMENTS_FULL, Weather.DATABASE_FULL}  # mounting is not allowed here
    for number in range(_STORIES_MAX):
        verdict = runner.run(_plan(number, missing))
        assert not verdict.violations, "\n".join(verdict.lines())
        missing -= {fault.rpartition(":")[2] for fault in verdict.fired}
        if not missing:
            return
    assert not missing


def _plan(number: int, missing: set[str]) -> Plan:
    """All points that nobody has died at yet, each for another process in each story."""
    dice = random.Random(number)  # noqa: S311 - chance that can be repeated, not secrecy
    return Plan(
        seed=900_000 + number,
        traps=tuple(
            Trap(_part(point, who), who, point, 1)
            for point in sorted(missing & traps().keys())
            for who in [traps()[point][number % len(traps()[point])]]
        ),
        changes=tuple(
            Change(_when(Weather(name)), dice.uniform(0.0, 1.5), Weather(name), dice.randrange(999))
            for name in sorted(missing - traps().keys())[:_AT_ONCE]
        ),
    )


def _part(point: str, who: str) -> Part:
    late = point.startswith(_LATE) or who.startswith("delivery_")
    return Part.SENDING if late and who != "outbox.poller" else Part.ENTERING


def _when(weather: Weather) -> Part:
    early = {Weather.OFFSETS_LOST, Weather.DOCUMENTS_FULL}
    return Part.ENTERING if weather in early else Part.SENDING

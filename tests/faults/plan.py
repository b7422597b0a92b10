"""What a seed decides: who dies where, and what else breaks, in which part of the story."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tests.faults.points import traps


class Part(StrEnum):
    """The two parts of a story: documents come in; deliveries go out."""

    ENTERING = "entering"
    SENDING = "sending"


class Weather(StrEnum):
    """What breaks around the processes, or strikes one wherever it happens to be."""

    KILLED = "process.killed"
    FROZEN = "process.frozen"
    POSTGRES_KILLED = "postgres.killed"
    KAFKA_KILLED = "kafka.killed"
    CUT_BOTH = "line.cut"
    CUT_OUTWARD = "line.cut-outward"
    CUT_HOMEWARD = "line.cut-homeward"
    POST_MISBEHAVES = "post.misbehaves"
    MAIL_MISBEHAVES = "mail.misbehaves"
    MID_REQUEST = "request.middle"
    ANSWER_KILLED = "answer.on-its-way"
    CLOCK_AHEAD = "clock.ahead"
    CLOCK_BEHIND = "clock.behind"
    DOCUMENTS_FULL = "disk.documents-full"
    DATABASE_FULL = "disk.database-full"
    OFFSETS_LOST = "offsets.lost"
    RESTORED = "database.restored"


# How often each comes, beside the others; what takes long comes rarely.
_WEIGHTS: Mapping[Weather, int] = {
    Weather.KILLED: 12,
    Weather.FROZEN: 6,
    Weather.POSTGRES_KILLED: 3,
    Weather.KAFKA_KILLED: 1,
    Weather.CUT_BOTH: 6,
    Weather.CUT_OUTWARD: 4,
    Weather.CUT_HOMEWARD: 6,
    Weather.POST_MISBEHAVES: 6,
    Weather.MAIL_MISBEHAVES: 6,
    Weather.MID_REQUEST: 6,
    Weather.ANSWER_KILLED: 6,
    Weather.CLOCK_AHEAD: 2,
    Weather.CLOCK_BEHIND: 2,
    Weather.DOCUMENTS_FULL: 2,
    Weather.DATABASE_FULL: 1,
    Weather.OFFSETS_LOST: 1,
    Weather.RESTORED: 1,
}
_ONLY_SENDING = frozenset(
    {
        Weather.POST_MISBEHAVES,
        Weather.MAIL_MISBEHAVES,
        Weather.MID_REQUEST,
        Weather.ANSWER_KILLED,
        Weather.RESTORED,
    }
)
_LATE_POINTS = ("intent.", "outside.", "poller.")
_NTH_MAX = {"relay.mid-batch": 6, "document.stored": 4, "append.before-commit": 5}


@dataclass(frozen=True, slots=True)
class Trap:
    """`who` dies when it comes to the point for the nth time in this part."""

    part: Part
    who: str
    point: str
    nth: int


@dataclass(frozen=True, slots=True)
class Change:
    """Some weather, so long after the part has begun; `lot` decides what it meets."""

    part: Part
    after_s: float
    weather: Weather
    lot: int


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    traps: Sequence[Trap]
    changes: Sequence[Change]


def plan(seed: int, *, traps_wanted: int = 16, changes_wanted: int = 6) -> Plan:
    """The same faults for the same seed, for ever (as long as this module stays as it is)."""
    dice = random.Random(seed)  # noqa: S311 - chance that can be repeated, not secrecy
    return Plan(
        seed,
        tuple(_trap(dice) for _ in range(traps_wanted)),
        tuple(_change(dice) for _ in range(changes_wanted)),
    )


def _trap(dice: random.Random) -> Trap:
    everywhere = traps()
    point = dice.choice(sorted(everywhere))
    who = dice.choice(everywhere[point])
    late = point.startswith(_LATE_POINTS) or who.startswith("delivery_")
    part = Part.SENDING if late else dice.choice(list(Part))
    if who == "contacts.api" or point == "request.claimed":
        part = Part.ENTERING
    return Trap(part, who, point, dice.randint(1, _NTH_MAX.get(point, 3)))


def _change(dice: random.Random) -> Change:
    weather = dice.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
    part = Part.SENDING if weather in _ONLY_SENDING else dice.choice(list(Part))
    return Change(part, dice.uniform(0.0, 3.0), weather, dice.randrange(1_000_000))

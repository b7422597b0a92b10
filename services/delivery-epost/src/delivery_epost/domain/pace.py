"""When the next step of a letter is due: how we pace ourselves against the provider."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from delivery_epost.domain.letter import Letter, Status


class Task(StrEnum):
    """What is to be done outside for a letter."""

    SUBMIT = "submit"
    RECONCILE = "reconcile"
    POLL = "poll"


@dataclass(frozen=True, slots=True)
class Pace:
    """`call_may_take`: how long an open intent may belong to a call that is under way.

    `look_up_after` is the provider's delay until a look-up can see a letter; it doubles with each
    look-up that found nothing. `poll_every` is the time between two looks at a letter's status;
    it doubles with each look in which the provider did not mention the letter.
    """

    call_may_take: timedelta = timedelta(minutes=3)
    look_up_after: timedelta = timedelta(seconds=30)
    poll_every: timedelta = timedelta(minutes=15)

    def next_step(self, letter: Letter) -> tuple[Task, datetime] | None:
        """The one next task of a letter; None where nothing more happens by itself."""
        if letter.due_at is None:
            return None
        match letter.status:
            case Status.PLANNED:
                return Task.SUBMIT, letter.due_at
            case Status.INTENDED if letter.not_found == 0:
                return Task.RECONCILE, letter.due_at + self.call_may_take
            case Status.INTENDED | Status.UNCERTAIN:
                return Task.RECONCILE, letter.due_at + self.look_up_after * 2**letter.not_found
            case Status.ACCEPTED | Status.AT_PRINT_CENTRE:
                return Task.POLL, letter.due_at + self.poll_every * 2**letter.not_found
            case _:
                return None

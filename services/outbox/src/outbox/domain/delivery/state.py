"""What the rules need to remember of a delivery."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from outbox.domain.checks import Reason
from outbox.domain.delivery.events import Answer
from outbox.domain.delivery.plan import Plan
from outbox.domain.delivery.standing import Standing, Told, standing_of
from outbox.domain.states import State


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery's facts. `plan` is None while only its channel has spoken of it.

    `attempt` counts the requests; it is the highest of which is known, ours or the channel's.
    `told` and `withdrawal_asked` belong to that attempt. `heard` are all answers ever recorded.
    """

    plan: Plan | None = None
    reasons: tuple[Reason, ...] = ()
    checked_at: datetime | None = None
    dropped: bool = False
    by_hand: bool = False
    attempt: int = 0
    requested_at: datetime | None = None
    withdrawal_asked: bool = False
    told: frozenset[Told] = frozenset()
    heard: frozenset[UUID] = frozenset()

    @property
    def standing(self) -> Standing | None:
        """Where it stands; None while it is not planned, or is dropped."""
        if self.plan is None or self.checked_at is None or self.dropped:
            return None
        answered = standing_of(self.told, self.plan.channel)
        if answered is None and self.attempt:
            return Standing(State.REQUESTED, self.requested_at or self.checked_at)
        if answered is not None and answered.state is not State.WITHDRAWN:
            return answered
        if self.reasons:
            since = max(self.checked_at, answered.since) if answered else self.checked_at
            return Standing(State.NOT_DELIVERABLE, since)
        return answered or Standing(State.OPEN, self.checked_at)

    @property
    def withdrawable(self) -> bool:
        """It can be asked back, and was not yet."""
        standing = self.standing
        requested = standing is not None and standing.state is State.REQUESTED
        return requested and not self.withdrawal_asked

    @property
    def withdrawing(self) -> bool:
        """A withdrawal was asked for and has not been answered."""
        answers = {fact.answer for fact in self.told}
        return self.withdrawal_asked and not answers & {
            Answer.WITHDRAWN,
            Answer.WITHDRAWAL_REFUSED,
        }

    @property
    def needs_decision(self) -> bool:
        """It is uncertain, and its channel has lately said that only a person can end that."""
        standing = self.standing
        if standing is None or standing.state is not State.UNCERTAIN:
            return False
        return any(
            fact.needs_person
            for fact in self.told
            if fact.answer is Answer.UNCERTAIN and fact.at == standing.since
        )

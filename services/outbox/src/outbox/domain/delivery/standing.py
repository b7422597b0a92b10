"""Where a delivery stands, computed from facts and never from the order of their arrival.

The rule for the answers of the current attempt (answers to earlier ones only enter the timeline):

1. *Progress* is accepted < sent < succeeded. The furthest progress counts, whatever its instant,
   unless it failed at the same instant as the latest progress, or later: a letter that was sent
   can come back, and an acceptance after we gave up counts.
   Only where its channel has heard nothing more of it since is an accepted delivery uncertain.
2. Without progress: withdrawn, else failed, else uncertain. Uncertainty never outranks a fact,
   since whoever is asked afterwards tells of instants that lie before it.
3. Without any of these it is requested.

`epost` is delivered by *succeeded*; for `mail` nobody knows more than that the recipient's server
has taken it, so *sent* makes it green (OUT-19).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from events.contracts.deliveries import Channel
from outbox.domain.delivery.events import Answer
from outbox.domain.states import State


@dataclass(frozen=True, slots=True)
class Told:
    """What counts of a channel's answer."""

    answer: Answer
    at: datetime
    needs_person: bool = False
    no_news: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """A state, and the instant of the fact that led to it."""

    state: State
    since: datetime


_PROGRESS = (Answer.SUCCEEDED, Answer.SENT, Answer.ACCEPTED)
_SETBACKS = (
    (Answer.WITHDRAWN, State.WITHDRAWN),
    (Answer.FAILED, State.FAILED),
    (Answer.UNCERTAIN, State.UNCERTAIN),
)


def standing_of(told: Collection[Told], channel: Channel) -> Standing | None:
    """Where the answers leave an attempt; None while they say nothing about it."""
    furthest = next((answer for answer in _PROGRESS if _instants(told, answer)), None)
    if furthest is not None:
        progressed = max(at for answer in _PROGRESS for at in _instants(told, answer))
        failed = max(_instants(told, Answer.FAILED), default=None)
        if failed is not None and failed >= progressed:
            return Standing(State.FAILED, failed)
        state = _meaning(furthest, channel)
        silent = max((fact.at for fact in told if fact.no_news), default=progressed)
        if silent > progressed and state is not State.DELIVERED:
            return Standing(State.UNCERTAIN, silent)
        return Standing(state, min(_instants(told, furthest)))
    for answer, state in _SETBACKS:
        if instants := _instants(told, answer):
            return Standing(state, max(instants))
    return None


def _instants(told: Collection[Told], answer: Answer) -> list[datetime]:
    return [fact.at for fact in told if fact.answer is answer]


def _meaning(furthest: Answer, channel: Channel) -> State:
    if furthest is Answer.ACCEPTED:
        return State.ACCEPTED
    if furthest is Answer.SENT and channel is not Channel.MAIL:
        return State.IN_PROGRESS
    return State.DELIVERED

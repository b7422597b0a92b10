"""A letter as the rules see it."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from delivery_epost.domain.events import (
    DecidedByPerson,
    LetterAccepted,
    LetterDoubled,
    LetterEvent,
    LetterFailed,
    LetterNotFound,
    LetterPlanned,
    LetterProgressed,
    LetterRefused,
    LetterSent,
    LetterUnheardOf,
    LetterWithdrawn,
    PersonAsked,
    RequestSetAside,
    ResubmissionAllowed,
    SubmissionFailed,
    SubmissionIntended,
    SubmissionUncertain,
    WithdrawalRefused,
    WithdrawalRemembered,
)
from events.contracts.deliveries import FileReference


class Status(StrEnum):
    """Where a letter stands. Only INTENDED and UNCERTAIN leave open whether the post has it."""

    UNKNOWN = "unknown"
    WITHDRAWAL_REMEMBERED = "withdrawal-remembered"
    SET_ASIDE = "set-aside"
    PLANNED = "planned"
    INTENDED = "intended"
    UNCERTAIN = "uncertain"
    ASKING = "asking"
    ACCEPTED = "accepted"
    AT_PRINT_CENTRE = "at-print-centre"
    SENT = "sent"
    REFUSED = "refused"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Letter:
    """The state of one letter.

    `set_aside`: its request has lain among the dead. A letter that has ended without a plan has
    been decided by a person meanwhile.

    `doubt_since` is the instant of the earliest submission of which we do not know whether it
    arrived; `resend_until` is set while the same bytes may be handed over once more.
    `wanted_since` is the instant from which on it was to be sent: the plan's, or that of the last
    person's word. `due_at`: when the next step may be taken.
    """

    status: Status = Status.UNKNOWN
    plan: LetterPlanned | None = None
    withdrawal: WithdrawalRemembered | None = None
    set_aside: RequestSetAside | None = None
    withdrawal_refused: bool = False
    number: int = 0
    prepared: FileReference | None = None
    doubt_since: datetime | None = None
    resend_until: datetime | None = None
    not_found: int = 0
    post_number: int | None = None
    doubles: frozenset[int] = frozenset()
    wanted_since: datetime | None = None
    stage: str = ""
    due_at: datetime | None = None


def evolve(letter: Letter, event: LetterEvent) -> Letter:
    """Fold one fact into the state."""
    match event:
        case LetterPlanned():
            return replace(
                letter,
                status=Status.PLANNED,
                plan=event,
                wanted_since=event.planned_at,
                due_at=event.planned_at,
            )
        case WithdrawalRemembered():
            return replace(letter, status=Status.WITHDRAWAL_REMEMBERED, withdrawal=event)
        case RequestSetAside():
            return replace(letter, status=Status.SET_ASIDE, set_aside=event)
        case LetterWithdrawn():
            return replace(letter, status=Status.WITHDRAWN, due_at=None)
        case WithdrawalRefused():
            return replace(letter, withdrawal_refused=True)
        case SubmissionIntended() | SubmissionFailed() | SubmissionUncertain():
            return _submitting(letter, event)
        case LetterUnheardOf():
            return replace(letter, status=Status.ASKING, due_at=None)
        case LetterNotFound() | ResubmissionAllowed() | PersonAsked() | DecidedByPerson():
            return _clearing_up(letter, event)
        case LetterAccepted() | LetterProgressed() | LetterSent() | LetterDoubled():
            return _at_the_post(letter, event)
        case LetterRefused():
            return replace(letter, status=Status.REFUSED, due_at=None)
        case LetterFailed():
            return replace(letter, status=Status.FAILED, due_at=None)
        case _:
            assert_never(event)


def _submitting(
    letter: Letter, event: SubmissionIntended | SubmissionFailed | SubmissionUncertain
) -> Letter:
    match event:
        case SubmissionIntended():
            return replace(
                letter,
                status=Status.INTENDED,
                number=event.number,
                prepared=event.letter,
                doubt_since=letter.doubt_since or event.at,
                not_found=0,
                due_at=event.at,
            )
        case SubmissionFailed():
            # This one did not arrive; an earlier one that is in doubt may have.
            doubt = letter.doubt_since if letter.resend_until else None
            return replace(letter, status=Status.PLANNED, doubt_since=doubt, due_at=event.retry_at)
        case SubmissionUncertain():
            return replace(letter, status=Status.UNCERTAIN, due_at=event.at)
        case _:
            assert_never(event)


def _clearing_up(
    letter: Letter, event: LetterNotFound | ResubmissionAllowed | PersonAsked | DecidedByPerson
) -> Letter:
    match event:
        case LetterNotFound():
            return replace(letter, not_found=letter.not_found + 1, due_at=event.at)
        case ResubmissionAllowed():
            return replace(letter, status=Status.PLANNED, resend_until=event.until, due_at=event.at)
        case PersonAsked():
            return replace(letter, status=Status.ASKING, due_at=None)
        case DecidedByPerson():
            if event.sent:
                return replace(letter, status=Status.SENT, due_at=None)
            if letter.plan is None or letter.post_number is not None:
                return replace(letter, status=Status.FAILED, due_at=None)
            return replace(
                letter,
                status=Status.PLANNED,
                doubt_since=None,
                resend_until=None,
                wanted_since=event.at,
                due_at=event.at,
            )
        case _:
            assert_never(event)


def _at_the_post(
    letter: Letter, event: LetterAccepted | LetterProgressed | LetterSent | LetterDoubled
) -> Letter:
    match event:
        case LetterAccepted():
            number = event.post_number
            return replace(
                letter,
                status=Status.ACCEPTED,
                post_number=number,
                not_found=0,
                due_at=event.at,
            )
        case LetterProgressed():
            there = event.stage == "at-print-centre"
            status = Status.AT_PRINT_CENTRE if there else letter.status
            return replace(letter, status=status, stage=event.stage, not_found=0, due_at=event.at)
        case LetterSent():
            return replace(letter, status=Status.SENT, due_at=None)
        case LetterDoubled():
            return replace(letter, doubles=letter.doubles | {event.post_number})
        case _:
            assert_never(event)

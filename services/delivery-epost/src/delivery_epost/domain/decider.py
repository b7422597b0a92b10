"""What follows from what a letter is told. Nothing here lets the same letter leave twice."""

from datetime import datetime, timedelta
from typing import assert_never

from delivery_epost.domain.commands import (
    DecideByPerson,
    DoubtAfterRestore,
    IntendSubmission,
    LetterCommand,
    PlanLetter,
    RecordAcceptance,
    RecordFailedSubmission,
    RecordNoAnswer,
    RecordNoNews,
    RecordNotFound,
    RecordRefusal,
    RecordStage,
    RecordUncertainty,
    SetRequestAside,
    WithdrawLetter,
)
from delivery_epost.domain.events import (
    DecidedByPerson,
    LetterAccepted,
    LetterDoubled,
    LetterEvent,
    LetterFailed,
    LetterNotFound,
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
from delivery_epost.domain.letter import Letter, Status, evolve
from events.decider import Decider, Rejected

_IN_THE_AIR = {Status.INTENDED, Status.UNCERTAIN}
_AT_THE_POST = {Status.ACCEPTED, Status.AT_PRINT_CENTRE}
_NOT_REQUESTED = {Status.UNKNOWN, Status.WITHDRAWAL_REMEMBERED}
_LOOK_UPS = 2
_SILENT_LOOKS = 8
"""Each twice as long after the one before: with 15 minutes at first, 64 hours in all."""


class LetterNotOpen(Rejected):
    """Nothing may be handed over: it was withdrawn, it is under way, or it is done."""


class NothingToDecide(Rejected):
    """Nobody was asked about this letter."""


def decide(command: LetterCommand, letter: Letter) -> list[LetterEvent]:
    """Say what follows from a command; raise `Rejected` to refuse it."""
    match command:
        case PlanLetter():
            return _plan(command, letter)
        case WithdrawLetter():
            return _withdraw(command, letter)
        case SetRequestAside():
            return _set_aside(command, letter)
        case DoubtAfterRestore():
            forgot = may_be_forgotten(letter, command.began_at)
            return [_restored(letter, command.now)] if forgot else []
        case IntendSubmission():
            return _intend(command, letter)
        case RecordAcceptance() | RecordStage():
            return _hear_the_post(command, letter)
        case RecordFailedSubmission() | RecordUncertainty() | RecordRefusal():
            return _end_submission(command, letter)
        case RecordNotFound():
            return _not_found(command, letter)
        case RecordNoAnswer():
            return _no_answer(command, letter)
        case RecordNoNews():
            return _no_news(command, letter)
        case DecideByPerson():
            return _decide_by_person(command, letter)
        case _:
            assert_never(command)


def _plan(command: PlanLetter, letter: Letter) -> list[LetterEvent]:
    if letter.plan is not None:
        return []  # The same request again.
    if letter.status in {Status.SENT, Status.FAILED}:
        return []  # A person has decided what became of it, while it lay among the dead.
    now = command.plan.planned_at
    if letter.withdrawal is not None:
        told = WithdrawalRefused(at=now) if command.overdue else LetterWithdrawn(at=now)
        return [command.plan, *_doubt(command, now), told]
    return [command.plan, *_doubt(command, now)]


def _set_aside(command: SetRequestAside, letter: Letter) -> list[LetterEvent]:
    """Only who has never been able to read the request has something to ask."""
    if letter.status not in _NOT_REQUESTED:
        return []
    told = command
    return [
        RequestSetAside(
            delivery=told.delivery, attempt=told.attempt, document=told.document, at=told.now
        )
    ]


def _doubt(command: PlanLetter, now: datetime) -> list[LetterEvent]:
    """An old request may have been sent before our log was lost: only the post can tell."""
    if not command.overdue:
        return []
    return [SubmissionUncertain(number=0, reason="overdue", at=now)]


def _withdraw(command: WithdrawLetter, letter: Letter) -> list[LetterEvent]:
    if letter.withdrawal_refused:
        return []  # What was answered stays answered.
    match letter.status:
        case Status.UNKNOWN:
            told = command
            return [
                WithdrawalRemembered(
                    delivery=told.delivery,
                    attempt=told.attempt,
                    document=told.document,
                    at=told.now,
                )
            ]
        case Status.PLANNED if may_be_forgotten(letter, command.began_at):
            return [_restored(letter, command.now), WithdrawalRefused(at=command.now)]
        case Status.PLANNED if letter.doubt_since is None:
            return [LetterWithdrawn(at=command.now)]
        case Status.WITHDRAWAL_REMEMBERED | Status.WITHDRAWN:
            return []
        case _:
            return [WithdrawalRefused(at=command.now)]


def may_be_forgotten(letter: Letter, began_at: datetime | None) -> bool:
    """Whether it may have been sent in an earlier life of our database, which forgot it.

    What may leave once more is protected by the provider's failsafe, in whatever life.
    """
    if letter.status is not Status.PLANNED or letter.resend_until is not None:
        return False
    since = letter.wanted_since
    return began_at is not None and since is not None and since < began_at


def _restored(letter: Letter, now: datetime) -> LetterEvent:
    return SubmissionUncertain(number=letter.number, reason="restored", at=now)


def _intend(command: IntendSubmission, letter: Letter) -> list[LetterEvent]:
    if letter.status is not Status.PLANNED:
        raise LetterNotOpen
    if letter.resend_until is not None:
        if command.now > letter.resend_until:
            return [PersonAsked(at=command.now)]
        # The provider recognises a second copy by its bytes alone.
        assert command.letter == letter.prepared, "a letter in doubt was made anew"
    return [
        SubmissionIntended(
            number=letter.number + 1,
            letter=command.letter,
            turned_pages=command.turned_pages,
            notes=command.notes,
            at=command.now,
        )
    ]


def _hear_the_post(command: RecordAcceptance | RecordStage, letter: Letter) -> list[LetterEvent]:
    match command:
        case RecordAcceptance():
            # The provider's word outranks ours: it counts even after we gave up.
            if letter.post_number is not None:
                return _another(command, letter)
            return [
                LetterAccepted(
                    post_number=command.post_number, at=command.now, adopted=command.adopted
                )
            ]
        case RecordStage():
            return _stage(command, letter) if letter.post_number == command.post_number else []
        case _:
            assert_never(command)


def _another(command: RecordAcceptance, letter: Letter) -> list[LetterEvent]:
    """The same number again is old news; another one proves that two letters exist."""
    if command.post_number in letter.doubles | {letter.post_number}:
        return []
    return [LetterDoubled(post_number=command.post_number, at=command.now)]


def _stage(command: RecordStage, letter: Letter) -> list[LetterEvent]:
    at = command.at or command.now
    if letter.status is Status.FAILED:
        return []
    if command.stage == "failed":
        told = command
        return [LetterFailed(reason=told.reason, text=told.text, code=told.code, at=at)]
    if letter.status is Status.SENT or command.stage in {"accepted", letter.stage}:
        return []
    if command.stage == "sent":
        return [LetterSent(at=at)]
    return [LetterProgressed(stage=command.stage, status_id=command.status_id, at=at)]


def _end_submission(
    command: RecordFailedSubmission | RecordUncertainty | RecordRefusal, letter: Letter
) -> list[LetterEvent]:
    if isinstance(command, RecordRefusal) and command.number is None:
        if letter.status is not Status.PLANNED:
            return []
        # That no second copy can be made does not prove that the first one did not arrive.
        in_doubt = letter.resend_until is not None
        return [PersonAsked(at=command.now) if in_doubt else _refused(command)]
    if letter.status not in _IN_THE_AIR or command.number != letter.number:
        return []
    match command:
        case RecordFailedSubmission():
            return [
                SubmissionFailed(
                    number=command.number,
                    reason=command.reason,
                    code=command.code,
                    retry_at=command.retry_at,
                    at=command.now,
                )
            ]
        case RecordUncertainty():
            return _uncertain(command.reason, command.now, letter)
        case RecordRefusal():
            # That a second copy is refused does not prove that the first one was.
            if letter.resend_until is not None:
                return _uncertain(command.reason, command.now, letter)
            return [_refused(command)]
        case _:
            assert_never(command)


def _uncertain(reason: str, now: datetime, letter: Letter) -> list[LetterEvent]:
    if letter.status is Status.UNCERTAIN:
        return []
    return [SubmissionUncertain(number=letter.number, reason=reason, at=now)]


def _refused(command: RecordRefusal) -> LetterRefused:
    return LetterRefused(
        reason=command.reason,
        text=command.text,
        code=command.code,
        permanent=command.permanent,
        at=command.now,
    )


def _not_found(command: RecordNotFound, letter: Letter) -> list[LetterEvent]:
    if letter.status not in _IN_THE_AIR:
        return []
    enough = letter.not_found + 1 >= _LOOK_UPS
    if letter.doubt_since is None:  # An overdue request: we remember no submission to repeat.
        told = PersonAsked(at=command.now) if enough else LetterNotFound(at=command.now)
        return [told]
    until = letter.doubt_since + timedelta(seconds=command.resend_within_s)
    if enough and command.now <= until:
        return [ResubmissionAllowed(until=until, at=command.now)]
    if command.now > letter.doubt_since + timedelta(seconds=command.give_up_after_s):
        return [PersonAsked(at=command.now)]
    return [LetterNotFound(at=command.now)]


def _no_answer(command: RecordNoAnswer, letter: Letter) -> list[LetterEvent]:
    """A silent provider must not keep a letter in doubt for ever."""
    since = letter.doubt_since or letter.wanted_since
    if letter.status not in _IN_THE_AIR or since is None:
        return []
    if command.now <= since + timedelta(seconds=command.give_up_after_s):
        return []
    return [PersonAsked(at=command.now)]


def _no_news(command: RecordNoNews, letter: Letter) -> list[LetterEvent]:
    """What the provider does not mention any more is asked for ever less often, then of a person.

    Afterwards it never leaves again by itself: its acceptance is proved.
    """
    if letter.status not in _AT_THE_POST:
        return []
    if letter.not_found + 1 < _SILENT_LOOKS:
        return [LetterNotFound(at=command.now)]
    return [LetterUnheardOf(at=command.now)]


def _decide_by_person(command: DecideByPerson, letter: Letter) -> list[LetterEvent]:
    if letter.status not in {Status.ASKING, Status.SET_ASIDE}:
        raise NothingToDecide
    return [DecidedByPerson(sent=command.sent, at=command.now)]


LETTER: Decider[LetterCommand, Letter, LetterEvent] = Decider(
    initial=Letter(), decide=decide, evolve=evolve
)

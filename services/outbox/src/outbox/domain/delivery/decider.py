"""The rules of a delivery.

It is requested at most once at a time: while an attempt is with its channel, every further request
is rejected. Only a withdrawn delivery can be requested again, as the next attempt.
What channels tell is recorded once, in any order; `standing` says what it comes to.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from events.contracts.deliveries import NO_NEWS, Channel
from events.decider import Decider, Rejected
from outbox.domain.checks import Basis, check
from outbox.domain.delivery.commands import (
    CheckDelivery,
    DeliveryCommand,
    DropDelivery,
    PlanDelivery,
    RecordAnswer,
    RequestDelivery,
    WithdrawDelivery,
)
from outbox.domain.delivery.events import (
    Answer,
    DeliveryAnswered,
    DeliveryChecked,
    DeliveryDropped,
    DeliveryEvent,
    DeliveryPlanned,
    DeliveryRequested,
    WithdrawalRequested,
)
from outbox.domain.delivery.plan import Plan
from outbox.domain.delivery.rejections import (
    DeliveryAlreadyDelivered,
    DeliveryAlreadyRequested,
    DeliveryDroppedAlready,
    DeliveryFailedAlready,
    DeliveryNotDeliverable,
    DeliveryNotRequested,
    DeliveryUncertain,
    DeliveryUnknown,
    WithdrawalTooLate,
)
from outbox.domain.delivery.standing import Told
from outbox.domain.delivery.state import Delivery
from outbox.domain.states import State


def decide(command: DeliveryCommand, state: Delivery) -> Sequence[DeliveryEvent]:
    match command:
        case PlanDelivery():
            return _plan(command, state)
        case CheckDelivery():
            return _check(command, state)
        case DropDelivery():
            return _drop(command, state)
        case RequestDelivery():
            return _request(command, state)
        case WithdrawDelivery():
            return _withdraw(command, state)
        case RecordAnswer(answer):
            return () if answer.heard in state.heard else (answer,)
        case _ as never:
            assert_never(never)


def _plan(command: PlanDelivery, state: Delivery) -> Sequence[DeliveryPlanned]:
    if state.plan is not None and not state.dropped:
        return ()
    return (
        DeliveryPlanned(
            plan=command.plan,
            reasons=check(command.plan, command.basis),
            against=command.basis.stamp,
            planned_at=command.now,
        ),
    )


def _check(command: CheckDelivery, state: Delivery) -> Sequence[DeliveryChecked]:
    if state.plan is None or state.dropped:
        return ()
    reasons = check(state.plan, command.basis)
    if reasons == state.reasons:
        return ()
    return (DeliveryChecked(reasons=reasons, against=command.basis.stamp, checked_at=command.now),)


def _drop(command: DropDelivery, state: Delivery) -> Sequence[DeliveryDropped]:
    if state.plan is None or state.dropped:
        return ()
    if state.attempt:
        raise DeliveryAlreadyRequested
    return (
        DeliveryDropped(by_hand=command.by_hand, dropped_by=command.by, dropped_at=command.now),
    )


def _request(command: RequestDelivery, state: Delivery) -> Sequence[DeliveryRequested]:
    if state.dropped:
        raise DeliveryDroppedAlready
    plan, standing = state.plan, state.standing
    if plan is None or standing is None:
        raise DeliveryUnknown
    if (against := objection(plan, standing.state, command.basis)) is not None:
        raise against
    recipient, sender = command.basis.recipient, command.basis.sender
    assert recipient is not None and sender is not None and plan.file is not None  # noqa: PT018 - what the checks have found
    return (
        DeliveryRequested(
            contact=recipient.contact,
            attempt=state.attempt + 1,
            batch=command.batch,
            files=(plan.file,),
            sender=sender,
            letter=plan.letter if plan.channel is Channel.EPOST else None,
            mail=plan.mail if plan.channel is Channel.MAIL else None,
            requested_by=command.by,
            requested_at=command.now,
            short_name=recipient.short_name,
            salutation=recipient.salutation,
            name_lines=recipient.name_lines,
            postal_address=recipient.postal_address,
            address_lines=recipient.address_lines,
            mail_address=recipient.mail_address,
            file_names=(command.file_name,),
        ),
    )


def objection(plan: Plan, state: State, basis: Basis) -> Rejected | None:
    """Why a delivery in this state cannot be requested; None if it can."""
    if (refusal := _REFUSALS.get(state)) is not None:
        return refusal()
    reasons = check(plan, basis)
    return DeliveryNotDeliverable(reasons) if reasons else None


# What stands against a request, whatever the checks say. The other states are up to the checks.
_REFUSALS: dict[State, type[Rejected]] = {
    State.DELIVERED: DeliveryAlreadyDelivered,
    State.FAILED: DeliveryFailedAlready,
    State.REQUESTED: DeliveryAlreadyRequested,
    State.ACCEPTED: DeliveryAlreadyRequested,
    State.IN_PROGRESS: DeliveryAlreadyRequested,
    State.UNCERTAIN: DeliveryUncertain,
}


def _withdraw(command: WithdrawDelivery, state: Delivery) -> Sequence[WithdrawalRequested]:
    standing = state.standing
    if standing is None:
        raise DeliveryUnknown
    if not state.attempt:
        raise DeliveryNotRequested
    if standing.state in _TAKEN_BACK or state.withdrawing:
        return ()
    if not state.withdrawable:
        raise WithdrawalTooLate
    return (
        WithdrawalRequested(
            attempt=state.attempt, requested_by=command.by, requested_at=command.now
        ),
    )


# Once requested, these can only follow from a withdrawal.
_TAKEN_BACK = (State.WITHDRAWN, State.NOT_DELIVERABLE)


def evolve(state: Delivery, event: DeliveryEvent) -> Delivery:
    match event:
        case DeliveryPlanned(plan=plan):
            return replace(
                state,
                plan=plan,
                reasons=event.reasons,
                checked_at=event.planned_at,
                dropped=False,
                by_hand=plan.by_hand,
            )
        case DeliveryChecked():
            return replace(state, reasons=event.reasons, checked_at=event.checked_at)
        case DeliveryDropped(by_hand=by_hand):
            return replace(state, dropped=True, by_hand=state.by_hand or by_hand)
        case DeliveryRequested(attempt=attempt):
            return replace(_at_attempt(state, attempt), requested_at=event.requested_at)
        case WithdrawalRequested(attempt=attempt):
            return replace(_at_attempt(state, attempt), withdrawal_asked=True)
        case DeliveryAnswered():
            return _heard(state, event)
        case _ as never:
            assert_never(never)


def _heard(state: Delivery, event: DeliveryAnswered) -> Delivery:
    state = replace(state, heard=state.heard | {event.heard})
    if event.attempt < state.attempt:
        return state
    state = _at_attempt(state, event.attempt)
    return replace(state, told=state.told | {_told(event)})


def _told(event: DeliveryAnswered) -> Told:
    no_news = event.answer is Answer.UNCERTAIN and event.reason == NO_NEWS
    return Told(event.answer, event.at, event.needs_person, no_news)


def _at_attempt(state: Delivery, attempt: int) -> Delivery:
    """The state with its eyes on this attempt: what was told about an earlier one is over."""
    if attempt <= state.attempt:
        return state
    return replace(
        state, attempt=attempt, requested_at=None, withdrawal_asked=False, told=frozenset()
    )


DECIDER = Decider(Delivery(), decide, evolve)

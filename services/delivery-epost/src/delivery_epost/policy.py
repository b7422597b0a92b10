"""Their events -> our commands."""

from datetime import timedelta

from delivery_epost.domain.commands import (
    LetterCommand,
    PlanLetter,
    SetRequestAside,
    WithdrawLetter,
)
from delivery_epost.domain.events import LetterPlanned
from events.burial import Buried, about_delivery
from events.contracts.deliveries import (
    Channel,
    DeliveryEvent,
    DeliveryRequested,
    DeliveryWithdrawalRequested,
    LetterOptions,
    sending_id,
)
from events.hearing import Translated
from events.stream import Heard


def plan(heard: Heard, overdue_after: timedelta) -> Translated | None:
    """A letter is to be sent; one that was asked for too long ago may have been sent already."""
    event = heard.event
    assert isinstance(event, DeliveryRequested)
    planned = LetterPlanned(
        delivery=event.delivery,
        attempt=event.attempt,
        document=event.document,
        contact=event.contact,
        batch=event.batch,
        files=event.files,
        sender=event.sender,
        options=event.letter or LetterOptions(),
        requested_at=event.requested_at,
        planned_at=heard.heard_at,
        salutation=event.salutation,
        name_lines=event.name_lines,
        postal_address=event.postal_address,
        address_lines=event.address_lines,
        file_names=event.file_names,
    )
    overdue = heard.maybe_done or heard.heard_at - event.requested_at > overdue_after
    return _to_letter(event, PlanLetter(planned, overdue=overdue))


def set_aside(buried: Buried) -> Translated | None:
    """A request lies among the dead: the letter waits for a person."""
    event = about_delivery(buried, Channel.EPOST)
    if event is None:
        return None
    command = SetRequestAside(event.delivery, event.attempt, event.document, buried.at)
    return _to_letter(event, command)


def withdraw(heard: Heard) -> Translated | None:
    """The letter is not to be sent after all; this may come before the request."""
    event = heard.event
    assert isinstance(event, DeliveryWithdrawalRequested)
    command = WithdrawLetter(
        event.delivery, event.attempt, event.document, heard.heard_at, heard.began_at
    )
    return _to_letter(event, command)


def _to_letter(event: DeliveryEvent, command: LetterCommand) -> Translated | None:
    if event.channel is not Channel.EPOST:
        return None
    return Translated(sending_id(event.delivery, event.attempt), command)

"""Their events -> our commands."""

from datetime import timedelta

from delivery_mail.domain.commands import MailCommand, PlanMail, SetRequestAside, WithdrawMail
from delivery_mail.domain.events import MailPlanned
from events.burial import Buried, about_delivery
from events.contracts.deliveries import (
    Channel,
    DeliveryEvent,
    DeliveryRequested,
    DeliveryWithdrawalRequested,
    MailOptions,
    sending_id,
)
from events.hearing import Translated
from events.stream import Heard


def plan(heard: Heard, overdue_after: timedelta) -> Translated | None:
    """A mail is to be sent; one that was asked for too long ago may have been sent already."""
    event = heard.event
    assert isinstance(event, DeliveryRequested)
    planned = MailPlanned(
        delivery=event.delivery,
        attempt=event.attempt,
        document=event.document,
        contact=event.contact,
        files=event.files,
        sender=event.sender,
        options=event.mail or MailOptions(),
        requested_at=event.requested_at,
        planned_at=heard.heard_at,
        short_name=event.short_name,
        salutation=event.salutation,
        mail_address=event.mail_address,
        file_names=event.file_names,
    )
    overdue = heard.maybe_done or heard.heard_at - event.requested_at > overdue_after
    return _to_mail(event, PlanMail(planned, overdue=overdue))


def set_aside(buried: Buried) -> Translated | None:
    """A request lies among the dead: the mail waits for a person."""
    event = about_delivery(buried, Channel.MAIL)
    if event is None:
        return None
    command = SetRequestAside(event.delivery, event.attempt, event.document, buried.at)
    return _to_mail(event, command)


def withdraw(heard: Heard) -> Translated | None:
    """The mail is not to be sent after all; this may come before the request."""
    event = heard.event
    assert isinstance(event, DeliveryWithdrawalRequested)
    command = WithdrawMail(
        event.delivery, event.attempt, event.document, heard.heard_at, heard.began_at
    )
    return _to_mail(event, command)


def _to_mail(event: DeliveryEvent, command: MailCommand) -> Translated | None:
    if event.channel is not Channel.MAIL:
        return None
    return Translated(sending_id(event.delivery, event.attempt), command)

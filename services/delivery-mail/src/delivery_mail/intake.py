"""Which topics this service hears: requests and withdrawals, of mails only."""

from datetime import timedelta
from functools import partial

from delivery_mail.application.desk import MAILS
from delivery_mail.policy import plan, set_aside, withdraw
from events.burial import SetsAside, answering
from events.contracts.deliveries import DeliveryRequested, DeliveryWithdrawalRequested
from events.hearing import Hears, ordering


def hears(overdue_after: timedelta) -> Hears:
    return {
        DeliveryRequested: ordering(MAILS, partial(plan, overdue_after=overdue_after)),
        DeliveryWithdrawalRequested: ordering(MAILS, withdraw),
    }


SET_ASIDE: SetsAside = {DeliveryRequested: answering(MAILS, set_aside)}
"""The outbox waits for an answer to each request, also to one that can't be read."""

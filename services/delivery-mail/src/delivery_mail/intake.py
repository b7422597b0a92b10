"""Which topics this service hears: requests and withdrawals, of mails only."""

from datetime import timedelta
from functools import partial

from delivery_mail.application.desk import MAILS
from delivery_mail.policy import plan, withdraw
from events.contracts.deliveries import DeliveryRequested, DeliveryWithdrawalRequested
from events.hearing import Hears, ordering


def hears(overdue_after: timedelta) -> Hears:
    return {
        DeliveryRequested: ordering(MAILS, partial(plan, overdue_after=overdue_after)),
        DeliveryWithdrawalRequested: ordering(MAILS, withdraw),
    }

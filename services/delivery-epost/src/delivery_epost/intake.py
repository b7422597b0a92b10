"""Which topics this service hears: requests and withdrawals, of letters only."""

from datetime import timedelta
from functools import partial

from delivery_epost.application.desk import LETTERS
from delivery_epost.policy import plan, withdraw
from events.contracts.deliveries import DeliveryRequested, DeliveryWithdrawalRequested
from events.hearing import Hears, ordering


def hears(overdue_after: timedelta) -> Hears:
    return {
        DeliveryRequested: ordering(LETTERS, partial(plan, overdue_after=overdue_after)),
        DeliveryWithdrawalRequested: ordering(LETTERS, withdraw),
    }

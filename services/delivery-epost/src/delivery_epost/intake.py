"""Which topics this service hears: requests and withdrawals, of letters only."""

from datetime import timedelta
from functools import partial

from delivery_epost.application.desk import LETTERS
from delivery_epost.policy import plan, set_aside, withdraw
from events.burial import SetsAside, answering
from events.contracts.deliveries import DeliveryRequested, DeliveryWithdrawalRequested
from events.hearing import Hears, ordering


def hears(overdue_after: timedelta) -> Hears:
    return {
        DeliveryRequested: ordering(LETTERS, partial(plan, overdue_after=overdue_after)),
        DeliveryWithdrawalRequested: ordering(LETTERS, withdraw),
    }


SET_ASIDE: SetsAside = {DeliveryRequested: answering(LETTERS, set_aside)}
"""The outbox waits for an answer to each request, also to one that can't be read."""

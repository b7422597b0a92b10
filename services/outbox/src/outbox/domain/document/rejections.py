"""Why a document says no."""

from events.decider import Rejected


class IdempotencyKeyReused(Rejected):
    """Under this key another document was filed: this one would be lost without a word."""

    status = 422

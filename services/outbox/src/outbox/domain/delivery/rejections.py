"""Why a delivery says no."""

from events.decider import Rejected
from outbox.domain.checks import Reason


class DeliveryUnknown(Rejected):
    """There is no such delivery."""

    status = 404


class DeliveryDroppedAlready(Rejected):
    """It was taken out of the document and is not to be sent."""


class DeliveryNotDeliverable(Rejected):
    """Its checks fail."""

    def __init__(self, reasons: tuple[Reason, ...]) -> None:
        super().__init__(", ".join(reason.slug for reason in reasons))
        self.reasons = reasons


class DeliveryAlreadyRequested(Rejected):
    """It is with its channel: it was requested, perhaps by somebody else a moment ago."""


class DeliveryAlreadyDelivered(Rejected):
    """It has arrived."""


class DeliveryFailedAlready(Rejected):
    """Its channel could not deliver it; sending the same again would not help."""


class DeliveryUncertain(Rejected):
    """Nobody knows yet whether it left the house: sending again might send it twice."""


class DeliveryNotRequested(Rejected):
    """There is nothing to withdraw."""


class WithdrawalTooLate(Rejected):
    """The channel has begun: nothing can be taken back."""

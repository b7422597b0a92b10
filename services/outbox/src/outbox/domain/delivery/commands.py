"""What may be asked of a delivery."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from outbox.domain.checks import Basis
from outbox.domain.delivery.events import DeliveryAnswered
from outbox.domain.delivery.plan import Plan


@dataclass(frozen=True, slots=True)
class PlanDelivery:
    """Have it, and check it. Planning it again changes nothing, unless it was dropped."""

    plan: Plan
    basis: Basis
    now: datetime


@dataclass(frozen=True, slots=True)
class CheckDelivery:
    """What it depends on has changed: check it again."""

    basis: Basis
    now: datetime


@dataclass(frozen=True, slots=True)
class DropDelivery:
    """Do not send it, if it was never requested."""

    by_hand: bool
    by: str
    now: datetime


@dataclass(frozen=True, slots=True)
class RequestDelivery:
    """Send it now, if it passes its checks against `basis`."""

    basis: Basis
    batch: UUID
    file_name: str
    by: str
    now: datetime


@dataclass(frozen=True, slots=True)
class WithdrawDelivery:
    """Stop it, if its channel has not begun."""

    by: str
    now: datetime


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    """The channel told something: keep it, once."""

    answer: DeliveryAnswered


DeliveryCommand = (
    PlanDelivery | CheckDelivery | DropDelivery | RequestDelivery | WithdrawDelivery | RecordAnswer
)

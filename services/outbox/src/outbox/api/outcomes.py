"""What callers get who have sent, withdrawn or rearranged something.

These answers are kept for repeated requests, so they hold nothing personal.
"""

from uuid import UUID

from pydantic import BaseModel

from outbox.api.answers import ReasonAnswer, reasons
from outbox.api.texts import Texts
from outbox.application.arranging import Arranged
from outbox.application.sending import Refused, Sending
from outbox.domain.delivery.rejections import DeliveryNotDeliverable


class FiledAnswer(BaseModel):
    """A document was filed, or had been before."""

    document: UUID
    deliveries: int


class RefusedAnswer(BaseModel):
    """What was not sent, and why."""

    document: UUID | None
    delivery: UUID | None
    slug: str
    detail: str
    reasons: list[ReasonAnswer]


class SendingAnswer(BaseModel):
    """What was sent, or would be: n documents with so many deliveries."""

    dry_run: bool
    documents: int
    deliveries: int
    shown: str
    requested: list[UUID]
    refused: list[RefusedAnswer]


class WithdrawingAnswer(BaseModel):
    """The wish was passed on; the delivery's timeline will say what came of it."""

    delivery: UUID
    withdrawing: bool = True


class ArrangedAnswer(BaseModel):
    """How many deliveries came or went, and which could not go."""

    deliveries: int
    refused: list[RefusedAnswer]


def arranged_answer(arranged: Arranged, texts: Texts) -> ArrangedAnswer:
    return ArrangedAnswer(
        deliveries=arranged.deliveries,
        refused=[refused_answer(refused, texts) for refused in arranged.refused],
    )


def sending_answer(sending: Sending, texts: Texts, *, dry_run: bool) -> SendingAnswer:
    return SendingAnswer(
        dry_run=dry_run,
        documents=sending.documents,
        deliveries=len(sending.sent),
        shown=sending.shown,
        requested=[known.plan.delivery for known in sending.sent],
        refused=[refused_answer(refused, texts) for refused in sending.refused],
    )


def refused_answer(refused: Refused, texts: Texts) -> RefusedAnswer:
    rejection = refused.rejection
    why = rejection.reasons if isinstance(rejection, DeliveryNotDeliverable) else ()
    return RefusedAnswer(
        document=refused.document,
        delivery=refused.delivery,
        slug=rejection.slug,
        detail=texts.problems[rejection.slug],
        reasons=reasons(why, texts),
    )

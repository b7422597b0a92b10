"""What callers get: documents and deliveries, as rows and one by one."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from events.contracts.deliveries import Channel, sending_id
from outbox.api.texts import Texts
from outbox.domain.actions import Action, delivery_actions, document_actions
from outbox.domain.checks import FIELDS, Reason
from outbox.domain.document.events import Inspected
from outbox.domain.states import COUNTER_LABELS, LOOKS, TOTAL_LABEL, Colour, Counter, State, Tally
from outbox.queries.deliveries import DeliveryLine, Fact
from outbox.queries.documents import DocumentLine
from web.paging import Page

CHANNEL_LABELS = {
    Channel.EPOST: "E-POST-Brief",
    Channel.MAIL: "E-Mail",
    Channel.PRINT: "Druck",
    Channel.PORTAL: "Portal-Freigabe",
    Channel.MAILSHARE: "E-Mail-Freigabe",
}
_NOT_CHOSEN = "nicht ausgewählt"


class LabelledChannel(BaseModel):
    """A channel and its German name."""

    channel: Channel
    label: str


class CounterAnswer(BaseModel):
    """One of the six counters."""

    counter: str
    label: str
    count: int


class BarAnswer(BaseModel):
    """The shares of the bar, from 0 to 1; the rest is uncoloured."""

    green: float
    red: float


class ReasonAnswer(BaseModel):
    """A failed check: what is wrong, and which field has to be mended."""

    slug: str
    detail: str
    field: str


class DocumentAnswer(BaseModel):
    """A row of the overview."""

    document: UUID
    name: str | None
    kind: str | None
    property: UUID | None
    origin: str
    created_by: str
    created_at: datetime
    recipients: int
    pages: int | None
    size_bytes: int
    inspected: Inspected | None
    channels: list[LabelledChannel]
    bar: BarAnswer
    counters: list[CounterAnswer]
    actions: tuple[Action, ...]


class DeliveryAnswer(BaseModel):
    """A delivery as a row; `recipient` reads *nicht ausgewählt* where nobody is chosen.

    `sending` is the latest attempt as its channel knows it, null while nothing was requested.
    With `needs_decision` the channel waits for a person to say what became of that sending.
    """

    delivery: UUID
    document: UUID
    contact: UUID | None
    recipient: str | None
    channel: LabelledChannel
    state: State
    label: str
    changed_at: datetime
    attempt: int
    sending: UUID | None
    withdrawing: bool
    needs_decision: bool
    chosen_by_hand: bool
    reasons: list[ReasonAnswer]
    actions: tuple[Action, ...]


class DocumentDetailAnswer(DocumentAnswer):
    """A document with a page of its deliveries."""

    deliveries: Page[DeliveryAnswer]


class FactAnswer(BaseModel):
    """An entry of the timeline."""

    at: datetime
    recorded_at: datetime
    what: str
    label: str
    attempt: int | None
    source: str
    reason: str | None
    text: str | None
    code: str | None
    reference: str | None


class DeliveryDetailAnswer(DeliveryAnswer):
    """A delivery with all that is known of it."""

    timeline: list[FactAnswer]


def document_answer(line: DocumentLine) -> DocumentAnswer:
    tally = line.tally
    return DocumentAnswer(
        document=line.document,
        name=line.name,
        kind=line.kind,
        property=line.property,
        origin=line.origin,
        created_by=line.created_by,
        created_at=line.created_at,
        recipients=line.recipients,
        pages=line.file.pages if line.file else None,
        size_bytes=line.size_bytes,
        inspected=line.inspected,
        channels=[labelled(channel) for channel in line.channels],
        bar=BarAnswer(green=tally.share(Colour.GREEN), red=tally.share(Colour.RED)),
        counters=counters(tally),
        actions=document_actions(tally),
    )


def delivery_answer(line: DeliveryLine, texts: Texts) -> DeliveryAnswer:
    return DeliveryAnswer(
        delivery=line.delivery,
        document=line.document,
        contact=line.contact,
        recipient=line.recipient if line.contact else _NOT_CHOSEN,
        channel=labelled(line.channel),
        state=line.state,
        label=LOOKS[line.state].label,
        changed_at=line.since,
        attempt=line.attempt,
        sending=sending_id(line.delivery, line.attempt) if line.attempt else None,
        withdrawing=line.withdrawing,
        needs_decision=line.needs_decision,
        chosen_by_hand=line.by_hand,
        reasons=reasons(line.reasons, texts),
        actions=delivery_actions(line.state, withdrawable=line.withdrawable),
    )


def fact_answer(fact: Fact, texts: Texts) -> FactAnswer:
    return FactAnswer(
        at=fact.at,
        recorded_at=fact.recorded_at,
        what=fact.what,
        label=texts.timeline[fact.what],
        attempt=fact.attempt,
        source=fact.source,
        reason=fact.reason,
        text=fact.text,
        code=fact.code,
        reference=fact.reference,
    )


def reasons(found: Sequence[Reason], texts: Texts) -> list[ReasonAnswer]:
    return [
        ReasonAnswer(slug=reason.slug, detail=texts.reason(reason), field=FIELDS[reason.slug])
        for reason in found
    ]


def counters(tally: Tally) -> list[CounterAnswer]:
    """The six of them, in the order in which they are shown."""
    five = [
        CounterAnswer(counter=counter, label=COUNTER_LABELS[counter], count=count)
        for counter, count in zip(Counter, tally, strict=True)
    ]
    return [*five, CounterAnswer(counter="total", label=TOTAL_LABEL, count=tally.total)]


def labelled(channel: Channel) -> LabelledChannel:
    return LabelledChannel(channel=channel, label=CHANNEL_LABELS[channel])

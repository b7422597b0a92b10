"""What channels tell reaches the overview: every order, every repetition, the same end."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.outbox.builders import at
from tests.outbox.office import Office

from events.contracts import deliveries
from events.contracts.deliveries import Channel, ChannelAnswer, DeliveryRequested
from events.store import Record
from events.testing.orders import every_order

Story = Sequence[tuple[type[ChannelAnswer], int]]

DELIVERED: Story = [
    (deliveries.DeliveryAccepted, 1),
    (deliveries.DeliveryNoted, 2),
    (deliveries.DeliverySent, 3),
    (deliveries.DeliverySucceeded, 4),
]
RETURNED: Story = [
    (deliveries.DeliveryUncertain, 1),
    (deliveries.DeliveryAccepted, 2),
    (deliveries.DeliverySent, 3),
    (deliveries.DeliveryFailed, 4),
]
NOTED = {"note": "retry", "text": "Der Server war nicht erreichbar."}


async def sent(office: Office, count: int, channel: Channel = Channel.EPOST) -> UUID:
    """A document that is on its way to so many recipients."""
    await office.open()
    contacts = [uuid4() for _ in range(count)]
    for contact in contacts:
        await office.neighbours.contact(contact, channel)
    await office.settle()
    document = await office.file(*contacts)
    await office.send(document)
    return document


def told(office: Office, story: Story, about: DeliveryRequested) -> list[Record]:
    return [
        office.neighbours.answering(
            cls, about, at(minute), **(NOTED if cls is deliveries.DeliveryNoted else {})
        )
        for cls, minute in story
    ]


async def detail(office: Office, delivery: UUID) -> dict[str, Any]:
    """All that is shown of a delivery, but for what tells it from others."""
    shown = await office.get(f"/deliveries/{delivery}")
    for name in ("delivery", "contact", "sending"):
        del shown[name]
    for fact in shown["timeline"]:
        del fact["recorded_at"]
    shown["timeline"].sort(key=lambda fact: (fact["at"], fact["what"]))
    return shown


@pytest.mark.spec("OUT-16", "OUT-19", "OUT-20", "PLT-01")
@pytest.mark.parametrize(
    ("story", "counts", "state"),
    [
        (DELIVERED, [0, 24, 0, 0, 0, 24], "delivered"),
        (RETURNED, [0, 0, 24, 0, 0, 24], "failed"),
    ],
)
async def test_every_order_and_repetition_shows_the_same(
    office: Office, story: Story, counts: list[int], state: str
) -> None:
    """Deduplication is switched off; each of 24 deliveries hears another order."""
    document = await sent(office, 24)
    orders = list(every_order(range(len(story))))
    stories = [told(office, story, about) for about in office.requests()]

    for step in range(max(map(len, orders))):
        batch = [
            records[order[step]]
            for records, order in zip(stories, orders, strict=True)
            if step < len(order)
        ]
        await office.neighbours.tell_all(batch)
        await office.settle()
        office.forget_what_was_seen()

    details = [await detail(office, about.delivery) for about in office.requests()]
    assert all(shown == details[0] for shown in details)
    assert details[0]["state"] == state
    assert await office.counts(document) == counts


@pytest.mark.spec("OUT-16")
async def test_every_fact_is_in_the_timeline_with_its_instant_and_source(office: Office) -> None:
    await sent(office, 1)
    (request,) = office.requests()
    await office.neighbours.answer(
        deliveries.DeliveryAccepted, request, at(1), reference="4711", pages=2
    )
    await office.neighbours.answer(deliveries.DeliverySent, request, at(2))
    await office.neighbours.answer(deliveries.DeliveryFailed, request, at(3), code="99")
    await office.settle()

    timeline = (await office.get(f"/deliveries/{request.delivery}"))["timeline"]
    shown = {fact["what"]: fact for fact in timeline}

    assert list(shown) == ["accepted", "sent", "failed", "planned", "requested"]
    assert shown["planned"]["source"] == shown["requested"]["source"] == "user:anna"
    assert shown["accepted"]["source"] == "delivery-epost"
    assert (shown["accepted"]["reference"], shown["accepted"]["attempt"]) == ("4711", 1)
    assert shown["failed"]["at"] == at(3).isoformat().replace("+00:00", "Z")
    assert (shown["failed"]["reason"], shown["failed"]["text"], shown["failed"]["code"]) == (
        "mailbox-full",
        "Das Postfach ist voll.",
        "99",
    )
    assert shown["sent"]["label"] == "versendet"


@pytest.mark.spec("OUT-19", "OUT-20")
async def test_the_bar_shows_what_arrived_and_what_failed(office: Office) -> None:
    document = await sent(office, 4, Channel.MAIL)
    green, red, unsure, _ = office.requests()
    await office.neighbours.answer(deliveries.DeliverySent, green, at(1))
    await office.neighbours.answer(deliveries.DeliverySent, red, at(1))
    await office.neighbours.answer(deliveries.DeliveryFailed, red, at(60))
    await office.neighbours.answer(deliveries.DeliveryUncertain, unsure, at(1))
    await office.settle()

    (row,) = (await office.get("/documents"))["items"]

    assert row["document"] == str(document)
    assert row["bar"] == {"green": 0.25, "red": 0.25}
    assert [(c["label"], c["count"]) for c in row["counters"]] == [
        ("offen", 0),
        ("erfolgreich", 1),
        ("fehlgeschlagen", 1),
        ("in Zustellung", 1),
        ("ungeklärt oder in Bearbeitung", 1),
        ("gesamt", 4),
    ]


@pytest.mark.spec("OUT-24", "OUT-26")
async def test_a_row_says_what_may_be_done_with_it(office: Office) -> None:
    await office.open()
    known, unknown = uuid4(), uuid4()
    await office.neighbours.contact(known)
    await office.settle()
    document, hopeless = await office.file(known, unknown), await office.file(unknown)

    assert "send" in (await office.document(document))["actions"]
    assert "send" not in (await office.document(hopeless))["actions"]
    good, poor = await office.deliveries(document)
    assert (good["actions"], poor["actions"]) == (["inspect", "send"], ["inspect"])

    await office.send(document)
    assert "send" not in (await office.document(document))["actions"]


@pytest.mark.spec("OUT-19")
async def test_the_instant_of_the_last_change_is_that_of_the_fact(office: Office) -> None:
    document = await sent(office, 1)
    (request,) = office.requests()
    await office.neighbours.answer(deliveries.DeliverySucceeded, request, at(30))
    await office.settle()

    delivery = await office.delivery(document)

    assert (delivery["label"], delivery["changed_at"]) == (
        "erfolgreich",
        at(30).isoformat().replace("+00:00", "Z"),
    )


@pytest.mark.spec("OUT-16", "PLT-01")
async def test_an_answer_about_a_delivery_that_we_lost_is_kept(office: Office) -> None:
    """As after a restore of our database: the channel knows, we do not."""
    await sent(office, 1)
    (request,) = office.requests()
    lost = request.model_copy(update={"delivery": uuid4()})

    await office.neighbours.answer(deliveries.DeliverySucceeded, lost, at(1))
    await office.settle()

    assert (await office.clerk.get(f"/deliveries/{lost.delivery}")).status_code == 404
    assert office.rows("select what from delivery_timeline where delivery = %s", lost.delivery)
    assert office.count("dead") == 0


@pytest.mark.spec("OUT-18")
async def test_what_only_a_person_can_decide_is_shown_with_its_sending(office: Office) -> None:
    document = await sent(office, 1)
    (request,) = office.requests()
    told_uncertain = deliveries.DeliveryUncertain

    await office.neighbours.answer(told_uncertain, request, at(1))
    await office.settle()
    assert not (await office.delivery(document))["needs_decision"]

    await office.neighbours.answer(told_uncertain, request, at(2), needs_person=True)
    await office.settle()
    delivery = await office.delivery(document)
    assert (delivery["state"], delivery["needs_decision"]) == ("uncertain", True)
    assert delivery["sending"] == str(deliveries.sending_id(request.delivery, 1))
    assert (await office.get(f"/deliveries/{request.delivery}"))["needs_decision"]

    await office.neighbours.answer(deliveries.DeliveryAccepted, request, at(3))
    await office.settle()
    assert not (await office.delivery(document))["needs_decision"]


@pytest.mark.spec("OUT-18")
async def test_each_attempt_has_a_sending_of_its_own(office: Office) -> None:
    await office.open()
    contact = uuid4()
    await office.neighbours.contact(contact)
    await office.settle()
    document = await office.file(contact)
    assert (await office.delivery(document))["sending"] is None

    await office.send(document)
    (first,) = office.requests()
    await office.clerk.post(f"/deliveries/{first.delivery}/withdraw")
    await office.neighbours.answer(deliveries.DeliveryWithdrawn, first, at(5))
    await office.settle()
    await office.send(document)

    expected = deliveries.sending_id(first.delivery, 2)
    assert (await office.delivery(document))["sending"] == str(expected)

"""Recipients: their channels, what they lack, and what follows from news of them."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.outbox.builders import BASIS, FILE, UNKNOWN, plan
from tests.outbox.office import Office

from events.clock import utc_now
from events.contracts.deliveries import Channel
from events.ids import new_id
from events.stream import Cause, Order
from outbox.application.streams import DELIVERY
from outbox.domain.delivery.commands import DropDelivery, PlanDelivery
from outbox.domain.delivery.plan import delivery_id


def channels(deliveries: list[dict[str, Any]]) -> list[str]:
    return [delivery["channel"]["channel"] for delivery in deliveries]


def slugs(delivery: dict[str, Any]) -> list[str]:
    return [reason["slug"] for reason in delivery["reasons"]]


@pytest.mark.spec("OUT-03")
async def test_each_recipient_gets_the_channels_that_he_prefers(office: Office) -> None:
    both, mail, none = uuid4(), uuid4(), uuid4()
    await office.neighbours.contact(both, Channel.MAIL, Channel.EPOST)
    await office.neighbours.contact(mail, Channel.MAIL)
    await office.neighbours.contact(none)
    await office.settle()

    document = await office.file(both, mail, none)

    found = [(d["contact"], d["channel"]["label"]) for d in await office.deliveries(document)]
    assert found == [
        (str(both), "E-POST-Brief"),
        (str(both), "E-Mail"),
        (str(mail), "E-Mail"),
        (str(none), "E-POST-Brief"),
    ]
    labels = [each["label"] for each in (await office.document(document))["channels"]]
    assert labels == ["E-POST-Brief", "E-Mail"]


@pytest.mark.spec("OUT-03")
async def test_who_prefers_nothing_gets_the_mandants_channel(office: Office) -> None:
    assert await office.get("/default-channel") == {"channel": "epost"}
    await office.admin.put("/default-channel", json={"channel": "mail"})

    document = await office.file(uuid4())

    assert channels(await office.deliveries(document)) == ["mail"]


@pytest.mark.spec("OUT-03", "OUT-11")
async def test_an_unknown_recipient_turns_sendable_when_he_is_told_of(office: Office) -> None:
    await office.open()
    contact = uuid4()
    document = await office.file(contact)
    before = await office.delivery(document)
    assert (slugs(before), before["recipient"]) == (["recipient-unknown"], None)
    assert await office.counts(document) == [0, 0, 1, 0, 0, 1]

    await office.neighbours.contact(contact, Channel.EPOST)
    await office.settle()

    after = await office.delivery(document)
    assert (after["state"], slugs(after), after["recipient"]) == ("open", [], "Brühl, Mario")
    assert after["delivery"] == before["delivery"]
    assert "send" in after["actions"]
    assert await office.counts(document) == [1, 0, 0, 0, 0, 1]


@pytest.mark.spec("OUT-11")
async def test_an_address_that_arrives_mends_the_delivery(office: Office) -> None:
    await office.open()
    contact = uuid4()
    await office.neighbours.contact(contact, postal_address=None, address_lines=None)
    await office.settle()
    document = await office.file(contact)
    red = await office.delivery(document)
    assert red["reasons"] == [
        {
            "slug": "postal-address-missing",
            "detail": "Dem Empfänger fehlt die Anschrift.",
            "field": "postal_address",
        }
    ]

    await office.neighbours.contact(contact)
    await office.settle()

    assert (await office.delivery(document))["label"] == "offen"


@pytest.mark.spec("OUT-11")
async def test_an_address_that_goes_makes_the_delivery_red(office: Office) -> None:
    await office.open()
    contact = uuid4()
    await office.neighbours.contact(contact, Channel.MAIL)
    await office.settle()
    document = await office.file(contact)

    await office.neighbours.contact(contact, Channel.MAIL, mail_address=None)
    await office.settle()

    assert slugs(await office.delivery(document)) == ["mail-address-missing"]
    assert await office.counts(document) == [0, 0, 1, 0, 0, 1]


@pytest.mark.spec("OUT-11", "OUT-06")
async def test_a_first_sender_mends_what_lacked_one(office: Office) -> None:
    contact = uuid4()
    await office.neighbours.contact(contact)
    await office.settle()
    document = await office.file(contact)
    assert slugs(await office.delivery(document)) == ["sender-missing"]

    await office.open()

    assert (await office.delivery(document))["label"] == "offen"


@pytest.mark.spec("OUT-03", "OUT-11", "PLT-01")
async def test_an_older_snapshot_changes_nothing(office: Office) -> None:
    await office.open()
    contact = uuid4()
    document = await office.file(contact)
    await office.neighbours.contact(contact, Channel.MAIL, version=3)
    await office.settle()

    await office.neighbours.contact(contact, Channel.EPOST, version=2, mail_address=None)
    await office.settle()

    delivery = await office.delivery(document)
    assert (delivery["channel"]["channel"], slugs(delivery)) == ("mail", [])


@pytest.mark.spec("OUT-03", "PLT-01")
async def test_snapshots_and_documents_of_one_batch_come_to_the_same(office: Office) -> None:
    """The worker looks at both before either is written."""
    await office.open()
    document, contact = uuid4(), uuid4()
    stored = await office.outbox.store.put(office.neighbours.mandant, b"%PDF-")
    reference = {"sha256": stored.sha256, "size_bytes": stored.size_bytes}

    await office.neighbours.filed(document, contact, **reference)
    await office.neighbours.contact(contact, Channel.EPOST)
    await office.neighbours.contact(contact, Channel.MAIL)
    await office.settle()

    delivery = await office.delivery(document)
    assert (delivery["channel"]["channel"], slugs(delivery)) == ("mail", ["unreadable-pdf"])


@pytest.mark.spec("OUT-03")
async def test_a_changed_preference_changes_the_channel(office: Office) -> None:
    await office.open()
    contact = uuid4()
    await office.neighbours.contact(contact, Channel.EPOST)
    await office.settle()
    document = await office.file(contact)

    for preferred in ([Channel.MAIL], [Channel.EPOST, Channel.MAIL], [Channel.EPOST]):
        await office.neighbours.contact(contact, *preferred)
        await office.settle()

        assert channels(await office.deliveries(document)) == list(preferred)
        assert await office.counts(document) == [len(preferred), 0, 0, 0, 0, len(preferred)]


@pytest.mark.spec("OUT-03")
async def test_a_changed_preference_leaves_alone_what_was_sent(office: Office) -> None:
    await office.open()
    contact = uuid4()
    await office.neighbours.contact(contact, Channel.EPOST)
    await office.settle()
    sent, waiting = await office.file(contact), await office.file(contact)
    await office.send(sent)

    await office.neighbours.contact(contact, Channel.MAIL)
    await office.settle()

    assert channels(await office.deliveries(sent)) == ["epost"]
    assert channels(await office.deliveries(waiting)) == ["mail"]


@pytest.mark.spec("OUT-03", "OUT-13")
async def test_a_changed_preference_leaves_alone_what_a_person_has_chosen(office: Office) -> None:
    await office.open()
    contact = uuid4()
    await office.neighbours.contact(contact, Channel.EPOST)
    await office.settle()
    added, removed = await office.file(contact), await office.file(contact)
    chosen = await office.file(contact, channels=["mail"])
    await office.clerk.post(f"/documents/{added}/channels", json={"channel": "mail"})
    await office.clerk.delete(f"/documents/{removed}/channels/epost")

    await office.neighbours.contact(contact, Channel.PRINT)
    await office.settle()

    assert channels(await office.deliveries(added)) == ["epost", "mail"]
    assert channels(await office.deliveries(removed)) == []
    assert channels(await office.deliveries(chosen)) == ["mail"]


@pytest.mark.spec("OUT-13")
async def test_a_channel_is_added_for_each_who_lacks_it_and_only_once(office: Office) -> None:
    await office.open()
    lacking, having = uuid4(), uuid4()
    await office.neighbours.contact(lacking, Channel.EPOST)
    await office.neighbours.contact(having, Channel.MAIL)
    await office.settle()
    document = await office.file(lacking, having)

    added = []
    for _ in range(2):
        answer = await office.clerk.post(
            f"/documents/{document}/channels", json={"channel": "mail"}
        )
        added.append(answer.json())

    assert added == [{"deliveries": 1, "refused": []}, {"deliveries": 0, "refused": []}]
    assert channels(await office.deliveries(document)) == ["epost", "mail", "mail"]


@pytest.mark.spec("OUT-13")
async def test_removing_a_channel_leaves_what_was_requested_and_says_so(office: Office) -> None:
    await office.open()
    contact, unknown = uuid4(), uuid4()
    await office.neighbours.contact(contact, Channel.EPOST)
    await office.settle()
    document = await office.file(contact, unknown)
    await office.send(document)

    answer = await office.clerk.delete(f"/documents/{document}/channels/epost")

    (kept,) = await office.deliveries(document)
    assert answer.json()["deliveries"] == 1
    (refused,) = answer.json()["refused"]
    assert (refused["delivery"], refused["slug"]) == (
        kept["delivery"],
        "delivery-already-requested",
    )
    assert await office.counts(document) == [0, 0, 0, 1, 0, 1]


@pytest.mark.spec("OUT-13")
async def test_a_removed_channel_can_be_added_again(office: Office) -> None:
    await office.open()
    contact = uuid4()
    await office.neighbours.contact(contact, Channel.EPOST)
    await office.settle()
    document = await office.file(contact)
    await office.clerk.delete(f"/documents/{document}/channels/epost")
    assert await office.counts(document) == [0, 0, 0, 0, 0, 0]

    await office.clerk.post(f"/documents/{document}/channels", json={"channel": "epost"})

    assert await office.counts(document) == [1, 0, 0, 0, 0, 1]
    assert (await office.delivery(document))["chosen_by_hand"]


@pytest.mark.spec("OUT-03", "OUT-11", "PLT-01")
async def test_a_check_against_what_was_read_too_early_is_made_again(office: Office) -> None:
    """As when a contact became known between reading and writing."""
    await office.open()
    document, contact = await office.file(uuid4()), uuid4()
    await office.neighbours.contact(contact, Channel.MAIL)
    await office.settle()

    late = replace(
        plan(),
        delivery=delivery_id(document, 1, Channel.EPOST),
        document=document,
        slot=1,
        contact=contact,
        file=FILE,
    )
    command = PlanDelivery(late, replace(UNKNOWN, sender=None), utc_now())
    await run(office, late.delivery, command)
    assert await office.counts(document) == [0, 0, 2, 0, 0, 2]
    await office.settle()

    mended = [d for d in await office.deliveries(document) if d["contact"] == str(contact)]
    assert channels(mended) == ["mail"]
    assert slugs(mended[0]) == []


@pytest.mark.spec("OUT-11", "PLT-01")
async def test_a_check_before_the_sender_was_seen_is_made_again(office: Office) -> None:
    await office.open()
    contact = uuid4()
    await office.neighbours.contact(contact)
    await office.settle()
    document = await office.file(contact)
    drop = DropDelivery(by_hand=False, by="test", now=utc_now())
    early = replace(
        plan(), delivery=UUID((await office.delivery(document))["delivery"]), document=document
    )
    await run(office, early.delivery, drop)
    basis = replace(BASIS, sender=None)
    await run(office, early.delivery, PlanDelivery(early, basis, utc_now()))
    assert slugs(await office.delivery(document)) == ["sender-missing"]

    await office.settle()

    assert "sender-missing" not in slugs(await office.delivery(document))


async def run(office: Office, delivery: UUID, command: object) -> None:
    mandant = office.neighbours.mandant
    order = Order(DELIVERY, delivery, mandant, command, Cause(new_id()))
    await office.outbox.parts.commands.one(order)

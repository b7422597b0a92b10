"""Senden (n): what was shown is sent, once, and the rest is reported with reasons."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.outbox.builders import SENDER, at
from tests.outbox.conftest import Clients
from tests.outbox.office import Office

from documents.store import DocumentStore
from documents.workshop import Workshop
from events.contracts import deliveries
from events.contracts.deliveries import Channel
from events.personal import Category
from events.service import machinery
from outbox.settings import OutboxSettings
from outbox.wiring import Outbox, blueprint
from web.auth import Role
from web.issuer import DevelopmentIssuer
from web.keys import StaticKeys


async def ready(office: Office, *preferred: Channel) -> UUID:
    """A document that can be sent."""
    await office.open()
    contact = uuid4()
    await office.neighbours.contact(contact, *(preferred or (Channel.EPOST,)))
    await office.settle()
    return await office.file(contact)


@pytest.mark.spec("OUT-14", "OUT-16")
async def test_what_can_be_sent_is_requested_of_its_channel(office: Office) -> None:
    document = await ready(office, Channel.EPOST, Channel.MAIL)

    sent = await office.send(document)

    assert (sent["documents"], sent["deliveries"], sent["refused"]) == (1, 2, [])
    letter, mail = office.requests()
    assert {letter.delivery, mail.delivery} == set(map(UUID, sent["requested"]))
    assert (letter.channel, letter.document, letter.attempt) == (Channel.EPOST, document, 1)
    assert (letter.sender, letter.mail, mail.letter) == (SENDER, None, None)
    assert letter.batch == mail.batch
    assert letter.files[0].pages == 1
    assert await office.counts(document) == [0, 0, 0, 2, 0, 2]
    for delivery in await office.deliveries(document):
        assert (delivery["label"], delivery["state"]) == ("in Zustellung", "requested")
        assert delivery["actions"] == ["inspect", "withdraw"]


@pytest.mark.spec("OUT-14")
async def test_the_request_can_be_opened_with_the_recipients_keys(office: Office) -> None:
    document = await ready(office, Channel.MAIL)
    await office.send(document)

    (request,) = office.opened_requests()

    assert request.short_name == "Brühl, Mario"
    assert request.mail_address == "mario.bruehl@example.org"
    assert request.postal_address is not None
    assert request.address_lines is not None
    assert request.file_names == ("Einladung Eigentümerversammlung.pdf",)


@pytest.mark.spec("OUT-14", "OUT-10")
async def test_what_cannot_be_sent_is_reported_with_its_reasons(office: Office) -> None:
    good = await ready(office)
    poor, nowhere = await office.file(uuid4()), uuid4()

    sent = await office.send(good, poor, nowhere)

    assert (sent["documents"], sent["deliveries"]) == (1, 1)
    refused = {each["document"]: each for each in sent["refused"]}
    assert refused[str(poor)]["slug"] == "delivery-not-deliverable"
    assert [each["detail"] for each in refused[str(poor)]["reasons"]] == [
        "Der Empfänger ist im Adressbuch noch nicht bekannt."
    ]
    assert (refused[str(nowhere)]["slug"], refused[str(nowhere)]["delivery"]) == (
        "document-unknown",
        None,
    )
    assert len(office.requests()) == 1


@pytest.mark.spec("OUT-14")
async def test_single_deliveries_can_be_sent(office: Office) -> None:
    document = await ready(office, Channel.EPOST, Channel.MAIL)
    letter, _ = await office.deliveries(document)
    nowhere = str(uuid4())

    body = {"deliveries": [letter["delivery"], nowhere]}
    answer = (await office.clerk.post("/deliveries/send", json=body)).json()

    assert answer["requested"] == [letter["delivery"]]
    assert [(each["delivery"], each["slug"]) for each in answer["refused"]] == [
        (nowhere, "delivery-unknown")
    ]


@pytest.mark.spec("OUT-14")
async def test_a_dry_run_says_the_same_and_sends_nothing(office: Office) -> None:
    document = await ready(office)
    poor = await office.file(uuid4())
    body = {"documents": [str(document), str(poor)]}

    dry = (await office.clerk.post("/deliveries/send?dry_run=true", json=body)).json()
    assert office.requests() == []
    wet = (await office.clerk.post("/deliveries/send", json=body)).json()

    assert dry == {**wet, "dry_run": True}


@pytest.mark.spec("OUT-14")
async def test_n_counts_documents_with_something_to_send(office: Office) -> None:
    first = await ready(office, Channel.EPOST, Channel.MAIL)
    second = await office.file(*[UUID(d["contact"]) for d in await office.deliveries(first)][:1])
    third = await office.file(uuid4())

    sent = await office.send(first, second, third)

    assert (sent["documents"], sent["deliveries"], len(sent["refused"])) == (2, 4, 1)


@pytest.mark.spec("OUT-14")
async def test_what_was_shown_is_what_is_sent(office: Office) -> None:
    document = await ready(office)
    body: dict[str, Any] = {"documents": [str(document)]}
    shown = (await office.clerk.post("/deliveries/send?dry_run=true", json=body)).json()["shown"]
    await office.clerk.post(f"/documents/{document}/channels", json={"channel": "mail"})

    late = await office.clerk.post("/deliveries/send", json={**body, "shown": shown})
    assert (late.status_code, late.json()["slug"]) == (409, "selection-changed")
    assert office.requests() == []

    shown = (await office.clerk.post("/deliveries/send?dry_run=true", json=body)).json()["shown"]
    sent = await office.clerk.post("/deliveries/send", json={**body, "shown": shown})
    assert sent.json()["deliveries"] == 2


@pytest.mark.spec("OUT-14")
async def test_one_document_has_a_button_of_its_own(office: Office) -> None:
    document = await ready(office)

    dry = await office.clerk.post(f"/documents/{document}/send?dry_run=true", json={})
    wet = await office.clerk.post(
        f"/documents/{document}/send", json={"shown": dry.json()["shown"]}
    )

    assert wet.json()["requested"] == dry.json()["requested"]
    assert len(office.requests()) == 1


@pytest.mark.spec("OUT-14")
async def test_pressing_send_again_sends_nothing(office: Office) -> None:
    document = await ready(office)
    await office.send(document)

    again = await office.send(document)

    assert (again["documents"], again["deliveries"]) == (0, 0)
    assert [each["slug"] for each in again["refused"]] == ["delivery-already-requested"]
    assert len(office.requests()) == 1


@pytest.mark.spec("OUT-14")
async def test_the_same_key_gets_the_same_answer(office: Office) -> None:
    document = await ready(office)
    body = {"documents": [str(document)]}

    first, again = [
        await office.clerk.post("/deliveries/send", json=body, headers={"Idempotency-Key": "s"})
        for _ in range(2)
    ]

    assert first.json() == again.json()
    assert first.json()["deliveries"] == 1
    assert len(office.requests()) == 1


@pytest.mark.spec("OUT-14")
async def test_two_clerks_at_once_send_each_delivery_once(
    office: Office, settings: OutboxSettings, issuer: DevelopmentIssuer, clients: Clients
) -> None:
    """Two processes of the API, and each clerk presses four times."""
    await office.open()
    contacts = [uuid4() for _ in range(20)]
    for contact in contacts:
        await office.neighbours.contact(contact, Channel.EPOST, Channel.MAIL)
    await office.settle()
    document = await office.file(*contacts)
    body = {"documents": [str(document)]}

    async with machinery(settings, blueprint(settings)) as parts, Workshop(workers=1) as workshop:
        store = DocumentStore.at_url(settings.documents_url)
        second = Outbox(settings, parts, store, workshop).app(StaticKeys(issuer.jwks()))
        otto = clients(office.neighbours.mandant, Role.CLERK, user="otto", at=second)
        answers = await asyncio.gather(
            *(
                client.post("/deliveries/send", json=body)
                for _ in range(4)
                for client in (office.clerk, otto)
            )
        )

    assert {answer.status_code for answer in answers} == {200}
    requested = [delivery for answer in answers for delivery in answer.json()["requested"]]
    assert len(requested) == len(set(requested)) == 40
    assert len(office.requests()) == len({each.delivery for each in office.requests()}) == 40
    assert await office.counts(document) == [0, 0, 0, 40, 0, 40]


@pytest.mark.spec("OUT-10", "OUT-14")
async def test_a_contact_who_lost_his_address_a_moment_ago_gets_nothing(office: Office) -> None:
    """The red delivery has not been looked at again yet: the request itself looks."""
    document = await ready(office)
    contact = UUID((await office.delivery(document))["contact"])
    await office.neighbours.contact(contact, postal_address=None)
    await office.outbox.parts.worker.work()

    sent = await office.send(document)

    assert [each["slug"] for each in sent["refused"]] == ["delivery-not-deliverable"]
    assert office.requests() == []


@pytest.mark.spec("OUT-14")
async def test_a_recipient_whose_key_is_late_keeps_nobody_waiting(office: Office) -> None:
    await office.open()
    contacts = [uuid4() for _ in range(3)]
    await office.neighbours.contact(contacts[0])
    office.neighbours.late = {Category.NOTES}
    await office.neighbours.contact(contacts[1])
    office.neighbours.late = set()
    await office.neighbours.contact(contacts[2])
    await office.settle()
    document = await office.file(*contacts)

    sent = await office.send(document)
    assert (sent["deliveries"], [each["slug"] for each in sent["refused"]]) == (
        2,
        ["recipient-key-missing"],
    )

    await office.neighbours.issue_keys(contacts[1])
    assert (await office.send(document))["deliveries"] == 1
    assert len(office.requests()) == 3


@pytest.mark.spec("OUT-15", "CHN-05")
async def test_a_request_can_be_withdrawn_and_sent_again(office: Office) -> None:
    document = await ready(office)
    await office.send(document)
    (request,) = office.requests()
    path = f"/deliveries/{request.delivery}/withdraw"

    asked = [await office.clerk.post(path) for _ in range(2)]
    assert [each.status_code for each in asked] == [202, 202]
    assert [topic for topic, _, _ in office.relayed()].count("DeliveryWithdrawalRequested") == 1
    assert (await office.delivery(document))["withdrawing"]

    await office.neighbours.answer(deliveries.DeliveryWithdrawn, request, at(5))
    await office.settle()
    withdrawn = await office.delivery(document)
    assert (withdrawn["label"], withdrawn["withdrawing"]) == ("zurückgezogen", False)
    assert await office.counts(document) == [1, 0, 0, 0, 0, 1]

    await office.send(document)
    assert [each.attempt for each in office.requests()] == [1, 2]
    await office.neighbours.answer(deliveries.DeliveryFailed, request, at(9))
    await office.settle()
    assert (await office.delivery(document))["state"] == "requested"


@pytest.mark.spec("OUT-15", "CHN-05")
async def test_a_withdrawal_can_come_too_late(office: Office) -> None:
    document = await ready(office)
    await office.send(document)
    (request,) = office.requests()
    await office.clerk.post(f"/deliveries/{request.delivery}/withdraw")
    await office.neighbours.answer(deliveries.DeliveryWithdrawalRefused, request, at(5))
    await office.settle()

    again = await office.clerk.post(f"/deliveries/{request.delivery}/withdraw")

    assert (again.status_code, again.json()["slug"]) == (409, "withdrawal-too-late")
    delivery = await office.delivery(document)
    assert (delivery["state"], delivery["withdrawing"]) == ("requested", False)
    assert delivery["actions"] == ["inspect"]


@pytest.mark.spec("OUT-15")
async def test_what_was_never_sent_cannot_be_withdrawn(office: Office) -> None:
    document = await ready(office)
    delivery = (await office.delivery(document))["delivery"]

    answer = await office.clerk.post(f"/deliveries/{delivery}/withdraw")

    assert (answer.status_code, answer.json()["slug"]) == (409, "delivery-not-requested")

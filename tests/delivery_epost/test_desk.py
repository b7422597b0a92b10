"""What the desk does when the lease, the provider or the store is not as it should be."""

import time
from datetime import timedelta
from pathlib import Path

import pytest
from tests.delivery_epost.office import Office
from tests.delivery_epost.test_decider import PLANNED

from delivery_epost.application.making import recipient_of
from delivery_epost.domain.letter import Status
from events.commands import Guard
from events.contracts.deliveries import PostalAddress
from events.lease import Lease, LeaseLostError, Leases
from events.store import Transaction


class Paused(Lease):
    """A lease whose holder sleeps too long, just after the intent."""

    def guard(self) -> Guard:
        held = super().guard()

        async def hold_then_sleep(transaction: Transaction) -> None:
            await held(transaction)
            self.deadline = time.monotonic() - 1

        return hold_then_sleep


async def test_with_the_lease_a_letter_is_handed_over(office: Office, lease: Lease) -> None:
    item = await office.planned()
    await office.desk.submit(item, lease)

    assert office.post.letters == [str(item.stream)]
    assert (await office.letter(item)).status is Status.ACCEPTED


@pytest.mark.spec("CHN-01")
async def test_whose_lease_was_taken_over_intends_nothing(office: Office, lease: Lease) -> None:
    item = await office.planned()
    await office.parts.leases.give_back("epost")
    other = await Leases(office.parts.machinery_database).take("epost")
    assert other is not None

    with pytest.raises(LeaseLostError):
        await office.desk.submit(item, lease)
    assert office.post.letters == []
    assert (await office.letter(item)).status is Status.PLANNED


@pytest.mark.spec("CHN-01")
async def test_whose_lease_runs_out_after_the_intent_makes_no_call(
    office: Office, lease: Lease
) -> None:
    item = await office.planned()
    paused = Paused(lease.name, lease.holder, lease.fence, lease.deadline)
    await office.desk.submit(item, paused)

    assert office.post.letters == []
    letter = await office.letter(item)
    assert (letter.status, letter.number, letter.doubt_since) == (Status.PLANNED, 1, None)


@pytest.mark.spec("CHN-03")
async def test_a_letter_that_nobody_takes_has_failed_after_three_days(
    office: Office, lease: Lease
) -> None:
    item = await office.planned()
    office.post.unreachable = True
    await office.desk.submit(item, lease)
    assert (await office.letter(item)).status is Status.PLANNED

    office.now += timedelta(hours=73)
    await office.desk.submit(item, lease)
    assert (await office.letter(item)).status is Status.REFUSED


async def test_a_damaged_document_is_told_instead_of_tried_for_ever(
    office: Office, lease: Lease, tmp_path: Path
) -> None:
    item = await office.planned()
    damage_all(tmp_path)
    await office.desk.submit(item, lease)

    assert office.post.letters == []
    assert (await office.letter(item)).status is Status.REFUSED


def damage_all(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:-1] + b"x")


@pytest.mark.spec("EPO-12")
def test_the_town_is_told_as_it_is_printed() -> None:
    at_home = PostalAddress(street="Weg", postal_code="53113", town="Bonn", country="DE")
    abroad = PostalAddress(street="Praterstraße", postal_code="1020", town="Wien", country="AT")
    plan = PLANNED.model_copy(update={"name_lines": ("Kim",), "address_lines": ("Kim",)})

    assert recipient_of(plan.model_copy(update={"postal_address": at_home})).city == "Bonn"
    assert recipient_of(plan.model_copy(update={"postal_address": abroad})).city == "WIEN"

"""A requested letter leaves once and is followed to its end, whatever the provider answers."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.delivery_epost.channel import LetterChannel, all_processes, channel_settings

import stack
from delivery_epost.ports import Access
from documents.testing import samples
from epost_simulator.control import Control
from epost_simulator.faults import Kind
from events.clock import utc_now
from events.contracts.deliveries import (
    DeliveryAccepted,
    DeliveryFailed,
    DeliverySucceeded,
    DeliveryUncertain,
    DeliveryWithdrawalRequested,
    DeliveryWithdrawn,
)
from events.testing.kafka import empty_topics
from events.testing.postgres import fresh_database


@pytest.fixture
async def channel(
    servers: stack.Servers, simulator: Control, access: Access, tmp_path: Path
) -> AsyncIterator[LetterChannel]:
    await empty_topics(servers.kafka.bootstrap_servers)
    with fresh_database(servers.postgres.admin_url(), "delivery_epost") as database:
        settings = channel_settings(servers, database, tmp_path / "documents", simulator, access)
        async with all_processes(settings):
            yield LetterChannel(servers.kafka.bootstrap_servers, settings, simulator)


@pytest.mark.spec("EPO-08", "EPO-09")
async def test_a_requested_letter_is_sent_once_and_followed_to_the_print_centre(
    channel: LetterChannel,
) -> None:
    request = await channel.request()
    await channel.say(request, request)
    await channel.until_told(request.delivery, DeliveryAccepted)
    channel.post.advance(timedelta(days=3))
    await channel.until_told(request.delivery, DeliverySucceeded)

    (letter,) = channel.letters(request.delivery)
    assert letter.pages == 3
    assert letter.request["activateDuplicateFailsafe"] is True


@pytest.mark.spec("EPO-08", "CHN-03")
@pytest.mark.parametrize("kind", [Kind.DROP_AFTER_ACCEPT, Kind.ERROR_AFTER_ACCEPT])
async def test_a_letter_whose_answer_was_lost_is_found_and_adopted(
    channel: LetterChannel, kind: Kind
) -> None:
    request = await channel.request()
    channel.post.misbehave(kind, custom1=str(request.delivery))
    await channel.say(request)
    await channel.until_told(request.delivery, DeliveryAccepted)

    await channel.until_told(request.delivery, DeliveryUncertain)
    assert len(channel.letters(request.delivery)) == 1


@pytest.mark.spec("EPO-08")
async def test_a_letter_that_was_lost_on_the_way_is_handed_over_again(
    channel: LetterChannel,
) -> None:
    request = await channel.request()
    channel.post.misbehave(Kind.DROP_BEFORE_ACCEPT, custom1=str(request.delivery))
    await channel.say(request)
    await channel.until_told(request.delivery, DeliveryAccepted)

    assert len(channel.letters(request.delivery)) == 1


@pytest.mark.spec("EPO-03")
async def test_a_letter_over_the_limit_fails_with_its_numbers(channel: LetterChannel) -> None:
    file = await channel.file(samples.written(pages=93), 93)
    request = await channel.request(files=(file,))
    await channel.say(request)
    await channel.until_told(request.delivery, DeliveryFailed)

    assert not channel.letters(request.delivery)


@pytest.mark.spec("CHN-05")
async def test_a_withdrawal_that_comes_first_still_stops_the_letter(
    channel: LetterChannel,
) -> None:
    request = await channel.request()
    withdrawal = DeliveryWithdrawalRequested(
        delivery=request.delivery,
        attempt=1,
        document=request.document,
        channel=request.channel,
        requested_at=utc_now(),
    )
    await channel.say(withdrawal, request)
    await channel.until_told(request.delivery, DeliveryWithdrawn)

    await channel.say(other := await channel.request())
    await channel.until_told(other.delivery, DeliveryAccepted)
    assert not channel.letters(request.delivery)


@pytest.mark.spec("EPO-09")
async def test_a_letter_that_fails_at_the_print_centre_is_told_as_failed(
    channel: LetterChannel,
) -> None:
    request = await channel.request()
    channel.post.misbehave(Kind.FAIL_99, custom1=str(request.delivery))
    await channel.say(request)
    await channel.until_told(request.delivery, DeliveryAccepted)
    channel.post.advance(timedelta(days=3))
    await channel.until_told(request.delivery, DeliveryFailed)

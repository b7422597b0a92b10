"""Which channels a recipient gets, and what a changed preference changes."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.outbox.builders import RECIPIENT

from events.contracts.deliveries import Channel
from outbox.domain.slots import Planned, Rearrangement, channels_for, rearrange

LETTER = Planned(UUID(int=1), Channel.EPOST, dropped=False, by_hand=False, attempt=0)
MAIL = Planned(UUID(int=2), Channel.MAIL, dropped=False, by_hand=False, attempt=0)


@pytest.mark.spec("OUT-03")
@pytest.mark.parametrize(
    ("preferred", "channels"),
    [
        ((), (Channel.PRINT,)),
        ((Channel.MAIL,), (Channel.MAIL,)),
        ((Channel.MAIL, Channel.EPOST), (Channel.MAIL, Channel.EPOST)),
        ((Channel.MAIL, Channel.MAIL), (Channel.MAIL,)),
    ],
)
def test_a_recipient_gets_each_channel_that_he_prefers_or_the_default(
    preferred: tuple[Channel, ...], channels: tuple[Channel, ...]
) -> None:
    recipient = replace(RECIPIENT, preferred_channels=preferred)

    assert channels_for(recipient, Channel.PRINT) == channels


@pytest.mark.spec("OUT-03")
def test_a_recipient_who_is_not_known_gets_the_default() -> None:
    assert channels_for(None, Channel.EPOST) == (Channel.EPOST,)


@pytest.mark.spec("OUT-03")
def test_a_changed_preference_replaces_the_channel() -> None:
    assert rearrange([LETTER], [Channel.MAIL]) == Rearrangement((LETTER.delivery,), (Channel.MAIL,))


@pytest.mark.spec("OUT-03")
def test_a_channel_that_was_dropped_can_come_back() -> None:
    slot = [replace(LETTER, dropped=True), MAIL]

    assert rearrange(slot, [Channel.EPOST]) == Rearrangement((MAIL.delivery,), (Channel.EPOST,))


@pytest.mark.spec("OUT-03")
@pytest.mark.parametrize(
    "touched",
    [
        replace(LETTER, by_hand=True),
        replace(LETTER, by_hand=True, dropped=True),
        replace(LETTER, attempt=1),
    ],
)
def test_a_slot_that_was_touched_or_sent_stays_as_it_is(touched: Planned) -> None:
    assert rearrange([touched, MAIL], [Channel.PRINT]) == Rearrangement()


@pytest.mark.spec("OUT-03")
@given(st.sets(st.sampled_from(Channel)), st.lists(st.sampled_from(Channel), unique=True))
def test_afterwards_the_slot_has_what_is_wanted(has: set[Channel], wanted: list[Channel]) -> None:
    slot = [
        Planned(UUID(int=number), channel, dropped=False, by_hand=False, attempt=0)
        for number, channel in enumerate(has)
    ]

    change = rearrange(slot, wanted)

    kept = {delivery.channel for delivery in slot if delivery.delivery not in change.drop}
    assert kept | set(change.plan) == set(wanted)
    assert kept & set(change.plan) == set()

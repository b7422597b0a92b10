"""The token: kept, renewed in time, renewed once when refused, shared by all at work."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.delivery_epost.conftest import Desk
from tests.delivery_epost.letters import a_letter

from delivery_epost.ports import Access, AccessBlockedError, NotAcceptedError
from epost_simulator.accounts import Account
from epost_simulator.control import Control
from epost_simulator.faults import Kind

pytestmark = pytest.mark.spec("EPO-09")


async def test_one_login_serves_many_letters(desk: Desk, access: Access) -> None:
    for _ in range(3):
        await desk.post.submit(access, a_letter())
    assert desk.tokens.logins == 1


async def test_many_at_once_log_in_once(desk: Desk, access: Access) -> None:
    await asyncio.gather(*(desk.post.submit(access, a_letter()) for _ in range(5)))
    assert desk.tokens.logins == 1


async def test_a_token_that_died_early_is_renewed_and_the_letter_goes_out_once(
    desk: Desk, access: Access, simulator: Control
) -> None:
    await desk.post.submit(access, a_letter())
    simulator.advance(timedelta(hours=25))
    letter = a_letter()
    await desk.post.submit(access, letter)
    assert desk.tokens.logins == 2
    assert len(simulator.letters(letter.custom1)) == 1


async def test_a_401_in_mid_run_is_survived_by_all_at_work_with_one_login(
    desk: Desk, access: Access, simulator: Control
) -> None:
    await desk.post.submit(access, a_letter())
    simulator.advance(timedelta(hours=25))
    await asyncio.gather(*(desk.post.submit(access, a_letter()) for _ in range(5)))
    assert desk.tokens.logins == 2


async def test_a_fresh_token_that_is_refused_too_is_not_renewed_for_ever(
    desk: Desk, access: Access, simulator: Control
) -> None:
    letter = a_letter()
    simulator.misbehave(Kind.EXPIRED, custom1=letter.custom1, times=3)
    with pytest.raises(NotAcceptedError) as refused:
        await desk.post.submit(access, letter)
    assert (refused.value.slug, refused.value.code) == ("token-expired", "E101")
    assert (desk.tokens.logins, simulator.waiting_faults()) == (2, 1)


async def test_a_token_is_renewed_half_an_hour_before_it_dies(desk: Desk, access: Access) -> None:
    await desk.post.submit(access, a_letter())
    desk.now += timedelta(hours=23, minutes=29)
    await desk.post.submit(access, a_letter())
    assert desk.tokens.logins == 1
    desk.now += timedelta(minutes=1, seconds=1)
    await desk.post.submit(access, a_letter())
    assert desk.tokens.logins == 2


async def test_two_accesses_have_a_token_each(
    desk: Desk, access: Access, stranger: Access, simulator: Control
) -> None:
    letter, other = a_letter(), a_letter()
    await desk.post.submit(access, letter)
    await desk.post.submit(stranger, other)
    assert desk.tokens.logins == 2
    [kept] = simulator.letters(other.custom1)
    assert kept.ekp == stranger.ekp


@pytest.mark.spec("CHN-03")
async def test_refused_credentials_are_not_shown_again_for_a_while(
    desk: Desk, access: Access, simulator: Control
) -> None:
    """Knocking with wrong credentials is what gets a customer blocked."""
    wrong = replace(access, secret="falsch")
    with pytest.raises(AccessBlockedError):
        await desk.post.submit(wrong, a_letter())
    simulator.register(
        Account(access.ekp, access.vendor_id, password=access.password, secret="falsch")
    )

    with pytest.raises(AccessBlockedError):
        await desk.post.submit(wrong, a_letter())
    assert desk.tokens.logins == 0
    desk.now += timedelta(minutes=16)
    assert await desk.post.submit(wrong, a_letter())

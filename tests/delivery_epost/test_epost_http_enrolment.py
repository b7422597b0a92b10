"""Setting an access up: code by SMS, password, and the death of the access from before."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.delivery_epost.conftest import Desk
from tests.delivery_epost.letters import a_letter

from delivery_epost.adapters.epost_wire import Limits
from delivery_epost.ports import (
    Access,
    AccessBlockedError,
    RefusedError,
    SlowDownError,
    UncertainError,
)
from epost_simulator.accounts import Account
from epost_simulator.control import Control
from epost_simulator.faults import Kind

OPEN_DESK = Callable[..., Desk]


async def test_a_code_by_sms_opens_an_access_and_closes_the_one_before(
    desk_with: OPEN_DESK, access: Access, simulator: Control
) -> None:
    desk = desk_with()
    await desk.enrolment.request_code("77", access.ekp)
    code = simulator.sms_code(access.ekp)
    assert code is not None
    opened = await desk.enrolment.set_password("77", access.ekp, "neues-wort", code)
    await desk.enrolment.verify(opened)
    await desk.post.submit(opened, a_letter())
    assert desk.tokens.logins == 1
    with pytest.raises(AccessBlockedError):
        await desk_with().enrolment.verify(access)


async def test_a_wrong_and_a_late_code_are_refused(
    desk: Desk, access: Access, simulator: Control
) -> None:
    await desk.enrolment.request_code("77", access.ekp)
    code = simulator.sms_code(access.ekp)
    assert code is not None
    wrong = f"{(int(code) + 1) % 10**6:06}"
    with pytest.raises(RefusedError) as refused:
        await desk.enrolment.set_password("77", access.ekp, "neues-wort", wrong)
    assert refused.value.slug == "code-invalid"
    simulator.advance(timedelta(minutes=10))
    with pytest.raises(RefusedError):
        await desk.enrolment.set_password("77", access.ekp, "neues-wort", code)


async def test_too_many_codes_pause_for_a_quarter_of_an_hour(desk: Desk, access: Access) -> None:
    for _ in range(3):
        await desk.enrolment.request_code("77", access.ekp)
    with pytest.raises(SlowDownError) as slow:
        await desk.enrolment.request_code("77", access.ekp)
    assert slow.value.retry_after_s == 15 * 60


async def test_a_blocked_and_an_unknown_customer_get_no_code(
    desk: Desk, access: Access, simulator: Control
) -> None:
    simulator.register(Account(access.ekp, "77", blocked=True))
    with pytest.raises(AccessBlockedError) as stopped:
        await desk.enrolment.request_code("77", access.ekp)
    assert stopped.value.slug == "access-blocked"
    with pytest.raises(AccessBlockedError):
        await desk.enrolment.request_code("77", "9999999999")
    with pytest.raises(AccessBlockedError):
        await desk.enrolment.verify(replace(access, secret="falsch"))


@pytest.mark.parametrize("kind", [Kind.DROP_AFTER_ACCEPT, Kind.ERROR_AFTER_ACCEPT, Kind.HANG])
async def test_a_step_whose_answer_is_lost_is_uncertain(
    desk_with: OPEN_DESK, access: Access, simulator: Control, kind: Kind
) -> None:
    desk = desk_with(Limits(read_s=0.2))
    simulator.misbehave(kind, path="/api/Login/", seconds=5, times=2)
    with pytest.raises(UncertainError):
        await desk.enrolment.request_code("77", access.ekp)
    with pytest.raises(UncertainError):
        await desk.enrolment.set_password("77", access.ekp, "neues-wort", "123456")

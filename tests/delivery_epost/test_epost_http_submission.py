"""Handing letters over: what arrives, and what each kind of trouble proves."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.delivery_epost.conftest import Desk
from tests.delivery_epost.letters import a_letter

from delivery_epost.adapters.epost_errors import CATALOGUE, Outcome
from delivery_epost.adapters.epost_wire import Limits
from delivery_epost.ports import (
    Access,
    AccessBlockedError,
    DuplicateError,
    NotAcceptedError,
    PostalAddress,
    PostError,
    RefusedError,
    RegisteredKind,
    SlowDownError,
    UncertainError,
)
from epost_simulator import specimen
from epost_simulator.accounts import Account, Mode
from epost_simulator.control import Control
from epost_simulator.faults import Kind

OPEN_DESK = Callable[..., Desk]
IMPATIENT = Limits(read_s=0.2)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - another process makes it true
            await asyncio.sleep(0.01)


async def signed_in(desk_with: OPEN_DESK, access: Access) -> Desk:
    """A patient desk that has its token already."""
    desk = desk_with()
    await desk.post.find(access, "meldet an")
    return desk


def changed(control: Control, access: Access, **changes: object) -> None:
    account = Account(access.ekp, access.vendor_id, access.password, access.secret)
    control.register(replace(account, **changes))  # type: ignore[arg-type]  # any field


@pytest.mark.spec("EPO-08")
async def test_one_letter_arrives_with_all_that_identifies_it(
    desk: Desk, access: Access, simulator: Control
) -> None:
    letter = a_letter(batch_id=17, colour=True, duplex=True, cost_centre="0815")
    number = await desk.post.submit(access, letter)
    [kept] = simulator.letters(letter.custom1)
    assert (kept.letter_id, kept.file_name) == (number, letter.file_name)
    assert simulator.pdf(number) == letter.pdf
    assert kept.request == {
        "fileName": letter.file_name,
        "custom1": letter.custom1,
        "batchID": 17,
        "isColor": True,
        "isDuplex": True,
        "costCenter": "0815",
        "testFlag": False,
        "coverLetter": False,
        "activateDuplicateFailsafe": True,
        "addressLine1": "Erika Muster",
        "addressLine2": "Weg 7",
        "zipCode": "53113",
        "city": "Bonn",
    }


@pytest.mark.parametrize(
    ("kind", "german"),
    [
        (RegisteredKind.DROP_IN, "Einwurf Einschreiben"),
        (RegisteredKind.SIGNED, "Einschreiben"),
        (RegisteredKind.RETURN_RECEIPT, "Einschreiben Rückschein"),
    ],
)
async def test_registered_mail_in_its_three_kinds(
    desk: Desk, access: Access, simulator: Control, kind: RegisteredKind, german: str
) -> None:
    letter = a_letter(registered=kind)
    await desk.post.submit(access, letter)
    [kept] = simulator.letters(letter.custom1)
    assert kept.request["registeredLetter"] == german


@pytest.mark.spec("EPO-08", "CHN-03")
@pytest.mark.parametrize(
    ("kind", "kept_letters"),
    [
        (Kind.DROP_BEFORE_ACCEPT, 0),
        (Kind.DROP_AFTER_ACCEPT, 1),
        (Kind.HANG, 0),
        (Kind.HANG_AFTER_ACCEPT, 1),
        (Kind.ERROR_BEFORE_ACCEPT, 0),
        (Kind.ERROR_AFTER_ACCEPT, 1),
        (Kind.GARBAGE_AFTER_ACCEPT, 1),
    ],
)
async def test_a_lost_answer_is_uncertain_and_the_reference_settles_it(
    desk_with: OPEN_DESK,
    access: Access,
    simulator: Control,
    kind: Kind,
    kept_letters: int,
) -> None:
    desk, letter = await signed_in(desk_with, access), a_letter()
    hangs = kind in {Kind.HANG, Kind.HANG_AFTER_ACCEPT}
    hasty = desk_with(IMPATIENT, tokens=desk.tokens) if hangs else desk
    simulator.misbehave(kind, custom1=letter.custom1, seconds=3600)
    with pytest.raises(UncertainError):
        await hasty.post.submit(access, letter)
    await until(lambda: not simulator.waiting_faults())
    await until(lambda: len(simulator.letters(letter.custom1)) == kept_letters)
    found = await desk.post.find(access, letter.custom1)
    assert (found is None) == (kept_letters == 0)
    if found is None:
        await desk.post.submit(access, letter)
    [kept] = simulator.letters(letter.custom1)
    assert found is None or found.number == kept.letter_id


@pytest.mark.spec("EPO-08")
async def test_the_same_bytes_again_within_the_hour_name_the_letter_that_is_there(
    desk: Desk, access: Access, simulator: Control
) -> None:
    letter = a_letter()
    simulator.misbehave(Kind.DROP_AFTER_ACCEPT, custom1=letter.custom1)
    with pytest.raises(UncertainError):
        await desk.post.submit(access, letter)
    with pytest.raises(DuplicateError) as duplicate:
        await desk.post.submit(access, letter)
    [kept] = simulator.letters(letter.custom1)
    assert duplicate.value.number == kept.letter_id
    [report] = await desk.post.statuses(access, [duplicate.value.number])
    assert report.custom1 == letter.custom1


@pytest.mark.spec("EPO-08")
async def test_after_the_hour_the_file_name_still_gives_the_duplicate_away(
    desk: Desk, access: Access, simulator: Control
) -> None:
    letter = a_letter()
    await desk.post.submit(access, letter)
    simulator.advance(timedelta(minutes=61))
    with pytest.raises(DuplicateError) as duplicate:
        await desk.post.submit(access, letter)
    assert (duplicate.value.code, duplicate.value.number) == ("E309", None)


@pytest.mark.spec("CHN-03")
async def test_a_closed_port_and_an_unknown_host_prove_that_nothing_was_taken(
    desk_with: OPEN_DESK, access: Access
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens on it
        port = taken.getsockname()[1]
        for base_url in (f"http://127.0.0.1:{port}", "http://nirgends.invalid"):
            with pytest.raises(NotAcceptedError):
                await desk_with(base_url=base_url).post.submit(access, a_letter())


@pytest.mark.spec("CHN-03")
async def test_no_free_connection_proves_that_nothing_was_taken(
    desk_with: OPEN_DESK, access: Access, simulator: Control
) -> None:
    desk = desk_with(Limits(connections=1, pool_s=0.1, read_s=600))
    await desk.post.find(access, "meldet an")
    first = a_letter()
    simulator.misbehave(Kind.HANG, custom1=first.custom1, seconds=600)
    waiting = asyncio.create_task(desk.post.submit(access, first))
    await until(lambda: not simulator.waiting_faults())
    with pytest.raises(NotAcceptedError) as refused:
        await desk.post.submit(access, a_letter())
    assert refused.value.code == "PoolTimeout"
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_call_ends_at_its_total_time_however_patient_each_step_is(
    desk_with: OPEN_DESK, access: Access, simulator: Control
) -> None:
    tokens = (await signed_in(desk_with, access)).tokens
    desk, letter = desk_with(Limits(total_s=0.3, read_s=600), tokens=tokens), a_letter()
    simulator.misbehave(Kind.HANG, custom1=letter.custom1, seconds=600)
    with pytest.raises(UncertainError) as lost:
        await desk.post.submit(access, letter)
    assert lost.value.code == "total-timeout"


async def test_an_answer_larger_than_allowed_is_none(desk_with: OPEN_DESK, access: Access) -> None:
    desk = desk_with(Limits(answer_bytes=20))
    with pytest.raises(NotAcceptedError):
        await desk.post.submit(access, a_letter())


@pytest.mark.spec("CHN-03")
async def test_a_failing_login_proves_that_no_letter_was_taken(
    desk_with: OPEN_DESK, access: Access, simulator: Control
) -> None:
    for kind in (Kind.HANG, Kind.DROP_AFTER_ACCEPT, Kind.ERROR_BEFORE_ACCEPT):
        simulator.misbehave(kind, path="/api/Login", seconds=5)
        with pytest.raises(NotAcceptedError):
            await desk_with(IMPATIENT).post.submit(access, a_letter())
    simulator.misbehave(Kind.GARBAGE_AFTER_ACCEPT, path="/api/Login")
    with pytest.raises(NotAcceptedError):
        await desk_with().post.submit(access, a_letter())


@pytest.mark.spec("CHN-03")
async def test_an_inactive_provider_takes_nothing(
    desk: Desk, access: Access, simulator: Control
) -> None:
    await desk.post.find(access, "meldet an")
    simulator.set_health("E501")
    try:
        with pytest.raises(NotAcceptedError) as refused:
            await desk.post.submit(access, a_letter())
    finally:
        simulator.set_health("I501")
    assert (refused.value.slug, refused.value.code) == ("provider-inactive", "E501")


EXPECTED: dict[Outcome, type[PostError]] = {
    Outcome.PERMANENT: RefusedError,
    Outcome.MANUAL: RefusedError,
    Outcome.NOT_ACCEPTED: NotAcceptedError,
    Outcome.LOG_IN: NotAcceptedError,
    Outcome.SLOW_DOWN: SlowDownError,
    Outcome.BLOCKED: AccessBlockedError,
    Outcome.DUPLICATE: DuplicateError,
    Outcome.NOTHING_FOUND: RefusedError,
}


@pytest.mark.spec("CHN-03")
async def test_each_error_of_the_catalogue_says_what_happens_next(
    desk: Desk, access: Access, simulator: Control
) -> None:
    for code, entry in CATALOGUE.items():
        if entry.outcome is Outcome.REMARK:
            continue
        letter = a_letter(pdf=b"egal")
        simulator.misbehave(
            Kind.REFUSE, custom1=letter.custom1, codes=(code,), http_status=400, times=2
        )
        with pytest.raises(PostError) as raised:
            await desk.post.submit(access, letter)
        simulator.behave()
        told = raised.value
        assert type(told) is EXPECTED[entry.outcome], code
        assert (told.slug, told.code, told.text_de) == (entry.slug, code, entry.text_de)
        if isinstance(told, RefusedError):
            assert told.permanent == (entry.outcome is Outcome.PERMANENT)


async def test_a_code_from_the_future_is_a_refusal_for_a_person(
    desk: Desk, access: Access, simulator: Control
) -> None:
    simulator.misbehave(Kind.REFUSE, codes=("E777",), http_status=400)
    with pytest.raises(RefusedError) as refused:
        await desk.post.submit(access, a_letter())
    told = refused.value
    assert (told.slug, told.code, told.permanent) == ("unknown-error", "E777", False)


@pytest.mark.spec("CHN-03")
@pytest.mark.parametrize(
    ("http_status", "expected"),
    [(400, UncertainError), (403, UncertainError), (404, UncertainError), (413, RefusedError)],
)
async def test_a_refusal_in_unknown_words_proves_nothing_but_for_its_size(
    desk: Desk, access: Access, simulator: Control, http_status: int, expected: type[PostError]
) -> None:
    letter = a_letter()
    simulator.misbehave(Kind.ERROR_BEFORE_ACCEPT, custom1=letter.custom1, http_status=http_status)
    with pytest.raises(expected):
        await desk.post.submit(access, letter)


@pytest.mark.parametrize(("seconds", "pause_s"), [(0, 5.0), (17, 17.0)])
async def test_too_fast_says_for_how_long_to_pause(
    desk: Desk, access: Access, simulator: Control, seconds: float, pause_s: float
) -> None:
    letter = a_letter()
    simulator.misbehave(Kind.TOO_MANY, custom1=letter.custom1, seconds=seconds)
    with pytest.raises(SlowDownError) as slow:
        await desk.post.submit(access, letter)
    assert slow.value.retry_after_s == pause_s


async def test_an_access_that_is_blocked_wrong_or_not_released_stops_the_account(
    desk_with: OPEN_DESK, access: Access, simulator: Control
) -> None:
    wrong = replace(access, secret="falsch")
    malformed = replace(access, ekp="123")
    for bad, code in ((wrong, "E001"), (malformed, "E313")):
        with pytest.raises(AccessBlockedError) as stopped:
            await desk_with().post.submit(bad, a_letter())
        assert (stopped.value.slug, stopped.value.code) == ("credentials-invalid", code)
    for change, code in (({"mode": Mode.TEST}, "E319"), ({"blocked": True}, "E004")):
        changed(simulator, access, **change)
        with pytest.raises(AccessBlockedError) as stopped:
            await desk_with().post.submit(access, a_letter())
        assert stopped.value.code == code


async def test_a_letter_the_post_refuses_tells_why_in_german(desk: Desk, access: Access) -> None:
    landscape = specimen.letter(size=(841.89, 595.276))
    with pytest.raises(RefusedError) as refused:
        await desk.post.submit(access, a_letter(pdf=landscape))
    told = refused.value
    assert (told.slug, told.code, told.permanent) == ("landscape", "E307", True)
    assert told.text_de == "Die erste Seite liegt im Querformat."


async def test_the_words_of_the_provider_end_in_the_adapter(
    desk: Desk, access: Access, simulator: Control
) -> None:
    # The simulator repeats the address in E306, as a provider may.
    recipient = PostalAddress(("Geheime Person", "53113 Bonn"), "53113", "Bonn")
    with pytest.raises(RefusedError) as refused:
        await desk.post.submit(access, a_letter(recipient=recipient))
    told = refused.value
    assert told.code == "E306"
    assert told.__cause__ is None
    assert told.__context__ is None
    assert "Bonn" not in repr((told, vars(told)))
    simulator.misbehave(Kind.DROP_BEFORE_ACCEPT)
    with pytest.raises(UncertainError) as lost:
        await desk.post.submit(access, a_letter())
    assert lost.value.__cause__ is None
    assert lost.value.__context__ is None


@pytest.mark.spec("EPO-12")
async def test_a_letter_abroad_is_accepted(desk: Desk, access: Access, simulator: Control) -> None:
    recipient = PostalAddress(("Eva Muster", "Ring 1"), "A-1010", "Wien", "at")
    letter = a_letter(recipient=recipient)
    await desk.post.submit(access, letter)
    [kept] = simulator.letters(letter.custom1)
    assert (kept.request["country"], kept.request["zipCode"]) == ("ÖSTERREICH", "1010")

"""Asking about letters: statuses, the look-up by reference, test results."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.delivery_epost.conftest import Desk
from tests.delivery_epost.letters import a_letter

from delivery_epost.adapters.epost_reports import instant, reports
from delivery_epost.adapters.epost_wire import Limits
from delivery_epost.ports import (
    Access,
    AccessBlockedError,
    LetterStage,
    Level,
    NotAcceptedError,
    PostError,
    PostNumber,
    RegisteredKind,
    SlowDownError,
)
from epost_simulator import running, specimen
from epost_simulator.accounts import Account
from epost_simulator.control import Control
from epost_simulator.faults import Kind

OPEN_DESK = Callable[..., Desk]
AGES = {
    LetterStage.ACCEPTED: timedelta(),
    LetterStage.CHECKED: timedelta(minutes=3),
    LetterStage.AT_PRINT_CENTRE: timedelta(hours=5),
    LetterStage.SENT: timedelta(days=3),
}


@pytest.mark.spec("EPO-09")
@pytest.mark.parametrize("stage", AGES)
async def test_a_letter_is_followed_to_its_sending(
    desk: Desk, access: Access, simulator: Control, stage: LetterStage
) -> None:
    number = await desk.post.submit(access, a_letter(pdf=specimen.letter(3, mark=stage)))
    simulator.advance(AGES[stage])
    [report] = await desk.post.statuses(access, [number])
    assert (report.number, report.stage, report.pages) == (number, stage, 3)
    reached = [report.accepted_at, report.checked_at, report.handed_over_at, report.sent_at]
    assert [at is not None for at in reached] == [AGES[stage] >= age for age in AGES.values()]
    assert bool(report.franking_id) == (stage is LetterStage.SENT)
    assert report.failure is None


@pytest.mark.spec("EPO-09")
async def test_instants_are_utc_however_the_provider_writes_them(
    desk: Desk, access: Access, simulator: Control
) -> None:
    number = await desk.post.submit(access, a_letter())
    [report] = await desk.post.statuses(access, [number])
    [kept] = [one for one in simulator.letters() if one.letter_id == number]
    assert report.accepted_at is not None
    assert abs(report.accepted_at - kept.created_at) < timedelta(seconds=1)


@pytest.mark.spec("EPO-09")
@pytest.mark.parametrize("age", [timedelta(), timedelta(hours=5), timedelta(days=3)])
async def test_a_letter_can_fail_at_any_time_even_after_it_was_sent(
    desk: Desk, access: Access, simulator: Control, age: timedelta
) -> None:
    number = await desk.post.submit(access, a_letter())
    simulator.advance(age)
    simulator.fail(number, "W202", "E318", "E315")
    [report] = await desk.post.statuses(access, [number])
    assert report.stage is LetterStage.FAILED
    assert report.failure is not None
    assert (report.failure.slug, report.failure.code) == ("print-centre-refused", "E318")
    assert report.failure.text_de == "Das Druckzentrum hat den Brief abgelehnt."
    levels = [remark.level for remark in report.remarks]
    assert levels == [Level.WARNING, Level.ERROR, Level.ERROR]


@pytest.mark.spec("EPO-09")
async def test_what_is_found_late_fails_the_letter_late(
    desk_with: OPEN_DESK, tmp_path: Path
) -> None:
    with running(tmp_path, inspection="processing", status_spacing_s=0) as late:
        late.register(Account("3000000001", "77", password="passwort", secret="geheim"))
        access = Access("3000000001", "77", secret="geheim", password="passwort")
        desk = desk_with(base_url=late.base_url)
        landscape = specimen.letter(size=(841.89, 595.276))
        number = await desk.post.submit(access, a_letter(pdf=landscape))
        late.advance(timedelta(minutes=3))
        [report] = await desk.post.statuses(access, [number])
    assert report.failure is not None
    assert report.failure.slug == "landscape"


@pytest.mark.spec("EPO-09")
async def test_remarks_do_not_make_a_letter_fail_and_unknown_ids_are_in_progress(
    desk: Desk, access: Access, simulator: Control
) -> None:
    lines = (specimen.SENDER, *specimen.RECIPIENT, specimen.Line("quer", 1, 150))
    number = await desk.post.submit(access, a_letter(pdf=specimen.letter(lines=lines)))
    [report] = await desk.post.statuses(access, [number])
    assert report.stage is LetterStage.ACCEPTED
    assert [remark.slug for remark in report.remarks] == ["left-edge-whitened"]
    assert report.failure is None
    simulator.show_status(number, 210)
    [report] = await desk.post.statuses(access, [number])
    assert (report.stage, report.status_id) == (LetterStage.IN_PROGRESS, 210)


async def test_a_registered_letter_is_tracked(
    desk: Desk, access: Access, simulator: Control
) -> None:
    number = await desk.post.submit(access, a_letter(registered=RegisteredKind.SIGNED))
    simulator.advance(timedelta(hours=5))
    simulator.track(number, "RETURNED_TO_SENDER")
    [report] = await desk.post.statuses(access, [number])
    assert report.tracking == "RETURNED_TO_SENDER"
    assert report.registered_number
    assert report.tracked_at is not None


async def test_unknown_numbers_and_those_of_others_are_left_out(
    desk: Desk, access: Access, stranger: Access
) -> None:
    number = await desk.post.submit(access, a_letter())
    others = await desk.post.submit(stranger, a_letter())
    found = await desk.post.statuses(access, [PostNumber(1), others, number])
    assert [report.number for report in found] == [number]
    assert await desk.post.statuses(access, [PostNumber(1)]) == []
    assert await desk.post.statuses(access, []) == []


@pytest.mark.spec("EPO-08")
async def test_a_letter_is_found_by_its_reference_and_the_one_that_lives_first(
    desk: Desk, access: Access, simulator: Control
) -> None:
    first = a_letter()
    failed = await desk.post.submit(access, first)
    simulator.fail(failed, "E318")
    found = await desk.post.find(access, first.custom1)
    assert found is not None
    assert (found.number, found.stage) == (failed, LetterStage.FAILED)
    again = await desk.post.submit(access, a_letter(custom1=first.custom1))
    later_failed = await desk.post.submit(access, a_letter(custom1=first.custom1))
    simulator.fail(later_failed, "E318")
    found = await desk.post.find(access, first.custom1)
    assert found is not None
    assert found.number == again
    assert await desk.post.find(access, "nie gesehen") is None


async def test_the_pdf_of_a_test_letter_can_be_fetched_once_it_was_processed(
    desk: Desk, access: Access, simulator: Control
) -> None:
    letter = a_letter(test=True)
    number = await desk.post.submit(access, letter)
    assert await desk.post.test_result(access, number) is None
    simulator.advance(timedelta(minutes=3))
    assert await desk.post.test_result(access, number) == letter.pdf


@pytest.mark.spec("CHN-03")
@pytest.mark.parametrize(
    ("kind", "codes", "expected"),
    [
        (Kind.DROP_BEFORE_ACCEPT, (), NotAcceptedError),
        (Kind.HANG, (), NotAcceptedError),
        (Kind.ERROR_BEFORE_ACCEPT, (), NotAcceptedError),
        (Kind.GARBAGE_AFTER_ACCEPT, (), NotAcceptedError),
        (Kind.TOO_MANY, (), SlowDownError),
        (Kind.REFUSE, ("E004",), AccessBlockedError),
        (Kind.REFUSE, ("E399",), NotAcceptedError),
        (Kind.REFUSE, ("E324",), NotAcceptedError),
    ],
)
async def test_a_question_without_an_answer_is_just_that(
    desk_with: OPEN_DESK,
    access: Access,
    simulator: Control,
    kind: Kind,
    codes: tuple[str, ...],
    expected: type[PostError],
) -> None:
    patient = desk_with()
    number = await patient.post.submit(access, a_letter())
    hasty = desk_with(Limits(read_s=0.2), tokens=patient.tokens)
    desk = hasty if kind is Kind.HANG else patient
    for ask in (
        lambda: desk.post.find(access, "egal"),
        lambda: desk.post.statuses(access, [number]),
        lambda: desk.post.test_result(access, number),
    ):
        simulator.misbehave(kind, codes=codes or ("E318",), http_status=400, seconds=5)
        with pytest.raises(PostError) as raised:
            await ask()
        assert type(raised.value) is expected


@pytest.mark.spec("EPO-09")
@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-07-01T12:00:00", "2026-07-01T10:00:00+00:00"),
        ("2026-01-01T12:00:00.5", "2026-01-01T11:00:00.500000+00:00"),
        ("2026-01-01T12:00:00.1234567", "2026-01-01T11:00:00.123456+00:00"),
        ("2026-01-01T12:00:00Z", "2026-01-01T12:00:00+00:00"),
        ("2026-01-01T12:00:00+05:00", "2026-01-01T07:00:00+00:00"),
        ("2026-10-25T02:30:00", "2026-10-25T00:30:00+00:00"),
        ("0001-01-01T00:00:00", None),
        ("", None),
        ("gestern", None),
        (None, None),
        (7, None),
    ],
)
def test_a_timestamp_is_german_time_unless_it_says_otherwise(
    written: object, read: str | None
) -> None:
    found = instant(written)
    assert (found.isoformat() if found else None) == read
    assert found is None or found.tzinfo is UTC


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
_FIELDS = ("custom1", "createdDate", "noOfPages", "testFlag", "errorList", "frankierID")
_STATUS = st.fixed_dictionaries(
    {"letterID": st.integers() | _JSON, "statusID": st.integers() | _JSON},
    optional=dict.fromkeys(_FIELDS, _JSON),
)


@given(st.lists(_STATUS | _JSON, max_size=4) | _JSON)
def test_any_answer_is_read_or_left_out_and_never_a_crash(body: object) -> None:
    for report in reports(body):
        assert isinstance(report.number, int)
        assert all(isinstance(remark.at, datetime | None) for remark in report.remarks)


def test_a_sentence_never_passes_for_an_identifier() -> None:
    [report] = reports(
        [
            {
                "letterID": 1,
                "statusID": 99,
                "registeredLetterStatus": "an Frau Muster übergeben",
                "frankierID": "Frau Muster",
                "errorList": [
                    {"level": "Error", "code": "Frau Muster", "description": "Frau Muster"}
                ],
            }
        ]
    )
    assert "Muster" not in repr(report)
    assert report.failure is not None
    assert report.failure.slug == "unknown-error"


def test_a_failure_without_a_reason_has_one_of_ours() -> None:
    [report] = reports([{"letterID": 1, "statusID": 99, "errorList": None}])
    assert report.failure is not None
    assert report.failure.slug == "no-reason-given"

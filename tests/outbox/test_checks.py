"""What keeps a delivery from being sent."""

from dataclasses import replace

import pytest
from tests.outbox.builders import ADDRESS, BASIS, FILE, MEGABYTE, RECIPIENT, UNKNOWN, plan

from events.contracts.deliveries import Channel, LetterOptions, MailOptions
from outbox.domain.checks import FIELDS, RULES, Basis, Limits, Reason, check
from outbox.domain.delivery.plan import Plan

EPOST, MAIL = plan(Channel.EPOST), plan(Channel.MAIL)


def without(**fields: object) -> Basis:
    """The basis with a recipient of whom these fields are different."""
    return replace(BASIS, recipient=replace(RECIPIENT, **fields))  # type: ignore[arg-type]  # names are checked at run time


def living_at(**fields: object) -> Basis:
    """The basis with a recipient whose address differs in these fields."""
    return without(postal_address=ADDRESS.model_copy(update=fields))


def with_pages(pages: int, *, cover_sheet: bool = True) -> Plan:
    file = FILE.model_copy(update={"pages": pages})
    return replace(EPOST, file=file, letter=LetterOptions(cover_sheet=cover_sheet))


def with_bytes(delivery: Plan, size_bytes: int) -> Plan:
    return replace(delivery, file=FILE.model_copy(update={"size_bytes": size_bytes}))


@pytest.mark.spec("OUT-10")
@pytest.mark.parametrize("channel", [Channel.EPOST, Channel.MAIL])
def test_an_ordinary_delivery_passes(channel: Channel) -> None:
    assert check(plan(channel), BASIS) == ()


@pytest.mark.spec("OUT-10")
@pytest.mark.parametrize(
    ("delivery", "basis", "slugs"),
    [
        (replace(EPOST, contact=None), UNKNOWN, ["recipient-missing"]),
        (EPOST, UNKNOWN, ["recipient-unknown"]),
        (MAIL, UNKNOWN, ["recipient-unknown"]),
        (EPOST, replace(BASIS, sender=None), ["sender-missing"]),
        (replace(EPOST, file=None), BASIS, ["unreadable-pdf"]),
        (replace(EPOST, encrypted=True), BASIS, ["encrypted-pdf"]),
        (replace(MAIL, encrypted=True), BASIS, []),
        (EPOST, without(postal_address=None), ["postal-address-missing"]),
        (MAIL, without(postal_address=None), []),
        (EPOST, without(name_lines=None), ["postal-address-incomplete"]),
        (EPOST, without(name_lines=("  ",)), ["postal-address-incomplete"]),
        (EPOST, living_at(street=" "), ["postal-address-incomplete"]),
        (EPOST, living_at(town=""), ["postal-address-incomplete"]),
        (EPOST, living_at(postal_code=""), ["postal-address-incomplete"]),
        (EPOST, living_at(postal_code="", country="IE"), []),
        (EPOST, living_at(country="XX"), ["country-unknown"]),
        (EPOST, living_at(country="EU"), ["country-unknown"]),
        (EPOST, living_at(country="AT"), []),
        (MAIL, living_at(country="XX"), []),
        (MAIL, without(mail_address=None), ["mail-address-missing"]),
        (MAIL, without(mail_address=""), ["mail-address-missing"]),
        (EPOST, without(mail_address=None), []),
        (plan(Channel.PORTAL), BASIS, ["channel-not-available"]),
    ],
)
def test_what_is_missing_is_named(delivery: Plan, basis: Basis, slugs: list[str]) -> None:
    assert [reason.slug for reason in check(delivery, basis)] == slugs


@pytest.mark.spec("OUT-10", "EPO-03")
@pytest.mark.parametrize(
    ("pages", "cover_sheet", "too_many"),
    [(92, True, False), (93, True, True), (93, False, False), (94, False, True)],
)
def test_a_letter_has_93_pages_with_its_cover_sheet(
    *, pages: int, cover_sheet: bool, too_many: bool
) -> None:
    reasons = check(with_pages(pages, cover_sheet=cover_sheet), BASIS)

    expected = Reason("too-many-pages", {"pages": pages + cover_sheet, "limit": 93})
    assert reasons == ((expected,) if too_many else ())


@pytest.mark.spec("OUT-10", "EPO-03")
@pytest.mark.parametrize(("over", "too_many"), [(0, False), (1, True)])
def test_a_letter_has_15_mb_with_its_cover_sheet(*, over: int, too_many: bool) -> None:
    limits = Limits(cover_sheet_bytes=50_000)
    size_bytes = 15 * MEGABYTE - 50_000 + over

    reasons = check(with_bytes(EPOST, size_bytes), replace(BASIS, limits=limits))

    figures = {"size_bytes": 15 * MEGABYTE + over, "limit_bytes": 15 * MEGABYTE}
    assert reasons == ((Reason("too-many-bytes", figures),) if too_many else ())


@pytest.mark.spec("OUT-10")
@pytest.mark.parametrize(("over", "too_large"), [(0, False), (1, True)])
def test_a_mail_has_the_size_that_is_set(*, over: int, too_large: bool) -> None:
    mail = replace(with_bytes(MAIL, 3 * MEGABYTE + over), mail=MailOptions(size_limit_mb=3))

    figures = {"size_bytes": 3 * MEGABYTE + over, "limit_bytes": 3 * MEGABYTE}
    assert check(mail, BASIS) == ((Reason("mail-too-large", figures),) if too_large else ())


@pytest.mark.spec("OUT-10")
def test_all_reasons_are_told_at_once() -> None:
    file = FILE.model_copy(update={"pages": 100, "size_bytes": 20 * MEGABYTE})
    delivery = replace(EPOST, file=file)
    poor = replace(without(postal_address=None), sender=None)

    slugs = [reason.slug for reason in check(delivery, poor)]

    assert slugs == [
        "sender-missing",
        "postal-address-missing",
        "too-many-pages",
        "too-many-bytes",
    ]


@pytest.mark.spec("OUT-10")
def test_every_rule_has_a_slug_of_its_own_and_names_what_to_mend() -> None:
    assert len(FIELDS) == len(RULES)
    assert all(FIELDS.values())

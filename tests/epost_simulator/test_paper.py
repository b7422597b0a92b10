"""What the API finds in a PDF: size, format, and ink where it must or must not be."""

import io
import os
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from tests.epost_simulator.customer import Customer, encoded, error_code

from epost_simulator import running, specimen
from epost_simulator.control import Control
from epost_simulator.specimen import BODY, RECIPIENT, SENDER, Line

LANDSCAPE = (841.89, 595.276)
LETTER_SIZE = (612, 792)


def rearranged(pdf: bytes, *, rotate: int = 0, user_unit: float = 1, crop: int = 0) -> bytes:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        page = document.pages[0]
        page.rotate(rotate, relative=True)
        if user_unit != 1:
            page.obj.UserUnit = user_unit
        if crop:
            page.cropbox = pikepdf.Array([0, 0, 595.276, 841.89 - crop])
        target = io.BytesIO()
        document.save(target)
    return target.getvalue()


def encrypted(pdf: bytes) -> bytes:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        target = io.BytesIO()
        document.save(target, encryption=pikepdf.Encryption(owner="nur-der-besitzer"))
    return target.getvalue()


def joined(*pdfs: bytes) -> bytes:
    with pikepdf.new() as document:
        for pdf in pdfs:
            with pikepdf.open(io.BytesIO(pdf)) as part:
                document.pages.extend(part.pages)
        target = io.BytesIO()
        document.save(target)
    return target.getvalue()


def heavy(size_bytes: int) -> bytes:
    noise = os.urandom(size_bytes)
    with pikepdf.open(io.BytesIO(specimen.letter())) as document:
        document.Root.Noise = document.make_stream(noise)
        target = io.BytesIO()
        document.save(target)
    return target.getvalue()


@pytest.mark.parametrize(
    ("pdf", "code"),
    [
        pytest.param(b"<html></html>", "E301", id="no PDF"),
        pytest.param(specimen.letter()[:400], "E301", id="cut off"),
        pytest.param(encrypted(specimen.letter()), "E301", id="encrypted"),
        pytest.param(specimen.letter(pages=95), "E304", id="95 pages"),
        pytest.param(heavy(20_000_001), "E303", id="over 20 MB"),
        pytest.param(specimen.letter(size=LANDSCAPE), "E307", id="landscape"),
        pytest.param(rearranged(specimen.letter(), rotate=90), "E307", id="turned by /Rotate"),
        pytest.param(
            rearranged(specimen.letter(size=LANDSCAPE), rotate=90), "E307", id="turned upright"
        ),
        pytest.param(
            joined(specimen.letter(), specimen.letter(size=LANDSCAPE)), "E308", id="page 2"
        ),
        pytest.param(specimen.letter(size=LETTER_SIZE), "E308", id="US letter"),
        pytest.param(rearranged(specimen.letter(), user_unit=2), "E308", id="UserUnit"),
        pytest.param(rearranged(specimen.letter(), crop=20), "E308", id="cropped"),
        pytest.param(
            specimen.letter(lines=(SENDER, *RECIPIENT, Line("Wichtig", 60, 60))),
            "E302",
            id="ink in the restricted zone",
        ),
        pytest.param(specimen.letter(lines=(SENDER, BODY)), "E323", id="no recipient"),
        pytest.param(specimen.letter(lines=(*RECIPIENT, BODY)), "E333", id="no sender"),
    ],
)
def test_a_pdf_is_refused(customer: Customer, pdf: bytes, code: str) -> None:
    assert error_code(customer.hand_in(pdf=pdf)) == (400, code)


def test_94_pages_are_accepted_and_with_the_cover_of_the_api_only_93(customer: Customer) -> None:
    customer.accepted(pdf=specimen.letter(pages=94))
    cover = {"coverLetter": True, "senderAdressLineComplete": "Hausverwaltung Muster, Bonn"}
    assert error_code(customer.hand_in(pdf=specimen.letter(pages=94), **cover)) == (400, "E304")
    letter_id = customer.accepted(pdf=specimen.letter(pages=93), **cover)
    assert customer.status(letter_id)["noOfPages"] == 94


def test_with_a_cover_the_first_page_may_be_anything_but_a_sender_is_needed(
    customer: Customer,
) -> None:
    plain = specimen.letter(lines=(BODY, Line("Wichtig", 60, 60)))
    assert error_code(customer.hand_in(pdf=plain, coverLetter=True)) == (400, "E333")
    customer.accepted(pdf=plain, coverLetter=True, senderAdressLine1="Hausverwaltung Muster")


def test_a_cover_of_our_own_has_a_size(customer: Customer) -> None:
    cover = {"coverLetter": True, "senderAdressLine1": "Hausverwaltung Muster"}
    too_heavy = encoded(heavy(500_001))
    assert error_code(customer.hand_in(coverData=too_heavy, **cover)) == (400, "E314")
    assert error_code(customer.hand_in(coverData=encoded(b"x"), **cover)) == (400, "E301")
    customer.accepted(coverData=encoded(specimen.letter(lines=())), **cover)


@pytest.mark.parametrize(
    ("pdf", "warning"),
    [
        pytest.param(
            specimen.letter(lines=(SENDER, *RECIPIENT, Line("quer", 1, 150))), "W202", id="left"
        ),
        pytest.param(
            joined(specimen.letter(), specimen.letter(lines=(Line("quer", 1, 150),))),
            "W202",
            id="left, page 2",
        ),
        pytest.param(
            specimen.letter(lines=(SENDER, Line("Max, 10115 Berlin", 25, 80))), "W203", id="city"
        ),
        pytest.param(specimen.letter(size=(595.28, 841.89)), "W208", id="box of 595.28"),
    ],
)
def test_a_warning_does_not_stop_the_letter(customer: Customer, pdf: bytes, warning: str) -> None:
    status = customer.status(customer.accepted(pdf=pdf))
    assert status["statusID"] == 1
    assert [error["code"] for error in status["errorList"]] == [warning]
    assert [error["level"] for error in status["errorList"]] == ["Warning"]


def test_a_clean_letter_has_no_remarks(customer: Customer) -> None:
    assert customer.status(customer.accepted())["errorList"] == []


def test_on_request_the_pages_are_looked_at_after_the_upload(
    tmp_path: Path, new_customer: Callable[[Control], Customer]
) -> None:
    with running(tmp_path, inspection="processing", checked_after_s=0) as control:
        customer = new_customer(control)
        status = customer.status(customer.accepted(pdf=specimen.letter(size=LANDSCAPE)))
    assert status["statusID"] == 99
    assert [error["code"] for error in status["errorList"]] == ["E307"]

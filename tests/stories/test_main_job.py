"""The main job: a real PDF becomes a letter at the post and a mail in the mailbox."""

import email
import email.policy
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest
from tests.stories.looking import (
    kafka_texts,
    log_texts,
    metric_texts,
    requests_in_kafka,
    spellings,
    table_texts,
    waiting_records,
)

from demo.clerk import Clerk
from demo.papers import Paper, made_papers
from demo.people import BOTH_WAYS, BY_LETTER, BY_MAIL, EVERYBODY, SENDER
from demo.product import Product
from demo.report import Line
from demo.story import Story
from documents.testing import samples
from documents.testing.paper import deviations_from_a4

_PATIENCE_S = 120.0
_LONG_ENOUGH = 5


def tell(product: Product, clerk: Clerk, papers: list[Paper]) -> list[Line]:
    return Story(product, clerk, lambda _: None).tell(papers)


def by_channel(lines: list[Line], channel: str) -> list[Line]:
    return [line for line in lines if line.channel == channel]


@pytest.fixture(scope="module")
def told(product: Product) -> list[Line]:
    """What became of the demo's own papers."""
    from demo.clerk import clerk

    with clerk(product) as somebody:
        return tell(product, somebody, made_papers())


@pytest.mark.spec("OUT-01", "OUT-14", "OUT-16", "EPO-08", "EPO-09", "EML-06")
def test_every_delivery_ends_and_is_accounted_for(told: list[Line]) -> None:
    assert {line.state for line in told} == {"delivered", "not-deliverable"}
    assert all(line.reasons for line in told if line.state == "not-deliverable")
    assert all(line.file and line.sha256 for line in told if line.state == "delivered")


@pytest.mark.spec("EPO-03", "EPO-05")
def test_every_letter_at_the_post_is_a4_portrait_with_its_cover_sheet(
    told: list[Line], product: Product
) -> None:
    letters = by_channel([line for line in told if line.file], "E-POST-Brief")
    pages = {(line.document, line.pages) for line in letters}

    assert ("Einladung zur Eigentümerversammlung 2026", 3) in pages
    for line in letters:
        assert line.file is not None
        content = (product.letters / line.file.rsplit("/", 1)[1]).read_bytes()
        assert deviations_from_a4(content) == []


@pytest.mark.spec("EML-02")
def test_each_mail_is_for_one_recipient_and_carries_the_document(
    told: list[Line], product: Product
) -> None:
    mails = by_channel([line for line in told if line.file], "E-Mail")
    parsed = [
        email.message_from_bytes(message, policy=email.policy.default)
        for message in product.mail.messages()
    ]

    assert len({message["Message-ID"] for message in parsed}) == len(parsed)
    assert {line.sha256 for line in mails}
    attached = [part for message in parsed for part in message.iter_attachments()]
    assert all(part.get_content_type() == "application/pdf" for part in attached)
    assert len(attached) == len(parsed)


def test_no_value_of_a_contact_stands_anywhere_in_clear(told: list[Line], product: Product) -> None:
    assert told
    texts = list(
        chain(kafka_texts(product), table_texts(product), log_texts(product), metric_texts(product))
    )
    assert len(texts) > 100
    values = [value for person in EVERYBODY for value in _values(person.body)]
    values += [paper.name for paper in made_papers()]

    assert not standing_in(texts, values)
    assert standing_in(texts, [SENDER["name"]]), "the search finds what is there in clear"


@pytest.mark.spec("OUT-14")
def test_two_clerks_who_press_send_at_once_send_each_delivery_once(
    product: Product, anna: Clerk
) -> None:
    contacts = [anna.register(person) for person in (BY_LETTER, BY_MAIL, BOTH_WAYS)]
    paper = Paper("Doppelt gedrückt", samples.written(1, title="Doppelt gedrückt"), [])
    documents = [anna.file(paper, contacts, key=f"doppelt-{n}") for n in range(3)]
    wait_until(lambda: _sendable(anna, documents) == 12)

    with ThreadPoolExecutor(4) as clerks:
        answers = list(clerks.map(lambda _: anna.send(documents), range(4)))

    requested = [delivery for answer in answers for delivery in answer["requested"]]
    assert sorted(requested) == sorted(set(requested))
    assert len(requested) == 12
    wait_until(lambda: waiting_records(product, "outbox") == 0)
    told = requests_in_kafka(product)
    assert sorted(key for key, _ in told if key.decode() in requested) == sorted(
        delivery.encode() for delivery in requested
    )


def test_another_mandant_sees_nothing_of_it(anna: Clerk, stranger: Clerk) -> None:
    contact = anna.register(BY_LETTER)
    paper = Paper("Vertraulich", samples.written(1, title="Vertraulich"), [])
    document = anna.file(paper, [contact], key="vertraulich")

    assert [row["document"] for row in anna.overview()] == [document]
    assert stranger.overview() == []
    for path in (f"/documents/{document}", f"/documents/{document}/file"):
        answer = stranger.outbox.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (
            404,
            "application/problem+json",
        )
    assert stranger.contacts.get(f"/contacts/{contact}").status_code == 404


def standing_in(texts: list[tuple[str, bytes]], values: list[str]) -> set[tuple[str, str]]:
    """Where which value stands, in whatever spelling."""
    return {
        (where, value)
        for value in values
        for spelling in spellings(value)
        for where, text in texts
        if spelling in text
    }


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _sendable(clerk: Clerk, documents: list[str]) -> int:
    rows = [row for document in documents for row in clerk.deliveries(document)]
    return sum("send" in row["actions"] for row in rows)


def _values(body: object) -> list[str]:
    """The texts of a contact that name or find a person.

    Kinds are left out, and what is so short that a sealed block may hold it by chance.
    """
    kept = {"title", "kind", "gender", "country", "preferred_channels", "house_number"}
    if isinstance(body, dict):
        return [v for key, value in body.items() if key not in kept for v in _values(value)]
    if isinstance(body, list):
        return [v for value in body for v in _values(value)]
    text = str(body)
    return [text] if len(text) >= _LONG_ENOUGH and not text.isdecimal() else []

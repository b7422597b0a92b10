"""Every slug has its German sentence, and what travels has room for figures only."""

import re
import ssl
import string
from itertools import product

import pytest
from aiosmtplib import SMTPException, SMTPResponseException

import delivery_mail
from delivery_mail.adapters.smtp_outcomes import Step, outcome_of
from delivery_mail.application.desk import _words
from delivery_mail.domain.decider import MailNotOpen, NothingToDecide
from delivery_mail.texts import texts
from events.decider import Rejected
from web.testing import rejections_without_sentence

FIGURES = {"code", "count", "limit", "number", "size", "total"}
MADE_OF_SENTENCES = {"why", "files"}


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_no_sentence_that_travels_has_room_for_a_name() -> None:
    for slug, sentence in texts().items():
        assert placeholders(sentence) <= FIGURES | MADE_OF_SENTENCES, slug


def test_slugs_are_written_in_kebab_case() -> None:
    assert [slug for slug in texts() if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)] == []


@pytest.mark.spec("EML-03")
def test_every_outcome_of_a_handover_has_a_sentence_that_may_travel() -> None:
    answers = [
        SMTPResponseException(code, f"{status} juergen.gross@post.example")
        for code in (421, 450, 530, 535, 550, 552, 554)
        for status in ("", "5.1.1", "5.2.1", "5.2.2", "5.2.3", "5.7.1")
    ]
    errors: list[Exception] = [
        *answers,
        SMTPException("juergen.gross@post.example"),
        OSError("juergen.gross@post.example"),
        ssl.SSLError("juergen.gross@post.example"),
        SMTPResponseException(-1, "juergen.gross@post.example"),
    ]
    outcomes = [outcome_of(error, step, 10**7) for error, step in product(errors, Step)]
    sentences = {outcome.slug: _words(outcome) for outcome in outcomes}
    assert len(sentences) > 15
    assert not [s for s in sentences.values() if "gross" in s or "{" in s]


def test_every_rejection_has_a_sentence() -> None:
    assert {MailNotOpen.slug, NothingToDecide.slug} <= texts().keys()
    assert rejections_without_sentence(Rejected, texts(), delivery_mail.__name__) == []
